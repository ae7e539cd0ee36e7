"""An invoice as XML of UN/CEFACT (CII): the file beside, or taken out of, a Factur-X."""

from __future__ import annotations

import re
from pathlib import Path

from amiable.core.sentences import gettext_noop
from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.imports._cii import read_cii

_HEAD = re.compile(rb"<(?:\w+:)?CrossIndustry(?:Invoice|Document)\b")


class Cii:
    """Reader of the Cross Industry Invoice."""

    code = "cii"
    kind: FileKind = "invoices"
    label = gettext_noop("Electronic invoice (CII XML)")

    def sniff(self, head: bytes, _name: str) -> bool:
        """A document whose first element is an invoice of UN/CEFACT."""
        return not head.startswith(b"%PDF") and bool(_HEAD.search(head.replace(b"\0", b"")))

    def read(self, path: Path, options: ReadOptions) -> ReadResult:
        """The invoice, its customer and its lines."""
        return read_cii(path, options, code=self.code)


PLUGIN = Cii()
