"""Tables before anybody knows their columns: their first rows, and whose header they bear.

For the page on which a person says what is what, and to know the next file of the same source.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import mode

from amiable.core.records import RowError
from amiable.plugins.imports import _fields
from amiable.plugins.imports._sniff import is_workbook
from amiable.plugins.imports._table import (
    RefusedFileError,
    Rows,
    checked_encoding,
    text_source,
)
from amiable.plugins.imports._workbook import workbook_source
from amiable.plugins.sniffing import HEAD_BYTES
from amiable.plugins.statements._columns import HEADER_WITHIN, NAMES, NEEDS

# What a person may choose: what files of banks are written in, the old ones of DOS and Mac too.
ENCODINGS = ("utf-8-sig", "cp1252", "iso8859-15", "utf-16", "cp850", "mac_roman")
_DELIMITERS = ";,\t|"
# The fields of a bank's table that a person may name, in the order in which they are asked for.
FIELDS = (
    "booked_on", "value_on", "label", "label_more", "amount", "debit", "credit", "side", "balance",
    "currency", "account", "payer_name", "payer_iban", "bank_reference", "end_to_end_id",
    "operation",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FirstRows:
    """The beginning of a table: (line, cells) rows, the line of its header as it seems (0 = none
    does), and which column would be read as which field; `errors` when there is no table."""

    rows: tuple[tuple[int, tuple[str, ...]], ...] = ()
    header_line: int = 0
    columns: Mapping[str, str] | None = None
    errors: tuple[RowError, ...] = ()

    def header(self, line: int) -> tuple[str, ...]:
        """The names of the columns, of the row at that line; () when it is not among the rows."""
        return next((cells for number, cells in self.rows if number == line), ())


def is_table(path: Path) -> bool:
    """Whether a file may be a table of rows: a workbook, or text that is no other format."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    return is_workbook(head, path.name) or not head.startswith((b"PK", b"%PDF", b"<", b"\xd0\xcf"))


def first_rows(path: Path, encoding: str = "", *, most: int = HEADER_WITHIN) -> FirstRows:
    """The first rows of a table, read by a separator and an encoding that fit."""
    try:
        source = _source(path, encoding)
        rows = [
            (line, tuple(cell.strip()[:200] for cell in cells))
            for line, cells in islice(source(), most)
            if any(cell.strip() for cell in cells)
        ]
    except RefusedFileError as refusal:
        return FirstRows(errors=refusal.errors)
    line, columns = _header(rows)
    return FirstRows(tuple(rows), line, columns)


def header_known(path: Path, headers: Mapping[str, Sequence[str]]) -> str:
    """Which of the headers, by name, one of the first rows of a table is; "" when none."""
    wanted = {compared(header): name for name, header in headers.items() if header}
    if not wanted or not is_table(path):
        return ""
    try:
        for _, cells in islice(_source(path, "")(), HEADER_WITHIN):
            if found := wanted.get(compared(cells)):
                return found
    except RefusedFileError:
        return ""
    return ""


def compared(header: Sequence[str]) -> tuple[str, ...]:
    """The names of columns as they are compared: without case, accents and empty cells behind."""
    names = [_fields.normal(name) for name in header]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def _source(path: Path, encoding: str) -> Callable[[], Rows]:
    with path.open("rb") as stream:
        if is_workbook(stream.read(HEAD_BYTES), path.name):
            return workbook_source(path)
    encoding = checked_encoding(path, encoding)
    with path.open(encoding=encoding, newline=None) as stream:
        lines = [line for line in islice((stream.readline(10_000) for _ in range(60)), 60) if line]
    return text_source(path, encoding, _delimiter(lines))


def _delimiter(lines: Sequence[str]) -> str:
    """The separator that cuts most lines into the same number of cells, the more the better."""
    scores = {}
    for delimiter in _DELIMITERS:
        try:
            widths = [len(cells) for cells in csv.reader(lines, delimiter=delimiter) if cells]
        except csv.Error:
            continue
        usual = mode(widths) if widths else 1
        scores[delimiter] = (usual > 1) * sum(width == usual for width in widths), usual
    return max(scores, key=lambda delimiter: scores[delimiter], default=";")


def _header(rows: Sequence[tuple[int, tuple[str, ...]]]) -> tuple[int, dict[str, str]]:
    """The row that names most columns we know, or else the first of as many names as any."""
    best: tuple[int, int, int, dict[str, str]] = (0, 0, 0, {})
    for line, cells in rows:
        found, _ = _fields.find_columns(cells, NAMES, {})
        columns = {name: cells[index] for name, index in found.items() if name in FIELDS}
        needs = sum(any(field in columns for field in need) for need in NEEDS)
        words = sum(bool(cell) and not any(c.isdigit() for c in cell) for cell in cells)
        if (needs, len(columns), words) > best[:3] and words > 1:
            best = (needs, len(columns), words, columns)
            header_line = line
    return (header_line, best[3]) if best[2] else (0, {})
