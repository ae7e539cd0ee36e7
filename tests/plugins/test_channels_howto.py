"""docs/howto/add-a-channel.md, followed to the letter: a package of somebody else sends for us."""

from __future__ import annotations

import importlib
import json
import re
import sys
import tomllib
from pathlib import Path

import pytest

from amiable.apps.messaging.routes import routes_from
from amiable.apps.messaging.services import messages_freeze, messages_send
from amiable.plugins.registry import plugins
from tests import factories
from tests.apps.messaging_drafts import NOW, draft

HOWTO = Path(__file__).resolve().parents[2] / "docs" / "howto" / "add-a-channel.md"


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", HOWTO.read_text("utf-8"), flags=re.S)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The package of the howto as pip leaves it: a module and its .dist-info."""
    (tmp_path / "amiable_lines.py").write_text(blocks("python")[0], "utf-8")
    points = tomllib.loads(blocks("toml")[0])["project"]["entry-points"]
    info = tmp_path / "amiable_lines-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: amiable-lines\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "".join(
            f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
            for group, entries in points.items()
        )
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    plugins.cache_clear()
    yield tmp_path
    plugins.cache_clear()
    sys.modules.pop("amiable_lines", None)


@pytest.mark.django_db
def test_channel_of_another_package_carries_our_text_messages(installed):
    assert plugins("channels")["lines"].label == "Gateway file"
    case = factories.case(factories.customer(factories.creditor(factories.organization())))
    ids = messages_freeze(
        case.organization_id, [draft("reminder_sms", case=case, key="sms-1")], now=NOW
    )
    out = installed / "out.jsonl"
    routes = {**routes_from("", ""), "sms": ("lines", {"path": str(out)})}
    for _ in range(2):
        outcomes = messages_send(case.organization_id, ids.values(), now=NOW, routes=routes)
        assert [outcome.state for outcome in outcomes.values()] == ["sent"]
    (line,) = out.read_text().splitlines()
    assert json.loads(line)["to"] == "+33612345678"
    assert "Atelier Vauban" in json.loads(line)["text"]


def test_two_channels_of_the_same_code_are_refused(installed):
    path = installed / "amiable_lines.py"
    path.write_text(path.read_text().replace('code = "lines"', 'code = "smtp"'))
    with pytest.raises(ValueError, match="smtp"):
        plugins("channels")


def test_routing_example_of_the_howto_is_valid_python():
    for source in blocks("python"):
        compile(source, str(HOWTO), "exec")
