"""Decisions about money that pays no invoice, with the cases that they touch: each is told there,
and looked at again the same day."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from typing import Any

from django.db import transaction

from amiable.apps.banking.posting import case_ids
from amiable.apps.cases.services import cases_wake
from amiable.apps.payments.models import CreditDecision
from amiable.apps.receivables.models import Entry

Decide = Callable[..., CreditDecision]


@transaction.atomic
def money_decide(
    organization_id: int,
    decide: Decide,
    *what: Any,
    customers: Collection[int],
    on: date,
    actor: str,
    **how: Any,
) -> CreditDecision:
    """Take one of the decisions of payments (`decide`, with its arguments) on money of `customers`.

    Raises what it raises: PaymentError, AllocationError; then nothing is changed.
    """
    cases = case_ids(organization_id, customers)
    taken = decide(organization_id, *what, on=on, actor=actor, cases=cases, **how)
    cases_wake(organization_id, customers, on=on)
    return taken


def customers_of(organization_id: int, *, credit_id: int = 0, decision_id: int = 0) -> set[int]:
    """Whose money a credit is, or whom a decision touches; empty when it is not there."""
    if credit_id:
        rows = Entry.objects.filter(organization_id=organization_id, id=credit_id)
        return set(rows.values_list("customer_id", flat=True))
    decisions = CreditDecision.objects.filter(organization_id=organization_id, id=decision_id)
    found = decisions.values_list("customer_id", "to_customer_id").first() or ()
    return {customer_id for customer_id in found if customer_id}
