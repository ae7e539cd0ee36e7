"""Figures of marks from 1 to 5: their mean, and the share of the satisfied with its bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

# Marks of those who are satisfied; fewer answers than FEW prove little.
SATISFIED = frozenset({4, 5})
FEW = 30
_Z = 1.96  # two-sided, 95 %


@dataclass(frozen=True, slots=True)
class Marks:
    """Figures of `answered` marks. `mean` has two decimals; `satisfied_pct` and its bounds
    `low_pct` to `high_pct` are whole percents; all None without an answer."""

    answered: int
    satisfied: int
    mean: Decimal | None
    satisfied_pct: int | None
    low_pct: int | None
    high_pct: int | None

    @property
    def are_few(self) -> bool:
        """Whether they are too few to tell one from another."""
        return 0 < self.answered < FEW


def marks(scores: Sequence[int]) -> Marks:
    """The figures of some marks."""
    count, satisfied = len(scores), sum(score in SATISFIED for score in scores)
    if not count:
        return Marks(0, 0, None, None, None, None)
    mean = (Decimal(sum(scores)) / count).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    low, high = bounds(satisfied, count)
    return Marks(count, satisfied, mean, round(100 * satisfied / count), low, high)


def bounds(part: int, whole: int) -> tuple[int, int]:
    """Between which whole percents a share lies with 95 % confidence, outwards: the score interval
    (E. B. Wilson, JASA 22, 1927), which holds for few answers, too. `whole` >= 1."""
    share = part / whole
    scale = 1 + _Z**2 / whole
    middle = share + _Z**2 / (2 * whole)
    reach = _Z * math.sqrt(share * (1 - share) / whole + (_Z / (2 * whole)) ** 2)
    low, high = (middle - reach) / scale, (middle + reach) / scale
    return max(0, math.floor(100 * low + 1e-9)), min(100, math.ceil(100 * high - 1e-9))
