"""Credits and what they pay: never above either side, also when two writers race."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.payments.models import Payment
from amiable.apps.payments.services import (
    PaymentError,
    PaymentIn,
    payment_record,
    payment_return,
    payment_undo,
    payments_record,
)
from amiable.apps.receivables.allocations import (
    AllocationError,
    Credit,
    allocations_make,
    allocations_reverse,
    credit_record,
    credit_remainders,
)
from amiable.apps.receivables.models import Allocation, Entry, Invoice
from amiable.apps.receivables.queries import installment_balances
from amiable.apps.receivables.services import credits_settle
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def debtor():
    return factories.customer(factories.creditor(factories.organization()))


def credit(debtor, amount_minor: int = 50_000):
    return credit_record(
        debtor.organization_id, Credit(debtor.id, amount_minor, "EUR", TODAY, "test")
    )


def incoming(debtor, external_id: str, amount_minor: int, *parts) -> PaymentIn:
    return PaymentIn(debtor.id, amount_minor, "EUR", TODAY, external_id, parts=tuple(parts))


def allocate(debtor, entry, *parts):
    return allocations_make(debtor.organization_id, entry.id, parts, on=TODAY, source="test")


def balance(item) -> int:
    return installment_balances(item.organization_id, [item.id])[item.id]


def test_allocation_settles_and_its_reversal_reopens(debtor):
    item = factories.invoice(debtor, total_minor=50_000)
    rows = allocate(debtor, credit(debtor), (item.id, 50_000))
    item.refresh_from_db()
    assert (balance(item), item.settled_on) == (0, TODAY)
    ids = [row.id for row in rows]
    org_id = debtor.organization_id
    assert allocations_reverse(org_id, ids, on=TODAY, source="test") == {item.id}
    assert allocations_reverse(org_id, ids, on=TODAY, source="test") == set()
    item.refresh_from_db()
    assert (balance(item), item.settled_on) == (50_000, None)
    assert Allocation.objects.count() == 2
    assert broken_invariants() == []


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([40_000, 20_000], "allocation.credit_exceeded"),
        ([45_001], "allocation.item_exceeded"),
        ([0], "allocation.bad_amount"),
        ([-5], "allocation.bad_amount"),
    ],
)
def test_more_than_there_is_refused_whole(debtor, parts, code):
    items = [factories.invoice(debtor, f"FA-{n}", total_minor=45_000) for n in range(len(parts))]
    with pytest.raises(AllocationError) as refused:
        allocate(debtor, credit(debtor), *zip([i.id for i in items], parts, strict=True))
    assert refused.value.sentence.code == code
    assert not Allocation.objects.exists()


def test_other_customers_and_strangers_are_refused(debtor):
    other = factories.customer(debtor.creditor, "C002")
    item = factories.invoice(other)
    with pytest.raises(AllocationError, match="different customers"):
        allocate(debtor, credit(debtor), (item.id, 1))
    stranger = factories.organization("stranger")
    with pytest.raises(AllocationError, match="does not exist"):
        allocations_make(stranger.id, credit(debtor).id, [(item.id, 1)], on=TODAY, source="x")


def test_payment_is_recorded_once(debtor):
    item = factories.invoice(debtor, total_minor=50_000)
    org_id = debtor.organization_id
    paid = incoming(debtor, "p1", 50_000, (item.id, 50_000))
    first = payment_record(org_id, paid, on=TODAY, actor="t", cases={})
    assert payment_record(org_id, paid, on=TODAY, actor="t", cases={}).id == first.id
    assert Payment.objects.count() == 1
    assert balance(item) == 0


def test_return_reopens_and_cannot_happen_twice(debtor):
    item = factories.invoice(debtor, total_minor=50_000)
    org_id = debtor.organization_id
    paid = incoming(debtor, "p1", 60_000, (item.id, 50_000))
    payment = payment_record(org_id, paid, on=TODAY, actor="t", cases={})
    said = {"on": TODAY, "reason_code": "AM04", "actor": "t", "cases": {}}
    back = payment_return(org_id, payment.id, external_id="r1", **said)
    assert payment_return(org_id, payment.id, external_id="r1", **said).id == back.id
    with pytest.raises(PaymentError, match="already taken"):
        payment_return(org_id, payment.id, external_id="r2", **said)
    with pytest.raises(PaymentError, match="already taken"):
        payment_undo(org_id, payment.id, on=TODAY, actor="t", cases={})
    assert balance(item) == 50_000
    assert credit_remainders(org_id, [payment.entry_id]) == {payment.entry_id: 0}
    assert broken_invariants() == []


def test_payments_cost_the_same_queries_for_two_or_fifty(debtor, django_assert_max_num_queries):
    items = [factories.invoice(debtor, f"FA-{n}", total_minor=1_000) for n in range(50)]
    batch = [incoming(debtor, f"p{n}", 1_000, (i.id, 1_000)) for n, i in enumerate(items)]
    with django_assert_max_num_queries(27):
        payments_record(debtor.organization_id, batch, on=TODAY, actor="t", cases={})


@pytest.mark.django_db(transaction=True)
def test_two_writers_of_one_credit_cannot_spend_it_twice(debtor):
    """The row locks make the second writer wait, and then see what the first one left."""
    first = factories.invoice(debtor, "FA-1", total_minor=50_000)
    second = factories.invoice(debtor, "FA-2", total_minor=50_000)
    entry = credit(debtor, 50_000)
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def spend(item_id: int) -> None:
        try:
            barrier.wait(timeout=10)
            allocate(debtor, entry, (item_id, 50_000))
            outcomes.append("done")
        except AllocationError as error:
            outcomes.append(error.sentence.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=spend, args=(item.id,)) for item in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(outcomes) == ["allocation.credit_exceeded", "done"]
    assert credit_remainders(debtor.organization_id, [entry.id]) == {entry.id: 0}
    assert sorted([balance(first), balance(second)]) == [0, 50_000]


def test_what_the_accounts_used_of_a_credit_note_cannot_be_used_again(debtor):
    installment = factories.invoice(debtor, total_minor=50_000)
    note = Invoice.objects.create(
        organization=debtor.organization,
        customer=debtor,
        number="AV-1",
        kind="credit_note",
        issue_date=factories.TODAY,
        due_date=factories.TODAY,
        total_minor=10_000,
    )
    common = {
        "organization": debtor.organization,
        "customer": debtor,
        "invoice": note,
        "on_date": factories.TODAY,
        "source": "test",
    }
    credit = Entry.objects.create(kind="credit_note", amount_minor=-10_000, **common)
    Entry.objects.create(kind="books", amount_minor=6_000, **common)
    organization_id = debtor.organization_id
    credits_settle(organization_id, [credit.id])
    assert credit_remainders(organization_id, [credit.id]) == {credit.id: 4_000}
    with pytest.raises(AllocationError):
        allocations_make(
            organization_id,
            credit.id,
            [(installment.id, 4_001)],
            on=factories.TODAY,
            source="test",
        )
