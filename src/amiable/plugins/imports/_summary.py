"""Summaries of read files as plain JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from amiable.core.money import major
from amiable.core.records import InvoiceRow
from amiable.plugins.imports._table import Problems, Table


def table_summary(rows: int, problems: Problems, table: Table) -> dict[str, Any]:
    """What holds for any table: rows seen and rejected, columns used and ignored, warnings."""
    used = set(table.columns.values())
    return {
        "rows": rows,
        "rejected": len({error.line for error in problems.errors}),
        "columns": {field: table.header[i] for field, i in table.columns.items()},
        "ignored_columns": [c for i, c in enumerate(table.header) if c and i not in used],
        "warnings": warnings_json(problems),
    }


def warnings_json(problems: Problems) -> list[dict[str, Any]]:
    """Warnings in the shape of errors."""
    return [
        {"line": w.line, "column": w.column, "code": w.code, "message": str(w.sentence)}
        for w in problems.warnings
    ]


def invoices_summary(
    invoices: Sequence[InvoiceRow], rows: int, problems: Problems, table: Table
) -> dict[str, Any]:
    """The table's summary with totals per currency, credit notes counted as negative."""
    total: dict[str, int] = defaultdict(int)
    still_open: dict[str, int] = defaultdict(int)
    for row in invoices:
        sign = -1 if row.kind == "credit_note" else 1
        total[row.currency] += sign * row.total_minor
        stated = row.total_minor if row.open_minor is None else row.open_minor
        still_open[row.currency] += sign * stated
    return {
        **table_summary(rows, problems, table),
        "invoices": sum(row.kind != "credit_note" for row in invoices),
        "credit_notes": sum(row.kind == "credit_note" for row in invoices),
        "total_with_vat": {code: major(amount, code) for code, amount in sorted(total.items())},
        "open_amount": {code: major(amount, code) for code, amount in sorted(still_open.items())},
    }
