"""The refunds to make as a table, for who orders them at the bank."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from amiable.apps.banking.unsettled import Unsettled
from amiable.core.tables import Column, Table


def refund_table(
    rows: Iterable[Unsettled], titles: Mapping[str, str], *, title: str, language: str
) -> Table:
    """Those to make of all that is to settle; `titles` = the columns' names, by code."""
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
            for row in rows
            if row.kind == "refund_to_make"
        ),
        language=language,
    )
