"""Invoices as a delimited text file (CSV, TSV), one row per invoice or credit note.

Encoding, separator, decimal mark, date order and columns are found in the file. See _fields for
the column names and INTERFACES, "Import of invoices", for the minimum.
"""

from __future__ import annotations

from pathlib import Path

from amiable.core.sentences import gettext_noop
from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.imports import _fields
from amiable.plugins.imports._invoices import read_invoices
from amiable.plugins.imports._sniff import head_has
from amiable.plugins.imports._table import RefusedFileError, find_text_table


class InvoicesCsv:
    """CSV of invoices."""

    code = "invoices_csv"
    kind: FileKind = "invoices"
    label = gettext_noop("Invoices (CSV)")

    def sniff(self, head: bytes, _name: str) -> bool:
        """Whether a header with the minimum columns of invoices, or all but one, stands on top."""
        return head_has(head, _fields.INVOICE, _fields.INVOICE_NEEDS, at_least=4, may_lack=1)

    def read(self, path: Path, options: ReadOptions) -> ReadResult:
        """Invoices of the file, two passes at most, in memory proportional to good rows."""
        try:
            table = find_text_table(
                path, _fields.INVOICE, _fields.INVOICE_NEEDS, dict(options.columns)
            )
        except RefusedFileError as refusal:
            return ReadResult(self.kind, self.code, errors=refusal.errors)
        return read_invoices(table, options, format_code=self.code)


PLUGIN = InvoicesCsv()
