"""Rows of a FEC with their columns by name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from amiable.core.numbers import plain
from amiable.core.sentences import declare, gettext_noop
from amiable.plugins.imports._table import Problems, find_encoding, refuse, text_lines

MAX_LINES = 3_000_000
_NEEDED = ("journalcode", "ecriturenum", "ecrituredate", "comptenum", "pieceref")
_SIDES = (("debit", "credit"), ("montant", "sens"))
_LAST_NEEDED = "ecriturelet"

declare(
    {
        "fec.side": gettext_noop("“{value}” is neither D nor C, +1 nor -1. Correct the export."),
        "fec.lettering": gettext_noop(
            "The lines lettered {letters} do not balance (rest {rest}); they count as settled. "
            "Check the lettering in the accounts."
        ),
        "fec.unbalanced": gettext_noop(
            "Debits and credits differ by {rest}: the file may be cut or hold only some accounts."
        ),
        "fec.no_customer": gettext_noop(
            "{count} open lines stand on the general account without a customer code: they cannot "
            "be told apart. Export with auxiliary accounts."
        ),
        "fec.columns_missing": gettext_noop(
            "The header lacks the columns {missing} of a FEC. Export the file again."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class FecRow:
    """A row: its physical line and cells."""

    line: int
    cells: Sequence[str]
    columns: dict[str, int]

    def text(self, field: str) -> str:
        """The cell of a field, "" when the file has no such column."""
        index = self.columns.get(field)
        return "" if index is None or index >= len(self.cells) else self.cells[index].strip()


@dataclass(frozen=True)
class FecFile:
    """An open FEC: where its columns are and how to read its rows."""

    path: Path
    encoding: str
    separator: str
    header: tuple[str, ...]
    columns: dict[str, int]

    def name(self, field: str) -> str:
        """The file's own name of a field."""
        index = self.columns.get(field)
        return "" if index is None else self.header[index]

    def rows(self) -> Iterator[FecRow]:
        """Rows below the header, blank ones left out. Raises RefusedFileError."""
        with self.path.open(encoding=self.encoding, newline=None) as stream:
            for number, text in enumerate(text_lines(stream), start=1):
                if number == 1 or not text.strip():
                    continue
                if number > MAX_LINES:
                    raise refuse("file.too_many_rows", number, limit=MAX_LINES)
                yield FecRow(number, _cells(text, self.separator), self.columns)

    def cells_of(self, lines: Collection[int]) -> dict[int, tuple[str, ...]]:
        """The original cells of some lines, read from the file again."""
        return {row.line: tuple(row.cells) for row in self.rows() if row.line in lines}

    def fitted(self, row: FecRow, problems: Problems) -> bool:
        """Whether the row has its cells; empty ones at the end may be left out."""
        least = self.columns.get(_LAST_NEEDED, max(self.columns[f] for f in _NEEDED)) + 1
        extra = row.cells[len(self.header) :]
        if len(row.cells) >= least and not any(cell.strip() for cell in extra):
            return True
        problems.error(row.line, "", "row.width", cells=len(row.cells), columns=len(self.header))
        return False


def open_fec(path: Path) -> FecFile:
    """Find encoding, separator and columns. Raises RefusedFileError naming missing columns."""
    encoding = find_encoding(path)
    with path.open(encoding=encoding, newline=None) as stream:
        first = next(text_lines(stream), "")
    separator = _separator(first)
    header = tuple(_cells(first, separator))
    columns = {_normal(name): index for index, name in reversed(list(enumerate(header)))}
    missing = [field for field in _NEEDED if field not in columns]
    if not any(all(field in columns for field in pair) for pair in _SIDES):
        missing.append("Debit/Credit or Montant/Sens")
    if missing:
        raise refuse("fec.columns_missing", 1, missing=", ".join(missing))
    if all(field in columns for field in _SIDES[0]):
        columns.pop("sens", None)
    return FecFile(path, encoding, separator, header, columns)


def is_fec_header(line: str) -> bool:
    """Whether a first line names the key columns of a FEC."""
    names = {_normal(name) for name in _cells(line[:4000], _separator(line))}
    return {"journalcode", "ecriturenum", "comptenum"} <= names


def _separator(header: str) -> str:
    # The law allows TAB and |; spreadsheets that save a FEC again write semicolons.
    return max("\t|;", key=header.count)


def _cells(text: str, separator: str) -> list[str]:
    cells = text.rstrip("\r\n").split(separator)
    if text[:1] == '"':
        cells = [c[1:-1] if len(c) > 1 and c[0] == c[-1] == '"' else c for c in cells]
    return [cell.strip() for cell in cells]


def _normal(name: str) -> str:
    return re.sub(r"[^a-z]", "", plain(name))
