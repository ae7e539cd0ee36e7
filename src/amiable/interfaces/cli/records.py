"""Read files as JSON: amounts are strings in major units, dates ISO."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, fields
from datetime import date
from typing import Any

from amiable.core.money import major
from amiable.core.payouts import PayoutRow
from amiable.core.records import (
    CustomerRow,
    DebitResult,
    InvoiceRow,
    RowError,
    StatementEntry,
    StatementRecord,
)
from amiable.plugins.base import ReadResult

_ENTRY = tuple(field.name for field in fields(StatementEntry))
_CUSTOMER = tuple(field.name for field in fields(CustomerRow) if field.name != "line")


def read_pieces(result: ReadResult) -> Iterator[str]:
    """The document of `amiable read` (kind, format, records, errors, summary) as JSON, in pieces:
    one record a line, so that a long file is never in memory at once. Statements tell what was
    left out of them (warnings)."""
    known = result.format != "unknown"
    kind, file_format = (result.kind, result.format) if known else (None, None)
    yield f'{{\n  "kind": {_json(kind)},\n  "format": {_json(file_format)},\n  "records": ['
    mark = "\n"
    for record in _records(result):
        yield f"{mark}    {_json(record)}"
        mark = ",\n"
    errors = _json([error_json(error) for error in result.errors], indent=2)
    summary = _json(dict(result.summary), indent=2)
    yield f'\n  ],\n  "errors": {errors},\n  "summary": {summary}'
    if result.statements and result.warnings:
        told = _json([error_json(warning) for warning in result.warnings], indent=2)
        yield f',\n  "warnings": {told}'
    yield "\n}"


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, default=str, indent=indent)


def _records(result: ReadResult) -> Iterator[dict[str, Any]]:
    yield from (_invoice(row) for row in result.invoices)
    yield from ({"line": row.line, **_customer(row)} for row in result.customers)
    for statement in result.statements:
        yield from _entries(statement)
    yield from ({**asdict(row), "on": row.on.isoformat()} for row in result.tracking)
    yield from (asdict(row) for row in result.virtual_ibans)
    yield from (_debit_result(row) for row in result.debit_results)
    for payout in result.payouts:
        yield from _movements(payout)


def error_json(error: RowError) -> dict[str, Any]:
    """A defect with its sentence in English."""
    return {
        "line": error.line,
        "column": error.column,
        "code": error.code,
        "message": str(error.sentence),
    }


def _debit_result(row: DebitResult) -> dict[str, Any]:
    record = asdict(row)
    amount = record.pop("amount_minor")
    return {**record, "amount": None if amount is None else major(amount, row.currency)}


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


def _movements(payout: PayoutRow) -> Iterator[dict[str, Any]]:
    for part in payout.parts:
        yield {
            "payout": payout.name,
            "provider": payout.provider,
            "arrives_on": payout.arrives_on.isoformat(),
            "currency": payout.currency,
            "kind": part.kind,
            "name": part.name,
            "reference": part.reference,
            "amount": major(part.amount_minor, payout.currency),
            "fee": major(part.fee_minor, payout.currency),
            "net": major(part.amount_minor - part.fee_minor, payout.currency),
            "on": part.on.isoformat() if part.on else None,
            "label": part.label,
            "payer_name": part.payer_name,
        }


def _entries(statement: StatementRecord) -> Iterator[dict[str, Any]]:
    for entry in statement.entries:
        record: dict[str, Any] = {"account": statement.account}
        for name in _ENTRY:
            value = getattr(entry, name)
            if name.endswith("_minor"):
                record[name.removesuffix("_minor")] = major(value, entry.currency)
            else:
                record[name] = value.isoformat() if isinstance(value, date) else value
        yield record
