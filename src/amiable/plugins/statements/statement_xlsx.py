"""A bank's movements as the first visible sheet of an XLSX workbook, with columns as in CSV."""

from __future__ import annotations

from pathlib import Path

from amiable.core.sentences import gettext_noop
from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.imports._sniff import is_workbook
from amiable.plugins.imports._table import RefusedFileError, find_table
from amiable.plugins.imports._workbook import workbook_source
from amiable.plugins.statements import _common as common
from amiable.plugins.statements._columns import HEADER_WITHIN, NAMES, NEEDS
from amiable.plugins.statements._rows import read_rows


class StatementXlsx:
    """XLSX of bank movements."""

    code = "statement_xlsx"
    kind: FileKind = "statement"
    label = gettext_noop("Bank statement (XLSX)")

    def sniff(self, head: bytes, name: str) -> bool:
        """Whether it is a workbook; its columns are looked at when it is read."""
        return is_workbook(head, name)

    def read(self, path: Path, options: ReadOptions) -> ReadResult:
        """Statements of the first visible sheet. Lines are row numbers of the sheet."""
        chosen, source = dict(options.columns), workbook_source(path)
        try:
            table = find_table(source, NAMES, NEEDS, chosen, within=HEADER_WITHIN)
        except RefusedFileError as refusal:
            return common.result(self.code, [], refusal.errors)
        return read_rows(table, options, format_code=self.code)


PLUGIN = StatementXlsx()
