"""A test that may be looked at every day: the mixture sequential probability ratio test.

Johari, Koomen, Pekelis and Walsh 2022 ("Always valid inference"): the likelihood ratio against
"no difference", mixed over differences drawn from N(0, mixing squared), never exceeds 1/alpha
with more than alpha probability, however often one looks. Units are payer groups, so that the
variance is that of clusters. CUPED (Deng, Xu, Kohavi and Walker 2013) takes out what the payer's
own past explains.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

ALPHA = 0.05
# Below this many payers in an arm its variance is too uncertain to look at all.
LEAST_TO_LOOK = 30
# Days are whole: even when all values are equal, each is known to half a day only.
ROUNDING_VARIANCE = 1 / 12


@dataclass(frozen=True, slots=True)
class Measure:
    """The result of one payer: known on `ready_on`; `covariate` None = no history."""

    ready_on: date
    value: float
    covariate: float | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What is known on a day of the difference "other arm less champion".

    `low`, `high` = the confidence sequence: all of them cover the truth together with 95 %
    certainty. `p_value` = the smallest so far. `reduction` = part of the variance that the past
    of the payers explains.
    """

    on: date
    champion_payers: int
    other_payers: int
    difference: float
    low: float
    high: float
    p_value: float
    variance: float
    reduction: float

    @property
    def is_different(self) -> bool:
        """Whether the interval of this day excludes no difference."""
        return self.low > 0 or self.high < 0


class Tally:
    """Running sums of one arm: as many looks as days cost one pass over the payers."""

    __slots__ = ("n", "x", "xx", "xy", "y", "yy")

    def __init__(self) -> None:
        self.n = 0
        self.x = self.xx = self.xy = self.y = self.yy = 0.0

    def add(self, value: float, covariate: float = 0.0) -> None:
        """Count one payer; a covariate of 0 is the mean of all."""
        self.n += 1
        self.x += covariate
        self.xx += covariate * covariate
        self.xy += covariate * value
        self.y += value
        self.yy += value * value

    def spread(self) -> tuple[float, float, float]:
        """Centered sums of squares and products: of values, of covariates, of both."""
        n = self.n
        return (
            max(0.0, self.yy - self.y * self.y / n),
            max(0.0, self.xx - self.x * self.x / n),
            self.xy - self.x * self.y / n,
        )


def half_width(variance: float, *, mixing: float, alpha: float = ALPHA) -> float:
    """Half the width of the confidence sequence of a difference estimated with this variance."""
    square = mixing * mixing
    ratio = (variance + square) / variance
    return math.sqrt(variance * ratio * (variance / square) * _threshold(ratio, alpha))


def p_value(difference: float, variance: float, *, mixing: float) -> float:
    """The always-valid p-value of one look: 1 over the mixture likelihood ratio, at most 1."""
    square = mixing * mixing
    total = variance + square
    log_ratio = 0.5 * math.log(variance / total)
    log_ratio += square * difference * difference / (2 * variance * total)
    return math.exp(-max(0.0, log_ratio))


def looks(
    champion: Iterable[Measure],
    other: Iterable[Measure],
    *,
    until: date,
    mixing: float,
    alpha: float = ALPHA,
    floor: float = ROUNDING_VARIANCE,
) -> list[Look]:
    """Every look up to `until`: one for each day on which a payer's result became known.

    `mixing` = the difference one expects, fixed before the start. `floor` = least variance of a
    value.
    """
    found: list[Look] = []
    smallest = 1.0
    for on, tallies in _days(list(champion), list(other), until):
        look = _look(on, tallies, mixing=mixing, alpha=alpha, floor=floor)
        if look is None:
            continue
        smallest = min(smallest, look.p_value)
        found.append(_with_p_value(look, smallest))
    return found


def compared(
    tallies: tuple[Tally, Tally], *, floor: float = ROUNDING_VARIANCE
) -> tuple[float, float, float]:
    """Difference of means (second less first), its variance, and the part of it explained."""
    first, second = tallies
    spreads = [tally.spread() for tally in tallies]
    squares = sum(spread[1] for spread in spreads)
    theta = sum(spread[2] for spread in spreads) / squares if squares else 0.0
    difference = second.y / second.n - first.y / first.n
    difference -= theta * (second.x / second.n - first.x / first.n)
    plain = adjusted = 0.0
    for tally, (values, covariates, products) in zip(tallies, spreads, strict=True):
        degrees = (tally.n - 1) * tally.n
        left = values - 2 * theta * products + theta * theta * covariates
        plain += max(values / degrees, floor / tally.n)
        adjusted += max(left / degrees, floor / tally.n)
    return difference, adjusted, 1 - adjusted / plain if plain else 0.0


def _look(
    on: date, tallies: tuple[Tally, Tally], *, mixing: float, alpha: float, floor: float
) -> Look | None:
    first, second = tallies
    if min(first.n, second.n) < LEAST_TO_LOOK:
        return None
    difference, variance, reduction = compared(tallies, floor=floor)
    if not variance:
        return None
    width = half_width(variance, mixing=mixing, alpha=alpha)
    return Look(
        on=on,
        champion_payers=first.n,
        other_payers=second.n,
        difference=difference,
        low=difference - width,
        high=difference + width,
        p_value=p_value(difference, variance, mixing=mixing),
        variance=variance,
        reduction=reduction,
    )


def _with_p_value(look: Look, smallest: float) -> Look:
    return Look(
        look.on, look.champion_payers, look.other_payers, look.difference, look.low, look.high,
        smallest, look.variance, look.reduction,
    )  # fmt: skip


def _days(
    champion: Sequence[Measure], other: Sequence[Measure], until: date
) -> Iterator[tuple[date, tuple[Tally, Tally]]]:
    known = [m.covariate for m in (*champion, *other) if m.covariate is not None]
    center = sum(known) / len(known) if known else 0.0
    tallies = Tally(), Tally()
    ready = [
        (measure.ready_on, arm, measure)
        for arm, measures in enumerate((champion, other))
        for measure in measures
        if measure.ready_on <= until
    ]
    ready.sort(key=lambda row: row[0])
    for on, rows in groupby(ready, key=lambda row: row[0]):
        for _, arm, measure in rows:
            past = 0.0 if measure.covariate is None else measure.covariate - center
            tallies[arm].add(measure.value, past)
        yield on, tallies


def _threshold(ratio: float, alpha: float) -> float:
    return 2 * math.log(1 / alpha) + math.log(ratio)
