"""Instalments sum to the cent, on worked days, one after the other."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.core.schedules import EVERY, ScheduleError, schedule
from amiable.core.workdays import is_workday


def test_the_last_day_of_short_months_and_the_next_working_day():
    parts = schedule(100_000, 3, first_on=date(2026, 12, 31), every="month")
    assert [(p.due_on, p.amount_minor) for p in parts] == [
        (date(2026, 12, 31), 33_334),
        (date(2027, 2, 1), 33_333),  # 31 January is a Sunday
        (date(2027, 3, 1), 33_333),  # 28 February too
    ]


def test_holidays_of_the_place_count():
    parts = schedule(200, 2, first_on=date(2026, 12, 26), every="two_weeks", zone="6AE")
    assert [p.due_on for p in parts] == [date(2026, 12, 28), date(2027, 1, 11)]


@pytest.mark.parametrize(("total", "count"), [(1000, 1), (1000, 61), (2, 3), (0, 2)])
def test_a_schedule_without_sense_is_refused_with_a_sentence(total, count):
    with pytest.raises(ScheduleError) as refusal:
        schedule(total, count, first_on=date(2026, 12, 1), every="month")
    assert str(refusal.value)


@given(
    st.integers(60, 10**9),
    st.integers(2, 60),
    st.dates(date(2026, 1, 1), date(2030, 12, 31)),
    st.sampled_from(EVERY),
    st.sampled_from(["", "6AE", "974"]),
)
def test_instalments_sum_to_the_cent_on_increasing_working_days(total, count, first, every, zone):
    parts = schedule(total, count, first_on=first, every=every, zone=zone)
    amounts, days = [p.amount_minor for p in parts], [p.due_on for p in parts]
    assert sum(amounts) == total
    assert max(amounts) - min(amounts) <= 1
    assert all(is_workday(day, zone) for day in days)
    assert days == sorted(set(days))
    assert days[0] >= first
