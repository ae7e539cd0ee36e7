"""Quick looks at the beginning of a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from amiable.plugins.imports import _fields

_DELIMITERS = ";,\t|"
_ROWS = 10


def is_workbook(head: bytes, name: str) -> bool:
    """Whether it is a ZIP container that is, or is called, an XLSX workbook."""
    return head.startswith(b"PK\x03\x04") and (
        b"xl/" in head or name.lower().endswith((".xlsx", ".xlsm"))
    )


def head_text(head: bytes) -> str:
    """The first bytes as text, good enough to look for names of columns."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace")
    try:
        # A character may be cut at the end of the head.
        return head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        cut = error.start >= len(head) - 4
        return head.decode("utf-8" if cut else "cp1252", "replace")


def head_has(
    head: bytes,
    names: _fields.Names,
    needs: Sequence[Sequence[str]],
    *,
    at_least: int = 1,
    may_lack: int = 0,
    within: int = _ROWS,
) -> bool:
    """Whether one of the first rows, by some separator, names the needed columns.

    At least `at_least` columns are known, and at most `may_lack` needs are missing.
    """
    if head.startswith((b"PK\x03\x04", b"%PDF", b"<")):
        return False
    lines = head_text(head).splitlines()[:within]
    for delimiter in _DELIMITERS:
        try:
            rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter))
        except csv.Error:
            continue
        for cells in rows:
            columns, _ = _fields.find_columns(cells[:400], names, {})
            missing = _fields.missing_needs(columns, needs, names)
            if len(columns) >= at_least and len(missing) <= may_lack:
                return True
    return False
