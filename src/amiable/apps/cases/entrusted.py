"""Reads of debts given up or entrusted to somebody else."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from amiable.apps.cases.models import Handover
from amiable.apps.receivables.models import Installment
from amiable.apps.receivables.write_offs import written_off
from amiable.core.money import Money


@dataclass(frozen=True, slots=True)
class GivenUp:
    """An item of a customer that was given up."""

    installment_id: int
    customer_id: int
    number: str
    due_date: date
    amount: Money


def given_up(organization_id: int, customer_ids: Collection[int]) -> list[GivenUp]:
    """Items of customers that were given up, the oldest due first."""
    amounts = written_off(organization_id, customer_ids=customer_ids)
    rows = Installment.objects.filter(organization_id=organization_id, id__among=amounts)
    named = rows.order_by("due_date", "id").values_list(
        "id", "customer_id", "invoice__number", "due_date", "currency"
    )
    return [
        GivenUp(item_id, customer_id, number, due, Money(amounts[item_id], currency))
        for item_id, customer_id, number, due, currency in named
    ]


def item_customers(organization_id: int, installment_id: int) -> set[int]:
    """Whose an item is; empty when it is not there."""
    rows = Installment.objects.filter(organization_id=organization_id, id=installment_id)
    return set(rows.values_list("customer_id", flat=True))


def handover_customers(organization_id: int, handover_id: int) -> set[int]:
    """Whose item was handed over; empty when it is not there."""
    rows = Handover.objects.filter(organization_id=organization_id, id=handover_id)
    return set(rows.values_list("installment__customer_id", flat=True))
