"""The payers of a campaign as a table to take away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from amiable.apps.dunning.requesting.following import RequestRow
from amiable.core.money import Money
from amiable.core.tables import Cell, CellKind, Column, Table

COLUMNS: Mapping[str, CellKind] = {
    "code": "text", "customer": "text", "creditor": "text", "standing": "text", "medium": "text",
    "recipient": "text", "sent_on": "date", "opened_on": "date", "invoices": "number",
    "currency": "text", "asked": "money", "paid": "money", "left": "money",
}  # fmt: skip


def requests_table(
    rows: Iterable[RequestRow],
    *,
    titles: Mapping[str, str],
    words: Mapping[str, str],
    title: str,
    language: str,
) -> Table:
    """One row for each payer; `titles` of COLUMNS and `words` of each standing in that language."""
    return Table(
        title=title,
        columns=tuple(Column(name, titles[name], kind) for name, kind in COLUMNS.items()),
        rows=tuple(_cells(row, words) for row in rows),
        language=language,
    )


def _cells(row: RequestRow, words: Mapping[str, str]) -> tuple[Cell, ...]:
    asked, paid = row.asked, row.paid
    left = Money(asked.amount_minor - paid.amount_minor, asked.currency)
    return (
        row.code, row.customer, row.creditor, words[row.standing], row.medium, row.recipient,
        row.sent_on, row.opened_on, row.invoices, asked.currency, asked, paid, left,
    )  # fmt: skip
