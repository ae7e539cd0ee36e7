"""Polling: what is new is stored, how far was read is remembered, what fails is said."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from amiable.apps.messaging.models import Mailbox, Reply
from amiable.apps.messaging.replies.mailboxes import mailboxes_read, reply_addresses, source_of
from tests import factories
from tests.apps import mails
from tests.conftest import CORPUS
from tests.core.replies.mutations import damaged, seeds
from tests.plugins.dovecot import dovecot_server, installed

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not installed(), reason="needs Debian's dovecot-imapd"),
]
NOW = datetime(2026, 11, 20, 10, tzinfo=ZoneInfo("Europe/Paris"))


@pytest.fixture(scope="module")
def running():
    with dovecot_server() as server:
        yield server


@pytest.fixture
def box(running, request):
    """Name of a folder of this test's own, with one answer in it."""
    name = f"b{abs(hash(request.node.name)) % 10**8}"
    running.deliver(mails.reply(), "1.x", name)
    return name


@pytest.fixture
def org(settings, running, box):
    settings.MAILBOX_URLS = [running.url(box)]
    found = factories.organization()
    factories.invoice(factories.customer(factories.creditor(found)))
    return found


def poll():
    counts = mailboxes_read(now=NOW)
    return counts.received, counts.known, counts.errors


def test_a_poll_stores_what_is_new_and_the_next_one_nothing(org, running, box):
    assert poll() == (1, 0, {})
    assert poll() == (0, 0, {})
    running.deliver(mails.reply("Encore", own_id="r2@x"), "2.x", box)
    assert poll() == (1, 0, {})
    (row,) = Mailbox.objects.all()
    assert (row.last_uid, row.read_at, row.error) == (2, NOW, "")
    assert "pass" not in row.name


def test_a_mailbox_made_anew_doubles_nothing(org, running, box):
    poll()
    running.make_anew(box)
    assert poll() == (0, 1, {})
    assert Reply.objects.count() == 1


def test_a_mailbox_that_cannot_be_read_is_said_and_the_others_are(org, settings, running, box):
    settings.MAILBOX_URLS = [running.url("nowhere"), running.url(box)]
    received, _, errors = poll()
    assert received == 1
    assert [*errors] == ["replies@127.0.0.1/nowhere"]
    assert Mailbox.objects.exclude(error="").get().name == "replies@127.0.0.1/nowhere"


def test_a_message_of_60_mb_is_kept_as_far_as_it_is_read(org, running, box):
    from amiable.core.replies.mime import MAX_BYTES

    running.deliver(mails.reply("y" * 60_000_000, own_id="large@x"), "2.x", box)
    running.deliver(mails.reply("Petit", own_id="small@x"), "3.x", box)
    assert poll() == (3, 0, {})
    large = Reply.objects.get(external_id="large@x")
    assert len(large.content) == MAX_BYTES + 1
    assert "mail.too_large" in [note["code"] for note in large.notes]


def test_hundreds_of_damaged_mails_are_polled_once(org, running, box):
    mails_of = damaged(seeds(CORPUS if CORPUS.exists() else None), count=300, seed=77)
    for number, raw in enumerate(mails_of):
        (running.box(box) / "new" / f"{number + 10}.x").write_bytes(raw)
    running.own(running.box(box))
    received, known, errors = poll()
    assert errors == {}
    assert received + known == 301
    assert received == Reply.objects.count() > 270
    assert poll() == (0, 0, {})


def test_a_mailbox_of_one_organization_is_its_own(org, settings, running, box):
    other = factories.organization("other")
    settings.MAILBOX_URLS = [running.url(box) + "&organization=other"]
    assert poll() == (1, 0, {})
    assert Reply.objects.get().organization_id == other.id


def test_a_mailbox_of_an_unknown_organization_is_said(org, settings, running, box):
    settings.MAILBOX_URLS = [running.url(box) + "&organization=nobody"]
    assert poll()[2] == {f"replies@127.0.0.1/{box}": "there is no organization 'nobody'"}


def test_an_address_that_cannot_be_understood_stops_nothing(org, settings, running, box):
    settings.MAILBOX_URLS = ["imaps://u:secret@host?tsl=1&x=y", running.url(box)]
    received, _, errors = poll()
    assert (received, [*errors]) == (1, ["AMIABLE_MAILBOX_URLS 1"])
    assert "secret" not in str(errors)
    assert reply_addresses([org.id]) == {}


def test_an_organization_reads_its_own_and_the_shared_mailboxes(org, settings, running, box):
    other = factories.organization("other")
    settings.MAILBOX_URLS = [running.url(box) + "&organization=other"]
    assert mailboxes_read(now=NOW, organization_id=org.id).mailboxes == 0
    assert mailboxes_read(now=NOW, organization_id=other.id).received == 1


def test_answers_are_addressed_to_the_mailbox_that_says_so(org, settings, running):
    other = factories.organization("other")
    settings.MAILBOX_URLS = [
        running.url() + "&reply=replies@shared.example",
        running.url() + "&reply=own@acme.example&organization=acme",
    ]
    assert reply_addresses([org.id, other.id]) == {
        org.id: "own@acme.example", other.id: "replies@shared.example",
    }  # fmt: skip


@pytest.mark.parametrize(
    "url", ["pop3://a:b@h", "imaps://a:b@h/x?reply=a+b@c.fr", "imaps://a:b@h/x?reply=nothing"]
)
def test_an_address_that_cannot_work_is_refused(url):
    with pytest.raises(ValueError, match=r"mailbox|reply"):
        source_of(url)
