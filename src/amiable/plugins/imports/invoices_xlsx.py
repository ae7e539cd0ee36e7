"""Invoices as the first visible sheet of an XLSX workbook, with the same columns as the CSV."""

from __future__ import annotations

from pathlib import Path

from amiable.core.sentences import gettext_noop
from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.imports import _fields
from amiable.plugins.imports._invoices import read_invoices
from amiable.plugins.imports._sniff import is_workbook
from amiable.plugins.imports._table import RefusedFileError, find_table
from amiable.plugins.imports._workbook import workbook_source


class InvoicesXlsx:
    """XLSX of invoices."""

    code = "invoices_xlsx"
    kind: FileKind = "invoices"
    label = gettext_noop("Invoices (XLSX)")

    def sniff(self, head: bytes, name: str) -> bool:
        """Whether it is a workbook; its columns are looked at when it is read."""
        return is_workbook(head, name)

    def read(self, path: Path, options: ReadOptions) -> ReadResult:
        """Invoices of the first visible sheet. Lines are row numbers of the sheet."""
        try:
            table = find_table(
                workbook_source(path),
                _fields.INVOICE,
                _fields.INVOICE_NEEDS,
                dict(options.columns),
            )
        except RefusedFileError as refusal:
            return ReadResult(self.kind, self.code, errors=refusal.errors)
        return read_invoices(table, options, format_code=self.code)


PLUGIN = InvoicesXlsx()
