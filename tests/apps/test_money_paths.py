"""Lines that must not post silently, and refunds seen to leave: each proposed with its reason."""

from __future__ import annotations

from datetime import timedelta

import pytest

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.banking.models import Match, StatementLine
from amiable.apps.banking.services import lines_match, match_confirm, match_undo, statement_import
from amiable.apps.cases.handovers import (
    Collector,
    item_hand_over,
    item_take_back,
    item_write_off,
    item_write_off_undo,
)
from amiable.apps.cases.models import Handover, Hold
from amiable.apps.cases.services import CaseError
from amiable.apps.customers.models import Customer
from amiable.apps.payments.decisions import Wish, credit_decision_undo
from amiable.apps.payments.models import CreditDecision
from amiable.apps.payments.refunds import refund_request
from amiable.apps.payments.services import PaymentError, PaymentIn, payment_record
from amiable.apps.receivables.queries import installment_balances, unallocated_credits
from amiable.apps.receivables.write_offs import written_off
from amiable.core.records import StatementEntry, StatementRecord
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
IBAN = "FR7630006000011234567890189"
OTHER = "FR7610096000509876543210185"
ACTOR = {"on": TODAY, "actor": "lea@example.org"}
AGENCY = Collector("agency", "Recouvrement Martin", "Collected by Recouvrement Martin")


@pytest.fixture(autouse=True)
def _invariants_hold():
    yield
    assert broken_invariants() == []


@pytest.fixture
def debtor():
    return factories.customer(factories.creditor(factories.organization()))


def matched(debtor, amount_minor: int, label: str = "", **fields) -> StatementLine:
    """Import one line and let the engine decide on it."""
    entry = StatementEntry(1, TODAY, TODAY, amount_minor, "EUR", label, **fields)
    record = StatementRecord(
        account="FR1420041010050500013M02606", currency="EUR", opening_minor=0,
        closing_minor=amount_minor, opening_on=TODAY, closing_on=TODAY, entries=(entry,),
        reference=str(StatementLine.objects.count()),
    )  # fmt: skip
    org = debtor.organization_id
    statement_import(org, [record], source="test.xml", **ACTOR)
    lines_match(org, on=TODAY)
    return StatementLine.objects.order_by("-id")[0]


def proposal(line) -> Match:
    return Match.objects.get(line=line, state="proposed", rank=1)


def codes(match) -> set[str]:
    return {sentence["code"] for sentence in match.evidence}


def balance(item) -> int:
    return installment_balances(item.organization_id, [item.id])[item.id]


def on_account(debtor) -> int:
    return unallocated_credits(debtor.organization_id, [debtor.id]).get((debtor.id, "EUR"), 0)


def refund(debtor, amount_minor: int, external_id: str = "p1") -> CreditDecision:
    org = debtor.organization_id
    paid = PaymentIn(debtor.id, amount_minor, "EUR", TODAY, external_id, payer_iban=IBAN)
    payment = payment_record(org, paid, cases={}, **ACTOR)
    return refund_request(
        org, Wish(payment.entry_id, 0), amount_minor=amount_minor, iban=IBAN,
        name="Menuiserie Duval", cases={}, **ACTOR,
    )  # fmt: skip


def test_money_on_an_item_handed_over_is_shown_not_posted(debtor):
    item = factories.invoice(debtor, "FA2026-0077", total_minor=45_000)
    org = debtor.organization_id
    handover = item_hand_over(org, item.id, AGENCY, **ACTOR)
    assert item_hand_over(org, item.id, AGENCY, **ACTOR) == handover
    line = matched(debtor, 45_000, "FACT FA2026-0077")
    assert (line.state, balance(item)) == ("proposed", 45_000)
    assert "match.veto_handed" in codes(proposal(line))
    item_take_back(org, handover, **ACTOR)
    assert not item_take_back(org, handover, **ACTOR)
    lines_match(org, on=TODAY)
    line.refresh_from_db()
    assert (line.state, balance(item)) == ("posted", 0)
    assert Hold.objects.get(id=Handover.objects.get().hold_id).ends_on < TODAY


def test_handing_over_needs_a_name_and_something_open(debtor):
    item = factories.invoice(debtor, "FA2026-0077", total_minor=45_000)
    org = debtor.organization_id
    with pytest.raises(CaseError):
        item_hand_over(org, item.id, Collector("agency", " ", ""), **ACTOR)
    item_write_off(org, item.id, reason="", **ACTOR)
    with pytest.raises(CaseError):
        item_hand_over(org, item.id, AGENCY, **ACTOR)


@pytest.mark.parametrize("label", ["FACT FA2026-0077", "VIREMENT"])
def test_money_on_a_written_off_item_is_shown_as_such(debtor, label):
    long_ago = TODAY - timedelta(days=900)
    item = factories.invoice(debtor, "FA2026-0077", total_minor=45_000, due=long_ago)
    org = debtor.organization_id
    item_write_off(org, item.id, reason="bad debt", on=TODAY - timedelta(800), actor="lea")
    line = matched(debtor, 45_000, label, payer_name="Menuiserie Duval")
    match = proposal(line)
    assert (match.kind, match.customer_id) == ("written_off", debtor.id)
    assert "match.written_off" in codes(match)
    match_confirm(org, match.id, **ACTOR)
    assert on_account(debtor) == 45_000
    assert written_off(org) == {item.id: 45_000}


