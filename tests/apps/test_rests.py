"""Rests of payments: named by one person, approved by another, held meanwhile, undone whole."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from amiable.apps.audit.models import Event
from amiable.apps.audit.queries import broken_invariants
from amiable.apps.banking import queries
from amiable.apps.banking.models import Match, Rest
from amiable.apps.banking.rests import (
    WAIT_DAYS,
    RestError,
    RestSaid,
    rest_approve,
    rest_refuse,
    rest_reopen,
    rests_name,
)
from amiable.apps.banking.services import (
    line_assign,
    lines_match,
    match_confirm,
    match_undo,
    statement_import,
)
from amiable.apps.banking.terms import Agreed, TermsError, terms_set
from amiable.apps.cases.models import Dispute, Hold
from amiable.apps.receivables.models import Entry
from amiable.apps.receivables.queries import installment_balances, unallocated_credits
from amiable.core.records import StatementEntry, StatementRecord
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
ASK = {"on": TODAY, "actor": "ann"}
DECIDE = {"on": TODAY, "actor": "bob"}
EVE = TODAY - timedelta(days=1)


@pytest.fixture(autouse=True)
def _invariants_hold():
    yield
    assert broken_invariants() == []


@pytest.fixture
def debtor():
    return factories.customer(factories.creditor(factories.organization()))


@pytest.fixture
def item(debtor):
    return factories.invoice(debtor, "FA2026-0042", total_minor=100_000)


def receive(org, *entries: StatementEntry, reference: str = "1") -> dict[str, int]:
    account = "FR1420041010050500013M02606"
    record = StatementRecord(account, "EUR", None, None, TODAY, TODAY, entries, reference)
    statement_import(org.id, [record], source="test.xml", on=TODAY, actor="test")
    return lines_match(org.id, on=TODAY)


def paid(item, amount_minor: int) -> Match:
    """A payment that names the invoice and is short of it, posted."""
    entry = StatementEntry(
        1, TODAY, TODAY, amount_minor, "EUR", f"FACT {item.invoice.number}",
        payer_name=item.customer.name,
    )  # fmt: skip
    receive(item.organization, entry)
    return Match.objects.get(state="posted")


def balance(item) -> int:
    return installment_balances(item.organization_id, [item.id])[item.id]


def say(match: Match, item, reason: str, **more) -> Rest:
    said = RestSaid(item.id, reason, **more)
    (rest,) = rests_name(match.organization_id, match.id, [said], **ASK)
    return rest


def test_a_rest_above_the_limits_waits_for_another_person_while_the_payment_stands(item):
    match = paid(item, 98_500)
    rest = say(match, item, "bank_fee", hold_words="15.00 wait for an approval")
    assert (rest.state, rest.amount_minor, balance(item)) == ("waiting", 1_500, 1_500)
    hold = Hold.objects.get()
    assert (hold.installment_id, hold.reason) == (item.id, "15.00 wait for an approval")
    assert hold.ends_on == TODAY + timedelta(days=WAIT_DAYS)
    with pytest.raises(RestError, match="another manager"):
        rest_approve(item.organization_id, rest.id, **ASK)
    rest_approve(item.organization_id, rest.id, **DECIDE)
    rest.refresh_from_db()
    item.refresh_from_db()
    assert (rest.state, rest.asked_by, rest.decided_by) == ("approved", "ann", "bob")
    assert (balance(item), item.settled_on) == (0, TODAY)
    hold.refresh_from_db()
    assert hold.ends_on == EVE
    told = Event.objects.get(kind="rest.approved")
    assert (told.actor, told.payload["asked_by"], told.payload["reason"]) == (
        "bob", "ann", "bank_fee",
    )  # fmt: skip


def test_the_database_itself_refuses_that_who_asks_approves(item):
    rest = say(paid(item, 98_500), item, "bank_fee")
    rest.state, rest.decided_by = "approved", rest.asked_by
    with pytest.raises(IntegrityError), transaction.atomic():
        rest.save()


def test_a_refused_rest_is_due_again_with_the_reason_kept(item):
    rest = say(paid(item, 98_500), item, "bank_fee")
    with pytest.raises(RestError, match="say why"):
        rest_refuse(item.organization_id, rest.id, reason=" ", **DECIDE)
    rest_refuse(item.organization_id, rest.id, reason="their bank must pay", **DECIDE)
    rest.refresh_from_db()
    assert (rest.state, rest.decision, balance(item)) == ("refused", "their bank must pay", 1_500)
    assert Hold.objects.get().ends_on == EVE
    with pytest.raises(RestError, match="no longer waits"):
        rest_approve(item.organization_id, rest.id, **DECIDE)


def test_a_decision_is_taken_back_whole(item):
    rest = say(paid(item, 98_500), item, "bank_fee")
    for decide in (rest_approve, lambda *a, **k: rest_refuse(*a, reason="no", **k)):
        decide(item.organization_id, rest.id, **DECIDE)
        rest = rest_reopen(item.organization_id, rest.id, **DECIDE)
        assert (rest.state, rest.decided_by, balance(item)) == ("waiting", "", 1_500)
        assert rest.hold.ends_on == TODAY + timedelta(days=WAIT_DAYS)
    item.refresh_from_db()
    assert item.settled_on is None


@pytest.mark.parametrize("decided", [False, True])
def test_undoing_the_payment_takes_its_rest_with_it(item, decided):
    match = paid(item, 98_500)
    rest = say(match, item, "bank_fee")
    if decided:
        rest_approve(item.organization_id, rest.id, **DECIDE)
    match_undo(item.organization_id, match.id, **ASK)
    rest.refresh_from_db()
    assert (rest.state, balance(item)) == ("withdrawn", 100_000)
    assert not Hold.objects.filter(ends_on__gte=TODAY).exists()
    assert unallocated_credits(item.organization_id, [item.customer_id]) == {}


def test_within_the_limits_nobody_else_is_asked(item, debtor):
    org = debtor.organization
    org.rest_fee_minor = 2_000
    org.save()
    match = Match.objects.get(id=assigned(item, 98_500).id)
    rest = say(match, item, "bank_fee")
    assert (rest.state, balance(item), Hold.objects.count()) == ("within", 0, 0)
    match_undo(org.id, match.id, **ASK)
    assert balance(item) == 100_000


def assigned(item, amount_minor: int, **more) -> Match:
    """A payment of no words, assigned to the invoice by hand."""
    org = item.organization
    receive(org, StatementEntry(1, TODAY, TODAY, amount_minor, "EUR", "VIR"))
    line = queries.lines(org.id)[0]
    parts = [(item.id, min(amount_minor, 100_000))]
    return line_assign(org.id, line.id, item.customer_id, allocations=parts, **ASK, **more)


def test_a_discount_after_the_due_date_is_above_every_limit(item, debtor):
    org = debtor.organization
    org.rest_discount_permille = 30
    org.save()
    rest = say(assigned(item, 98_000), item, "discount")  # due two days ago
    assert rest.state == "waiting"


def test_terms_agreed_with_the_customer_stand_before_the_limits_of_all(debtor):
    item = factories.invoice(debtor, "FA2026-0050", total_minor=100_000, due=TODAY)
    org = debtor.organization
    before = terms_set(org.id, debtor.id, Agreed(discount_permille=40), **ASK)
    assert before == Agreed()
    # The engine itself gives up the discount agreed: nothing is left to name.
    receive(
        org,
        StatementEntry(1, TODAY, TODAY, 96_000, "EUR", "FACT FA2026-0050", payer_name=debtor.name),
    )
    assert balance(item) == 0
    assert Entry.objects.get(kind="write_off").amount_minor == -4_000
    with pytest.raises(TermsError, match="between 0 and 100"):
        terms_set(org.id, debtor.id, Agreed(discount_permille=101), **ASK)
    with pytest.raises(TermsError, match="what was agreed"):
        terms_set(org.id, debtor.id, Agreed(order="agreed", agreed=" "), **ASK)
    assert Event.objects.filter(kind="customer.terms").count() == 1


def test_a_deduction_always_needs_words_and_another_person(item):
    match = paid(item, 90_000)
    with pytest.raises(RestError, match="in words"):
        say(match, item, "deduction", detail="debit_note")
    rest = say(match, item, "deduction", detail="debit_note", note="ND 2026-7, short delivery")
    assert (rest.state, rest.detail) == ("waiting", "debit_note")
    rest_approve(item.organization_id, rest.id, **DECIDE)
    assert balance(item) == 0


def test_a_retained_guarantee_is_not_given_up_but_paused_until_its_day(item):
    match = paid(item, 95_000)
    said = {"detail": "retention", "note": "works of rue Haute"}
    with pytest.raises(RestError, match="until when"):
        say(match, item, "deduction", **said)
    year = TODAY + timedelta(days=365)
    rest = say(match, item, "deduction", until=year, **said)
    rest_approve(item.organization_id, rest.id, **DECIDE)
    assert balance(item) == 5_000
    running = Hold.objects.get(ends_on__gte=TODAY)
    assert (running.ends_on, running.installment_id) == (year, item.id)
    rest_reopen(item.organization_id, rest.id, **DECIDE)
    assert Hold.objects.get(ends_on__gte=TODAY).ends_on == TODAY + timedelta(days=WAIT_DAYS)


def test_a_disputed_rest_opens_a_dispute_of_that_amount_and_undo_withdraws_it(item):
    match = paid(item, 80_000)
    rest = say(match, item, "dispute", detail="quality", note="two doors scratched")
    dispute = Dispute.objects.get()
    assert (dispute.amount_minor, dispute.reason, dispute.closed_on) == (20_000, "quality", None)
    assert rest.state == "disputed"
    match_undo(item.organization_id, match.id, **ASK)
    dispute.refresh_from_db()
    assert (dispute.is_mistake, dispute.closed_on) == (True, TODAY)


def test_a_part_payment_stays_due_and_more_than_owed_stays_on_the_account(item):
    match = assigned(item, 101_500)
    assert rests_name(item.organization_id, match.id, [RestSaid(item.id, "part")], **ASK) == []
    with pytest.raises(RestError, match="nothing is left"):
        say(match, item, "bank_fee")
    assert unallocated_credits(item.organization_id, [item.customer_id]) == {
        (item.customer_id, "EUR"): 1_500
    }


def test_a_rest_is_named_once_and_only_of_what_the_payment_reached(item, debtor):
    other = factories.invoice(debtor, "FA2026-0043", total_minor=50_000)
    match = paid(item, 98_500)
    with pytest.raises(RestError, match="choose"):
        say(match, other, "bank_fee")
    say(match, item, "bank_fee")
    with pytest.raises(RestError, match="already"):
        say(match, item, "cents")


def test_what_was_paid_meanwhile_is_not_given_up_twice(item, debtor):
    rest = say(paid(item, 98_500), item, "bank_fee")
    receive(
        debtor.organization,
        StatementEntry(
            1, TODAY, TODAY, 1_500, "EUR", "FACT FA2026-0042 SOLDE", payer_name=debtor.name
        ),
        reference="2",
    )
    assert balance(item) == 0
    with pytest.raises(Exception, match="more than"):
        rest_approve(item.organization_id, rest.id, **DECIDE)
    rest.refresh_from_db()
    assert (rest.state, balance(item)) == ("waiting", 0)


def test_a_proposal_is_confirmed_with_its_rest_named_in_one_go_or_not_at_all(debtor):
    item = factories.invoice(debtor, "FA2026-0042", total_minor=100_000)
    org = debtor.organization
    receive(org, StatementEntry(1, TODAY, TODAY, 98_500, "EUR", "VIR", payer_name=debtor.name))
    proposal = Match.objects.filter(state="proposed").order_by("rank")[0]
    with pytest.raises(RestError):
        match_confirm(org.id, proposal.id, rests=[RestSaid(item.id, "deduction")], **ASK)
    proposal.refresh_from_db()
    assert (proposal.state, balance(item)) == ("proposed", 100_000)
    match_confirm(org.id, proposal.id, rests=[RestSaid(item.id, "bank_fee")], **ASK)
    assert (Rest.objects.get().state, balance(item)) == ("waiting", 1_500)


def test_a_payment_taken_back_by_the_bank_takes_its_rest_with_it(item):
    match = paid(item, 98_500)
    rest = say(match, item, "bank_fee")
    back = StatementEntry(
        1, TODAY, TODAY, -98_500, "EUR", "REJET FACT FA2026-0042", is_return=True,
        return_reason="AM04", payer_name=item.customer.name,
    )  # fmt: skip
    assert receive(item.organization, back, reference="2")["returned"] == 1
    rest.refresh_from_db()
    assert (rest.state, balance(item)) == ("withdrawn", 100_000)
    assert not Hold.objects.filter(ends_on__gte=TODAY).exists()


class TestRestsConserveCents(TestCase):
    """Whatever is paid, named and decided: nothing is over-allocated, and undo restores it all."""

    @given(
        short=st.integers(1, 99_999),
        reason=st.sampled_from(["part", "bank_fee", "discount", "cents", "deduction", "dispute"]),
        decision=st.sampled_from(["none", "approve", "refuse", "reopen"]),
        limit=st.sampled_from([0, 2_500]),
    )
    @settings(max_examples=40, deadline=None)
    def test_cents(self, short, reason, decision, limit):
        org = factories.organization(f"o{uuid4().hex[:12]}")
        org.rest_fee_minor = limit
        org.save()
        item = factories.invoice(
            factories.customer(factories.creditor(org)), "FA2026-0042", total_minor=100_000
        )
        match = assigned(item, 100_000 - short)
        more = {"deduction": {"detail": "other", "note": "words"}, "dispute": {"detail": "price"}}
        rest_said = RestSaid(item.id, reason, **more.get(reason, {}))
        found = rests_name(org.id, match.id, [rest_said], **ASK)
        for rest in found:
            if rest.state == "waiting" and decision != "none":
                if decision == "refuse":
                    rest_refuse(org.id, rest.id, reason="no", **DECIDE)
                else:
                    rest_approve(org.id, rest.id, **DECIDE)
                if decision == "reopen":
                    rest_reopen(org.id, rest.id, **DECIDE)
                rest.refresh_from_db()
            gone = rest.state in ("within", "approved")
            assert balance(item) == (0 if gone else short)
        match_undo(org.id, match.id, **ASK)
        assert balance(item) == 100_000
        assert unallocated_credits(org.id, [item.customer_id]) == {}
        assert not Hold.objects.filter(case__organization=org, ends_on__gte=TODAY).exists()
        assert not Dispute.objects.filter(organization=org, closed_on=None).exists()
        assert broken_invariants() == []
