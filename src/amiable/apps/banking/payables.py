"""Reads for deciding about one credit: what it may settle, and what was decided lately."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from amiable.apps.banking.barring import bars
from amiable.apps.cases.entrusted import given_up
from amiable.apps.payments.models import CreditDecision
from amiable.apps.receivables.queries import OpenItem, open_items
from amiable.core.matching.facts import Barred
from amiable.core.money import Money


@dataclass(frozen=True, slots=True)
class Payable:
    """An item that money of its customer may settle: `amount` of it is open, or was given up."""

    installment_id: int
    number: str
    due_date: date
    amount: Money
    bar: Barred | None = None


def payable(item: OpenItem, bar: Barred | None = None) -> Payable:
    """An open item as one that may be settled."""
    amount = Money(item.open_minor, item.currency)
    return Payable(item.id, item.number, item.due_date, amount, bar)


def given_up_items(
    organization_id: int, customer_ids: Collection[int]
) -> Iterator[tuple[int, Payable]]:
    """(customer, item) of everything that was given up of some customers, oldest due first."""
    for each in given_up(organization_id, customer_ids):
        bar = Barred(each.installment_id, "written_off", each.due_date)
        item = Payable(each.installment_id, each.number, each.due_date, each.amount, bar)
        yield each.customer_id, item


def payables(organization_id: int, customer_id: int, currency: str) -> list[Payable]:
    """What money of a customer may settle: open items, oldest due first, then what was given up."""
    known = {bar.item_id: bar for bar in bars(organization_id)}
    found = [payable(i, known.get(i.id)) for i in open_items(organization_id, [customer_id])]
    found += [item for _, item in given_up_items(organization_id, [customer_id])]
    return [item for item in found if item.amount.currency == currency]


def decided(organization_id: int, *, limit: int = 12) -> list[CreditDecision]:
    """The latest decisions that stand, the newest first, with their customers."""
    rows = CreditDecision.objects.filter(organization_id=organization_id, undone_on__isnull=True)
    return list(rows.select_related("customer", "to_customer").order_by("-id")[:limit])
