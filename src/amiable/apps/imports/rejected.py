"""The file of rejected rows: same columns, two more that say where and why, ready to correct.

Our two columns have names no reader knows, so the corrected file imports as it is.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from django.utils.translation import gettext, override

from amiable.core.records import RowError
from amiable.core.sentences import CATALOG
from amiable.plugins.base import ReadResult

LINE, ERROR = "amiable_line", "amiable_error"
_NUMBER = re.compile(r"[+-][\d\s.,'()/-]*")


def rejected_file(read: ReadResult, errors: Sequence[RowError]) -> str:
    """Rejected rows as CSV text (TAB for a FEC), cells as they were, errors beside them."""
    lines = {error.line for error in errors}
    cells = dict(read.raw)
    unknown = lines - set(cells)
    if unknown and read.cells_of is not None:
        cells |= read.cells_of(unknown)
    reasons: dict[int, list[str]] = {}
    for error in errors:
        where = f"{error.column}: " if error.column else ""
        reasons.setdefault(error.line, []).append(f"{where}{error.sentence}")
    width = len(read.header)
    out = io.StringIO()
    is_fec = read.format == "fec"
    writer = csv.writer(
        out, delimiter="\t" if is_fec else ";", lineterminator="\r\n",
        quoting=csv.QUOTE_MINIMAL,
    )  # fmt: skip
    writer.writerow([*read.header, LINE, ERROR])
    for line in sorted(lines & set(cells)):
        row = [*cells[line], *[""] * (width - len(cells[line]))]
        writer.writerow([*map(_guarded, row), line, " ".join(reasons[line])])
    return out.getvalue()


def _guarded(cell: str) -> str:
    """A cell that a spreadsheet would run as a formula gets an apostrophe; reading removes it."""
    if cell[:1] in ("=", "@", "+", "-") and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def problems_file(errors: Sequence[RowError], language: str) -> bytes:
    """What is wrong with a file as text for people: a line for each, with where it is."""
    with override(language):
        lines = [_problem(error) for error in errors]
    return ("\r\n".join(lines) + "\r\n").encode("utf-8-sig")


def _problem(error: RowError) -> str:
    said = gettext(CATALOG[error.code]).format(**error.params)
    where = gettext("Line {line}").format(line=error.line) if error.line else ""
    return ": ".join(part for part in (where, error.column, said) if part)
