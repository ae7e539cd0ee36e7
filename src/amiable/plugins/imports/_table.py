"""Tables as files hold them: a header and data rows with their physical lines, within limits."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from amiable.core.records import RowError
from amiable.core.sentences import Param, declare, gettext_noop
from amiable.plugins.imports import _fields

Rows = Iterator[tuple[int, list[str]]]

MAX_BYTES = 256 * 1024 * 1024
MAX_LINE = 1_000_000  # characters
MAX_ROWS = 500_000
MAX_CELLS = 400
MAX_ERRORS = 50_000
_HEADER_WITHIN = 10  # rows: titles may stand above the header
_DELIMITERS = ";,\t|"
# Controls that no text holds (tabulation, line ends, end-of-file and escape apart).
_CONTROLS = set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b")
_NOT_CP1252 = {0x81, 0x8D, 0x8F, 0x90, 0x9D}

declare(
    {
        "file.header_only": gettext_noop("The file has a header and no row below it."),
        "file.binary": gettext_noop(
            "This is not a text file. Export it as CSV or save it as XLSX."
        ),
        "file.encoding": gettext_noop(
            "The text is neither UTF-8 nor Windows-1252. Save the file as UTF-8."
        ),
        "file.too_many_rows": gettext_noop("The file has more than {limit} rows. Split it."),
        "file.too_many_cells": gettext_noop("The row has more than {limit} cells."),
        "file.line_too_long": gettext_noop(
            "The line is longer than {limit} characters: this is not a table of rows."
        ),
        "file.quotes": gettext_noop(
            "A quotation mark opens here and is never closed. Close or remove it."
        ),
        "file.more_errors": gettext_noop("There are more errors; {count} are listed."),
        "row.width": gettext_noop(
            "The row has {cells} cells, the header has {columns}. A separator inside a text needs "
            "quotation marks around the text."
        ),
    }
)


class RefusedFileError(Exception):
    """The file as a whole cannot be read; `errors` says why."""

    def __init__(self, *errors: RowError) -> None:
        super().__init__(errors)
        self.errors = errors


def refuse(code: str, line: int = 0, **params: Param) -> RefusedFileError:
    """A refusal with one error."""
    return RefusedFileError(RowError(line, "", code, params))


@dataclass
class Problems:
    """Collects what is wrong with rows: errors reject the row, warnings do not."""

    errors: list[RowError] = field(default_factory=list)
    warnings: list[RowError] = field(default_factory=list)

    def error(self, line: int, column: str, code: str, **params: Param) -> None:
        """Add an error; past MAX_ERRORS the reading stops."""
        self.errors.append(RowError(line, column, code, params))
        if len(self.errors) >= MAX_ERRORS:
            self.errors.append(RowError(line, "", "file.more_errors", {"count": MAX_ERRORS}))
            raise RefusedFileError

    def warning(self, line: int, column: str, code: str, **params: Param) -> None:
        """Add a warning; past MAX_ERRORS they are no longer kept."""
        if len(self.warnings) < MAX_ERRORS:
            self.warnings.append(RowError(line, column, code, params))


@dataclass(frozen=True)
class Table:
    """A header, where it stands, which column holds which field, and the rows below it.

    `rows()` reads the file again from its start, so that nothing is kept in memory.
    """

    header: tuple[str, ...]
    header_line: int
    columns: dict[str, int]
    source: Callable[[], Rows]

    def rows(self) -> Rows:
        """Data rows as (physical line, cells), blank and repeated header rows left out.

        Raises RefusedFileError.
        """
        count = 0
        for line, cells in self.source():
            if line <= self.header_line or not any(cell.strip() for cell in cells):
                continue
            if cells[0].strip() == self.header[0] and self._repeats_header(cells):
                continue
            count += 1
            if count > MAX_ROWS:
                raise refuse("file.too_many_rows", line, limit=MAX_ROWS)
            yield line, cells

    def _repeats_header(self, cells: list[str]) -> bool:
        """Whether a row is the header again, as pages and joined files have it."""
        return tuple(cell.strip() for cell in cells) == self.header

    def cells_of(self, lines: Collection[int]) -> dict[int, tuple[str, ...]]:
        """The original cells of some lines, read from the file again."""
        return {line: tuple(cells) for line, cells in self.rows() if line in lines}

    def fitted(self, line: int, cells: list[str], problems: Problems) -> bool:
        """Whether the row has the header's width (empty cells behind it are ignored)."""
        width = len(self.header)
        if len(cells) == width or (len(cells) > width and not any(cells[width:])):
            return True
        problems.error(line, "", "row.width", cells=len(cells), columns=width)
        return False