def test_write_off_undone_is_owed_again(debtor):
    item, org = factories.invoice(debtor, total_minor=45_000), debtor.organization_id
    item_write_off(org, item.id, reason="", **ACTOR)
    assert item_write_off_undo(org, item.id, **ACTOR) == 45_000
    assert item_write_off_undo(org, item.id, **ACTOR) == 0
    assert balance(item) == 45_000


def test_money_after_the_judgment_pays_no_earlier_claim_unasked(debtor):
    judgment = TODAY - timedelta(days=3)
    Customer.objects.filter(id=debtor.id).update(insolvent_since=judgment)
    before = factories.invoice(debtor, "FA2026-0077", total_minor=45_000)
    line = matched(debtor, 45_000, "FACT FA2026-0077")
    assert (line.state, balance(before)) == ("proposed", 45_000)
    assert "match.veto_insolvent" in codes(proposal(line))
    after = factories.invoice(debtor, "FA2026-0099", total_minor=30_100, issued=judgment)
    assert matched(debtor, 30_100, "FACT FA2026-0099").state == "posted"
    assert balance(after) == 0


def test_judgment_from_before_the_known_rules_is_said(debtor):
    Customer.objects.filter(id=debtor.id).update(insolvent_since="2005-06-01")
    old = TODAY.replace(year=2005, month=5)
    factories.invoice(debtor, "FA2005-0077", total_minor=45_000, due=old, issued=old)
    match = proposal(matched(debtor, 45_000, "FACT FA2005-0077"))
    rules = [s["params"] for s in match.evidence if s["code"] == "match.veto_insolvent"]
    assert "insolvency.unknown" in str(rules)


def test_refund_is_recognized_by_the_reference_we_gave(debtor):
    noted, org = refund(debtor, 12_345), debtor.organization_id
    line = matched(debtor, -12_345, f"VIR SEPA {noted.reference[:4]} {noted.reference[4:]}")
    noted.refresh_from_db()
    assert (line.state, noted.settled_on) == ("posted", TODAY)
    posted = Match.objects.get(line=line, state="posted")
    match_undo(org, posted.id, **ACTOR)
    noted.refresh_from_db()
    assert noted.settled_on is None
    lines_match(org, on=TODAY)
    line.refresh_from_db()
    assert line.state == "ignored"  # a person said that it is not that refund


def test_refund_is_recognized_by_account_and_amount(debtor):
    noted = refund(debtor, 12_345)
    assert matched(debtor, -12_345, "VIREMENT EMIS", payer_iban=IBAN).state == "posted"
    noted.refresh_from_db()
    assert noted.settled_on == TODAY


def test_two_refunds_alike_are_asked_about(debtor):
    first, second = refund(debtor, 12_345, "p1"), refund(debtor, 12_345, "p2")
    line = matched(debtor, -12_345, "VIREMENT EMIS", payer_iban=IBAN)
    assert line.state == "proposed"
    shown = Match.objects.filter(line=line, state="proposed").order_by("rank")
    assert [match.refund_id for match in shown] == [first.pk, second.pk]
    match_confirm(debtor.organization_id, shown[1].id, **ACTOR)
    second.refresh_from_db()
    assert second.settled_on == TODAY


def test_amount_alone_is_only_proposed_and_another_amount_is_left(debtor):
    noted = refund(debtor, 12_345)
    assert matched(debtor, -12_345, "VIREMENT EMIS", payer_iban=OTHER).state == "proposed"
    line = matched(debtor, -10_000, f"VIR {noted.reference}")
    assert line.state == "left"
    assert "match.refund_other_amount" in {s["code"] for s in line.evidence}


def test_refund_that_nobody_noted_is_proposed_and_its_undo_forgets_it(debtor):
    org = debtor.organization_id
    paid = PaymentIn(debtor.id, 20_000, "EUR", TODAY, "p1", payer_iban=IBAN)
    payment_record(org, paid, cases={}, **ACTOR)
    line = matched(debtor, -15_000, "VIREMENT EMIS", payer_name="Menuiserie Duval")
    match = proposal(line)
    assert match.kind == "refund_found"
    match_confirm(org, match.id, **ACTOR)
    noted = CreditDecision.objects.get()
    assert (noted.settled_on, on_account(debtor)) == (TODAY, 5_000)
    with pytest.raises(PaymentError):
        credit_decision_undo(org, noted.pk, cases={}, **ACTOR)
    match_undo(org, match.id, **ACTOR)
    noted.refresh_from_db()
    assert (noted.undone_on, on_account(debtor)) == (TODAY, 20_000)


def test_money_out_to_nobody_we_owe_is_set_aside(debtor):
    refund(debtor, 12_345)
    assert (
        matched(debtor, -99_900, "LOYER NOVEMBRE", payer_name="SCI des Forges").state == "ignored"
    )
