"""Reads for deciding about one credit: what it may settle, what was decided lately, and the refunds
to make as a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from amiable.apps.banking.barring import bars
from amiable.apps.banking.unsettled import Unsettled
from amiable.apps.payments.models import CreditDecision
from amiable.apps.receivables.models import Installment
from amiable.apps.receivables.queries import open_items
from amiable.apps.receivables.write_offs import written_off
from amiable.core.matching.facts import Barred
from amiable.core.money import Money
from amiable.core.tables import Column, Table


@dataclass(frozen=True, slots=True)
class Payable:
    """An item that money of its customer may settle: open, or given up (`open_minor` 0)."""

    installment_id: int
    number: str
    due_date: date
    amount: Money
    bar: Barred | None = None


def payables(organization_id: int, row: Unsettled) -> list[Payable]:
    """What a credit may settle: open items of its customer, oldest due first, then given up."""
    known = {bar.item_id: bar for bar in bars(organization_id)}
    found = [
        Payable(
            item.id,
            item.number,
            item.due_date,
            Money(item.open_minor, item.currency),
            known.get(item.id),
        )
        for item in open_items(organization_id, [row.customer_id])
        if item.currency == row.amount.currency
    ]
    given_up = written_off(organization_id, customer_ids=[row.customer_id])
    named = Installment.objects.filter(
        organization_id=organization_id, id__among=given_up, currency=row.amount.currency
    )
    for item_id, number, due in named.values_list("id", "invoice__number", "due_date"):
        amount = Money(given_up[item_id], row.amount.currency)
        found.append(Payable(item_id, number, due, amount, known.get(item_id)))
    return found


def decided(organization_id: int, *, limit: int = 12) -> list[CreditDecision]:
    """The latest decisions that stand, the newest first, with their customers."""
    rows = CreditDecision.objects.filter(organization_id=organization_id, undone_on__isnull=True)
    return list(rows.select_related("customer", "to_customer").order_by("-id")[:limit])


def refund_table(
    rows: Iterable[Unsettled], titles: dict[str, str], *, title: str, language: str
) -> Table:
    """Refunds to make, for who orders them at the bank; `titles` = the columns' names."""
    kept = [row for row in rows if row.kind == "refund_to_make"]
    return Table(
        title=title,
        columns=(
            Column("reference", titles["reference"]),
            Column("name", titles["name"]),
            Column("iban", titles["iban"]),
            Column("amount", titles["amount"], "money"),
            Column("noted_on", titles["noted_on"], "date"),
            Column("customer", titles["customer"]),
        ),
        rows=tuple(
            (row.reference, row.payer_name, row.payer_iban, row.amount, row.on, row.customer)
            for row in kept
        ),
        language=language,
    )
