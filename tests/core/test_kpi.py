"""Credit figures against published and worked vectors, and the properties that must hold."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from amiable.core import kpi
from amiable.core.kpi import DueBalance, Paid
from amiable.core.sentences import Sentence

WHERE = Sentence("kpi.perimeter.gross", {"currency": "EUR"})
JUNE_30 = date(2026, 6, 30)


def simple(balance: int, sales: int, days: int) -> Decimal | None:
    sold = {JUNE_30 - timedelta(days=days - 1): sales}
    return kpi.dso_simple(balance, sold, JUNE_30, perimeter=WHERE, days=days).shown


def count_back(balance: int, sales: dict[date, int], as_of: date = JUNE_30):
    return kpi.dso_count_back(balance, sales, as_of, perimeter=WHERE)


def test_simple_dso_of_the_published_vectors():
    assert simple(3_000_000, 6_000_000, 90) == Decimal("45.00")
    assert simple(15_000_000, 45_000_000, 92) == Decimal("30.67")


def test_dso_best_possible_and_delay_of_the_published_vector():
    sold = {JUNE_30: 1_500_000}
    dso = kpi.dso_simple(2_500_000, sold, JUNE_30, perimeter=WHERE, days=30)
    best = kpi.dso_simple(600_000, sold, JUNE_30, perimeter=WHERE, days=30, code="best_possible")
    delay = kpi.average_days_delinquent(dso, best)
    assert (dso.value, best.value, delay.value) == (50, 12, 38)
    assert delay.period_days == 30


def test_simple_dso_counts_exactly_its_period():
    sold = {JUNE_30 - timedelta(days=89): 100, JUNE_30 - timedelta(days=90): 999}
    assert kpi.dso_simple(100, sold, JUNE_30, perimeter=WHERE).value == 90


def test_count_back_walks_backwards_and_takes_the_last_month_in_proportion():
    found = count_back(2_000_000, {date(2026, 6, 10): 1_250_000, date(2026, 5, 3): 1_000_000})
    assert found.shown == Decimal("53.25")
    assert not found.at_least


def test_count_back_starts_with_the_elapsed_days_of_a_partial_month():
    sold = {date(2026, 6, 3): 1000, date(2026, 6, 20): 99_999, date(2026, 5, 3): 3100}
    found = count_back(1000 + 310, sold, date(2026, 6, 10))
    assert found.value == 10 + Fraction(310 * 31, 3100)


def test_count_back_passes_over_a_month_without_sales():
    assert count_back(1500, {date(2026, 6, 3): 1000, date(2026, 4, 3): 1000}).value == 30 + 31 + 15


def test_count_back_of_a_month_of_net_credit_goes_further_back():
    sold = {date(2026, 6, 3): 1000, date(2026, 5, 3): -500, date(2026, 4, 3): 3000}
    assert count_back(2000, sold).value == 30 + 31 + Fraction(1500 * 30, 3000)


def test_count_back_says_when_sales_do_not_reach_back_far_enough():
    found = count_back(5000, {date(2026, 6, 3): 1000, date(2026, 5, 3): 1000})
    assert (found.value, found.at_least) == (61, True)


def test_count_back_of_exactly_all_sales_is_not_a_lower_bound():
    found = count_back(2000, {date(2026, 6, 3): 1000, date(2026, 5, 3): 1000})
    assert (found.value, found.at_least) == (61, False)


def test_nothing_to_divide_by_is_not_applicable():
    assert simple(1000, 0, 90) is None
    assert simple(0, 0, 90) == 0
    assert count_back(1000, {}).value is None
    assert count_back(1000, {date(2026, 7, 1): 1000}).value is None
    assert count_back(0, {}).value == 0
    assert kpi.days_to_pay([], perimeter=WHERE, days=90).value is None
    assert kpi.overdue_age([], JUNE_30, perimeter=WHERE).value is None
    empty = kpi.aged_balance([], JUNE_30)
    assert kpi.overdue_ratio(empty, perimeter=WHERE).value is None
    unknown = count_back(1000, {})
    assert kpi.average_days_delinquent(unknown, unknown).value is None


def test_delay_refuses_to_mix_two_methods():
    with pytest.raises(ValueError, match="same method"):
        kpi.average_days_delinquent(
            count_back(0, {}), kpi.dso_simple(0, {}, JUNE_30, perimeter=WHERE)
        )


@pytest.mark.parametrize(
    ("days_late", "bucket"),
    [(-400, 0), (-1, 0), (0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4)],
)
def test_bucket_of_each_lateness(days_late, bucket):
    assert kpi.bucket_index(days_late) == bucket
    due = JUNE_30 - timedelta(days=days_late)
    aging = kpi.aged_balance([DueBalance(due, 2, 700)], JUNE_30)
    assert [b.amount_minor for b in aging.buckets] == [700 * (i == bucket) for i in range(5)]
    assert (aging.count, aging.overdue_count) == (2, 2 * (bucket > 0))


def test_collection_effectiveness_of_the_worked_vector():
    def cei(closing: int, not_due: int):
        return kpi.collection_effectiveness(
            100, 80, closing_minor=closing, closing_not_due_minor=not_due, perimeter=WHERE, days=30
        )

    assert cei(90, 60).value == 75
    assert cei(180, 180).value is None


def test_payment_delays_are_weighted_by_amount_and_published_signed_and_late_only():
    issued, due = date(2026, 1, 1), date(2026, 1, 31)
    paid = [
        Paid(300, issued, due, due + timedelta(days=10)),
        Paid(100, issued, due, due - timedelta(days=10)),
    ]
    assert kpi.days_to_pay(paid, perimeter=WHERE, days=90).value == 35
    assert kpi.days_late(paid, perimeter=WHERE, days=90).value == 5
    assert kpi.days_late(paid, perimeter=WHERE, days=90, late_only=True).shown == Decimal("7.50")


def test_overdue_age_and_ratio_weigh_by_what_is_left():
    balances = [
        DueBalance(JUNE_30 - timedelta(days=10), 1, 300),
        DueBalance(JUNE_30 - timedelta(days=50), 1, 100),
        DueBalance(JUNE_30, 1, 400),
    ]
    assert kpi.overdue_age(balances, JUNE_30, perimeter=WHERE).value == 20
    aging = kpi.aged_balance(balances, JUNE_30)
    assert kpi.overdue_ratio(aging, perimeter=WHERE).value == 50


def test_rounding_is_half_up_away_from_zero():
    assert kpi.rounded(Fraction(1, 8)) == Decimal("0.13")
    assert kpi.rounded(Fraction(-1, 8)) == Decimal("-0.13")
    assert str(kpi.rounded(Fraction(45))) == "45.00"


DAYS = st.dates(date(2024, 1, 1), date(2026, 12, 31))
BALANCES = st.lists(
    st.builds(DueBalance, DAYS, st.integers(1, 50), st.integers(-(10**6), 10**9)), max_size=30
)
SALES = st.dictionaries(DAYS, st.integers(0, 10**9), max_size=60)


@given(BALANCES, DAYS)
def test_buckets_sum_to_the_total_and_to_every_item(balances, as_of):
    aging = kpi.aged_balance(balances, as_of)
    assert sum(b.amount_minor for b in aging.buckets) == sum(b.amount_minor for b in balances)
    assert aging.not_due_minor + aging.overdue_minor == aging.total_minor
    assert aging.count == sum(b.count for b in balances)


@given(st.integers(0, 10**10), st.integers(0, 10**10), SALES, DAYS)
def test_more_balance_never_means_fewer_days(one, other, sales, as_of):
    low, high = (count_back(b, sales, as_of) for b in sorted((one, other)))
    assume(low.value is not None)
    assume(high.value is not None)
    assert low.value <= high.value


@given(SALES, DAYS, st.integers(1, 10**9))
def test_owing_exactly_this_months_sales_counts_its_elapsed_days(sales, as_of, today):
    before = {day: amount for day, amount in sales.items() if day < as_of.replace(day=1)}
    assert count_back(today, {**before, as_of: today}, as_of).value == as_of.day


@given(st.lists(st.builds(Paid, st.integers(1, 10**9), DAYS, DAYS, DAYS), min_size=1, max_size=20))
def test_late_only_never_falls_below_the_signed_delay(paid):
    signed = kpi.days_late(paid, perimeter=WHERE, days=90).value
    floored = kpi.days_late(paid, perimeter=WHERE, days=90, late_only=True).value
    assert floored >= max(0, signed)
