"""What a person decides about money that pays no invoice: exact, undone whole, taken once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from amiable.apps.audit.models import Event
from amiable.apps.audit.queries import broken_invariants
from amiable.apps.cases.handovers import item_write_off
from amiable.apps.payments.decisions import (
    Wish,
    credit_allocate,
    credit_decision_undo,
    credit_keep,
    credit_transfer,
)
from amiable.apps.payments.models import CreditDecision
from amiable.apps.payments.refunds import refund_make, refund_request, refunds_settle
from amiable.apps.payments.services import (
    PaymentError,
    PaymentIn,
    payment_record,
    payment_return,
    payment_return_undo,
    payment_undo,
)
from amiable.apps.receivables.allocations import AllocationError, credit_remainders
from amiable.apps.receivables.queries import installment_balances, unallocated_credits
from amiable.apps.receivables.write_offs import written_off
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
WHO = {"on": TODAY, "actor": "lea@example.org", "cases": {}}
IBAN = "FR7630006000011234567890189"


@pytest.fixture
def debtor():
    return factories.customer(factories.creditor(factories.organization()))


@pytest.fixture(autouse=True)
def _invariants_hold_afterwards(db):
    yield
    assert broken_invariants() == []


def paid(debtor, amount_minor: int = 50_000, external_id: str = "p1", **more):
    incoming = PaymentIn(debtor.id, amount_minor, "EUR", TODAY, external_id, **more)
    return payment_record(debtor.organization_id, incoming, **WHO)


def wish(payment, serial: int = 0) -> Wish:
    return Wish(payment.entry_id, serial)


def left(payment) -> int:
    return credit_remainders(payment.organization_id, [payment.entry_id])[payment.entry_id]


def balance(item) -> int:
    return installment_balances(item.organization_id, [item.id])[item.id]


def on_account(debtor) -> int:
    return unallocated_credits(debtor.organization_id, [debtor.id]).get((debtor.id, "EUR"), 0)


def refund(payment, amount_minor: int, serial: int = 0):
    return refund_request(
        payment.organization_id, wish(payment, serial), amount_minor=amount_minor, iban=IBAN,
        name="Duval", **WHO,
    )  # fmt: skip


def transfer(payment, other, amount_minor: int, serial: int = 0):
    return credit_transfer(
        payment.organization_id, wish(payment, serial), to_customer_id=other.id,
        amount_minor=amount_minor, **WHO,
    )  # fmt: skip


def undo(decision):
    return credit_decision_undo(decision.organization_id, decision.pk, **WHO)


def test_allocated_money_settles_and_its_undo_opens_again(debtor):
    item, payment = factories.invoice(debtor, total_minor=60_000), paid(debtor)
    org = debtor.organization_id
    decision = credit_allocate(org, wish(payment), [(item.id, 50_000)], **WHO)
    assert (balance(item), left(payment)) == (10_000, 0)
    undo(decision)
    assert (balance(item), left(payment)) == (60_000, 50_000)
    with pytest.raises(PaymentError):
        undo(decision)


def test_same_wish_twice_is_one_decision_and_another_on_old_knowledge_is_refused(debtor):
    item, payment = factories.invoice(debtor, total_minor=60_000), paid(debtor)
    org, parts = debtor.organization_id, [(item.id, 20_000)]
    first = credit_allocate(org, wish(payment), parts, **WHO)
    assert credit_allocate(org, wish(payment), parts, **WHO).pk == first.pk
    assert (balance(item), left(payment)) == (40_000, 30_000)
    with pytest.raises(PaymentError):
        refund(payment, 30_000)
    assert refund(payment, 30_000, serial=1).pk != first.pk
    assert left(payment) == 0


def test_more_than_is_left_is_never_given(debtor):
    payment = paid(debtor)
    for amount in (50_001, 0, -1):
        with pytest.raises(AllocationError):
            refund(payment, amount)
    with pytest.raises(AllocationError):
        transfer(payment, factories.customer(debtor.creditor, "C002"), 50_001)
    assert not CreditDecision.objects.exists()


def test_kept_money_stays_and_can_be_used_later(debtor):
    payment = paid(debtor)
    kept = credit_keep(debtor.organization_id, wish(payment), **WHO)
    assert credit_keep(debtor.organization_id, wish(payment), **WHO).pk == kept.pk
    item = factories.invoice(debtor, total_minor=50_000)
    credit_allocate(debtor.organization_id, wish(payment, 1), [(item.id, 50_000)], **WHO)
    assert balance(item) == 0


def test_moved_money_shows_on_both_accounts_and_comes_back_whole(debtor):
    other = factories.customer(debtor.creditor, "C002", name="Duval Frères")
    payment = paid(debtor)
    decision = transfer(payment, other, 20_000)
    assert (on_account(debtor), on_account(other)) == (30_000, 20_000)
    undo(decision)
    assert (on_account(debtor), on_account(other)) == (50_000, 0)


def test_moved_money_that_was_used_must_be_freed_before_its_undo(debtor):
    other = factories.customer(debtor.creditor, "C002", name="Duval Frères")
    item, payment = factories.invoice(other, "FA-2", total_minor=20_000), paid(debtor)
    decision = transfer(payment, other, 20_000)
    moved = other.entries.get(kind="transfer")
    use = credit_allocate(other.organization_id, Wish(moved.pk, 0), [(item.id, 20_000)], **WHO)
    with pytest.raises(PaymentError):
        undo(decision)
    undo(use)
    undo(decision)
    assert (balance(item), on_account(debtor)) == (20_000, 50_000)


def test_money_never_crosses_creditors_nor_goes_to_its_own_customer(debtor):
    other = factories.customer(factories.creditor(debtor.organization, "second"), "C009")
    payment = paid(debtor)
    for target in (other, debtor):
        with pytest.raises(PaymentError):
            transfer(payment, target, 10_000)
    stranger = factories.customer(factories.creditor(factories.organization("rival")), "C1")
    with pytest.raises(AllocationError):
        transfer(payment, stranger, 10_000)


def test_refund_is_asked_for_made_seen_and_then_stays(debtor):
    payment, org = paid(debtor), debtor.organization_id
    decision = refund(payment, 50_000)
    assert on_account(debtor) == 0
    refund_make(org, decision.pk, made=True, **WHO)
    with pytest.raises(PaymentError):
        undo(decision)
    refund_make(org, decision.pk, made=False, **WHO)
    refunds_settle(org, [decision.pk], booked_on=TODAY, **WHO)
    with pytest.raises(PaymentError):
        undo(decision)
    refunds_settle(org, [decision.pk], booked_on=None, **WHO)
    undo(decision)
    assert on_account(debtor) == 50_000
    with pytest.raises(PaymentError):
        refund_request(
            org, wish(payment, 1), amount_minor=1, iban="", name="Duval", **WHO
        )  # nowhere to send it


def test_written_off_debt_is_recovered_for_what_came_and_given_up_again_by_undo(debtor):
    item, org = factories.invoice(debtor, total_minor=80_000), debtor.organization_id
    assert item_write_off(org, item.id, reason="", on=TODAY, actor="lea") == 80_000
    assert item_write_off(org, item.id, reason="", on=TODAY, actor="lea") == 0
    payment = paid(debtor)
    decision = credit_allocate(org, wish(payment), [(item.id, 50_000)], **WHO)
    assert decision.recovered == [[item.id, 50_000]]
    assert (balance(item), written_off(org)) == (0, {item.id: 30_000})
    undo(decision)
    assert (balance(item), written_off(org), left(payment)) == (0, {item.id: 80_000}, 50_000)


def test_money_after_the_judgment_settles_only_later_claims(debtor):
    judgment = TODAY - timedelta(days=5)
    type(debtor).objects.filter(id=debtor.id).update(insolvent_since=judgment)
    org, payment = debtor.organization_id, paid(debtor)
    before = factories.invoice(debtor, "FA-1", total_minor=20_000, issued=judgment - timedelta(1))
    after = factories.invoice(debtor, "FA-2", total_minor=20_000, issued=judgment)
    with pytest.raises(PaymentError) as refused:
        credit_allocate(org, wish(payment), [(before.id, 20_000)], **WHO)
    assert refused.value.sentence.code == "insolvency.barred"
    credit_allocate(org, wish(payment), [(after.id, 20_000)], **WHO)
    credit_allocate(
        org, wish(payment, 1), [(before.id, 20_000)], despite_insolvency=True, **WHO
    )  # by the plan, or by a guarantor
    assert (balance(before), balance(after)) == (0, 0)


def test_undone_payment_takes_its_decisions_along_unless_money_has_left(debtor):
    org, item = debtor.organization_id, factories.invoice(debtor, total_minor=20_000)
    other = factories.customer(debtor.creditor, "C002")
    payment = paid(debtor)
    credit_allocate(org, wish(payment), [(item.id, 20_000)], **WHO)
    transfer(payment, other, 10_000, serial=1)
    sent = refund(payment, 5_000, serial=2)
    refund_make(org, sent.pk, made=True, **WHO)
    with pytest.raises(PaymentError):
        payment_undo(org, payment.id, **WHO)
    assert balance(item) == 0
    refund_make(org, sent.pk, made=False, **WHO)
    payment_undo(org, payment.id, **WHO)
    assert (balance(item), on_account(debtor), on_account(other)) == (20_000, 0, 0)


def test_bank_takes_back_money_that_was_moved_used_and_refunded(debtor):
    org, other = debtor.organization_id, factories.customer(debtor.creditor, "C002")
    own = factories.invoice(debtor, total_minor=20_000)
    theirs = factories.invoice(other, "FA-2", total_minor=10_000)
    payment = paid(debtor)
    credit_allocate(org, wish(payment), [(own.id, 20_000)], **WHO)
    transfer(payment, other, 10_000, serial=1)
    moved = other.entries.get(kind="transfer")
    credit_allocate(org, Wish(moved.pk, 0), [(theirs.id, 10_000)], **WHO)
    sent = refund(payment, 5_000, serial=2)
    refund_make(org, sent.pk, made=True, **WHO)
    payment_return(org, payment.id, reason_code="AM04", external_id="r1", **WHO)
    assert (balance(own), balance(theirs)) == (20_000, 10_000)
    assert (on_account(debtor), on_account(other)) == (-5_000, 0)  # the refund is owed to us
    payment_return_undo(org, payment.id, **WHO)
    assert balance(own) == 0


def test_every_decision_is_told_in_the_history_of_whom_it_touches(debtor):
    other = factories.customer(debtor.creditor, "C002")
    cases = {(c.id, "EUR"): factories.case(c).id for c in (debtor, other)}
    payment = paid(debtor)
    who = {**WHO, "cases": cases}
    decision = credit_transfer(
        debtor.organization_id, wish(payment), to_customer_id=other.id, amount_minor=100, **who
    )
    credit_decision_undo(debtor.organization_id, decision.pk, **who)
    for kind in ("credit.transferred", "credit.undone"):
        told = Event.objects.filter(kind=kind).values_list("case_id", flat=True)
        assert set(told) == set(cases.values())


def test_another_organization_reaches_nothing(debtor):
    payment, decision = paid(debtor), None
    decision = refund(payment, 1_000)
    rival = factories.organization("rival")
    with pytest.raises(AllocationError):
        credit_keep(rival.pk, wish(payment, 1), **WHO)
    with pytest.raises(CreditDecision.DoesNotExist):
        credit_decision_undo(rival.pk, decision.pk, **WHO)
    with pytest.raises(CreditDecision.DoesNotExist):
        refund_make(rival.pk, decision.pk, made=True, **WHO)


@pytest.mark.django_db(transaction=True)
def test_two_people_give_back_the_same_money_once(debtor):
    payment = paid(debtor)
    outcomes: list[str] = []

    def ask() -> None:
        try:
            outcomes.append(str(refund(payment, 50_000).pk))
        except (PaymentError, AllocationError) as error:
            outcomes.append(error.sentence.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 2
    assert len(set(outcomes)) == 1  # both were told of the one refund there is
    assert (CreditDecision.objects.count(), left(payment)) == (1, 0)
