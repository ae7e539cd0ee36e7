"""French late-payment interest: worked cases of the law, regime by regime."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.core.interest import RateError, UnknownRateError, interest_first
from amiable.core.law.fr import Debt, half_year, late_interest, legal_rate, refinancing_rate
from amiable.core.law.rates_ecb import MAIN_REFINANCING
from amiable.core.law.rates_legal import STATUTORY


def day(text: str) -> date:
    return date.fromisoformat(text)


def debt(amount: str, due: str, until: str, regime: str = "b2b", **more) -> Debt:
    return Debt(int(Decimal(amount) * 100), day(due), day(until), regime=regime, **more)


def codes(found) -> list[str]:
    return [warning.code for warning in found.warnings]


@pytest.mark.parametrize(
    ("amount", "due", "paid", "segments", "interest"),
    [
        ("1200", "2026-09-30", "2026-10-30", [(30, "12.40", 1223)], 1223),
        (
            "12000",
            "2026-05-31",
            "2026-09-15",
            [(30, "12.15", 11983), (77, "12.40", 31391)],
            43374,
        ),
        (
            "10000",
            "2025-05-15",
            "2026-03-31",
            [(46, "13.15", 16573), (184, "12.15", 61249), (90, "12.15", 29959)],
            107781,
        ),
        ("5000", "2024-01-31", "2024-03-01", [(30, "14.50", 5959)], 5959),
    ],
)
def test_b2b_worked_cases(amount, due, paid, segments, interest):
    found = late_interest(debt(amount, due, paid))
    shown = [(s.days, str(s.rate_pct), s.amount_minor) for s in found.segments]
    assert shown == segments
    assert (found.interest_minor, found.fixed_fee_minor) == (interest, 4000)
    assert found.warnings == ()


def test_actual_day_count_is_an_option():
    case = debt("5000", "2024-01-31", "2024-03-01")
    assert late_interest(case, day_count="actual").interest_minor == 5943


def test_contract_rate_at_the_floor_is_taken_without_a_word():
    case = debt("1200", "2026-09-30", "2026-10-30", contract_rate_pct=Decimal("8.25"))
    found = late_interest(case)
    assert found.interest_minor == 814
    assert found.warnings == ()


def test_contract_rate_below_the_floor_is_reported_and_not_replaced():
    case = debt("1200", "2026-06-15", "2026-10-30", contract_rate_pct=Decimal("8.00"))
    found = late_interest(case)
    assert [s.rate_pct for s in found.segments] == [Decimal("8.00")]
    # 3 x 2.62 = 7.86 holds in the first half-year; 3 x 2.75 = 8.25, itself unconfirmed, after.
    assert codes(found) == ["interest.below_floor", "interest.unconfirmed_rate"]
    assert found.warnings[0].params["period"] == "2026S2"


@pytest.mark.parametrize(
    ("period", "floor"),
    [("2024S2", "14.76"), ("2025S1", "11.13"), ("2025S2", "8.28"), ("2026S1", "7.86"),
     ("2026S2", "8.25")],
)  # fmt: skip
def test_floor_of_a_contract_rate_is_three_times_the_legal_one(period, floor):
    """That of 2024S2 is above the default rate, 14.25: the law's own rate is no floor."""
    year, first = int(period[:4]), period.endswith("1")
    due, until = (f"{year}-01-31", f"{year}-02-28") if first else (f"{year}-07-31", f"{year}-08-31")

    def below(rate: str) -> list[str]:
        found = late_interest(debt("1200", due, until, contract_rate_pct=Decimal(rate)))
        return [w.params["floor"] for w in found.warnings if w.code == "interest.below_floor"]

    assert below(floor) == []
    assert [Decimal(each) for each in below(str(Decimal(floor) - Decimal("0.01")))] == [
        Decimal(floor)
    ]


def test_contract_rate_runs_past_the_known_floors_with_a_warning():
    case = debt("1200", "2026-12-15", "2030-10-30", contract_rate_pct=Decimal(15))
    assert [str(w.params["period"]) for w in late_interest(case).warnings] == ["2027S1"]


