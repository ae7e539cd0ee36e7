"""Late-payment interest as arithmetic: segments of one rate each, exact, rounded once.

Which rate holds when is law (core.law); here is only what every country shares. Simple interest,
never compounded. Total = ROUND_HALF_UP to the minor unit of the exact sum; the segments' amounts
are its parts by largest remainder, so what is shown always adds up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from amiable.core.sentences import Sentence

# "365": every year has 365 days. "actual": days of a leap year count for 1/366.
DayCount = Literal["365", "actual"]

# Rates are read to the millionth of a percent, so that every weight is an integer.
RATE_DECIMALS = 6


class RateError(ValueError):
    """A rate that cannot be used; `sentence` says why."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


class UnknownRateError(RateError):
    """No rate is known for a period: nothing is extrapolated. `period` names it ("2027S1")."""

    def __init__(self, sentence: Sentence, period: str) -> None:
        super().__init__(sentence)
        self.period = period


@dataclass(frozen=True, slots=True)
class RateSpan:
    """One rate over days `starts_on`..`ends_on`, both counted."""

    starts_on: date
    ends_on: date
    rate_pct: Decimal
    source: Sentence


@dataclass(frozen=True, slots=True)
class Segment:
    """A span and its part of the interest, in minor units."""

    starts_on: date
    ends_on: date
    days: int
    rate_pct: Decimal
    amount_minor: int
    source: Sentence


@dataclass(frozen=True, slots=True)
class Interest:
    """Interest and fixed fee in minor units, how they come about, and what to beware of."""

    interest_minor: int
    fixed_fee_minor: int
    segments: tuple[Segment, ...]
    warnings: tuple[Sentence, ...] = ()


def accrue(
    base_minor: int, spans: Sequence[RateSpan], *, day_count: DayCount = "365"
) -> tuple[Segment, ...]:
    """base x rate x days / year for each span. Base in minor units, >= 0, VAT included.

    Raises ValueError on a negative base, a negative rate, or a rate of more than six decimals.
    """
    if base_minor < 0:
        raise ValueError("interest runs on an amount owed, not on a credit")
    if not spans:
        return ()
    weights = [_weight(span, day_count) for span in spans]
    scale = 100 * 10**RATE_DECIMALS * 365 * 366
    total_minor = (2 * base_minor * sum(weights) + scale) // (2 * scale)
    # Each amount is cut to the cent; the cents missing to the total go to the largest remainders,
    # so that no shown amount is a cent away from its exact value.
    parts, remainders = zip(*(divmod(base_minor * w, scale) for w in weights), strict=True)
    by_remainder = sorted(range(len(spans)), key=lambda i: (-remainders[i], i))
    rounded_up = set(by_remainder[: total_minor - sum(parts)])
    return tuple(
        Segment(
            s.starts_on,
            s.ends_on,
            _days(s.starts_on, s.ends_on),
            s.rate_pct,
            part + (at in rounded_up),
            s.source,
        )
        for at, (s, part) in enumerate(zip(spans, parts, strict=True))
    )


def interest_first(payment_minor: int, *, interest_minor: int) -> tuple[int, int]:
    """A partial payment as (to interest, to principal): interest first (C. civ. art. 1343-1)."""
    to_interest = min(payment_minor, interest_minor)
    return to_interest, payment_minor - to_interest


def _weight(span: RateSpan, day_count: DayCount) -> int:
    """rate x days / year, scaled by 10**RATE_DECIMALS x 365 x 366 to stay an integer."""
    scaled = span.rate_pct.scaleb(RATE_DECIMALS)
    if not scaled.is_finite() or scaled < 0 or scaled != scaled.to_integral_value():
        raise ValueError(f"{span.rate_pct} is not a rate in percent of at most six decimals")
    days = _days(span.starts_on, span.ends_on)
    leap = 0 if day_count == "365" else _leap_days(span.starts_on, span.ends_on)
    return int(scaled) * ((days - leap) * 366 + leap * 365)


def _days(first: date, last: date) -> int:
    return (last - first).days + 1


def _leap_days(first: date, last: date) -> int:
    """Days of the span that fall in leap years."""
    count = 0
    while True:
        year_end = min(last, date(first.year, 12, 31))
        if (date(first.year, 3, 1) - timedelta(days=1)).day == 29:
            count += _days(first, year_end)
        if year_end == last:
            return count
        first = year_end + timedelta(days=1)
