"""Kill -9 while a mailbox is read, and two workers reading it: no answer is lost or doubled."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager

import psycopg
import pytest

from tests.apps import mails
from tests.plugins.dovecot import dovecot_server, installed
from tests.stories.test_crash import database, rows  # noqa: F401  # a fixture

pytestmark = pytest.mark.skipif(not installed(), reason="needs Debian's dovecot-imapd")
COUNT = 60


@pytest.fixture
def mailbox():
    with dovecot_server() as server:
        for number in range(COUNT):
            content = mails.reply(f"Réponse {number}", own_id=f"{number}@client.example")
            server.deliver(content, f"{number}.x")
        yield server


@pytest.fixture
def child(database, mailbox, tmp_path):  # noqa: F811
    """Starts children on that database and mailbox; ends what is left by its own id."""
    started = []

    def start(command: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.stories.mail_child", command],
            env={
                **os.environ, "AMIABLE_DATABASE_URL": database, "AMIABLE_VAR": str(tmp_path / "var"),
                "AMIABLE_MAILBOX_URLS": mailbox.url(), "PYTHONPATH": "src:.",
            },
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        return process

    assert start("load").wait(120) == 0
    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()


def stored(database: str) -> tuple[int, int]:  # noqa: F811
    """Answers, and how many of them differ."""
    query = "SELECT COUNT(*), COUNT(DISTINCT external_id) FROM messaging_reply"
    return tuple(rows(database, query)[0])


@contextmanager
def nobody_writes(database: str):  # noqa: F811
    """Hold what a worker needs to record an answer."""
    if database.startswith("sqlite"):
        connection = sqlite3.connect(database.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
    else:
        connection = psycopg.connect(database)
        connection.execute("LOCK TABLE messaging_reply IN ACCESS EXCLUSIVE MODE")
    try:
        yield
    finally:
        connection.rollback()
        connection.close()


def test_a_killed_worker_leaves_each_answer_once(child, database, mailbox):  # noqa: F811
    with nobody_writes(database):
        waiting = child("read")
        assert waiting.stdout.readline() == "reading\n"
        time.sleep(2)  # the first message is fetched, and cannot be recorded
        waiting.kill()
        waiting.wait()
        assert waiting.returncode == -9
    assert stored(database)[0] == 0
    halfway = child("read")
    while stored(database)[0] < COUNT // 3:
        assert halfway.poll() is None
        time.sleep(0.02)
    halfway.kill()
    halfway.wait()
    assert 0 < stored(database)[0] < COUNT
    assert child("read").wait(60) == 0
    assert stored(database) == (COUNT, COUNT)
    told = "SELECT COUNT(*) FROM audit_event WHERE kind = 'reply.received'"
    assert rows(database, told) == [(COUNT,)]


def test_two_workers_at_once_store_each_answer_once(child, database):  # noqa: F811
    workers = [child("read"), child("read")]
    assert [each.wait(90) for each in workers] == [0, 0]
    said = [each.stdout.read().splitlines()[-1].split() for each in workers]
    assert sum(int(received) for received, *_ in said) == COUNT
    assert stored(database) == (COUNT, COUNT)
