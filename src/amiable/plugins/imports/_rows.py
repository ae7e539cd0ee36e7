"""What imports of one record a row share: the table of a file, its rows, and the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.imports._fields import Names
from amiable.plugins.imports._sniff import is_workbook
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

T = TypeVar("T")


def table_of(
    path: Path,
    options: ReadOptions,
    names: Names,
    needs: Sequence[tuple[str, ...]],
) -> Table:
    """The table of a workbook or of a text file. Raises RefusedFileError."""
    chosen = dict(options.columns)
    with path.open("rb") as stream:
        workbook = is_workbook(stream.read(65536), path.name)
    if workbook:
        return find_table(workbook_source(path), names, needs, chosen)
    return find_text_table(path, names, needs, chosen)


def rows_read(
    table: Table,
    problems: Problems,
    row: Callable[[int, list[str]], T | None],
    *,
    kind: FileKind,
    code: str,
) -> tuple[list[T], ReadResult]:
    """What `row` makes of each line, and the result that says the rest; nothing of a file that is
    refused. A row of which it makes nothing is kept as it stands, to be corrected."""
    found: list[T] = []
    raw: dict[int, tuple[str, ...]] = {}
    count = 0
    try:
        for line, cells in table.rows():
            count += 1
            read = row(line, cells) if table.fitted(line, cells, problems) else None
            if read is None:
                raw[line] = tuple(cells)
            else:
                found.append(read)
        if not count:
            raise refuse("file.header_only", table.header_line)
    except RefusedFileError as refusal:
        problems.errors.extend(refusal.errors)
        found = []
    return found, ReadResult(
        kind=kind,
        format=code,
        errors=tuple(problems.errors),
        warnings=tuple(problems.warnings),
        rows=count,
        summary=table_summary(count, problems, table),
        header=table.header,
        raw=raw,
        cells_of=table.cells_of,
    )
