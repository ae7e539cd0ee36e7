"""Customers as CSV or XLSX, one row per customer, code or name being their identity."""

from __future__ import annotations

from pathlib import Path

from amiable.core.records import CustomerRow
from amiable.core.sentences import declare, gettext_noop
from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.imports import _fields
from amiable.plugins.imports._customers import CustomerReader
from amiable.plugins.imports._sniff import head_has, is_workbook
from amiable.plugins.imports._summary import table_summary
from amiable.plugins.imports._table import (
    Problems,
    RefusedFileError,
    Table,
    find_table,
    find_text_table,
    refuse,
)
from amiable.plugins.imports._workbook import workbook_source

declare(
    {
        "customer.duplicate": gettext_noop(
            "Customer {name} is already on line {first}. Keep one of the two rows."
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
        chosen = dict(options.columns)
        names, needs = _fields.CUSTOMERS_FILE, _fields.CUSTOMER_NEEDS
        try:
            with path.open("rb") as stream:
                workbook = is_workbook(stream.read(65536), path.name)
            if workbook:
                table = find_table(workbook_source(path), names, needs, chosen)
            else:
                table = find_text_table(path, names, needs, chosen)
        except RefusedFileError as refusal:
            return ReadResult(self.kind, self.code, errors=refusal.errors)
        return _read(table)


def _read(table: Table) -> ReadResult:
    problems = Problems()
    reader = CustomerReader(table, problems)
    customers: list[CustomerRow] = []
    raw: dict[int, tuple[str, ...]] = {}
    first_lines: dict[tuple[str, str], int] = {}
    rows = 0
    try:
        for line, cells in table.rows():
            rows += 1
            before = len(problems.errors)
            if table.fitted(line, cells, problems) and (row := reader.read(line, cells)):
                _check(line, row, reader, problems, first_lines)
                if len(problems.errors) == before:
                    customers.append(row)
            if len(problems.errors) > before:
                raw[line] = tuple(cells)
        if not rows:
            raise refuse("file.header_only", table.header_line)
    except RefusedFileError as refusal:
        problems.errors.extend(refusal.errors)
        customers = []
    return ReadResult(
        kind="customers",
        format=Customers.code,
        customers=tuple(customers),
        errors=tuple(problems.errors),
        warnings=tuple(problems.warnings),
        rows=rows,
        summary={**table_summary(rows, problems, table), "customers": len(customers)},
        header=table.header,
        raw=raw,
        cells_of=table.cells_of,
    )


def _check(
    line: int,
    row: CustomerRow,
    reader: CustomerReader,
    problems: Problems,
    first_lines: dict[tuple[str, str], int],
) -> None:
    if not row.name:
        problems.error(line, reader.column("customer_name"), "row.missing")
        return
    # Customers of one name may differ by their codes; without a code the name is the identity.
    key = (row.creditor, f"code {row.code}" if row.code else f"name {row.name.casefold()}")
    first = first_lines.setdefault(key, line)
    if first != line:
        column = reader.column("customer_code" if row.code else "customer_name")
        problems.error(line, column, "customer.duplicate", name=row.code or row.name, first=first)


PLUGIN = Customers()
