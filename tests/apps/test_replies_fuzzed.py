"""Ten thousand damaged mails through storage: each is stored once and can be looked at.

AMIABLE_FUZZED_MAILS=100000 tries more. The clock of the processor counts, not the wall's: a
machine may be busy.
"""

from __future__ import annotations

import os
import re
import resource
import time
from collections.abc import Iterator
from datetime import datetime
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone

from amiable.apps.messaging.models import Reply, ReplyFile
from amiable.apps.messaging.replies.receiving import Received, reply_receive
from amiable.apps.tenants.services import user_create
from amiable.core.sentences import Sentence
from tests import factories
from tests.apps.test_replies import sent
from tests.conftest import CORPUS
from tests.core.replies import monsters
from tests.core.replies.mutations import damaged, seeds

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 10, tzinfo=ZoneInfo("Europe/Paris"))
COUNT = int(os.environ.get("AMIABLE_FUZZED_MAILS", "10000"))
CHUNKS = 4
LONGEST = 2.0  # seconds of the processor for one mail of a few kilobytes
MEMORY = 250 * 2**20  # bytes by which the process may grow over all of them
SHOWN = 60  # pages looked at per chunk


@pytest.fixture
def org():
    return factories.organization()


@pytest.fixture
def case(org):
    debtor = factories.customer(factories.creditor(org))
    factories.invoice(debtor)
    row = factories.case(debtor)
    sent(row)
    return row


@pytest.fixture
def manager(client, org):
    client.force_login(user_create(org.id, email="m@acme.example", password="correct-horse"))
    return client


def ours(raw: bytes) -> bytes:
    """The same mail as an answer to the message that we sent, or as a report of it."""
    named = list(re.finditer(rb"^message-id:.*$", raw, re.I | re.M))
    if len(named) > 1:
        start, end = named[-1].span()
        return raw[:start] + b"Message-ID: <m1@vauban.example>" + raw[end:]
    return b"In-Reply-To: <m1@vauban.example>\n" + raw


def originals() -> list[bytes]:
    found = seeds(CORPUS if CORPUS.exists() else None)
    return [*found, *map(ours, found)]


def peak() -> int:
    """Most bytes that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def stored(org, mails: Iterator[bytes]) -> list[tuple[bytes, Received]]:
    """Every mail through storage, each within its time."""
    found = []
    for number, raw in enumerate(mails):
        if connection.vendor == "postgresql" and number % 250 == 100:
            # One long transaction: nobody else tells the planner that these tables have grown.
            connection.cursor().execute("ANALYZE audit_event, messaging_reply")
        start = time.process_time()
        received = reply_receive(org.id, raw, source="mailbox", received_at=NOW)
        assert time.process_time() - start < LONGEST, raw[:300]
        found.append((raw, received))
    return found


class _Page(HTMLParser):
    """Elements of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def shown_safely(answer) -> None:
    """Nothing of what a stranger wrote became part of the page."""
    assert answer.status_code == 200
    assert "script-src" in answer["Content-Security-Policy"]
    for tag, attributes in _Page(answer.content.decode()).found:
        assert tag not in {"iframe", "object", "embed", "base"}, attributes
        assert not [name for name in attributes if name.startswith("on")], attributes
        for name in ("src", "href", "action"):
            target = attributes.get(name) or "/"
            assert target.startswith(("/", "#", "?")), (tag, target)
        if tag == "script":
            assert (attributes.get("src") or "").startswith("/static/")


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_damaged_mails_are_stored_once_and_can_be_shown(org, case, manager, chunk):
    mails, before = damaged(originals(), count=COUNT // CHUNKS, seed=1000 + chunk), peak()
    found = stored(org, mails)
    new = [received.reply_id for _, received in found if received.is_new]
    assert len(set(new)) == len(new) == Reply.objects.count() > len(found) * 0.9
    assert peak() - before < MEMORY
    for raw, received in found[::20]:
        again = reply_receive(org.id, raw, source="mailbox", received_at=NOW)
        assert (again.reply_id, again.is_new) == (received.reply_id, False)
    assert Reply.objects.count() == len(new)
    kept_is_sound(new)
    for reply_id in new[:: max(1, len(new) // SHOWN)]:
        shown_safely(manager.get(f"/replies/{reply_id}/"))


def kept_is_sound(reply_ids: list[int]) -> None:
    """What is stored can be written, printed and put into a header."""
    kinds, matched = set(), 0
    for row in Reply.objects.defer("content").iterator():
        kinds.add(row.kind)
        matched += row.case_id is not None
        assert row.notes
        assert all(str(Sentence.from_json(each)) for each in (*row.notes, *row.matched_by))
        for words in (row.text, row.quoted, row.subject, row.sender, row.sender_name):
            words.encode()  # no half of a character
            assert "\0" not in words
        assert not re.search(r"[\r\n]", row.subject + row.sender + row.sender_name)
        for proposal in row.proposals:
            assert all(0 <= a < b <= len(row.text) for a, b in proposal["spans"])
    assert kinds == set(Reply.Kind.values)
    assert 0 < matched < len(reply_ids)
    for name in ReplyFile.objects.values_list("filename", flat=True):
        assert name.strip(" .")
        assert not re.search(r'[/\\\0\r\n"<>]', name), name


@pytest.mark.parametrize("name", monsters.MAILS)
def test_a_monster_is_stored_and_shown_within_bounds(org, case, manager, name):
    raw = monsters.MAILS[name]()
    before, start = peak(), time.process_time()
    (found,) = stored_anyhow(org, [raw])
    assert time.process_time() - start < 20
    assert peak() - before < 12 * max(len(raw), 10 * 2**20)
    row = Reply.objects.get(id=found.reply_id)
    assert bytes(row.content) == raw
    assert row.notes
    shown_safely(manager.get(f"/replies/{row.id}/"))
    shown_safely(manager.get("/replies/"))
    for file in row.files.all():
        kept = manager.get(f"/replies/{row.id}/files/{file.id}/")
        assert kept["Content-Disposition"].startswith("attachment")
        assert "\n" not in kept["Content-Disposition"]


def stored_anyhow(org, mails: list[bytes]) -> list[Received]:
    """Through storage without a look at the clock."""
    now = timezone.now()
    return [reply_receive(org.id, raw, source="mailbox", received_at=now) for raw in mails]