def test_partial_payment_pays_interest_first_and_the_rest_goes_on():
    first = late_interest(debt("10000", "2026-07-31", "2026-09-30"))
    assert (first.segments[0].days, first.interest_minor) == (61, 20_723)
    _, principal = interest_first(400_000, interest_minor=first.interest_minor)
    left = 1_000_000 - principal
    assert left == 620_723
    rest = late_interest(Debt(left, day("2026-07-31"), day("2026-10-31"), since=day("2026-09-30")))
    assert (rest.segments[0].days, rest.interest_minor) == (31, 6537)


def test_public_rate_is_frozen_at_the_half_year_in_which_interest_began():
    found = late_interest(debt("50000", "2026-06-10", "2026-08-20", "public"))
    (segment,) = found.segments
    assert (segment.days, str(segment.rate_pct)) == (71, "10.15")
    assert (found.interest_minor, found.fixed_fee_minor) == (98_719, 4000)


def test_public_rate_follows_the_day_interest_begins_not_the_due_date():
    found = late_interest(debt("50000", "2026-06-30", "2026-08-20", "public"))
    assert str(found.segments[0].rate_pct) == "10.40"


def test_public_rate_stays_frozen_after_a_partial_payment():
    found = late_interest(
        debt("50000", "2026-06-10", "2026-08-20", "public", since=day("2026-07-31"))
    )
    assert [(s.days, str(s.rate_pct)) for s in found.segments] == [(20, "10.15")]


def test_public_purchaser_takes_no_contract_rate():
    with pytest.raises(RateError, match="R2192-31"):
        late_interest(debt("1", "2026-06-10", "2026-08-20", "public", contract_rate_pct=Decimal(5)))


def test_public_interest_begun_before_our_rules_is_unknown():
    with pytest.raises(UnknownRateError, match="2013S1"):
        late_interest(debt("1", "2013-05-10", "2013-08-20", "public"))


def test_consumer_owes_the_legal_rate_of_professionals_from_the_notice_and_no_fee():
    found = late_interest(
        debt("800", "2026-06-01", "2026-10-09", "consumer", notice=day("2026-09-09"))
    )
    (segment,) = found.segments
    assert (segment.days, str(segment.rate_pct)) == (30, "2.75")
    assert (found.interest_minor, found.fixed_fee_minor) == (181, 0)
    assert codes(found) == ["interest.unconfirmed_rate"]


def test_consumer_without_a_notice_date_is_told_what_was_assumed():
    found = late_interest(debt("800", "2026-09-09", "2026-10-09", "consumer"))
    assert found.interest_minor == 181
    assert "interest.consumer_notice" in codes(found)


def test_consumer_rate_changes_with_each_half_year():
    found = late_interest(
        debt("800", "2025-11-30", "2026-07-31", "consumer", notice=day("2025-11-30"))
    )
    assert [str(s.rate_pct) for s in found.segments] == ["2.76", "2.62", "2.75"]


def test_annual_legal_rates_hold_for_whole_years():
    found = late_interest(
        debt("800", "2012-11-30", "2013-12-31", "consumer", notice=day("2012-11-30"))
    )
    assert [(s.days, str(s.rate_pct)) for s in found.segments] == [(31, "0.71"), (365, "0.04")]
    assert "2012" in str(found.segments[0].source)


def test_consumer_contract_rate_is_warned_about():
    case = debt("800", "2026-09-09", "2026-10-09", "consumer", contract_rate_pct=Decimal(10))
    found = late_interest(case)
    assert found.fixed_fee_minor == 0
    assert codes(found) == ["interest.consumer_notice", "interest.consumer_contract"]


@pytest.mark.parametrize("regime", ["b2b", "public"])
def test_unknown_half_year_of_the_central_bank_raises(regime):
    with pytest.raises(UnknownRateError) as caught:
        late_interest(debt("100", "2026-12-31", "2027-02-01", regime))
    assert caught.value.period == "2027S1"


def test_unknown_half_year_is_named_even_when_interest_began_before_it():
    for regime in ("b2b", "consumer"):
        with pytest.raises(UnknownRateError, match="2027S1"):
            late_interest(debt("100", "2026-11-30", "2027-02-01", regime))


def test_days_before_the_tables_are_unknown():
    with pytest.raises(UnknownRateError, match="2008S1"):
        late_interest(debt("100", "2008-01-15", "2010-01-01"))
    with pytest.raises(UnknownRateError, match="1989S2"):
        legal_rate(day("1989-12-31"))


