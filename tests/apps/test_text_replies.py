"""Text messages of customers: whose they are, kept once, joined, holding, and STOP."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from amiable.apps.audit.models import Event
from amiable.apps.customers.models import ContactPoint
from amiable.apps.dunning.answers import Decision, reply_decide, reply_reopen
from amiable.apps.dunning.facts import case_facts
from amiable.apps.dunning.services import plan_preview
from amiable.apps.insights import inbox
from amiable.apps.messaging.delivery.asking import channels_ask
from amiable.apps.messaging.delivery.hooks import answer_record, channel_called
from amiable.apps.messaging.models import Reply
from amiable.apps.messaging.replies.receiving import reply_assign, reply_receive
from amiable.apps.messaging.replies.texts import text_receive
from amiable.core.sentences import Sentence
from amiable.plugins.channels import smpp
from amiable.plugins.inbound import CustomerReply, HookAnswer, Part
from tests import factories
from tests.apps import mails
from tests.apps.test_replies import sent
from tests.factories import TODAY
from tests.plugins.channels.centres import centre
from tests.plugins.channels.http_servers import Gateway
from tests.plugins.channels.kannel import kannel, wait_for

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 10, tzinfo=ZoneInfo("Europe/Paris"))
NUMBER, WRITTEN = "+33612345678", "06 12 34 56 78"


@pytest.fixture
def org():
    return factories.organization()


def debtor(org, code="C001", *, phone=WRITTEN, **fields):
    owner = fields.pop("owner", None) or factories.creditor(org, f"cr-{code}")
    row = factories.customer(owner, code, email=f"{code}@client.example".lower(), **fields)
    ContactPoint.objects.filter(customer=row, kind="phone").delete()
    ContactPoint.objects.create(organization=org, customer=row, kind="phone", value=phone)
    factories.invoice(row, number=f"FA-{code}")
    return factories.case(row)


def told(words="Je paie vendredi", *, sender=NUMBER, reference="", part=None):
    return CustomerReply(
        words.encode("utf-8", "surrogatepass"), medium="sms", sender=sender, reference=reference,
        part=part,
    )  # fmt: skip


def receive(org, *args, now=NOW, among=(), **fields):
    stored = text_receive(
        org.id, told(*args, **fields), source="smpp", received_at=now, among=among
    )
    return Reply.objects.get(id=stored.reply_id)


def codes(row):
    return [Sentence.from_json(why).code for why in row.matched_by]


def stops(case):
    (found,) = plan_preview(case.organization_id, on=TODAY, case_ids=[case.id])
    return [skip.sentence.code for skip in found.plan.skips] if not found.plan.actions else []


def phone_of(case):
    return ContactPoint.objects.get(customer_id=case.customer_id, kind="phone")


# -- whose ---------------------------------------------------------------------------------------


def test_a_text_reaches_the_case_of_its_number_and_holds_it(org):
    case = debtor(org)
    row = receive(org)
    assert (row.case_id, row.medium, row.sender, row.text) == (
        case.id, "sms", NUMBER, "Je paie vendredi",
    )  # fmt: skip
    assert codes(row) == ["reply.number"]
    assert stops(case) == ["stop.answered"]
    page = inbox.inbox(org.id, "unread", on=TODAY, with_unmatched=False)
    assert [(each.medium, each.customer_id) for each in page.rows] == [("sms", case.customer_id)]


def test_a_text_of_an_unknown_number_is_kept_for_a_person(org):
    case = debtor(org)
    row = receive(org, sender="+33699999999")
    assert (row.case_id, row.state, codes(row)) == (None, "unread", ["reply.nobody"])
    assert "stop.answered" not in stops(case)


def test_a_number_of_several_customers_holds_them_all_until_a_person_says_whose(org):
    first, second, third = debtor(org), debtor(org, "C002"), debtor(org, "C003", phone="0699887766")
    sent(second, message_id="", key="sms-2", medium="sms", recipient=NUMBER)
    row = receive(org)
    assert (row.case_id, codes(row)) == (None, ["reply.several_customers", "reply.last_text"])
    assert row.matched_by[1]["params"]["customer"] == second.customer.name
    assert [stops(case) for case in (first, second)] == [["stop.answered"]] * 2
    assert "stop.answered" not in stops(third)
    offered = inbox.candidates(org.id, row.id, "")
    assert {each.case_id for each in offered} == {first.id, second.id}
    assert reply_assign(org.id, row.id, second.id, on=TODAY, actor="ana")
    assert "stop.answered" not in stops(first)
    assert stops(second) == ["stop.answered"]
    reply_assign(org.id, row.id, None, on=TODAY, actor="ana")
    assert stops(first) == ["stop.answered"]


def test_what_is_ignored_holds_none_of_several_customers_and_wakes_them(org):
    first, second = debtor(org), debtor(org, "C002")
    row = receive(org)
    for case in (first, second):
        case.next_plan_on = None
        case.save()
    reply_decide(org.id, row.id, Decision("ignored"), on=TODAY, actor="ana", now=NOW)
    for case in (first, second):
        case.refresh_from_db()
        assert case.next_plan_on == TODAY
        assert "stop.answered" not in stops(case)


def test_of_several_organizations_the_one_that_wrote_last_gets_the_text(org):
    other = factories.organization("other")
    ours, theirs = debtor(org), debtor(other)
    everybody = (org.id, other.id)
    nobody = receive(org, among=everybody, reference="a")
    assert (nobody.organization_id, nobody.case_id) == (org.id, None)
    sent(theirs, message_id="", key="sms-1", medium="sms", recipient=NUMBER)
    row = receive(org, "encore", among=everybody, reference="b")
    assert (row.organization_id, row.case_id) == (other.id, theirs.id)
    assert "stop.answered" not in stops(ours)


def test_facts_of_many_cases_ask_for_answers_once(org, django_assert_max_num_queries):
    cases = [debtor(org, f"C{n:03}", phone=f"06000000{n:02}") for n in range(12)]
    for n in range(12):
        receive(org, sender=f"+336000000{n:02}", reference=str(n))
    with django_assert_max_num_queries(40):
        facts = case_facts(org.id, [case.id for case in cases], on=TODAY)
    assert {each.answered_on for each in facts.values()} == {TODAY}


# -- once ----------------------------------------------------------------------------------------


def test_a_text_told_twice_is_stored_once_and_another_is_not_lost(org):
    debtor(org)
    receive(org, reference="mo-1")
    receive(org, reference="mo-1", now=NOW + timedelta(minutes=15))
    assert Reply.objects.count() == 1
    receive(org, "autre chose", reference="mo-1")
    assert Reply.objects.count() == 2


def test_the_same_words_on_another_day_are_another_answer(org):
    debtor(org)
    for days in (0, 1, 0):
        receive(org, "ok", now=NOW + timedelta(days=days))
    assert Reply.objects.count() == 2


def test_a_hook_that_calls_twice_counts_one_answer(org):
    debtor(org)
    answer = HookAnswer(replies=(told(reference="mo-1"),))
    assert [answer_record("smpp", answer, now=NOW).replies for _ in range(2)] == [1, 0]


# -- parts ---------------------------------------------------------------------------------------


def test_parts_are_joined_in_whatever_order_they_come(org):
    case = debtor(org)
    row = receive(org, "jeudi \ud83d", part=Part(7, 3, 2))
    assert row.text == "[…] jeudi � […]"
    assert stops(case) == ["stop.answered"]  # from the first part on
    assert [note["params"]["missing"] for note in row.notes] == ["1, 3"]
    receive(org, "\ude00 sans faute", part=Part(7, 3, 3))
    row = receive(org, "Je paie ", part=Part(7, 3, 1))
    assert (row.text, row.notes) == ("Je paie jeudi 😀 sans faute", [])
    assert Reply.objects.count() == 1
    assert receive(org, "Je paie ", part=Part(7, 3, 1)).id == row.id
    assert Reply.objects.count() == 1


def test_a_number_used_again_begins_another_text(org):
    debtor(org)
    first = receive(org, "Bonjour ", part=Part(7, 2, 1))
    other = receive(org, "Encore ", part=Part(7, 2, 1))
    assert first.id != other.id
    tomorrow = receive(org, "demain", part=Part(7, 2, 2), now=NOW + timedelta(days=2))
    assert tomorrow.id not in {first.id, other.id}


def test_a_part_that_comes_after_the_decision_is_a_text_of_its_own(org):
    debtor(org)
    first = receive(org, "Je refuse ", part=Part(7, 2, 1))
    reply_decide(org.id, first.id, Decision("refusal"), on=TODAY, actor="ana", now=NOW)
    late = receive(org, "de payer en une fois", part=Part(7, 2, 2))
    assert (late.id != first.id, late.state) == (True, "unread")
    assert receive(org, "Je refuse ", part=Part(7, 2, 1)).id == first.id  # told again


# -- STOP ----------------------------------------------------------------------------------------


def test_stop_by_text_closes_the_number_and_leaves_the_other_media(org):
    case = debtor(org)
    row = receive(org, "STOP SMS")
    assert (row.state, row.label, row.decided_by) == ("done", "stop", "amiable")
    assert phone_of(case).opted_out_at is not None
    email = ContactPoint.objects.get(customer_id=case.customer_id, kind="email")
    assert email.opted_out_at is None
    facts = case_facts(org.id, [case.id], on=TODAY)[case.id]
    assert facts.answered_on is None  # nothing waits to be read
    marked = Event.objects.get(case_id=case.id, kind="contact_point.marked")
    assert (marked.payload["to"], marked.payload["reason"]) == ("opted_out", "STOP SMS")
    assert Event.objects.filter(case_id=case.id, kind="reply.received").exists()


def test_stop_counts_for_every_customer_of_the_number(org):
    cases = [debtor(org), debtor(org, "C002", phone="+33 6 12 34 56 78")]
    receive(org, "Stop")
    assert all(phone_of(case).opted_out_at for case in cases)


def test_stop_can_be_taken_back_by_a_person(org):
    case = debtor(org)
    row = receive(org, "arrêt")
    assert reply_reopen(org.id, row.id, on=TODAY, actor="ana")
    assert phone_of(case).opted_out_at is None
    row.refresh_from_db()
    assert (row.state, stops(case)) == ("unread", ["stop.answered"])
    reply_decide(org.id, row.id, Decision("stop", words="arrêt"), on=TODAY, actor="ana", now=NOW)
    assert phone_of(case).opted_out_at is not None


def test_a_text_that_only_holds_the_word_is_left_to_a_person(org):
    case = debtor(org)
    row = receive(org, "Stop, j'ai payé hier")
    assert (row.state, phone_of(case).opted_out_at) == ("unread", None)


def test_stop_by_email_counts_when_it_says_nothing_else_and_comes_from_a_known_address(org):
    case = debtor(org)
    email = ContactPoint.objects.get(customer_id=case.customer_id, kind="email")

    def received(words, own_id, sender="c001@client.example"):
        content = mails.reply(words, own_id=own_id, sender=sender)
        stored = reply_receive(org.id, content, source="mailbox", received_at=NOW)
        email.refresh_from_db()
        return Reply.objects.get(id=stored.reply_id).state, email.opted_out_at is not None

    assert received("Bonjour, stop à la relance, je paie vendredi.", "r1@x") == ("unread", False)
    assert received("STOP", "r2@x", sender="stranger@nowhere.example") == ("unread", False)
    assert received("Unsubscribe", "r3@x") == ("done", True)
    assert phone_of(case).opted_out_at is None


# -- real gateways -------------------------------------------------------------------------------

SECRET = "a secret of ours"


@pytest.mark.slow
def test_long_text_of_a_customer_comes_through_kannel_to_the_case(org, tmp_path, settings):
    """A telephone's parts, a message centre, Kannel, our hook: one answer, stored once."""
    case = debtor(org)
    settings.CHANNEL_URLS = {"sms": "kannel://ana:s3cret@127.0.0.1:1"}
    settings.HOOK_SECRET = SECRET
    words = "Déjà réglé le 12, voir le relevé ci-joint 😀. " * 3
    octets = words.encode("utf-16-be")
    pieces = [octets[at : at + 134] for at in range(0, len(octets), 134)]
    hook = Gateway((200, "ok"))
    with hook.running() as port, centre(tmp_path / "smsc") as operator:
        replies = (
            f"http://127.0.0.1:{port}/hooks/channels/sms_http/?secret=a+secret+of+ours"
            "&from=%p&to=%P&text=%a&charset=%C&id=%I&at=%T"
        )
        with kannel(tmp_path / "kannel", smpp_port=operator.port, replies=replies):
            operator.customers_write(
                *(
                    {
                        "from": NUMBER[1:], "to": "38000", "coding": 8, "esm_class": 0x40,
                        "text": (bytes((5, 0, 3, 9, len(pieces), place)) + piece).hex(),
                    }
                    for place, piece in reversed([*enumerate(pieces, 1)])
                )
            )  # fmt: skip
            wait_for(lambda: any("secret" in each.query for each in hook.requests))
    requests = [each for each in hook.requests if "secret" in each.query]
    assert len(pieces) > 1
    for request in requests * 2:
        channel_called("sms_http", request, now=NOW)
    (row,) = Reply.objects.all()
    assert (row.case_id, row.sender) == (case.id, NUMBER)
    assert row.text == words.strip()
    assert stops(case) == ["stop.answered"]


