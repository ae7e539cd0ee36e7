"""CSV for machines (RFC 4180): UTF-8, comma, ISO dates, point decimals, no totals or notes.

The header holds the columns' codes, which do not change with the language. Text that a
spreadsheet would run as a formula gets an apostrophe in front (OWASP: CSV injection).
"""

from __future__ import annotations

import csv
import io
from typing import BinaryIO

from amiable.core.tables import Cell, Table, plain
from amiable.plugins.exports._base import harmless


class CsvExporter:
    """One header line, then the rows."""

    code = "csv"
    label = "CSV"
    extension = "csv"
    content_type = "text/csv; charset=utf-8"
    is_text = True

    def write(self, table: Table, stream: BinaryIO) -> None:
        text = io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="")
        writer = csv.writer(text)
        writer.writerow([column.code for column in table.columns])
        writer.writerows([_cell(cell) for cell in row] for row in table.rows)
        text.flush()
        text.detach()


def _cell(cell: Cell) -> str:
    # Numbers are ours: only text can carry a formula, and a guarded "-12.00" would be no number.
    return harmless(cell.replace("\0", "")) if isinstance(cell, str) else plain(cell)


PLUGIN = CsvExporter()
