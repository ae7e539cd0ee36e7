"""Which arm a payer is drawn into, and whether the draw is even.

The unit is the payer group, never the invoice: those who decide to pay together are drawn
together. The draw is a hash of a salt and the group, so that it can be repeated and checked.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from amiable.core.experiment.outcomes import Payer

Arm = Literal["champion", "challenger", "holdout"]
ARMS: tuple[Arm, ...] = get_args(Arm)
# The champion is what everything is compared with: it keeps at least this share.
LEAST_CHAMPION_PERCENT = 10
# A standardized difference below this is even enough (Austin 2009); few payers scatter more.
EVEN = 0.1
# Standard errors within which a difference is chance: 5 % for ten properties together.
CHANCE = 2.81


class SharesError(ValueError):
    """Shares that leave nothing to compare; the message says why."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Percent of payers drawn into each arm; the champion has what is left.

    Raises SharesError when nothing would be compared, or too little is left to the champion.
    """

    challenger_percent: int
    holdout_percent: int

    def __post_init__(self) -> None:
        if self.challenger_percent < 0 or self.holdout_percent < 0:
            raise SharesError("a share is not negative")
        if self.challenger_percent + self.holdout_percent == 0:
            raise SharesError("without challenger and hold-out there is nothing to compare")
        if self.champion_percent < LEAST_CHAMPION_PERCENT:
            raise SharesError(f"the champion keeps at least {LEAST_CHAMPION_PERCENT} percent")

    @property
    def champion_percent(self) -> int:
        """What is left to the champion."""
        return 100 - self.challenger_percent - self.holdout_percent

    def percent(self, arm: str) -> int:
        """The share of an arm."""
        if arm == "champion":
            return self.champion_percent
        return self.challenger_percent if arm == "challenger" else self.holdout_percent


def payer_group(*, group: str, siren: str, customer_id: int) -> str:
    """Who decides to pay: the named group, else the company (SIREN), else the customer alone."""
    if group:
        return f"group:{group}"
    return f"siren:{siren}" if siren else f"customer:{customer_id}"


def arm_of(salt: str, group: str, *, shares: Shares) -> Arm:
    """The arm of a payer group: SHA-256 of salt and group as a fraction of 1, cut by the shares."""
    digest = hashlib.sha256(f"{salt}\n{group}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") * 100
    if place < shares.holdout_percent << 64:
        return "holdout"
    if place < (shares.holdout_percent + shares.challenger_percent) << 64:
        return "challenger"
    return "champion"


@dataclass(frozen=True, slots=True)
class Balance:
    """One property of the payers when they were drawn: its mean by arm, and how far each arm is
    from the champion in standard deviations. `chance` = how far a draw of so few payers goes by
    itself; `even` = no arm is further than that, or than EVEN."""

    code: str
    means: Mapping[str, float]
    differences: Mapping[str, float]
    even: bool
    chance: Mapping[str, float] = field(default_factory=dict)

    @property
    def alike(self) -> bool:
        """Whether every arm is as near to the champion as EVEN asks for."""
        return all(abs(gap) <= EVEN for gap in self.differences.values())


def balance(payers: Sequence[Payer]) -> list[Balance]:
    """The arms compared on what was known at the draw."""
    arms: dict[str, list[Payer]] = {
        arm: found for arm in ARMS if (found := [p for p in payers if p.arm == arm])
    }
    known = {arm: [p for p in found if p.history_days is not None] for arm, found in arms.items()}
    rows = [
        _balance("open_minor", _values(arms, lambda p: p.open_minor)),
        _balance("overdue_days", _values(arms, lambda p: p.overdue_days)),
        _balance("history_days", _values(known, lambda p: p.history_days or 0.0)),
    ]
    kinds = sorted({p.kind for p in payers})
    return rows + [_balance(kind, _shares_of(arms, kind)) for kind in kinds]


def draw_p_value(counts: Mapping[str, int], shares: Shares) -> float:
    """Chance of a draw as uneven as this one (Pearson's chi-square): tiny = the draw is broken."""
    parts = [(counts.get(arm, 0), shares.percent(arm)) for arm in ARMS if shares.percent(arm)]
    total = sum(count for count, _ in parts)
    if not total:
        return 1.0
    distance = sum(
        (count - total * share / 100) ** 2 / (total * share / 100) for count, share in parts
    )
    # Exact for the one or two degrees of freedom that two or three arms have.
    return math.erfc(math.sqrt(distance / 2)) if len(parts) == 2 else math.exp(-distance / 2)


def arm_counts(payers: Iterable[Payer]) -> dict[str, int]:
    """Payer groups in each arm."""
    counts = Counter(payer.arm for payer in payers)
    return {arm: counts.get(arm, 0) for arm in ARMS}


def _values(
    arms: Mapping[str, list[Payer]], read: Callable[[Payer], float]
) -> dict[str, list[float]]:
    return {arm: [read(payer) for payer in payers] for arm, payers in arms.items()}


def _shares_of(arms: Mapping[str, list[Payer]], kind: str) -> dict[str, list[float]]:
    return {arm: [float(payer.kind == kind) for payer in found] for arm, found in arms.items()}


def _balance(code: str, values: Mapping[str, list[float]]) -> Balance:
    means = {arm: sum(found) / len(found) for arm, found in values.items() if found}
    differences: dict[str, float] = {}
    chance: dict[str, float] = {}
    for arm in means.keys() - {"champion"}:
        if "champion" not in means:
            continue
        spread = (_variance(values["champion"]) + _variance(values[arm])) / 2
        gap = means[arm] - means["champion"]
        differences[arm] = gap / math.sqrt(spread) if spread else 0.0
        chance[arm] = CHANCE * math.sqrt(1 / len(values["champion"]) + 1 / len(values[arm]))
    even = all(abs(gap) <= max(EVEN, chance[arm]) for arm, gap in differences.items())
    return Balance(code, means, differences, even, chance)


def _variance(values: Sequence[float]) -> float:
    if len(values) < 2:
        return 0.0
    mean = sum(values) / len(values)
    return sum((value - mean) ** 2 for value in values) / (len(values) - 1)
