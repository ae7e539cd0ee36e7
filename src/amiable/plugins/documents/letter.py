"""Letters as PDF pages: the address in the window of an envelope, a statement after the text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from amiable.core.sentences import Sentence
from amiable.plugins.documents.address import Window
from amiable.plugins.documents.content import Document
from amiable.plugins.documents.html import brand, ink_of
from amiable.plugins.documents.statement import Statement, statement_data
from amiable.plugins.documents.typesetting import (
    FULL_LINE,
    Page,
    block_data,
    breakable,
    pages_pdf,
)

DEFAULT_WINDOW = Window()


@dataclass(frozen=True, slots=True)
class Letter:
    """A document on paper: who it goes to, its references, date and small print."""

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


def letters_pdf(letters: Iterable[Letter]) -> list[bytes | Sentence]:
    """Each letter as PDF bytes, or why it cannot be printed; several at a time, order kept."""
    return pages_pdf(Page("letter.typ", _data(letter), letter.on_date) for letter in letters)


def _data(letter: Letter) -> dict[str, Any]:
    document, window = letter.document, letter.window
    blocks = [block_data(block) for block in document.blocks]
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
        "references": [[label, breakable(value)] for label, value in letter.references],
        "date": letter.date_text,
        "mention": letter.mention,
        "page_label": letter.page_label,
        "footer": [breakable(line, FULL_LINE) for line in document.footer],
        "blocks": blocks[: len(blocks) - tail],
        "closing": blocks[len(blocks) - tail :],
        "statement": statement_data(letter.statement) if letter.statement else None,
        "window": {
            "left": window.left_mm,
            "top": window.top_mm,
            "width": window.width_mm,
            "height": window.height_mm,
            "quiet": window.quiet_mm,
            "fold": window.fold_mm,
        },
    }
