"""Sets of amounts that make a sum, and whether such a set says anything.

Among few round prices almost any sum is made by chance: a set is only worth something when it is
the only one, and when sums of these amounts are rare (docs of the design, measured).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

MOST_SUMS = 300
SEVERAL = -1
# A set found by chance must be rarer than one in this many.
CHANCE = 2_000
# The same for a choice that means something by itself: one invoice, the oldest, all that is due.
MEANT_CHANCE = 1_000


@dataclass(frozen=True, slots=True)
class Found:
    """`members` = places of the only set (() when none or several); `count` = 0, 1 or 2 (more).
    `rare` = a set of these amounts hardly makes this sum by chance."""

    members: tuple[int, ...]
    count: int
    rare: bool


def is_rare(amounts: Sequence[int], target: int, *, choices: int) -> bool:
    """Whether one of so few choices hardly makes this sum by chance, of amounts that differ."""
    step = math.gcd(*amounts) or 1
    differ = len(set(amounts)) * 5 >= len(amounts) * 4
    return differ and choices * MEANT_CHANCE <= target // step


def is_telling(amounts: Sequence[int], target: int, *, choices: int) -> bool:
    """Whether a choice that makes the target means it: no other set does, or chance hardly."""
    found = sets_of(amounts, target)
    return is_rare(amounts, target, choices=choices) if found is None else found.count == 1


def sets_of(amounts: Sequence[int], target: int) -> Found | None:
    """The sets of amounts (each > 0) that sum to the target; None when too many to count.

    Sums are built from the largest amount down; one that the rest cannot lift to the target is
    dropped. A sum reached in two ways is marked by SEVERAL instead of its members.
    """
    order = [at for at, amount in enumerate(amounts) if amount <= target]
    order.sort(key=amounts.__getitem__, reverse=True)
    rest = sum([amounts[at] for at in order])
    step = math.gcd(*amounts) or 1
    if rest < target or target % step:
        return Found((), 0, rare=False)
    sums: dict[int, int] = {0: 0}  # sum -> members as bits, or SEVERAL
    tried = 0
    for at in order:
        amount, bit = amounts[at], 1 << at
        rest -= amount
        room, least = target - amount, target - rest
        if least > 0:
            more = {s + amount: m | bit for s, m in sums.items() if least - amount <= s <= room}
            sums = {s: m for s, m in sums.items() if s >= least}
        else:
            more = {s + amount: m | bit for s, m in sums.items() if s <= room}
        for total in sums.keys() & more.keys():
            more[total] = SEVERAL
        sums |= more
        tried += len(more)
        if sums.get(target) == SEVERAL:
            return Found((), 2, rare=False)
        if len(sums) > MOST_SUMS:
            return None
    if target not in sums:
        return Found((), 0, rare=False)
    members = sums[target]
    places = tuple(at for at in range(len(amounts)) if members >> at & 1)
    return Found(places, 1, rare=tried * CHANCE <= target // step)
