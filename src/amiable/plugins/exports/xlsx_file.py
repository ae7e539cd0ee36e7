"""XLSX (ECMA-376) for people: typed cells, frozen header, filter, totals in bold, notes below.

Rows are written as they come (constant memory). Text is always stored as text: a cell can
hold no formula and no link, whatever it starts with.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, BinaryIO

import xlsxwriter

from amiable.core.money import Money, exponent
from amiable.core.tables import Cell, CellKind, Table
from amiable.plugins.exports._base import refuse_above

MAX_ROWS = 1_000_000  # a sheet ends at 1,048,576
MAX_TEXT = 32_767  # characters of a cell
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
WIDTHS: dict[CellKind, int] = {"text": 32, "money": 16, "number": 12, "date": 12}


class XlsxExporter:
    """One sheet: header, rows, totals, notes."""

    code = "xlsx"
    label = "Excel (XLSX)"
    extension = "xlsx"
    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    is_text = False

    def write(self, table: Table, stream: BinaryIO) -> None:
        refuse_above(table, MAX_ROWS, self.label)
        book = xlsxwriter.Workbook(stream, OPTIONS)
        book.set_properties({"title": table.title})
        sheet = book.add_worksheet()
        _Sheet(book, sheet).fill(table)
        book.close()


class _Sheet:
    """Writes cells with a format per kind and weight, made once."""

    def __init__(self, book: Any, sheet: Any) -> None:
        self.book, self.sheet = book, sheet
        self.formats: dict[tuple[str, bool], Any] = {}

    def fill(self, table: Table) -> None:
        for index, column in enumerate(table.columns):
            self.sheet.set_column(index, index, WIDTHS[column.kind])
        self.sheet.freeze_panes(1, 0)
        self._row(0, tuple(column.label for column in table.columns), bold=True)
        line = 1
        for row in table.rows:
            self._row(line, row)
            line += 1
        self.sheet.autofilter(0, 0, max(line - 1, 0), len(table.columns) - 1)
        for row in table.totals:
            self._row(line, row, bold=True)
            line += 1
        for note in (table.title, *table.notes):
            line += 1
            self._cell(line, 0, note)

    def _row(self, line: int, cells: tuple[Cell, ...], *, bold: bool = False) -> None:
        for index, cell in enumerate(cells):
            self._cell(line, index, cell, bold=bold)

    def _cell(self, line: int, index: int, cell: Cell, *, bold: bool = False) -> None:
        if cell is None:
            return
        if isinstance(cell, str):
            self.sheet.write_string(line, index, cell[:MAX_TEXT], self._format("@", bold))
        elif isinstance(cell, Money):
            pattern = _pattern(exponent(cell.currency))
            self.sheet.write_number(line, index, Decimal(str(cell)), self._format(pattern, bold))
        elif isinstance(cell, date):
            self.sheet.write_datetime(line, index, cell, self._format("dd/mm/yyyy", bold))
        else:
            digits = max(0, -int(cell.as_tuple().exponent)) if isinstance(cell, Decimal) else 0
            self.sheet.write_number(line, index, cell, self._format(_pattern(digits), bold))

    def _format(self, pattern: str, bold: bool) -> Any:
        key = (pattern, bold)
        if key not in self.formats:
            self.formats[key] = self.book.add_format({"num_format": pattern, "bold": bold})
        return self.formats[key]


def _pattern(digits: int) -> str:
    return "#,##0" + ("." + "0" * digits if digits else "")


PLUGIN = XlsxExporter()
