"""A bank's CSV of movements, by the names of its columns or by a saved mapping.

Encoding, separator, decimal mark, side and order of the rows are found in the file; rows above the
header may state account, currency and balances. See _columns for the names of columns.
"""

from __future__ import annotations

from pathlib import Path

from amiable.core.sentences import gettext_noop
from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.imports._sniff import head_has
from amiable.plugins.imports._table import RefusedFileError, find_table, find_text_table
from amiable.plugins.statements import _common as common
from amiable.plugins.statements._columns import HEADER_WITHIN, NAMES, NEEDS
from amiable.plugins.statements._headless import headed, is_headless
from amiable.plugins.statements._rows import read_rows

HEAD = 65536


class StatementCsv:
    """CSV of bank movements."""

    code = "statement_csv"
    kind: FileKind = "statement"
    label = gettext_noop("Bank statement (CSV)")

    def sniff(self, head: bytes, _name: str) -> bool:
        """Whether one of the first rows names a day, a text and an amount, or the rows are those
        of a bank that names nothing."""
        named = head_has(head, NAMES, NEEDS, at_least=3, within=HEADER_WITHIN)
        return named or is_headless(head)

    def read(self, path: Path, options: ReadOptions) -> ReadResult:
        """Statements of the file, one by account and currency. Lines are those of the file."""
        chosen, encoding = dict(options.columns), options.layout.encoding
        with path.open("rb") as stream:
            headless = is_headless(stream.read(HEAD)) and not chosen
        try:
            if headless:
                source = headed(path, encoding)
                table = find_table(source, NAMES, NEEDS, {}, within=HEADER_WITHIN)
            else:
                table = find_text_table(
                    path, NAMES, NEEDS, chosen, within=HEADER_WITHIN, encoding=encoding
                )
        except RefusedFileError as refusal:
            return common.result(self.code, [], refusal.errors)
        return read_rows(table, options, format_code=self.code)


PLUGIN = StatementCsv()
