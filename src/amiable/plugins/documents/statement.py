"""Statement of account as PDF pages: alone, or after a letter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from amiable.core.sentences import Sentence
from amiable.plugins.documents.colors import brand, ink_of
from amiable.plugins.documents.content import Document
from amiable.plugins.documents.pictures import Picture
from amiable.plugins.documents.typesetting import (
    FULL_LINE,
    Page,
    block_data,
    breakable,
    pages_pdf,
    picture_data,
)

LOGO = (60, 16)  # its frame, in millimetres


@dataclass(frozen=True, slots=True)
class Statement:
    """A document (its subject is the title) of somebody's account on a day.

    `sender` and `customer` = lines of name and address; `references` = label and value.
    """

    document: Document
    sender: tuple[str, ...]
    customer: tuple[str, ...]
    references: tuple[tuple[str, str], ...]
    on_date: date
    page_label: str
    logo: Picture | None = None


def statements_pdf(statements: Iterable[Statement]) -> list[bytes | Sentence]:
    """Each statement as PDF bytes, or why it cannot be printed."""
    return pages_pdf(
        Page("statement.typ", statement_data(each), each.on_date, tuple(filter(None, (each.logo,))))
        for each in statements
    )


def logo_data(logo: Picture | None, name: str) -> dict[str, Any]:
    """The logo of `name` as the layouts read it."""
    return picture_data(logo, width=LOGO[0], height=LOGO[1], alt=name)


def statement_data(statement: Statement, *, first_number: int = 0) -> dict[str, Any]:
    """What the layout of a statement reads; its tables are numbered from `first_number` on."""
    document = statement.document
    return {
        "lang": document.language[:2],
        "region": "FR" if document.language == "fr" else "GB",
        "title": document.subject,
        "color": ink_of(brand(document.color)),
        "sender": [breakable(line) for line in statement.sender],
        "customer": [breakable(line) for line in statement.customer],
        "references": [[label, breakable(value)] for label, value in statement.references],
        "page_label": statement.page_label,
        "footer": [breakable(line, FULL_LINE) for line in document.footer],
        "logo": logo_data(statement.logo, statement.sender[0]),
        "blocks": [
            block_data(block, number) for number, block in enumerate(document.blocks, first_number)
        ],
    }
