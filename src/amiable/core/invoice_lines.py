"""Lines of invoices: what each costs with VAT, and what a part of one is worth. Pure.

VAT is reckoned per rate on the sum of its lines (EN 16931, BR-CO-17), rounded half up to the minor
unit; each line then bears its part by largest remainder: the lines of a rate sum to the cent.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor

# More lines than this are no invoice that a person reads; the figures of the invoice still enter.
MOST_LINES = 10_000
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,10})?")


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line as an invoice states it. `net_minor` = without VAT, minor units, negative for a
    discount; `quantity`, `unit_price`, `vat_pct` = plain decimals as text ("" = not stated; a line
    without VAT states "0"); `unit` = a code of UN/ECE recommendation 20; `item` = what the seller
    calls the product."""

    number: str
    name: str
    net_minor: int
    vat_pct: str
    quantity: str = ""
    unit: str = ""
    unit_price: str = ""
    item: str = ""
    description: str = ""


def plain_decimal(text: str) -> str:
    """A decimal as text without idle zeros: "10.00" -> "10". Raises ValueError."""
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        raise ValueError(text[:40])
    value = Decimal(text)
    return f"{value.normalize():f}" if value else "0"


def half_up(value: Fraction) -> int:
    """The nearest integer; halves away from zero."""
    return floor(value + Fraction(1, 2)) if value >= 0 else -floor(-value + Fraction(1, 2))


def grosses(lines: Sequence[LineRow]) -> list[int]:
    """What each line costs with VAT, in minor units: the lines of one rate sum to their net with
    the VAT of the rate, to the cent."""
    found = [0] * len(lines)
    by_rate: dict[Fraction, list[int]] = defaultdict(list)
    for index, line in enumerate(lines):
        by_rate[Fraction(line.vat_pct)].append(index)
    for rate, indexes in by_rate.items():
        exact = {i: lines[i].net_minor * (100 + rate) / 100 for i in indexes}
        found_floor = {i: floor(value) for i, value in exact.items()}
        rest = half_up(sum(exact.values(), Fraction())) - sum(found_floor.values())
        order = sorted(indexes, key=lambda i: (found_floor[i] - exact[i], i))
        for place, i in enumerate(order):
            found[i] = found_floor[i] + (place < rest)
    return found


def part_minor(gross_minor: int, quantity: str, *, part: Decimal) -> int:
    """What `part` of a line's quantity costs with VAT, rounded half up, at least one minor unit.

    Raises ValueError when the line states no quantity, or the part is not above zero and at most
    the quantity.
    """
    whole = Decimal(quantity) if quantity else Decimal(0)
    if not 0 < part <= whole or gross_minor <= 0:
        raise ValueError(str(part)[:40])
    return max(1, half_up(gross_minor * Fraction(part) / Fraction(whole)))


def proposed_minor(parts: Iterable[int], *, open_minor: int) -> int:
    """What is contested by disputed parts of lines, minor units: their sum, never above what is
    open of the invoice."""
    return min(sum(parts), max(open_minor, 0))
