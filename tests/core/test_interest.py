"""Interest as arithmetic: exact, rounded once, shown so that it adds up."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.core.interest import RateSpan, accrue, interest_first
from amiable.core.sentences import Sentence

SOURCE = Sentence("interest.source.contract")
RATES = st.decimals(min_value=0, max_value=30, places=2)


def span(first: date, days: int, rate: str | Decimal) -> RateSpan:
    return RateSpan(first, first + timedelta(days=days - 1), Decimal(rate), SOURCE)


@st.composite
def spans(draw):
    start = date(2013, 1, 1) + timedelta(days=draw(st.integers(0, 4000)))
    found = []
    for days in draw(st.lists(st.integers(1, 400), max_size=6)):
        found.append(span(start, days, draw(RATES)))
        start += timedelta(days=days)
    return found


@given(st.integers(0, 10**12), spans())
def test_total_is_the_exact_sum_rounded_half_up(base, parts):
    exact = sum(
        (Fraction(base) * Fraction(s.rate_pct) * ((s.ends_on - s.starts_on).days + 1) / 36500)
        for s in parts
    )
    total = sum(s.amount_minor for s in accrue(base, parts))
    assert total == (2 * exact + 1) // 2


@given(st.integers(0, 10**12), spans())
def test_each_shown_amount_is_within_one_cent_of_its_exact_value(base, parts):
    for shown in accrue(base, parts):
        exact = Fraction(base) * Fraction(shown.rate_pct) * shown.days / 36500
        assert abs(shown.amount_minor - exact) < 1


@given(spans())
def test_actual_day_count_never_exceeds_365(parts):
    usual = sum(s.amount_minor for s in accrue(10**9, parts))
    assert sum(s.amount_minor for s in accrue(10**9, parts, day_count="actual")) <= usual


def test_leap_days_count_for_one_in_366_across_years():
    segment = span(date(2023, 12, 31), 368, "3.65")  # 1 day of 2023, 366 of 2024, 1 of 2025
    (shown,) = accrue(1_000_000, [segment], day_count="actual")
    assert shown.amount_minor == 36_700  # 1.00 + 365.00 + 1.00
    (shown,) = accrue(1_000_000, [segment])
    assert shown.amount_minor == 36_800


def test_no_rate_gives_no_interest():
    (shown,) = accrue(1000, [span(date(2026, 1, 1), 10, "0")])
    assert shown.amount_minor == 0


def test_a_credit_bears_no_interest():
    with pytest.raises(ValueError, match="credit"):
        accrue(-1, [])


@pytest.mark.parametrize("rate", ["-1", "NaN", "Infinity", "0.1234567"])
def test_a_rate_that_cannot_be_is_refused(rate):
    with pytest.raises(ValueError, match="not a rate"):
        accrue(1000, [span(date(2026, 1, 1), 10, rate)])


def test_partial_payment_pays_interest_first():
    assert interest_first(400_000, interest_minor=20_723) == (20_723, 379_277)
    assert interest_first(10_000, interest_minor=20_723) == (10_000, 0)