def find_table(
    source: Callable[[], Rows],
    names: _fields.Names,
    needs: Sequence[Sequence[str]],
    chosen: dict[str, str],
    *,
    within: int = _HEADER_WITHIN,
) -> Table:
    """The table whose header is `within` the first rows. RefusedFileError names what is missing."""
    # The row with the most known columns explains best what is missing.
    best: tuple[int, list[RowError]] = (-1, [])
    for count, (line, cells) in enumerate(source()):
        if count >= within:
            break
        if not any(cell.strip() for cell in cells):
            continue
        columns, defects = _fields.find_columns(cells, names, chosen)
        missing = _fields.missing_needs(columns, needs, names)
        errors = _fields.header_errors(cells, line, missing, defects)
        if not errors:
            return Table(tuple(c.strip() for c in cells), line, columns, source)
        best = max(best, (len(columns), errors), key=lambda found: found[0])
    if not best[1]:
        raise refuse("file.empty")
    raise RefusedFileError(*best[1])


def text_source(path: Path, encoding: str, delimiter: str) -> Callable[[], Rows]:
    """Rows of a delimited text file, quoted cells included, with their first physical line."""

    def read() -> Rows:
        with path.open(encoding=encoding, newline=None) as stream:
            reader = csv.reader(text_lines(stream), delimiter=delimiter)
            line = 1
            try:
                for cells in reader:
                    if len(cells) > MAX_CELLS:
                        raise refuse("file.too_many_cells", line, limit=MAX_CELLS)
                    yield line, cells
                    line = reader.line_num + 1
            except csv.Error as error:
                raise refuse("file.quotes", line) from error

    return read


def text_lines(stream: IO[str]) -> Iterator[str]:
    """Lines of bounded length. Raises RefusedFileError for a longer one."""
    number = 0
    while text := stream.readline(MAX_LINE + 1):
        number += 1
        if len(text) > MAX_LINE:
            raise refuse("file.line_too_long", number, limit=MAX_LINE)
        yield text


def find_text_table(
    path: Path,
    names: _fields.Names,
    needs: Sequence[Sequence[str]],
    chosen: dict[str, str],
    *,
    within: int = _HEADER_WITHIN,
    encoding: str = "",
) -> Table:
    """The table of a CSV file: its separator is found, never assumed; so is its encoding, unless a
    person said which one it is."""
    encoding = checked_encoding(path, encoding)
    refusals: list[RefusedFileError] = []
    for delimiter in _by_frequency(path, encoding, within):
        source = text_source(path, encoding, delimiter)
        try:
            return find_table(source, names, needs, chosen, within=within)
        except RefusedFileError as refusal:
            refusals.append(refusal)
    raise refusals[0]


def _by_frequency(path: Path, encoding: str, within: int) -> list[str]:
    with path.open(encoding=encoding, newline=None) as stream:
        head = "".join(stream.readline(MAX_LINE) for _ in range(within))
    return sorted(_DELIMITERS, key=head.count, reverse=True)


def checked_encoding(path: Path, chosen: str) -> str:
    """The codec that a person chose, or the one found. RefusedFileError when it cannot read it."""
    found = find_encoding(path) if not chosen or path.stat().st_size > MAX_BYTES else chosen
    if chosen:
        _decodes(path, chosen)
    return found


def find_encoding(path: Path) -> str:
    """The codec of a text file. RefusedFileError says why it has none."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise refuse("file.too_large", limit=MAX_BYTES // 2**20)
    with path.open("rb") as stream:
        head = stream.read(4)
        if not head:
            raise refuse("file.empty")
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            _decodes(path, "utf-16")
            return "utf-16"
        stream.seek(0)
        utf8 = codecs.getincrementaldecoder("utf-8")()
        is_utf8, used = True, set[int]()
        while block := stream.read(2**20):
            if b"\0" in block:
                raise refuse("file.binary")
            used.update(block)
            is_utf8 = is_utf8 and _accepts(utf8, block)
        if is_utf8 and _accepts(utf8, b"", final=True):
            return "utf-8-sig"
    return _single_byte(used)


def _decodes(path: Path, encoding: str) -> None:
    try:
        with path.open(encoding=encoding, newline="") as stream:
            while block := stream.read(2**20):
                if "\0" in block:
                    raise refuse("file.binary")
    except UnicodeError as error:
        raise refuse("file.encoding") from error


def _accepts(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _single_byte(used: set[int]) -> str:
    """cp1252 or ISO 8859-15, from the bytes a file uses; they differ in eight characters."""
    if used & _CONTROLS:
        raise refuse("file.binary")
    if used & _NOT_CP1252:
        raise refuse("file.encoding")
    if used & set(range(0x80, 0xA0)):
        return "cp1252"
    # 0xA4 and 0xBC to 0xBE: the euro and French ligatures in 8859-15, rare signs in cp1252.
    return "iso8859-15" if used & {0xA4, 0xBC, 0xBD, 0xBE} else "cp1252"
