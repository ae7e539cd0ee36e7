"""Customers as CSV or XLSX, code or name being their identity: one row for each contact of one."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from amiable.core.records import CustomerRow
from amiable.core.sentences import Param, declare, gettext_noop
from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.imports import _fields
from amiable.plugins.imports._customers import CustomerReader
from amiable.plugins.imports._rows import rows_read, table_of
from amiable.plugins.imports._sniff import head_has, is_workbook
from amiable.plugins.imports._table import Problems, RefusedFileError

declare(
    {
        "customer.duplicate": gettext_noop(
            "Customer {name} is already on line {first}. Keep one of the two rows."
        ),
        "customer.contradiction": gettext_noop(
            "“{value}” here, but “{other}” on line {first} for the same customer. Make the two the "
            "same: rows of one customer differ by the contact alone."
        ),
    }
)


class Customers:
    """CSV or XLSX of customers."""

    code = "customers"
    kind: FileKind = "customers"
    label = gettext_noop("Customers (CSV, XLSX)")

    def sniff(self, head: bytes, name: str) -> bool:
        """Whether the columns name customers but no invoices; any workbook may."""
        if is_workbook(head, name):
            return True
        return head_has(
            head, _fields.CUSTOMERS_FILE, _fields.CUSTOMER_NEEDS, at_least=3
        ) and not head_has(head, _fields.INVOICE, (("number",), ("total",)))

    def read(self, path: Path, options: ReadOptions) -> ReadResult:
        """Customers of the file."""
        try:
            table = table_of(path, options, _fields.CUSTOMERS_FILE, _fields.CUSTOMER_NEEDS)
        except RefusedFileError as refusal:
            return ReadResult(self.kind, self.code, errors=refusal.errors)
        problems = Problems()
        reader = CustomerReader(table, problems)
        known: dict[tuple[str, str], _Stated] = {}

        def row_of(line: int, cells: list[str]) -> CustomerRow | None:
            before = len(problems.errors)
            row = reader.read(line, cells)
            if row:
                _check(line, row, reader, problems, known)
            return row if len(problems.errors) == before else None

        found, result = rows_read(table, problems, row_of, kind=self.kind, code=self.code)
        summary = {**result.summary, "customers": len(known)}
        return replace(result, customers=tuple(found), summary=summary)


@dataclass(slots=True)
class _Stated:
    """What the rows of a customer have said: the value of each field with its line, and persons
    with their addresses."""

    first: int
    values: dict[str, tuple[object, int]] = field(default_factory=dict)
    contacts: set[tuple[str, ...]] = field(default_factory=set)


def _check(
    line: int,
    row: CustomerRow,
    reader: CustomerReader,
    problems: Problems,
    known: dict[tuple[str, str], _Stated],
) -> None:
    """Another row of a customer adds a contact; it neither repeats nor contradicts the others."""
    # Customers of one name may differ by their codes; without a code the name is the identity.
    key = (row.creditor, f"code {row.code}" if row.code else f"name {row.name.casefold()}")
    stated = known.get(key)
    if stated is None:
        if not row.name:
            problems.error(line, reader.column("customer_name"), "row.missing")
            return
        stated = known[key] = _Stated(line)
    contact = tuple(str(getattr(row, name)) for name in _CONTACT)
    if stated.first != line and (contact in stated.contacts or not any(contact)):
        column = reader.column("customer_code" if row.code else "customer_name")
        params: dict[str, Param] = {"name": row.code or row.name, "first": stated.first}
        problems.error(line, column, "customer.duplicate", **params)
        return
    stated.contacts.add(contact)
    for name in _IDENTITY:
        value = getattr(row, name)
        if value in ("", None, ()):
            continue
        other, first = stated.values.setdefault(name, (value, line))
        if other != value:
            params = {"value": _shown(value), "other": _shown(other), "first": first}
            column = reader.column(_COLUMNS.get(name, name))
            problems.error(line, column, "customer.contradiction", **params)


# What belongs to one person or account; a customer has as many as there are.
_CONTACT = ("contact_name", "contact_role", "email", "phone", "iban")
_IDENTITY = tuple(f.name for f in fields(CustomerRow) if f.name not in {"line", "code", *_CONTACT})
_COLUMNS = {"name": "customer_name", "address_lines": "address_1"}


def _shown(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


PLUGIN = Customers()
