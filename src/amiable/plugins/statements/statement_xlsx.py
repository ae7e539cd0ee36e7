"""A bank's movements as an XLSX workbook, with columns as in CSV: one sheet, or one by account.

Sheets that hold no table of movements (a cover, a summary) are passed over beside one that does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from amiable.core.records import RowError
from amiable.core.sentences import gettext_noop
from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.imports._sniff import is_workbook
from amiable.plugins.imports._table import RefusedFileError, find_table
from amiable.plugins.imports._workbook import workbook_sheets
from amiable.plugins.statements import _common as common
from amiable.plugins.statements._columns import HEADER_WITHIN, NAMES, NEEDS
from amiable.plugins.statements._rows import read_rows

# The number of an account in the name of its sheet: "Cpt 30004 00012345678".
_NUMBER = re.compile(r"\d[0-9A-Z ]{4,30}")


class StatementXlsx:
    """XLSX of bank movements."""

    code = "statement_xlsx"
    kind: FileKind = "statement"
    label = gettext_noop("Bank statement (XLSX)")

    def sniff(self, head: bytes, name: str) -> bool:
        """Whether it is a workbook; its columns are looked at when it is read."""
        return is_workbook(head, name)

    def read(self, path: Path, options: ReadOptions) -> ReadResult:
        """Statements of the visible sheets. Lines are row numbers of their sheet."""
        found: list[tuple[str, ReadResult]] = []
        refusals: list[RefusedFileError] = []
        try:
            for name, source in workbook_sheets(path):
                try:
                    chosen = dict(options.columns)
                    table = find_table(source, NAMES, NEEDS, chosen, within=HEADER_WITHIN)
                except RefusedFileError as refusal:
                    refusals.append(refusal)
                    continue
                found.append((name, read_rows(table, options, format_code=self.code)))
        except RefusedFileError as refusal:
            return common.result(self.code, [], refusal.errors)
        if not found:
            return common.result(self.code, [], refusals[0].errors)
        # An account without movements has a header and no rows: it says nothing beside another.
        told = [each for each in found if not _is_empty(each[1])] or found[:1]
        return told[0][1] if len(told) == 1 else _joined(self.code, told, partial=options.partial)


def _is_empty(result: ReadResult) -> bool:
    return [error.code for error in result.errors] == ["file.header_only"]


def _joined(code: str, found: Sequence[tuple[str, ReadResult]], *, partial: bool) -> ReadResult:
    """The sheets as one result: each statement of an account of its own, errors by their sheet."""
    errors = tuple(_of(name, error) for name, each in found for error in each.errors)
    warnings = tuple(_of(name, each) for name, one in found for each in one.warnings)
    rows = sum(each.rows for _, each in found)
    if errors and not partial:
        refused = common.result(code, [], errors)
        return replace(refused, rows=rows, warnings=warnings)
    summaries = [
        {**summary, "account": summary["account"] or _account(name), "sheet": name}
        for name, each in found
        for summary in each.summary["statements"]
    ]
    return ReadResult(
        kind="statement",
        format=code,
        statements=tuple(
            replace(statement, account=statement.account or _account(name))
            for name, each in found
            for statement in each.statements
        ),
        errors=errors,
        rows=rows,
        summary={"statements": summaries, "columns": found[0][1].summary.get("columns", {})},
        warnings=warnings,
    )


def _account(sheet: str) -> str:
    """The account a sheet is of when its rows do not say: the number in its name, or its name."""
    number = _NUMBER.search(sheet.upper())
    return (number.group().replace(" ", "") if number else common.clean(sheet))[:40]


def _of(sheet: str, error: RowError) -> RowError:
    return replace(error, column=f"{sheet} · {error.column}" if error.column else sheet)


PLUGIN = StatementXlsx()
