"""Sets of amounts that make a sum, and whether such a set says anything.

Among few round prices almost any sum is made by chance: a set is only worth something when it is
the only one, and when sums of these amounts are rare (docs of the design, measured).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

MOST_SUMS = 300
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
    dropped. `twice` = those reached in two ways.
    """
    order = sorted([amount for amount in amounts if amount <= target], reverse=True)
    rest = sum(order)
    step = math.gcd(*amounts) or 1
    if rest < target or target % step:
        return Found((), 0, rare=False)
    sums, twice = {0}, set[int]()
    steps: list[tuple[int, set[int]]] = []  # each amount, and the sums before it
    tried = 0
    for amount in order:
        rest -= amount
        room, least = target - amount, target - rest
        steps.append((amount, sums))
        if least > 0:
            low = least - amount
            more = {s + amount for s in sums if low <= s <= room}
            sums = {s for s in sums if s >= least}
        else:
            more = {s + amount for s in sums if s <= room}
        if twice:
            twice = {s for s in twice if s >= least} | {s + amount for s in twice if s <= room}
        if not sums.isdisjoint(more):
            twice |= sums & more
        sums = sums | more
        tried += len(more)
        if target in twice:
            return Found((), 2, rare=False)
        if len(sums) > MOST_SUMS:
            return None
    if target not in sums:
        return Found((), 0, rare=False)
    return Found(_members(steps, amounts, target), 1, rare=tried * CHANCE <= target // step)


def _members(
    steps: Sequence[tuple[int, set[int]]], amounts: Sequence[int], target: int
) -> tuple[int, ...]:
    """The places of the only set that makes the target. Of equal amounts it holds all or none."""
    used: set[int] = set()
    for amount, before in reversed(steps):
        if target not in before:
            used.add(amount)
            target -= amount
    return tuple([at for at, amount in enumerate(amounts) if amount in used])
