"""Whatever is decided about money, in any order: no cent appears or is lost, undo is exact."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.cases.handovers import item_write_off
from amiable.apps.payments import decisions, refunds
from amiable.apps.payments.decisions import Wish
from amiable.apps.payments.models import CreditDecision
from amiable.apps.payments.queries import open_money
from amiable.apps.payments.services import (
    PaymentError,
    PaymentIn,
    payment_record,
    payment_return,
    payment_undo,
)
from amiable.apps.receivables.allocations import AllocationError
from amiable.apps.receivables.models import Allocation, Entry, Installment
from amiable.apps.receivables.queries import installment_balances, unallocated_credits
from amiable.apps.receivables.write_offs import written_off
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
WHO = {"on": TODAY, "actor": "lea@example.org", "cases": {}}
KINDS = (
    "allocate", "allocate", "keep", "transfer", "refund", "make", "write_off", "undo", "return",
    "undo_payment", "twice",
)  # fmt: skip
# Examples are small already; shrinking them costs minutes of database work.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
STEP = st.tuples(st.sampled_from(KINDS), st.integers(0, 5), st.integers(1, 9_000))


class Books:
    """Two customers with two invoices each, three payments, and what is done to them."""

    def __init__(self) -> None:
        owner = factories.creditor(factories.organization())
        self.customers = [factories.customer(owner, code) for code in ("A", "B")]
        self.id = owner.organization_id
        self.items = [
            factories.invoice(customer, f"{customer.code}{n}", total_minor=4_000 * n)
            for customer in self.customers
            for n in (1, 2)
        ]
        self.payments = [
            payment_record(self.id, PaymentIn(c.id, amount, "EUR", TODAY, f"p{n}"), **WHO)
            for n, (c, amount) in enumerate(
                zip((*self.customers, self.customers[0]), (5_000, 9_000, 700), strict=True)
            )
        ]
        self.last: Callable[[], object] = lambda: None

    def state(self) -> dict[str, object]:
        """Everything that undo must bring back."""
        ids = [item.id for item in self.items]
        left = open_money(self.id).order_by("id").values_list("customer_id", "left")
        return {
            "balances": installment_balances(self.id, ids),
            "given_up": written_off(self.id),
            "settled": list(Installment.objects.filter(settled_on=None).values_list("id")),
            "money": sorted(left),
        }

    def conserved(self) -> bool:
        """Money received = what pays invoices + what is left + what was given back."""
        standing = Entry.objects.filter(kind="payment", reverses=None, reversed_by=None)
        received = -(standing.aggregate(s=Sum("amount_minor"))["s"] or 0)
        used = Allocation.objects.aggregate(s=Sum("amount_minor"))["s"] or 0
        left = sum(left for _, left in open_money(self.id).values_list("id", "left"))
        given = Entry.objects.filter(kind="refund").aggregate(s=Sum("amount_minor"))["s"] or 0
        # A refund that had left when the bank took its payment back is owed to us.
        owed = CreditDecision.objects.filter(
            kind="refund", undone_on=None, credit__reversed_by__isnull=False
        ).aggregate(s=Sum("amount_minor"))["s"]
        moved = Entry.objects.filter(
            kind="transfer", draws_on__reversed_by__isnull=False
        ).aggregate(s=Sum("amount_minor"))["s"]
        # What is noted as left of credits, and all that ever moved on the accounts.
        among = [customer.pk for customer in self.customers]
        noted = unallocated_credits(self.id, among)
        return noted == unallocated_credits(self.id, among, date.max) and (
            received == used + left + given - (owed or 0) - (moved or 0)
        )

    def do(self, kind: str, which: int, amount: int) -> None:
        """One gesture; what it refuses changes nothing."""
        self.last = getattr(self, kind)(which, amount) if kind != "twice" else self.last
        try:
            with transaction.atomic():
                self.last()
        except (PaymentError, AllocationError):
            pass

    def _wish(self, which: int) -> tuple[Wish, int]:
        credits_ = list(
            Entry.objects.filter(
                amount_minor__lt=0, kind__in=["payment", "transfer"], draws_on=None
            )
            .order_by("id")
            .values_list("id", "customer_id")
        )
        credit_id, customer_id = credits_[which % len(credits_)]
        return (
            Wish(credit_id, CreditDecision.objects.filter(credit_id=credit_id).count()),
            customer_id,
        )

    def allocate(self, which: int, amount: int) -> Callable[[], object]:
        wish, customer_id = self._wish(which)
        own = [item for item in self.items if item.customer_id == customer_id]
        parts = [(own[amount % 2].id, amount)]
        return lambda: decisions.credit_allocate(self.id, wish, parts, **WHO)

    def keep(self, which: int, amount: int) -> Callable[[], object]:
        wish, _ = self._wish(which)
        return lambda: decisions.credit_keep(self.id, wish, **WHO)

    def transfer(self, which: int, amount: int) -> Callable[[], object]:
        wish, customer_id = self._wish(which)
        to = next(c.id for c in self.customers if c.id != customer_id)
        how = {"to_customer_id": to, "amount_minor": amount}
        return lambda: decisions.credit_transfer(self.id, wish, **how, **WHO)

    def refund(self, which: int, amount: int) -> Callable[[], object]:
        wish, _ = self._wish(which)
        how = {"amount_minor": amount, "iban": "FR7630006000011234567890189", "name": ""}
        return lambda: refunds.refund_request(self.id, wish, **how, **WHO)

    def make(self, which: int, amount: int) -> Callable[[], object]:
        found = self._decision(which, kind="refund", undone_on=None)
        return lambda: found and refunds.refund_make(self.id, found, made=amount % 3 > 0, **WHO)

    def write_off(self, which: int, amount: int) -> Callable[[], object]:
        item = self.items[which % len(self.items)].id
        return lambda: item_write_off(self.id, item, reason="", on=TODAY, actor="lea")

    def undo(self, which: int, amount: int) -> Callable[[], object]:
        found = self._decision(which)
        return lambda: found and decisions.credit_decision_undo(self.id, found, **WHO)

    def _decision(self, which: int, **of: object) -> int | None:
        ids = list(CreditDecision.objects.filter(**of).order_by("id").values_list("id", flat=True))
        return ids[which % len(ids)] if ids else None

    def _return(self, which: int, amount: int) -> Callable[[], object]:
        payment = self.payments[which % 3].id
        back = {"reason_code": "AM04", "external_id": f"r{payment}"}
        return lambda: payment_return(self.id, payment, **back, **WHO)

    def undo_payment(self, which: int, amount: int) -> Callable[[], object]:
        payment = self.payments[which % 3].id
        return lambda: payment_undo(self.id, payment, **WHO)


setattr(Books, "return", Books._return)  # a word of the language


@settings(max_examples=25, deadline=None, phases=PHASES)
@given(steps=st.lists(STEP, min_size=1, max_size=10))
def test_no_cent_appears_or_is_lost(steps):
    with transaction.atomic():
        books = Books()
        for step in steps:
            books.do(*step)
            assert books.conserved(), step
        assert broken_invariants() == []
        transaction.set_rollback(True)


@settings(max_examples=25, deadline=None, phases=PHASES)
@given(
    steps=st.lists(
        STEP.filter(lambda s: s[0] in {"allocate", "keep", "transfer", "refund", "make", "twice"}),
        min_size=1,
        max_size=8,
    ),
    given_up=st.sets(st.integers(0, 3), max_size=2),
)
def test_undoing_everything_brings_back_exactly_what_was(steps, given_up):
    with transaction.atomic():
        books = Books()
        for which in sorted(given_up):
            books.do("write_off", which, 1)
        before = books.state()
        for step in steps:
            books.do(*step)
        for decision in CreditDecision.objects.filter(undone_on=None).order_by("-id"):
            if decision.made_on:
                refunds.refund_make(books.id, decision.pk, made=False, **WHO)
            decisions.credit_decision_undo(books.id, decision.pk, **WHO)
        assert books.state() == before
        assert broken_invariants() == []
        transaction.set_rollback(True)
