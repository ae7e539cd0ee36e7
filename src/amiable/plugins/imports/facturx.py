"""Factur-X and ZUGFeRD 2: a PDF that carries its figures as XML (CII), which are read from it.

The PDF is opened in a process of its own with limits; one that carries no figures is refused.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from amiable.core.records import InvoiceRow, RowError
from amiable.core.sentences import gettext_noop
from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.imports._cii import read_cii
from amiable.plugins.imports._pdf import embedded_invoices


class FacturX:
    """Reader of PDF invoices with embedded XML."""

    code = "facturx"
    kind: FileKind = "invoices"
    label = gettext_noop("Electronic invoice (Factur-X PDF)")

    def sniff(self, head: bytes, _name: str) -> bool:
        """Any PDF: whether it carries an invoice is known once it is opened."""
        return head.startswith(b"%PDF-")

    def read(self, path: Path, options: ReadOptions) -> ReadResult:
        """The invoice, its customer and its lines."""
        content = embedded_invoices([path]).get(path)
        if content is None:
            return ReadResult(self.kind, self.code, errors=(RowError(0, "", "file.pdf"),))
        with tempfile.TemporaryDirectory(prefix="amiable-facturx-") as folder:
            inner = Path(folder) / "factur-x.xml"
            inner.write_bytes(content)
            return read_cii(inner, options, code=self.code)


def stated_invoices(paths: Sequence[Path]) -> dict[Path, InvoiceRow]:
    """What electronic invoices among PDFs state, by path; what cannot be read states nothing."""
    found = {}
    for path, content in embedded_invoices(paths).items():
        with tempfile.TemporaryDirectory(prefix="amiable-facturx-") as folder:
            inner = Path(folder) / "factur-x.xml"
            inner.write_bytes(content)
            read = read_cii(inner, ReadOptions(), code=PLUGIN.code)
        if len(read.invoices) == 1 and not read.errors:
            found[path] = read.invoices[0]
    return found


PLUGIN = FacturX()
