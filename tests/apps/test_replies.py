"""Answers: stored once and whole, matched with the reason, never guessed, holding the case."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from amiable.apps.audit.models import Event
from amiable.apps.dunning.exclusions import exclusions_compute
from amiable.apps.dunning.facts import case_facts
from amiable.apps.dunning.services import plan_preview
from amiable.apps.insights import inbox
from amiable.apps.messaging.models import Message, Reply, ReplyFile
from amiable.apps.messaging.replies.receiving import answers_unread, reply_assign, reply_receive
from amiable.apps.messaging.replies.tokens import token_case, token_of, with_token
from amiable.core.sentences import Sentence
from tests import factories
from tests.apps import mails
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 10, tzinfo=ZoneInfo("Europe/Paris"))


@pytest.fixture
def org():
    return factories.organization()


@pytest.fixture
def debtor(org):
    row = factories.customer(factories.creditor(org))
    factories.invoice(row)
    return row


@pytest.fixture
def case(debtor):
    return factories.case(debtor)


def sent(case, *, message_id: str = "<m1@vauban.example>", **fields) -> Message:
    content = b"frozen"
    values = {
        "key": message_id, "medium": "email", "channel": "memory", "recipient": "ap@client.example",
        "subject": "Facture FA2026-0001", "content": content, "content_type": "message/rfc822",
        "sha256": hashlib.sha256(content).hexdigest(), "on_date": TODAY, "frozen_at": NOW,
        "state": "sent", "sent_at": NOW, "attempts": 1, **fields,
    }  # fmt: skip
    return Message.objects.create(
        organization=case.organization, case=case, message_id=message_id, **values
    )


def receive(org, content: bytes, *, now: datetime = NOW, **options) -> Reply:
    received = reply_receive(org.id, content, source="mailbox", received_at=now, **options)
    return Reply.objects.get(id=received.reply_id)


def codes(row: Reply) -> list[str]:
    return [Sentence.from_json(why).code for why in row.matched_by]


def test_an_answer_is_kept_whole_and_read(org, case):
    content = mails.reply(
        "Bonjour, je paie vendredi.\r\n\r\nLe 18/11/2026, Compta a écrit :\r\n> Merci"
    )
    row = receive(org, content)
    assert bytes(row.content) == content
    assert row.sha256 == hashlib.sha256(content).hexdigest()
    assert (row.text, row.kind, row.state) == ("Bonjour, je paie vendredi.", "reply", "unread")
    assert (row.sender, row.sender_name) == ("ap@client.example", "Anne Petit")


def test_the_thread_leads_to_the_message_and_its_case(org, case):
    message = sent(case)
    row = receive(org, mails.reply(answers="<m1@vauban.example>", sender="perso@mail.example"))
    assert (row.case_id, row.message_id) == (case.id, message.id)
    # Whoever answers from elsewhere is named, so that a person looks twice.
    assert codes(row) == ["reply.thread", "reply.other_sender"]


def test_the_token_of_the_address_leads_to_the_case(org, case):
    to = with_token("replies@vauban.example", case.id)
    row = receive(org, mails.reply(to=to, sender="perso@mail.example"))
    assert row.case_id == case.id
    assert codes(row)[0] == "reply.token"


def test_an_address_of_one_customer_leads_to_its_case(org, case):
    row = receive(org, mails.reply(sender="AP@Client.Example"))
    assert row.case_id == case.id
    assert codes(row) == ["reply.sender"]


def test_an_address_of_several_customers_is_left_to_a_person(org, case):
    factories.invoice(factories.customer(case.customer.creditor, "C002", name="Autre"), "FA2")
    row = receive(org, mails.reply())
    assert row.case_id is None
    assert codes(row) == ["reply.several_customers"]


def test_a_file_with_nothing_open_is_passed_over(org, case):
    dollars = factories.case(case.customer, "USD")
    row = receive(org, mails.reply())
    assert (row.case_id, dollars.id != case.id) == (case.id, True)


def test_several_open_files_are_left_to_a_person(org, case):
    factories.invoice(case.customer, "FA-USD", currency="USD")
    row = receive(org, mails.reply())
    assert row.case_id is None
    assert codes(row) == ["reply.sender", "reply.several_files"]


def test_what_answers_a_test_message_touches_no_case(org, case):
    sent(case, is_test=True)
    row = receive(org, mails.reply(answers="<m1@vauban.example>"))
    assert row.case_id is None
    assert codes(row) == ["reply.test_message"]


# -- several organizations -----------------------------------------------------------------------


def test_a_shared_mailbox_gives_each_answer_to_the_organization_it_is_for(org, case):
    other = factories.organization("other")
    row = receive(other, mails.reply(), among=[other.id, org.id])
    assert (row.organization_id, row.case_id) == (org.id, case.id)


def test_what_matches_nobody_goes_to_nobodys_case_and_to_the_mailbox_owner(org, case):
    other = factories.organization("other")
    row = receive(other, mails.reply(sender="stranger@example.net"), among=[other.id, org.id])
    assert (row.organization_id, row.case_id) == (other.id, None)
    assert codes(row) == ["reply.nobody"]


def test_an_address_known_in_two_organizations_betrays_neither(org, case):
    other = factories.organization("other")
    factories.invoice(factories.customer(factories.creditor(other), "X1"), "FX")
    row = receive(org, mails.reply(), among=[org.id, other.id])
    assert (row.organization_id, row.case_id, codes(row)) == (org.id, None, ["reply.unsure"])


def test_a_mailbox_of_one_organization_reaches_no_case_of_another(org, case):
    other = factories.organization("other")
    sent(case)
    row = receive(
        other, mails.reply(answers="<m1@vauban.example>", to=with_token("a@b.fr", case.id))
    )
    assert (row.organization_id, row.case_id) == (other.id, None)


# -- once ----------------------------------------------------------------------------------------


def test_the_same_message_is_stored_once(org, case):
    first = reply_receive(org.id, mails.reply(), source="mailbox", received_at=NOW)
    again = reply_receive(org.id, mails.reply(), source="mailbox", received_at=NOW)
    other_way = mails.reply(extra="Received: by another\r\n")
    copy = reply_receive(org.id, other_way, source="hook", received_at=NOW)
    assert (first.is_new, again.is_new, copy.is_new) == (True, False, False)
    assert Reply.objects.count() == 1
    assert Event.objects.filter(kind="reply.received").count() == 1


def test_a_message_id_that_is_claimed_twice_hides_no_other_words(org, case):
    receive(org, mails.reply("Je paie vendredi."))
    receive(org, mails.reply("Je conteste cette facture."))
    assert Reply.objects.count() == 2
    receive(org, mails.reply("Je conteste cette facture."))
    assert Reply.objects.count() == 2


def test_without_a_message_id_the_bytes_make_it_known(org, case):
    content = mails.reply().replace(b"Message-ID: <r1@client.example>\r\n", b"")
    receive(org, content)
    receive(org, content)
    assert Reply.objects.count() == 1


# -- files ---------------------------------------------------------------------------------------


def test_an_attachment_is_kept_with_the_type_of_its_bytes(org, case):
    row = receive(org, mails.with_file("preuve.pdf", b"%PDF-1.4 x"))
    (file,) = ReplyFile.objects.filter(reply=row)
    assert (file.filename, file.content_type, bytes(file.content)) == (
        "preuve.pdf", "application/pdf", b"%PDF-1.4 x",
    )  # fmt: skip


def test_a_program_called_a_document_is_said_to_be_one(org, case):
    row = receive(org, mails.with_file("preuve.pdf", b"MZ\x90\x00program"))
    (file,) = ReplyFile.objects.filter(reply=row)
    assert file.content_type == "application/x-msdownload"
    assert "mail.attachment_dangerous" in [note["code"] for note in row.notes]


# -- the hold ------------------------------------------------------------------------------------


def stops(case, on=TODAY) -> list[str]:
    (found,) = plan_preview(case.organization_id, on=on, case_ids=[case.id])
    return [skip.sentence.code for skip in found.plan.skips] if not found.plan.actions else []


def test_an_unread_answer_holds_the_whole_case_for_some_days_only(org, case):
    receive(org, mails.reply())
    assert stops(case) == ["stop.answered"]
    assert stops(case, TODAY + timedelta(days=4)) == ["stop.answered"]
    assert "stop.answered" not in stops(case, TODAY + timedelta(days=5))


def test_who_has_answered_is_counted_among_those_left_out(org, case):
    receive(org, mails.reply())
    (group,) = exclusions_compute(org.id, on=TODAY).groups
    assert (group.family, group.count) == ("answered", 1)
    assert [reason.code for reason in group.rows[0].reasons] == ["stop.answered"]


def test_the_newest_unread_answer_counts(org, case):
    receive(org, mails.reply())
    receive(org, mails.reply("Encore moi", own_id="r2@x"), now=NOW + timedelta(days=3))
    facts = case_facts(org.id, [case.id], on=TODAY)[case.id]
    assert facts.answered_on == TODAY + timedelta(days=3)


def test_the_organization_says_for_how_long(org, case):
    org.unread_reply_hold_days = 0
    org.save()
    receive(org, mails.reply())
    assert "stop.answered" not in stops(case)


@pytest.mark.parametrize("content", [mails.absence(), mails.bounce("ap@client.example")])
def test_what_a_machine_writes_holds_nothing(org, case, content):
    row = receive(org, content)
    assert row.case_id == case.id
    assert answers_unread(org.id, [case.id]) == {}


def test_mail_from_long_before_the_mailbox_was_connected_holds_nothing(org, case):
    receive(org, mails.reply(), now=NOW + timedelta(days=90))
    late = TODAY + timedelta(days=90)
    (found,) = plan_preview(org.id, on=late, case_ids=[case.id])
    assert "stop.answered" not in [skip.sentence.code for skip in found.plan.skips]


def test_an_answer_wakes_its_case_and_stands_in_its_history(org, case):
    case.next_plan_on = None
    case.save()
    row = receive(org, mails.reply())
    case.refresh_from_db()
    assert case.next_plan_on == TODAY
    event = Event.objects.get(case_id=case.id, kind="reply.received")
    assert event.payload["reply"] == row.id


def test_a_person_says_whose_an_answer_is(org, case):
    row = receive(org, mails.reply(sender="stranger@example.net"))
    who = {"on": TODAY, "actor": "camille"}
    assert reply_assign(org.id, row.id, case.id, **who)
    assert stops(case) == ["stop.answered"]
    assert reply_assign(org.id, row.id, None, **who)
    assert stops(case) != ["stop.answered"]
    elsewhere = factories.case(factories.customer(factories.creditor(factories.organization("b"))))
    assert not reply_assign(org.id, row.id, elsewhere.id, **who)


# -- machines ------------------------------------------------------------------------------------


def test_a_returned_message_finds_its_message_by_what_it_holds(org, case):
    message = sent(case)
    row = receive(org, mails.bounce("someone@else.example", returned="<m1@vauban.example>"))
    assert (row.kind, row.state, row.message_id) == ("bounce", "done", message.id)
    assert codes(row) == ["reply.returned"]


def test_a_hard_bounce_marks_the_address_of_its_message(org, case):
    message = sent(
        case, recipients=[{"address": "ap@client.example", "name": "", "role": "", "state": "sent"}]
    )
    receive(org, mails.bounce("ap@client.example", returned="<m1@vauban.example>"))
    assert message.events.get().kind == "bounced"
    assert case.customer.points.get().invalid_since is not None


def test_a_delayed_message_is_no_bounce(org, case):
    message = sent(case)
    receive(org, mails.bounce("ap@client.example", returned="<m1@vauban.example>", status="4.4.1"))
    assert message.events.get().kind == "deferred"
    assert case.customer.points.get().invalid_since is None


def test_a_report_that_holds_nothing_of_ours_is_left_to_a_person(org, case):
    sent(case)
    row = receive(org, mails.bounce("ap@client.example"))
    assert (row.state, row.message_id) == ("unread", None)
    assert case.customer.points.get().invalid_since is None


def test_a_returned_message_without_its_headers_is_found_by_its_address(org, case):
    row = receive(org, mails.bounce("ap@client.example"))
    assert (row.case_id, codes(row)) == (case.id, ["reply.recipient"])


def test_an_absence_is_proposed_with_its_last_day(org, case):
    row = receive(org, mails.absence())
    assert (row.kind, row.state) == ("auto_reply", "unread")
    assert (row.proposals[0]["label"], row.proposals[0]["facts"]["day"]) == (
        "absence",
        "2026-11-30",
    )


def test_a_promise_is_proposed_with_its_facts_and_the_words_that_show_it(org, case):
    row = receive(org, mails.reply("Bonjour, je vous règle 1 200 € par virement le 27 novembre."))
    first = row.proposals[0]
    assert (first["label"], first["is_sure"]) == ("promise", True)
    assert first["facts"]["day"] == "2026-11-27"
    assert first["facts"]["amount"] == [120_000, "EUR"]
    assert any("règle" in row.text[start:end] for start, end in first["spans"])


# -- hostile mail --------------------------------------------------------------------------------

HOSTILE = [
    b"",
    b"\0" * 5000,
    bytes(range(256)) * 50,
    b"From: \xff\xfe\0 <a\0b@c.d>\r\nSubject: =?utf-8?b?AAEA?= \xed\xa0\x80\r\n\r\n\0\xed\xa0\x80x",
    b"Message-ID: <" + b"x" * 5000 + b"@y>\r\nFrom: " + b"y" * 5000 + b"@z\r\n\r\nx",
    b"Message-ID: <\xe9\0@y>\r\nIn-Reply-To: <" + b"a@b> <" * 3000 + b">\r\n\r\n" + b"x" * 300_000,
    mails.with_file("../../etc/passwd\0.pdf", b"\0" * 100),
    mails.with_file("\u202egpj.exe" + "x" * 400, b"MZ"),
    mails.bounce("x" * 400 + "@" + "y" * 400, returned="<m1@vauban.example>"),
    mails.bounce("a\0b@c", returned="<m1@vauban.example>", own_id="\0"),
]


@pytest.mark.parametrize("content", HOSTILE)
def test_whatever_is_sent_is_stored_whole_and_shown(org, case, content):
    sent(case)
    row = receive(org, content)
    assert bytes(row.content) == content
    assert not any("/" in file.filename or "\0" in file.filename for file in row.files.all())
    shown = inbox.answer(org.id, row.id, on=TODAY, with_unmatched=True)
    assert "".join(piece for piece, _ in shown.words) == row.text
    assert receive(org, content).id == row.id


# -- tokens --------------------------------------------------------------------------------------


def test_a_token_comes_back_whatever_a_mail_server_does_to_its_case():
    token = token_of(4242)
    assert token_case(token) == token_case(token.upper()) == 4242
    assert "4242" not in token
    assert len({token_of(number) for number in range(500)}) == 500


def test_a_token_cannot_be_made_up():
    token = token_of(7)
    changed = [token[:i] + ("a" if token[i] != "a" else "b") + token[i + 1 :] for i in range(22)]
    assert {token_case(one) for one in changed} == {None}
    assert [token_case(one) for one in ("", "x", "é" * 23, token + "a", "1" * 23)] == [None] * 5


def test_an_address_without_room_for_a_token_stays_as_it_is():
    assert with_token(f"{'x' * 41}@a.fr", 1) == f"{'x' * 41}@a.fr"
    assert with_token("replies@a.fr", 1) == f"replies+{token_of(1)}@a.fr"


def test_answers_are_addressed_to_the_mailbox_that_is_read(org, case, settings):
    from email import message_from_bytes

    from amiable.apps.dunning.services import plan_tick, send_tick

    settings.MAILBOX_URLS = ["imaps://u:p@mail.example/INBOX?reply=replies@vauban.example"]
    plan_tick(org.id, on=TODAY)
    send_tick(org.id, now=NOW, routes={"email": ("memory", {"box": {}})})
    message = Message.objects.get()
    to = message_from_bytes(bytes(message.content))["Reply-To"]
    assert f"replies+{token_of(case.id)}@vauban.example" in to
    # Another program, another sender, no thread: the address alone leads home.
    row = receive(org, mails.reply(sender="perso@mail.example", to=to.split("<")[1].strip(">")))
    assert row.case_id == case.id
