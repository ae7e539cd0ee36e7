"""The refunds to make as a table, for who orders them at the bank by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from amiable.apps.banking.refund_orders import RefundToMake
from amiable.core.tables import Column, Table


def refund_table(
    rows: Iterable[RefundToMake], titles: Mapping[str, str], *, title: str, language: str
) -> Table:
    """The rows as they are; `titles` = the columns' names, by code."""
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
            (row.reference, row.name, row.iban, row.amount, row.noted_on, row.customer)
            for row in rows
        ),
        language=language,
    )
