"""What a person decides on an answer: one gesture, existing rules, and the way back."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from amiable.apps.audit.models import Event
from amiable.apps.cases.models import Dispute, Hold, Promise
from amiable.apps.cases.services import CaseError
from amiable.apps.dunning.answers import (
    VERDICTS,
    Decision,
    reply_decide,
    reply_reopen,
    reply_task_close,
)
from amiable.apps.insights import inbox
from amiable.apps.messaging.models import Reply
from amiable.apps.messaging.replies.receiving import reply_receive
from amiable.apps.receivables.models import Installment
from tests import factories
from tests.apps import mails
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 10, tzinfo=ZoneInfo("Europe/Paris"))
WHO = {"on": TODAY, "actor": "camille"}


@pytest.fixture
def org():
    return factories.organization()


@pytest.fixture
def case(org):
    debtor = factories.customer(factories.creditor(org))
    factories.invoice(debtor, due=TODAY - timedelta(days=12))
    return factories.case(debtor)


@pytest.fixture
def answer(org, case) -> Reply:
    received = reply_receive(org.id, mails.reply(), source="mailbox", received_at=NOW)
    return Reply.objects.get(id=received.reply_id)


def decide(row: Reply, verdict: str, **fields) -> Reply:
    decision = Decision(verdict, **fields)
    reply_decide(row.organization_id, row.id, decision, now=NOW, **WHO)
    row.refresh_from_db()
    return row


def listed(org, tab: str, on=TODAY) -> list[int]:
    return [row.id for row in inbox.inbox(org.id, tab, on=on, with_unmatched=True).rows]


COMPLETE = {
    "promise": {"amount_minor": 120_000, "due_on": TODAY + timedelta(days=7)},
    "dispute": {"invoice": "FA2026-0001", "reason": "quality"},
    "absence": {"until": TODAY + timedelta(days=10)},
}


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_can_be_given_and_taken_back(org, case, answer, verdict):
    decide(answer, verdict, **COMPLETE.get(verdict, {}))
    assert (answer.label, answer.decided_by) == (verdict, "camille")
    assert listed(org, "unread") == []
    assert Event.objects.filter(case_id=case.id, kind="reply.decided").count() == 1
    assert reply_reopen(org.id, answer.id, **WHO)
    answer.refresh_from_db()
    assert (answer.state, answer.label, answer.task) == ("unread", "", "")
    assert listed(org, "unread") == [answer.id]
    running = Hold.objects.filter(ends_on__gte=TODAY)
    assert not running.exists()
    assert not Promise.objects.filter(cancelled_on__isnull=True).exists()
    assert not Dispute.objects.filter(closed_on__isnull=True).exists()
    assert case.customer.points.get().opted_out_at is None
    assert case.customer.points.get().invalid_since is None


def test_a_promise_is_recorded(answer):
    decide(answer, "promise", **COMPLETE["promise"])
    promise = Promise.objects.get()
    assert (promise.amount_minor, promise.due_on) == (120_000, TODAY + timedelta(days=7))


def test_a_promise_without_its_day_is_refused_and_nothing_is_written(answer):
    with pytest.raises(CaseError, match="how much is promised"):
        decide(answer, "promise", amount_minor=5_000)
    answer.refresh_from_db()
    assert (answer.state, Promise.objects.count()) == ("unread", 0)


def test_a_dispute_needs_an_open_invoice_of_the_customer(answer):
    with pytest.raises(CaseError, match="Choose the invoice"):
        decide(answer, "dispute", invoice="OTHER", reason="quality")


def test_what_is_said_to_be_paid_waits_for_the_bank_and_then_asks_a_person(org, answer):
    decide(answer, "already_paid", words="Says it is paid")
    hold = Hold.objects.get()
    assert (hold.ends_on, hold.reason) == (TODAY + timedelta(days=7), "Says it is paid")
    assert listed(org, "tasks") == []
    assert listed(org, "tasks", TODAY + timedelta(days=8)) == [answer.id]


def test_a_payment_settles_what_was_to_be_checked(org, case, answer):
    decide(answer, "already_paid")
    Installment.objects.filter(customer=case.customer).update(settled_on=TODAY)
    assert listed(org, "tasks", TODAY + timedelta(days=8)) == []


def test_a_copy_is_a_task_at_once(org, answer):
    decide(answer, "needs_copy")
    assert listed(org, "tasks") == [answer.id]
    assert reply_task_close(org.id, answer.id, done=True, **WHO)
    assert not reply_task_close(org.id, answer.id, done=True, **WHO)
    assert listed(org, "tasks") == []
    assert reply_task_close(org.id, answer.id, done=False, **WHO)
    assert listed(org, "tasks") == [answer.id]


def test_the_wrong_contact_is_marked_and_the_right_one_added(case, answer):
    fields = {"contact_name": "Paul Roy", "contact_email": "paul@client.example"}
    decide(answer, "wrong_contact", words="Wrong contact", **fields)
    points = {point.value: point.invalid_since is None for point in case.customer.points.all()}
    assert points == {"ap@client.example": False, "paul@client.example": True}
    assert answer.task == ""
    reply_reopen(answer.organization_id, answer.id, **WHO)
    assert [point.value for point in case.customer.points.all()] == ["ap@client.example"]


def test_who_wants_no_more_emails_gets_none(case, answer):
    decide(answer, "stop", words="Asked by email")
    assert case.customer.points.get().opted_out_at is not None


def test_nothing_is_decided_for_nobodys_file(org, case):
    received = reply_receive(
        org.id, mails.reply(sender="x@nowhere.example"), source="mailbox", received_at=NOW
    )
    row = Reply.objects.get(id=received.reply_id)
    with pytest.raises(CaseError, match="Choose the customer"):
        decide(row, "stop")
    assert decide(row, "ignored").state == "ignored"


def test_an_answer_is_decided_once(answer):
    decide(answer, "other")
    with pytest.raises(CaseError, match="already"):
        decide(answer, "ignored")


def test_yesterdays_decision_is_not_taken_back(org, answer):
    decide(answer, "other")
    assert not reply_reopen(org.id, answer.id, on=TODAY + timedelta(days=1), actor="camille")


# -- the inbox -----------------------------------------------------------------------------------


def test_those_who_wait_longest_come_first_with_what_is_at_stake(org, case, answer):
    late = reply_receive(
        org.id,
        mails.reply("Encore", own_id="r9@x"),
        source="mailbox",
        received_at=NOW - timedelta(days=3),
    )
    page = inbox.inbox(org.id, "unread", on=TODAY, with_unmatched=False)
    assert [row.id for row in page.rows] == [late.reply_id, answer.id]
    assert (page.rows[0].waits_days, page.rows[0].stake.amount_minor) == (3, 120_000)


def test_only_managers_see_what_matched_nobody(org, case):
    received = reply_receive(
        org.id, mails.reply(sender="x@nowhere.example"), source="mailbox", received_at=NOW
    )
    where = {"on": TODAY}
    assert inbox.inbox_counts(org.id, with_unmatched=True, **where)["unread"] == 1
    assert inbox.inbox_counts(org.id, with_unmatched=False, **where)["unread"] == 0
    assert inbox.answer(org.id, received.reply_id, with_unmatched=False, **where) is None
    assert inbox.answer_source(org.id, received.reply_id, with_unmatched=False) is None


def test_another_organization_sees_nothing(org, case, answer):
    other = factories.organization("other")
    assert inbox.inbox(other.id, "unread", on=TODAY, with_unmatched=True).total == 0
    assert inbox.answer(other.id, answer.id, on=TODAY, with_unmatched=True) is None
    assert not reply_reopen(other.id, answer.id, **WHO)
    with pytest.raises(CaseError):
        reply_decide(other.id, answer.id, Decision("ignored"), now=NOW, **WHO)


def test_a_list_of_fifty_costs_as_many_queries_as_one(
    org, case, answer, django_assert_max_num_queries
):
    for number in range(50):
        reply_receive(
            org.id, mails.reply(f"n{number}", own_id=f"{number}@x"), source="m", received_at=NOW
        )
    with django_assert_max_num_queries(5):
        assert len(inbox.inbox(org.id, "unread", on=TODAY, with_unmatched=False).rows) == 50
    with django_assert_max_num_queries(7):
        inbox.answer(org.id, answer.id, on=TODAY, with_unmatched=False)


def test_candidates_are_those_whose_address_it_is_or_whose_name_is_searched(org, case, answer):
    other = factories.customer(case.customer.creditor, "Z9", name="Zénith", email="")
    factories.invoice(other, "FZ")
    found = inbox.candidates(org.id, answer.id, "")
    assert [(one.case_id, one.stake.amount_minor) for one in found] == [(case.id, 120_000)]
    assert [one.code for one in inbox.candidates(org.id, answer.id, "zén")] == ["Z9"]


def test_an_answer_nobody_reads_is_told_after_the_hold(org, case, answer):
    assert inbox.answers_overdue(org.id, TODAY + timedelta(days=4)) == []
    told = inbox.answers_overdue(org.id, TODAY + timedelta(days=5))
    assert told == [(case.customer_id, "Menuiserie Duval")]


@pytest.mark.parametrize(
    ("spans", "pieces"),
    [
        ([], [("abcdef", False)]),
        ([[1, 3]], [("a", False), ("bc", True), ("def", False)]),
        ([[0, 2], [1, 4]], [("ab", True), ("cd", True), ("ef", False)]),
        ([[4, 99], [-5, 1]], [("a", True), ("bcd", False), ("ef", True)]),
    ],
)
def test_evidence_is_cut_out_of_the_text_and_nothing_is_lost(spans, pieces):
    assert list(inbox.marked("abcdef", spans)) == pieces
