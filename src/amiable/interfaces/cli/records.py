"""Read files as JSON: amounts are strings in major units, dates ISO."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import date
from typing import Any

from amiable.core.money import major
from amiable.core.records import CustomerRow, InvoiceRow, RowError, StatementRecord
from amiable.plugins.base import ReadResult

_CUSTOMER = tuple(field.name for field in fields(CustomerRow) if field.name != "line")


def read_document(result: ReadResult) -> dict[str, Any]:
    """The document of `amiable read`: kind, format, records, errors, summary."""
    records: list[dict[str, Any]] = [_invoice(row) for row in result.invoices]
    records += [{"line": row.line, **_customer(row)} for row in result.customers]
    for statement in result.statements:
        records += _entries(statement)
    records += [{**asdict(row), "on": row.on.isoformat()} for row in result.tracking]
    known = result.format != "unknown"
    return {
        "kind": result.kind if known else None,
        "format": result.format if known else None,
        "records": records,
        "errors": [error_json(error) for error in result.errors],
        "summary": dict(result.summary),
    }


def error_json(error: RowError) -> dict[str, Any]:
    """A defect with its sentence in English."""
    return {
        "line": error.line,
        "column": error.column,
        "code": error.code,
        "message": str(error.sentence),
    }


def _invoice(row: InvoiceRow) -> dict[str, Any]:
    stated = row.total_minor if row.open_minor is None else row.open_minor
    return {
        "line": row.line,
        "number": row.number,
        "type": row.kind,
        "issue_date": row.issue_date.isoformat(),
        "due_date": row.due_date.isoformat(),
        "currency": row.currency,
        "total_with_vat": major(row.total_minor, row.currency),
        "amount_due": major(stated, row.currency),
        "order_reference": row.order_reference,
        "payment_reference": row.payment_reference,
        "label": row.label,
        "customer": _customer(row.customer),
    }


def _customer(row: CustomerRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _CUSTOMER}


def _entries(statement: StatementRecord) -> list[dict[str, Any]]:
    found = []
    for entry in statement.entries:
        record: dict[str, Any] = {"account": statement.account}
        for field in fields(entry):
            value = getattr(entry, field.name)
            if field.name == "amount_minor":
                record["amount"] = major(value, entry.currency)
            else:
                record[field.name] = value.isoformat() if isinstance(value, date) else value
        found.append(record)
    return found
