"""Which plug-in reads a file: asked of the registry, refused with the list of what is supported.

No Django and no database: `amiable read`, the import command and the console share it.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from amiable.core.records import RowError
from amiable.core.sentences import declare, gettext_noop
from amiable.plugins.base import FileKind, Reader, ReadOptions, ReadResult
from amiable.plugins.registry import plugins

HEAD_BYTES = 65536
# Larger than a statement of some million movements, smaller than what would fill a disk. Readers
# that hold a file in memory have limits of their own, far below.
MAX_FILE_BYTES = 4 * 1024 * 1024 * 1024
_HEADER_CODES = {
    "file.columns_missing",
    "file.column_twice",
    "fec.columns_missing",
    "statement.other_table",
}
_TABLES = {"statement_csv", "statement_xlsx"}

declare(
    {
        "file.unsupported": gettext_noop(
            "The file is none of the supported formats: {formats}. Export it again as one of them."
        ),
        "file.wrong_kind": gettext_noop(
            "The file is of another kind: {format}. Choose the right import."
        ),
        "file.not_found": gettext_noop("There is no readable file at this path."),
        "file.pdf": gettext_noop(
            "The PDF carries no figures that can be read: it is no Factur-X. Attach it with "
            "“import documents”, and import the figures as CSV, XLSX, FEC, UBL or CII."
        ),
        "file.old_workbook": gettext_noop(
            "This is an old or password-protected Office file. Save it as .xlsx without password."
        ),
    }
)


def readers(kinds: Collection[FileKind] | None = None) -> list[Reader]:
    """Every reader of a kind (all kinds when None): bank statements first, they are surest."""
    found: list[Reader] = [
        reader for name in ("statements", "imports", "payouts") for reader in plugins(name).values()
    ]
    # A FEC is a table too: the reader with the narrowest header is asked first.
    found.sort(key=lambda reader: (reader.kind != "statement", reader.code != "fec", reader.code))
    found.sort(key=lambda reader: reader.code in _TABLES)
    found.sort(key=lambda reader: reader.code in {"customers", "tracking", "virtual_ibans"})
    # A file stored in a ZIP as it is shows its own first bytes: the container is asked first.
    found.sort(key=lambda reader: reader.code != "zip")
    # Their headers are their providers' own: no other table has them.
    found.sort(key=lambda reader: reader.kind != "payouts")
    # The reader of statements knows every message of ISO 20022, to say which it does not read.
    found.sort(key=lambda reader: reader.code != "pain002")
    return [reader for reader in found if kinds is None or reader.kind in kinds]


def read_file(
    path: Path, options: ReadOptions | None = None, *, kind: FileKind | None = None
) -> ReadResult:
    """Sniff and read a file. Never raises on content: a refusal is an error of line 0.

    With `kind`, only readers of that kind are asked, and a table whose columns are not
    recognized is still read by the table reader of that kind, which names what is missing.
    """
    options = options or ReadOptions()
    fallback: FileKind = kind or "invoices"
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            return _refused(fallback, "file.too_large", limit=MAX_FILE_BYTES // 2**20)
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError:
        return _refused(fallback, "file.not_found")
    if not head:
        return _refused(fallback, "file.empty")
    if is_hostile_xml(head):
        return _refused(fallback, "file.xml_hostile")
    candidates = [r for r in readers() if r.sniff(head, path.name)]
    # The columns of a payout report are its provider's own: it is nothing else by chance.
    sure = [r for r in candidates if r.kind == "payouts" and not options.columns]
    wanted = [r for r in sure or candidates if kind is None or r.kind == kind]
    if kind and options.columns:  # a mapping names columns that nothing recognizes
        wanted = wanted or _table_readers(kind, head, path.name)
    if kind and not wanted:
        if candidates and not head.startswith(b"%PDF") and candidates[0].kind != kind:
            return _refused(kind, "file.wrong_kind", format=candidates[0].label)
        wanted = _table_readers(kind, head, path.name)
    return _first_reading(wanted, path, options) or _unsupported(fallback, head)


def kind_of(path: Path) -> FileKind | None:
    """What a file seems to hold, by its first bytes and its name; None when nobody knows it."""
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError:
        return None
    return next((reader.kind for reader in readers() if reader.sniff(head, path.name)), None)


def is_hostile_xml(head: bytes) -> bool:
    """Whether an XML file begins with a document type or entities (external files, bombs)."""
    text = head.replace(b"\0", b"")  # UTF-16 must not hide it
    start = text.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")[:1]
    return start == b"<" and (b"<!DOCTYPE" in text.upper() or b"<!ENTITY" in text.upper())


def _first_reading(wanted: list[Reader], path: Path, options: ReadOptions) -> ReadResult | None:
    """The first reading whose header is understood; else the first of all, with its errors."""
    first: ReadResult | None = None
    for reader in wanted:
        result = reader.read(path, options)
        if not any(error.code in _HEADER_CODES for error in result.errors):
            return result
        first = first or result
    return first


def _table_readers(kind: FileKind, head: bytes, name: str) -> list[Reader]:
    workbook = head.startswith(b"PK\x03\x04")
    if head.startswith((b"%PDF", b"<", b"\xd0\xcf\x11\xe0")) or (
        workbook and not name.lower().endswith((".xlsx", ".xlsm"))
    ):
        return []
    codes = {
        "customers": "customers",
        "tracking": "tracking",
        "virtual_ibans": "virtual_ibans",
        "invoices": "invoices_xlsx" if workbook else "invoices_csv",
        "statement": "statement_xlsx" if workbook else "statement_csv",
    }
    return [reader for reader in readers({kind}) if reader.code == codes.get(kind)]


def _unsupported(kind: FileKind, head: bytes) -> ReadResult:
    if head.startswith(b"%PDF"):
        return _refused(kind, "file.pdf")
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return _refused(kind, "file.old_workbook")
    return _refused(kind, "file.unsupported", formats=" · ".join(r.label for r in readers()))


def _refused(kind: FileKind, code: str, **params: Any) -> ReadResult:
    return ReadResult(kind, "unknown", errors=(RowError(0, "", code, params),))
