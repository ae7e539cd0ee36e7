"""Lines of invoices: kept once, as the electronic invoice states them, and read with what they
cost with VAT. They move no account: what is owed are the entries."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from amiable.apps.receivables.models import Invoice, InvoiceLine
from amiable.apps.work.bulk import rows_insert
from amiable.core.invoice_lines import LineRow, grosses
from amiable.core.money import Money

_COLUMNS = (
    "organization_id", "invoice_id", "sequence", "number", "item", "name", "description",
    "quantity", "unit", "unit_price", "vat_pct", "net_minor", "gross_minor",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of an invoice. `total` = what they cost with VAT; `difference` = what the invoice
    says above that (charges, allowances, rounding of the whole), None when there is none."""

    rows: tuple[InvoiceLine, ...]
    total: Money
    difference: Money | None


def lines_keep(organization_id: int, stated: Mapping[int, Sequence[LineRow]]) -> int:
    """Keep the lines of invoices (by id) that have none yet; how many. Set-based, in the
    transaction of the import. What was kept once stays: an invoice is not issued twice."""
    if not stated:
        return 0
    held = InvoiceLine.objects.filter(
        organization_id=organization_id, invoice_id__among=set(stated)
    )
    known = set(held.values_list("invoice_id", flat=True).distinct())
    rows = [
        (organization_id, invoice_id, place, line.number, line.item, line.name, line.description,
         line.quantity, line.unit, line.unit_price, line.vat_pct, line.net_minor, gross)
        for invoice_id, lines in stated.items() if invoice_id not in known
        for place, (line, gross) in enumerate(zip(lines, grosses(lines), strict=True), start=1)
    ]  # fmt: skip
    rows_insert(InvoiceLine, _COLUMNS, rows=rows)
    return len(rows)


def invoices_with_lines(organization_id: int, invoice_ids: Collection[int]) -> set[int]:
    """Those of the invoices whose lines are known. One query."""
    held = InvoiceLine.objects.filter(
        organization_id=organization_id, invoice_id__among=set(invoice_ids), sequence=1
    )
    return set(held.values_list("invoice_id", flat=True))


def invoice_lines(organization_id: int, invoice_id: int) -> Lines | None:
    """The lines of an invoice in their order; None when none are known. Two queries."""
    held = InvoiceLine.objects.filter(organization_id=organization_id, invoice_id=invoice_id)
    rows = tuple(held.order_by("sequence"))
    if not rows:
        return None
    invoice = Invoice.objects.values_list("total_minor", "currency").get(id=invoice_id)
    total = sum(row.gross_minor for row in rows)
    rest = Money(invoice[0] - total, invoice[1])
    return Lines(rows, Money(total, invoice[1]), rest if rest.amount_minor else None)
