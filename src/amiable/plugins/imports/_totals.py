"""Rows of totals among rows of invoices: left out only when they add up, never by their look."""

from __future__ import annotations

import re
from collections.abc import Sequence

from amiable.core.numbers import plain
from amiable.core.sentences import declare, gettext_noop

declare(
    {
        "invoice.totals_row": gettext_noop(
            "This row is the total of the rows above it: it is no invoice and was left out."
        ),
    }
)

_LABEL = re.compile(r"\W*(?:sous[ -]?tota(?:l|ux)|sub-?total|grand total|tota(?:l|ux))\b.*")


def is_labelled(cells: Sequence[str]) -> bool:
    """Whether a cell begins like the label of a total."""
    return any(_LABEL.fullmatch(plain(cell[:80])) for cell in cells)


class Sums:
    """The rows so far in minor units, credit notes negative: all, and since the last subtotal."""

    def __init__(self) -> None:
        self._all: dict[str, int] = {}
        self._part: dict[str, int] = {}

    def add(self, amount_minor: int, currency: str) -> None:
        """Count a row."""
        for sums in (self._all, self._part):
            sums[currency] = sums.get(currency, 0) + amount_minor

    def close(self, amount_minor: int | None, currency: str) -> bool:
        """Whether a row states what the rows above add up to, or no amount; ends a subtotal."""
        proven = amount_minor is None or any(
            sums == {currency: amount_minor} for sums in (self._part, self._all)
        )
        if proven:
            self._part = {}
        return proven
