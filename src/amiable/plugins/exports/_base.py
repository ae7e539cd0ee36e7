"""The shape of an export format, and what formats share. One file per format, exposing PLUGIN."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from typing import BinaryIO, Protocol

from babel.dates import format_date
from babel.numbers import NumberPattern, parse_pattern

from amiable.core.money import Money, exponent
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.tables import Cell, Table

declare(
    {
        "export.too_many_rows": gettext_noop(
            "{rows} rows are too many for {format}, which takes {limit}: choose xlsx or csv."
        ),
    }
)

# A spreadsheet runs a cell that begins so (OWASP: CSV injection), full-width forms included.
FORMULA_STARTS = tuple("=+-@|%\t\r\n＝＋－＠–")
_INVISIBLE = "".join(map(chr, [*range(0x21), 0x7F, 0xA0, 0x200B, 0xFEFF]))


class TableTooLargeError(ValueError):
    """A table that a format cannot hold; `sentence` names the limit and the way out."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


class Exporter(Protocol):
    """A file format for tables. `extension` has no dot; `is_text` = readable on a terminal."""

    code: str
    label: str
    extension: str
    content_type: str
    is_text: bool

    def write(self, table: Table, stream: BinaryIO) -> None:
        """Write the whole table. Raises TableTooLargeError before writing anything."""
        ...


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe before a dangerous start."""
    if text.startswith(FORMULA_STARTS) or text.lstrip(_INVISIBLE).startswith(FORMULA_STARTS):
        return f"'{text}"
    return text


def for_people(cell: Cell, language: str) -> str:
    """A cell as the language writes it: 1 252,23 and 21/11/2026 in French."""
    if cell is None:
        return ""
    if isinstance(cell, Money):
        digits = exponent(cell.currency)
        return _number(Decimal(str(cell)), digits, language)
    if isinstance(cell, Decimal):
        return _number(cell, max(0, -int(cell.as_tuple().exponent)), language)
    if isinstance(cell, date):
        return format_date(cell, "dd/MM/yyyy" if language == "fr" else "yyyy-MM-dd")
    if isinstance(cell, int):
        return _number(Decimal(cell), 0, language)
    return printable(cell)


def printable(text: str) -> str:
    """Text without control characters: what a terminal or a page must not obey."""
    return "".join(char if char.isprintable() else " " for char in text)


def _number(value: Decimal, digits: int, language: str) -> str:
    return str(_pattern(digits).apply(value, language))


@cache
def _pattern(digits: int) -> NumberPattern:
    return parse_pattern("#,##0" + ("." + "0" * digits if digits else ""))


def refuse_above(table: Table, limit: int, label: str) -> None:
    """Raise TableTooLargeError when the table has more than `limit` rows."""
    if len(table.rows) > limit:
        raise TableTooLargeError(
            Sentence(
                "export.too_many_rows",
                {"rows": len(table.rows), "format": label, "limit": limit},
            )
        )