def test_before_2013_each_day_bears_the_latest_central_bank_rate():
    found = late_interest(debt("1000", "2012-06-30", "2013-02-01"))
    shown = [(s.starts_on.isoformat(), str(s.rate_pct)) for s in found.segments]
    assert shown == [
        ("2012-07-01", "11.00"),
        ("2012-07-11", "10.75"),
        ("2013-01-01", "10.75"),
    ]
    assert found.fixed_fee_minor == 0  # the delay began before the fee existed


def test_rates_from_memory_are_said_to_be_unconfirmed():
    found = late_interest(debt("1000", "2010-06-30", "2010-07-31"))
    assert codes(found) == ["interest.unconfirmed_rate"]


@pytest.mark.parametrize("until", ["2026-09-29", "2026-09-30"])
def test_nothing_is_owed_until_the_day_after_the_due_date(until):
    found = late_interest(debt("1200", "2026-09-30", until))
    assert (found.interest_minor, found.fixed_fee_minor, found.segments) == (0, 0, ())


@pytest.mark.parametrize("rate", ["-1", "NaN", "Infinity", "1001", "0.0000001"])
def test_a_contract_rate_that_cannot_be_is_refused(rate):
    with pytest.raises(RateError, match="not a yearly rate"):
        late_interest(debt("1", "2026-06-10", "2026-08-20", contract_rate_pct=Decimal(rate)))


# Default rate per half-year as published: ECB rate of its first day + 10.
PUBLISHED = {
    "2013S1": "10.75", "2013S2": "10.50", "2014S1": "10.25", "2014S2": "10.15",
    **{f"{y}S{h}": "10.05" for y, h in ((2015, 1), (2015, 2), (2016, 1))},
    **{f"{y}S{h}": "10.00" for y in range(2016, 2023) for h in (1, 2) if (y, h) > (2016, 1)},
    "2023S1": "12.50", "2023S2": "14.00", "2024S1": "14.50", "2024S2": "14.25",
    "2025S1": "13.15", "2025S2": "12.15", "2026S1": "12.15", "2026S2": "12.40",
}  # fmt: skip


@pytest.mark.parametrize("period", PUBLISHED)
def test_default_rate_of_each_half_year(period):
    first = date(int(period[:4]), 1 if period.endswith("1") else 7, 1)
    last = date(first.year, 6, 30) if first.month == 1 else date(first.year, 12, 31)
    due = date(first.year - 1, 12, 31) if first.month == 1 else date(first.year, 6, 30)
    (segment,) = late_interest(Debt(100_000, due, last)).segments
    assert (segment.starts_on, segment.ends_on) == (first, last)
    assert str(segment.rate_pct) == PUBLISHED[period]
    assert half_year(segment.starts_on) == period


def test_rate_tables_are_in_order_and_without_gaps():
    starts = [fact.starts_on for fact in MAIN_REFINANCING]
    assert starts == sorted(set(starts))
    for before, after in pairwise(STATUTORY):
        assert (after.starts_on - before.ends_on).days == 1
    assert all(fact.source for fact in [*MAIN_REFINANCING, *STATUTORY])


def test_rate_of_a_day_after_the_last_check_is_unknown():
    assert str(refinancing_rate(day("2026-11-03")).rate_pct) == "2.65"
    with pytest.raises(UnknownRateError):
        refinancing_rate(day("2026-11-04"))


DAYS = st.dates(date(2013, 6, 30), date(2026, 12, 31))


@given(st.integers(1, 10**10), DAYS, DAYS, st.sampled_from(["b2b", "public", "consumer"]))
def test_segments_cover_every_late_day_once_and_add_up(amount, one, other, regime):
    due, until = sorted((one, other))
    found = late_interest(Debt(amount, due, until, regime=regime))
    assert sum(s.days for s in found.segments) == (until - due).days
    for before, after in pairwise(found.segments):
        assert (after.starts_on - before.ends_on).days == 1
    assert sum(s.amount_minor for s in found.segments) == found.interest_minor
    assert found.fixed_fee_minor == (4000 if until > due and regime != "consumer" else 0)
