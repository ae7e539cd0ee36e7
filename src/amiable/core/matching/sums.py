"""Sets of amounts that make a sum, and whether such a set says anything.

Among few round prices almost any sum is made by chance: a set is only worth something when it is
the only one, and when sums of these amounts are rare (docs of the design, measured).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

MOST_SUMS = 1_500
# A set found by chance must be rarer than one in this many.
CHANCE = 200
# The same for a choice that means something by itself: one invoice, the oldest, all that is due.
MEANT_CHANCE = 1_000


@dataclass(frozen=True, slots=True)
class Found:
    """`members` = places of the only set (() when none or several); `count` = 0, 1 or 2 (more).
    `rare` = a set of these amounts hardly makes this sum by chance."""

    members: tuple[int, ...]
    count: int
    rare: bool


def is_rare(choices: int, amounts: Sequence[int], target: int) -> bool:
    """Whether one of so few choices hardly makes this sum of these amounts by chance."""
    step = math.gcd(*amounts) or 1
    return choices * MEANT_CHANCE <= target // step


def sets_of(amounts: Sequence[int], target: int) -> Found | None:
    """The sets of amounts (each > 0) that sum to the target; None when too many to count."""
    sums: dict[int, tuple[int, int]] = {0: (1, 0)}  # sum -> (number of sets, 2 at most; members)
    for at, amount in enumerate(amounts):
        if amount > target:
            continue
        mask = 1 << at
        more: list[tuple[int, int, int]] = [
            (total + amount, count, members | mask)
            for total, (count, members) in sums.items()
            if total + amount <= target
        ]
        for total, count, members in more:
            known = sums.get(total)
            sums[total] = (min(2, count + known[0]), known[1]) if known else (count, members)
        if sums.get(target, (0, 0))[0] > 1:
            return Found((), 2, rare=False)
        if len(sums) > MOST_SUMS:
            return None
    count, members = sums.get(target, (0, 0))
    step = math.gcd(*amounts) or 1
    rare = len(sums) * CHANCE <= target // step
    places = tuple(at for at in range(len(amounts)) if members >> at & 1)
    return Found(places if count == 1 else (), count, rare)
