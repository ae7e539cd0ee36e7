"""Kill -9 in the middle of the plan and in the middle of the sending: nothing doubled or lost."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from email import message_from_bytes
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from aiosmtpd.controller import Controller

CASES = 120


class Server:
    """A real SMTP server that counts what it accepts, slowly enough to be interrupted."""

    def __init__(self) -> None:
        self.accepted: Counter[str] = Counter()
        self.progress = threading.Event()
        self.stop_after = 0

    async def handle_DATA(self, server, session, envelope):
        self.accepted[message_from_bytes(envelope.content)["Message-ID"]] += 1
        time.sleep(0.004)
        if sum(self.accepted.values()) >= self.stop_after:
            self.progress.set()
        return "250 OK"


@pytest.fixture
def database(tmp_path):
    """URL of an empty database of its own, beside the one of the tests."""
    base = os.environ.get("AMIABLE_DATABASE_URL", "")
    if not base.startswith("postgres"):
        yield f"sqlite:///{tmp_path / 'crash.sqlite3'}"
        return
    name = f"crash_{os.getpid()}_{time.monotonic_ns()}"
    parts = urlsplit(base)
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield urlunsplit(parts._replace(path=f"/{name}"))
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def worker(database, tmp_path):
    """Starts children on that database; ends what is left by its own id."""
    started = []

    def start(
        *command: str, module: str = "tests.stories.crash_child", **environment: str
    ) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-m", module, *command],
            env={
                **os.environ,
                "AMIABLE_DATABASE_URL": database,
                "AMIABLE_VAR": str(tmp_path / "var"),
                "PYTHONPATH": "src:.",
                **environment,
            },
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(child)
        return child

    yield start
    for child in started:
        if child.poll() is None:
            child.kill()
        child.wait()


def rows(database: str, query: str) -> list[tuple]:
    if database.startswith("sqlite"):
        with sqlite3.connect(database.removeprefix("sqlite:///")) as connection:
            return connection.execute(query).fetchall()
    with psycopg.connect(database) as connection:
        return connection.execute(query).fetchall()


def run(worker, *command: str, **environment: str) -> None:
    assert worker(*command, **environment).wait(timeout=120) == 0


def kill_after_lines(child: subprocess.Popen[str], lines: int) -> None:
    assert child.stdout is not None
    for _ in range(lines):
        assert child.stdout.readline()
    child.kill()
    child.wait()


def test_a_worker_killed_while_planning_leaves_whole_chunks_and_the_next_finishes(database, worker):
    run(worker, "load", str(CASES))
    kill_after_lines(worker("plan"), 6)
    planned = rows(database, "SELECT count(*) FROM dunning_action")[0][0]
    assert 30 <= planned < CASES
    assert planned % 5 == 0
    run(worker, "plan")
    assert rows(database, "SELECT count(*), count(DISTINCT case_id) FROM dunning_action") == [
        (CASES, CASES)
    ]
    assert rows(database, "SELECT count(*) FROM dunning_actionitem")[0][0] == CASES


def matches(database: str) -> dict[str, int]:
    return dict(rows(database, "SELECT state, count(*) FROM banking_match GROUP BY 1"))


def open_minor(database: str) -> int:
    """All that is owed, of invoices of 1,200.00 each."""
    owed = "SELECT sum(amount_minor) FROM receivables_entry WHERE installment_id IS NOT NULL"
    paid = "SELECT coalesce(sum(amount_minor), 0) FROM receivables_allocation"
    return rows(database, owed)[0][0] - rows(database, paid)[0][0]


def test_a_worker_killed_while_undoing_leaves_each_match_whole_and_two_others_finish(
    database, worker
):
    run(worker, "bank", "40")
    assert (matches(database), open_minor(database)) == ({"posted": 40}, 0)
    kill_after_lines(worker("undo"), 10)
    undone = matches(database)["undone"]
    assert 10 <= undone < 40
    assert open_minor(database) == undone * 120_000
    both = [worker("undo"), worker("undo")]
    assert [child.wait(timeout=120) for child in both] == [0, 0]
    assert (matches(database), open_minor(database)) == ({"undone": 40}, 40 * 120_000)
    run(worker, "check")


def test_a_worker_killed_while_sending_doubles_nothing_and_loses_nothing(
    database, worker, free_port
):
    run(worker, "load", str(CASES))
    run(worker, "plan")
    server = Server()
    controller = Controller(server, hostname="127.0.0.1", port=free_port)
    controller.start()
    try:
        url = {"AMIABLE_SMTP_URL": f"smtp://127.0.0.1:{free_port}?tls=none"}
        for stop_after in (30, 70):
            server.stop_after = stop_after
            server.progress.clear()
            child = worker("send", **url)
            assert server.progress.wait(timeout=60)
            child.kill()
            child.wait()
        run(worker, "send", **url)
    finally:
        controller.stop()
    states = Counter(dict(rows(database, "SELECT state, count(*) FROM dunning_action GROUP BY 1")))
    assert set(states) <= {"done", "unknown"}
    assert states["done"] + states["unknown"] == CASES
    assert max(server.accepted.values()) == 1
    # What a person has to look at is at most what the two dead workers had in their hands.
    assert states["unknown"] <= 2 * 20
    delivered = {
        row[0]
        for row in rows(database, "SELECT message_id FROM messaging_message WHERE state = 'sent'")
    }
    assert delivered <= set(server.accepted)
    assert len(server.accepted) >= states["done"]
    assert len(server.accepted) + states["unknown"] >= CASES
