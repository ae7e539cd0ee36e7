"""A report as data: typed columns and rows, which every export format writes in its own way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from amiable.core.money import Money

CellKind = Literal["text", "money", "number", "date"]
Cell = str | Money | Decimal | int | date | None


@dataclass(frozen=True, slots=True)
class Column:
    """`code` is stable for machines; `label` is for people, in their language."""

    code: str
    label: str
    kind: CellKind = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """`rows` have one cell per column; None = empty. `totals` and `notes` stand below.

    `language` is that of the labels; formats for people write numbers and dates accordingly.
    Raises ValueError when a row does not have one cell per column.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    totals: tuple[tuple[Cell, ...], ...] = ()
    notes: tuple[str, ...] = ()
    language: str = "en"

    def __post_init__(self) -> None:
        for row in self.lines():
            if len(row) != len(self.columns):
                raise ValueError(f"a row of {len(row)} cells for {len(self.columns)} columns")

    def lines(self) -> Iterator[tuple[Cell, ...]]:
        """Rows, then totals."""
        yield from self.rows
        yield from self.totals


def plain(cell: Cell) -> str:
    """A cell for machines: ISO dates, point decimals, no thousands separator."""
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)