@pytest.mark.slow
def test_long_text_of_a_customer_comes_over_smpp_to_the_case(org, tmp_path, settings, monkeypatch):
    """Parts that lie at the message centre are fetched, joined and acknowledged one by one."""
    case = debtor(org)
    monkeypatch.setattr(smpp, "QUIET_SECONDS", 0.4)
    plain = "Je paierai le 27 novembre. " * 8
    pieces = [plain[at : at + 153] for at in range(0, len(plain), 153)]
    with centre(tmp_path / "smsc") as operator:
        settings.CHANNEL_URLS = {"sms": operator.url}
        operator.customers_write(
            *(
                {
                    "from": NUMBER[1:], "to": "38000", "coding": 0, "esm_class": 0x40,
                    "text": (bytes((6, 8, 4, 1, 44, len(pieces), place)) + piece.encode()).hex(),
                }
                for place, piece in reversed([*enumerate(pieces, 1)])
            )
        )  # fmt: skip
        first, second = channels_ask(now=NOW), channels_ask(now=NOW)
    assert (first.replies, second.replies, first.errors) == (1, 0, {})
    (row,) = Reply.objects.all()
    assert (row.case_id, row.text, row.notes) == (case.id, plain.strip(), [])
    assert stops(case) == ["stop.answered"]
