"""How many payers an answer needs, and when they will have been there.

Normal approximation, two-sided, payers independent (groups are drawn and counted whole).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist

from amiable.core.experiment.arms import Arm, Shares
from amiable.core.experiment.outcomes import WINDOW, Window
from amiable.core.experiment.sequential import ALPHA, half_width

POWER = 0.8
# With fewer payers in an arm there is never a winner, whatever the figures say.
LEAST_PAYERS = 300
# Standard deviation of days to payment when there is no history to measure it on.
ASSUMED_SD_DAYS = 12.0
# A forecast beyond this is no forecast.
LAST_WEEK = 520


@dataclass(frozen=True, slots=True)
class Supply:
    """Payers to draw: `stock` on the first day, then `per_week`."""

    stock: int
    per_week: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What an experiment needs. `payers` = per arm, for one look at the end; `payers_watched` =
    per arm, when it may be looked at every day. The days are None when too few payers come."""

    payers: int
    payers_watched: int
    earliest_on: date | None
    likely_on: date | None


def payers_needed(
    sd_days: float, effect_days: float, *, reduction: float = 0.0, power: float = POWER
) -> int:
    """Payers per arm to find a difference of means; `reduction` = variance that the past explains.

    n = 2 (z(1 - alpha/2) + z(power))² sd² (1 - reduction) / effect².
    """
    return round(2 * _quantiles(power) * sd_days**2 * (1 - reduction) / effect_days**2)


def payers_needed_share(first: float, second: float, *, power: float = POWER) -> int:
    """Payers per arm to tell two shares apart: (z + z)² (p1 q1 + p2 q2) / (p2 - p1)²."""
    spread = first * (1 - first) + second * (1 - second)
    return round(_quantiles(power) * spread / (second - first) ** 2)


def payers_needed_watched(
    sd_days: float, effect_days: float, *, reduction: float = 0.0, power: float = POWER
) -> int:
    """Payers per arm at which the always-valid interval excludes zero with this power."""
    margin = NormalDist().inv_cdf(power)
    low, high = 1e-9, 1.0  # variance of the difference, in squares of the effect
    for _ in range(60):
        middle = (low + high) / 2
        if half_width(middle, mixing=1.0) + margin * math.sqrt(middle) > 1:
            high = middle
        else:
            low = middle
    return round(2 * sd_days**2 * (1 - reduction) / (effect_days**2 * low))


def forecast(
    *,
    sd_days: float,
    effect_days: float,
    shares: Shares,
    arm: Arm,
    supply: Supply,
    start_on: date,
    reduction: float = 0.0,
    window: Window = WINDOW,
) -> Forecast:
    """When `arm` can be told from the champion by `effect_days`, were it really that much."""
    payers = payers_needed(sd_days, effect_days, reduction=reduction)
    watched = payers_needed_watched(sd_days, effect_days, reduction=reduction)
    days = [
        _reached(drawn_for(needed, shares, arm=arm), supply, start_on, window)
        for needed in (payers, watched)
    ]
    return Forecast(payers, watched, earliest_on=days[0], likely_on=days[1])


def decidable_on(
    champion: Sequence[date],
    other: Sequence[date],
    *,
    payers: int,
    shares: Shares,
    arm: Arm,
    per_week: float,
    on: date,
    window: Window = WINDOW,
) -> date | None:
    """The day the two arms say as much as `payers` in each: past = enough have been followed.

    `champion`, `other` = the days on which the results of the payers drawn so far are known; what
    is missing after them comes at `per_week`. None when too few come.
    """
    counts = [0, 0]
    ready = sorted([(day, 0) for day in champion] + [(day, 1) for day in other])
    for day, index in ready:
        counts[index] += 1
        if min(counts) >= LEAST_PAYERS and 1 / counts[0] + 1 / counts[1] <= 2 / payers:
            return day
    # Of those still to come some go to an arm that is not compared: the shares account for them.
    share = (shares.champion_percent + shares.percent(arm)) / 100
    supply = Supply(math.floor(len(ready) / share), per_week)
    drawn = max(drawn_for(payers, shares, arm=arm), supply.stock + 1)
    return _reached(drawn, supply, on, window)


def drawn_for(payers: int, shares: Shares, *, arm: Arm) -> int:
    """Payers to draw in all so that the two arms say as much as `payers` in each would, and hold
    LEAST_PAYERS at least."""
    one, two = shares.champion_percent / 100, shares.percent(arm) / 100
    as_much = payers / 2 * (1 / one + 1 / two)
    return math.ceil(max(as_much, LEAST_PAYERS / min(one, two)))


def payers_in_arms(payers: int, shares: Shares, *, arm: Arm) -> tuple[int, int]:
    """Payers followed to the end in the smaller and in the larger of two arms, so that they say as
    much as `payers` in each of two equal ones would, with LEAST_PAYERS at least.

    1/smaller + 1/larger = 2/payers, in whole payers.
    """
    small, large = sorted((shares.champion_percent, shares.percent(arm)))
    smaller = max(LEAST_PAYERS, -(-payers * (large + small) // (2 * large)))
    return smaller, -(-smaller * large // small)


def _reached(drawn: int, supply: Supply, start_on: date, window: Window) -> date | None:
    missing = max(0, drawn - supply.stock)
    if missing > supply.per_week * LAST_WEEK:
        return None
    weeks = missing / supply.per_week if missing else 0.0
    days = math.ceil(7 * weeks) + window.entry_days + window.follow_days
    return start_on + timedelta(days=days)


def _quantiles(power: float) -> float:
    normal = NormalDist()
    return (normal.inv_cdf(1 - ALPHA / 2) + normal.inv_cdf(power)) ** 2
