"""Plans within a policy: instalments that sum to the debt, and refusals that say what is allowed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.core.plans import (
    Choice,
    Policy,
    counts,
    first_day,
    first_least,
    may_acknowledge,
    needs_person,
    plan_parts,
)
from amiable.core.schedules import EVERY, ScheduleError
from amiable.core.workdays import is_workday

ON = date(2026, 11, 20)  # a Friday
NEXT = ON + timedelta(days=7)

policies = st.builds(
    Policy,
    mode=st.just("automatic"),
    every=st.sampled_from(EVERY),
    most_parts=st.integers(2, 24),
    most_months=st.integers(1, 24),
    least_part_minor=st.integers(0, 5_000),
    first_pct=st.integers(0, 90),
    first_minor=st.integers(0, 20_000),
    first_days=st.integers(0, 60),
)


@given(
    st.integers(1, 10**9),
    policies,
    st.dates(date(2026, 1, 1), date(2031, 12, 31)),
    st.sampled_from(["", "6AE", "974"]),
    st.data(),
)
def test_instalments_sum_to_the_debt_and_keep_the_policy(debt, policy, on, zone, data):
    offered = counts(debt, policy, on=on)
    if not offered:
        return
    count = data.draw(st.sampled_from(offered))
    first_on = on + timedelta(days=data.draw(st.integers(0, policy.first_days)))
    least = first_least(debt, policy)
    most = debt - (count - 1) * max(1, policy.least_part_minor)
    first = data.draw(st.none() | st.integers(least, most))
    parts = plan_parts(debt, Choice(count, first_on, first), policy=policy, on=on, zone=zone)
    amounts, days = [part.amount_minor for part in parts], [part.due_on for part in parts]
    assert sum(amounts) == debt
    assert len(parts) == count
    assert amounts[0] >= least
    assert first is None or amounts[0] == first
    assert min(amounts) >= max(1, policy.least_part_minor)
    assert days == sorted(set(days))
    assert days[0] >= first_on
    assert all(is_workday(day, zone) for day in days)


def test_the_first_instalment_takes_what_the_policy_asks_for():
    policy = Policy(first_pct=30, first_minor=10_000)
    parts = plan_parts(100_001, Choice(3, NEXT), policy=policy, on=ON)
    assert [part.amount_minor for part in parts] == [33_334, 33_334, 33_333]
    parts = plan_parts(100_001, Choice(4, NEXT), policy=policy, on=ON)
    assert [part.amount_minor for part in parts] == [30_001, 23_334, 23_333, 23_333]


def test_a_debt_too_small_is_not_spread_and_a_long_plan_not_offered():
    assert counts(9_999, Policy(least_part_minor=5_000), on=ON) == ()
    assert counts(15_000, Policy(least_part_minor=5_000), on=ON) == (2, 3)
    assert counts(10**6, Policy(most_parts=10, most_months=3), on=ON) == (2, 3, 4)
    assert counts(10**6, Policy(most_parts=10, most_months=1, every="two_weeks"), on=ON) == (2, 3)


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        (Choice(5, NEXT), "plan.count"),
        (Choice(1, NEXT), "plan.count"),
        (Choice(3, ON - timedelta(days=1)), "plan.first_day"),
        (Choice(3, ON + timedelta(days=16)), "plan.first_day"),
        (Choice(3, NEXT, 9_999), "plan.first_small"),
        (Choice(3, NEXT, 80_001), "plan.first_large"),
    ],
)
def test_a_choice_outside_the_policy_is_refused_with_a_sentence(choice, code):
    with pytest.raises(ScheduleError) as refusal:
        plan_parts(100_000, choice, policy=Policy(first_pct=10, least_part_minor=10_000), on=ON)
    assert refusal.value.sentence.code == code


def test_the_day_that_is_proposed_is_always_accepted():
    sunday = date(2026, 11, 22)
    today_only = Policy(first_days=0)
    day = first_day(today_only, on=sunday)
    assert day == date(2026, 11, 23)
    assert plan_parts(1_000, Choice(2, day), policy=today_only, on=sunday)[0].due_on == day


def test_a_person_decides_beyond_the_policy():
    assert needs_person(500, Policy("automatic"), broken=0) is None
    assert needs_person(500, Policy("approval"), broken=0).code == "plan.by_person"
    assert needs_person(500, Policy("automatic"), broken=1).code == "plan.broken_before"
    assert needs_person(501, Policy("automatic", most_minor=500), broken=0).code == (
        "plan.above_policy"
    )


def test_no_acknowledgment_is_offered_of_what_a_court_may_no_longer_hear():
    due = date(2024, 11, 20)
    assert not may_acknowledge(due, "consumer", on=ON)
    assert may_acknowledge(due + timedelta(days=1), "consumer", on=ON)
    assert may_acknowledge(due, "company", on=ON)
    assert not may_acknowledge(date(2021, 11, 20), "company", on=ON)
    assert not may_acknowledge(date(2022, 11, 20), "public", on=ON)
