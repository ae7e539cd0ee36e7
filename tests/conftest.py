"""Settings of the tests: a temporary var folder, fast password hashing, French texts."""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import tempfile
from pathlib import Path

os.environ["AMIABLE_VAR"] = tempfile.mkdtemp(prefix="amiable-test-")
os.environ.setdefault("AMIABLE_SECRET_KEY", "tests")
os.environ["AMIABLE_SMTP_URL"] = os.environ["AMIABLE_SMS_URL"] = ""
os.environ["AMIABLE_LETTER_URL"] = os.environ["AMIABLE_REGISTERED_URL"] = ""
os.environ["AMIABLE_LRE_URL"] = os.environ["AMIABLE_MAILBOX_URLS"] = ""

import pytest  # the environment must be set before Django reads it
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

atexit.register(shutil.rmtree, os.environ["AMIABLE_VAR"], ignore_errors=True)

# Continuous integration tries the same examples every time; people search with new ones. Either
# may run on a busy machine: how long an example takes says nothing.
for _name, _same in (("ci", True), ("search", False)):
    hypothesis_settings.register_profile(
        _name, derandomize=_same, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
hypothesis_settings.load_profile("ci" if os.environ.get("CI") else "search")

# What the import contracts keep from knowing a database: one pass tells all there is to know.
WITHOUT_DATABASE = ("core", "plugins", "tidy")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The second pass, on another database."""
    parser.addoption("--again", action="store_true", help="only what asks a database")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A second pass leaves out the tests that no database can change, and counts them: those that
    ask none, and those of how pages look."""
    if not config.getoption("--again"):
        return
    alone = [
        item
        for item in items
        if item.get_closest_marker("looks")
        or (
            item.path.relative_to(Path(__file__).parent).parts[0] in WITHOUT_DATABASE
            and item.get_closest_marker("django_db") is None
        )
    ]
    config.hook.pytest_deselected(items=alone)
    left_out = set(alone)
    items[:] = [item for item in items if item not in left_out]


CORPUS = Path(__file__).resolve().parent.parent.parent / "shared" / "corpus"


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Real files nobody here wrote; tests that read it say so when it is absent."""
    if not CORPUS.exists():
        pytest.skip("the corpus ../shared/corpus is not on this machine")
    return CORPUS


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """SQLite in a file, as in real life.

    In memory every thread shares one connection: a page still being answered by the server of
    the browser tests would hold the tables that the next test empties, and nobody waits for a
    table held in memory.
    """
    from django.db import connection

    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = os.environ["AMIABLE_VAR"] + "/tests.sqlite3"


@pytest.fixture(autouse=True)
def _fast_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _no_links(settings):
    """Messages carry no link to the payment page, but in tests that say so."""
    settings.BASE_URL = "http://console.example"


@pytest.fixture
def _same_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """The product's clock, as many days behind as have begun since tests.days was read."""
    from django.utils import timezone

    from tests.days import TODAY

    real, begun = timezone.now, timezone.localdate() - TODAY
    monkeypatch.setattr(timezone, "now", lambda: real() - begun)


@pytest.fixture
def free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(autouse=True)
def _append_only_rows_leave_with_their_test(request):
    """Tests that commit are cleaned by deleting rows, which SQLite's triggers rightly refuse."""
    marker = request.node.get_closest_marker("django_db")
    commits = {"transactional_db", "live_server"} & set(request.fixturenames)
    if not commits and not (marker and marker.kwargs.get("transaction")):
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    from django.db import connection

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            triggers = cursor.execute(
                "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"
            ).fetchall()
            cursor.execute("PRAGMA foreign_keys = OFF")
            for trigger, *_ in triggers:
                cursor.execute(f"DROP TRIGGER {trigger}")
            for table in {table for _, table, _ in triggers}:
                cursor.execute(f"DELETE FROM {table}")
            for *_, sql in triggers:
                cursor.execute(sql)
            cursor.execute("PRAGMA foreign_keys = ON")
