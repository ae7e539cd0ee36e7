"""Letters as PDF pages: the address in the window of an envelope, a statement after the text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from amiable.core.sentences import Sentence
from amiable.plugins.documents.colors import brand, ink_of
from amiable.plugins.documents.content import Document
from amiable.plugins.documents.pictures import Picture
from amiable.plugins.documents.statement import Statement, logo_data, statement_data
from amiable.plugins.documents.typesetting import (
    FULL_LINE,
    Page,
    block_data,
    breakable,
    page_set,
    pages_pdf,
    picture_data,
)
from amiable.plugins.documents.window import Window, window_of

DEFAULT_WINDOW = window_of("")
# Frames of the pictures, in millimetres.
SIGNATURE = (60, 18)


@dataclass(frozen=True, slots=True)
class Letter:
    """A document on paper: who it goes to, its references, date and small print; the logo stands
    over the sender, the signature over the name of who signs."""

    document: Document
    sender: tuple[str, ...]
    address: tuple[str, ...]
    references: tuple[tuple[str, str], ...]
    on_date: date
    date_text: str
    subject_line: str
    page_label: str
    mention: str = ""
    window: Window = DEFAULT_WINDOW
    statement: Statement | None = None
    logo: Picture | None = None
    signature: Picture | None = None


# Advance widths of Arimo, which has those of Helvetica, in thousandths of its size.
_WIDTHS = {
    191: "'", 222: "ijl", 260: "|", 278: " !,./:;I[\\]ft", 333: "()-`r", 334: "{}", 355: '"',
    389: "*", 469: "^", 500: "Jckvsxyz", 556: "#$?L_0123456789abdeghnopqu", 584: "+<=>~",
    611: "FTZ", 667: "&ABEKPSVXY", 722: "CDHNRUw", 778: "GOQ", 833: "Mm", 889: "%", 944: "W",
    1015: "@",
}  # fmt: skip
_WIDTH_OF = {sign: width for width, signs in _WIDTHS.items() for sign in signs}
_POINTS = (10.0, 9.5, 9.0, 8.5, 8.0)  # 9 to 12 are asked for by mail houses; 8 can be read
_PITCH = 1.14  # from line to line, in sizes


def address_points(lines: tuple[str, ...], window: Window) -> float:
    """The largest size in points in which the address fits its window."""
    widest = max((_width(line) for line in lines), default=0)
    for points in _POINTS:
        mm = points * 25.4 / 72
        if widest * mm <= window.width_mm and len(lines) * _PITCH * mm <= window.height_mm:
            return points
    return _POINTS[-1]


def _width(line: str) -> float:
    base = unicodedata.normalize("NFD", line)
    return sum(_WIDTH_OF.get(c, 667) for c in base if not unicodedata.combining(c)) / 1000


def letters_pdf(letters: Iterable[Letter]) -> list[bytes | Sentence]:
    """Each letter as PDF bytes, or why it cannot be printed; several at a time, order kept."""
    return pages_pdf(map(_page, letters))


def letter_pictures(letter: Letter, *, dots_per_inch: float) -> list[bytes] | Sentence:
    """The pages of a letter as PNG, as its PDF shows them, or why it cannot be printed."""
    pages = page_set(_page(letter), format="png", ppi=dots_per_inch)
    return [pages] if isinstance(pages, bytes) else pages


def _page(letter: Letter) -> Page:
    pictures = tuple(filter(None, (letter.logo, letter.signature)))
    return Page("letter.typ", _data(letter), letter.on_date, pictures)


def _data(letter: Letter) -> dict[str, Any]:
    document, window = letter.document, letter.window
    blocks = [block_data(block, number) for number, block in enumerate(document.blocks)]
    # The last paragraph, the greeting and the signature stay together on one page.
    tail = 3 if len(blocks) > 4 else 0
    return {
        "lang": document.language[:2],
        "region": "FR" if document.language == "fr" else "GB",
        "subject": document.subject,
        "subject_line": breakable(letter.subject_line, FULL_LINE),
        "color": ink_of(brand(document.color)),
        "sender": [breakable(line) for line in letter.sender],
        "address": list(letter.address),
        "address_size": address_points(letter.address, window),
        "references": [[label, breakable(value)] for label, value in letter.references],
        "date": letter.date_text,
        "mention": letter.mention,
        "page_label": letter.page_label,
        "footer": [breakable(line, FULL_LINE) for line in document.footer],
        "blocks": blocks[: len(blocks) - tail],
        "closing": blocks[len(blocks) - tail :],
        "logo": logo_data(letter.logo, letter.sender[0]),
        "signature": picture_data(
            letter.signature, width=SIGNATURE[0], height=SIGNATURE[1], alt=letter.sender[0]
        ),
        "statement": statement_data(letter.statement, first_number=100)
        if letter.statement
        else None,
        "window": {
            "left": window.left_mm,
            "top": window.top_mm,
            "width": window.width_mm,
            "height": window.height_mm,
            "quiet": window.quiet_mm,
            "fold": window.fold_mm,
            "is_left": window.is_left,
        },
    }
