"""A bank's CSV of movements, by the names of its columns or by a saved mapping.

Encoding, separator, decimal mark, side and order of the rows are found in the file; rows above the
header may state account, currency and balances. See _columns for the names of columns.
"""

from __future__ import annotations

from pathlib import Path

from amiable.core.sentences import gettext_noop
from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.imports._sniff import head_has
from amiable.plugins.imports._table import RefusedFileError, find_text_table
from amiable.plugins.statements import _common as common
from amiable.plugins.statements._columns import HEADER_WITHIN, NAMES, NEEDS
from amiable.plugins.statements._rows import read_rows


class StatementCsv:
    """CSV of bank movements."""

    code = "statement_csv"
    kind: FileKind = "statement"
    label = gettext_noop("Bank statement (CSV)")

    def sniff(self, head: bytes, name: str) -> bool:  # noqa: ARG002
        """Whether one of the first rows names a day, a text and an amount."""
        return head_has(head, NAMES, NEEDS, at_least=3, within=HEADER_WITHIN)

    def read(self, path: Path, options: ReadOptions) -> ReadResult:
        """Statements of the file, one by account and currency. Lines are those of the file."""
        chosen, encoding = dict(options.columns), options.layout.encoding
        try:
            table = find_text_table(
                path, NAMES, NEEDS, chosen, within=HEADER_WITHIN, encoding=encoding
            )
        except RefusedFileError as refusal:
            return common.result(self.code, [], refusal.errors)
        return read_rows(table, options, format_code=self.code)


PLUGIN = StatementCsv()
