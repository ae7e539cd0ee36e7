"""The order of calls, and when one that reached nobody is tried again."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.core.call_order import Callee, ordered, rank, self_cure
from amiable.core.call_retries import Policy, next_try
from amiable.core.scenario import Window
from amiable.core.workdays import is_workday

FRIDAY = date(2026, 11, 20)
PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 20, 11, 0, tzinfo=PARIS)


def callee(number: int = 1, amount: int = 100_000, late: int = 20, **facts) -> Callee:
    return Callee(number, amount, facts.pop("currency", "EUR"), late, **facts)


def codes(each: Callee) -> list[str]:
    return [reason.code for reason in rank(each, FRIDAY).reasons]


def test_the_larger_of_two_like_debts_is_called_first():
    assert [r.action_id for r in ordered([callee(1, 1000), callee(2, 2000)], now=NOW)] == [2, 1]


def test_who_usually_pays_in_these_very_days_is_called_after_who_does_not():
    soon = callee(1, late=20, delays=(22, 23, 24, 25, 26))
    late = callee(2, late=20, delays=(60, 62, 63, 64, 70))
    assert self_cure(soon, FRIDAY) > self_cure(late, FRIDAY)
    assert [r.action_id for r in ordered([soon, late], now=NOW)] == [2, 1]


def test_one_later_than_ever_before_is_not_expected_to_pay_by_itself():
    assert self_cure(callee(late=40, delays=(5, 6, 7)), FRIDAY) < self_cure(callee(late=40), FRIDAY)
    assert "call.later_than_usual" in codes(callee(late=40, delays=(5, 6, 7)))


def test_a_broken_promise_halves_the_chance_and_is_said():
    broken = callee(broken_promises=1)
    assert self_cure(broken, FRIDAY) * 2 == self_cure(callee(), FRIDAY)
    assert "call.broken" in codes(broken)


def test_a_message_that_leaves_anyway_and_calls_in_vain_lower_the_score():
    plain = rank(callee(), FRIDAY).per_minute
    assert rank(callee(next_step_on=FRIDAY + timedelta(2)), FRIDAY).per_minute < plain
    assert rank(callee(next_step_on=FRIDAY + timedelta(20)), FRIDAY).per_minute == plain
    assert rank(callee(attempts=1), FRIDAY).per_minute < plain


def test_agreed_calls_stand_at_their_hour():
    before, after = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
    calls = [callee(1, 9_000_000), callee(2, 100, agreed_at=before), callee(3, 1, agreed_at=after)]
    assert [each.action_id for each in ordered(calls, now=NOW)] == [2, 1, 3]


def test_a_huge_amount_weighs_no_more_than_the_largest():
    top = rank(callee(amount=5_000_000), FRIDAY).per_minute
    assert rank(callee(amount=900_000_000), FRIDAY).per_minute == top


def test_currencies_with_other_decimals_are_weighed_in_major_units():
    yen = rank(callee(amount=1000, currency="JPY"), FRIDAY).per_minute
    assert yen == rank(callee(amount=100_000), FRIDAY).per_minute


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"delays": (21, 21)}, "call.pays_late"),
        ({"delays": (-5, -5)}, "call.pays_early"),
        ({"delays": (0, 1, -1)}, "call.pays_on_time"),
        ({}, "call.no_habit"),
        ({"reached_at": (9, 10, 16)}, "call.mornings"),
        ({"reached_at": (15, 16)}, "call.afternoons"),
        ({"late": -3}, "call.not_due"),
        ({"last_contact_on": FRIDAY}, "call.contacted"),
        ({"last_contact_on": None}, "call.never_contacted"),
    ],
)
def test_the_reason_says_what_is_known(facts, code):
    assert code in codes(callee(**facts))


def test_one_call_is_no_habit_of_an_hour():
    said = codes(callee(reached_at=(9,))) + codes(callee(reached_at=(9, 15)))
    assert "call.mornings" not in said
    assert "call.afternoons" not in said


@given(
    st.integers(0, 10**11), st.integers(-60, 900), st.lists(st.integers(-60, 400), max_size=30),
    st.integers(0, 5), st.integers(0, 9),
)  # fmt: skip
def test_the_chance_stays_a_chance(amount, late, delays, broken, attempts):
    each = callee(
        1, amount, late, delays=delays, broken_promises=broken, attempts=attempts,
        next_step_on=FRIDAY,
    )  # fmt: skip
    found = rank(each, FRIDAY)
    assert 0 <= found.self_cure < 1
    assert found.per_minute >= 0


# -- tries ----------------------------------------------------------------------------------------


def at(hour: int, day: date = FRIDAY) -> datetime:
    return datetime.combine(day, time(hour), PARIS)


@pytest.mark.parametrize(
    ("policy", "now", "expected"),
    [
        (Policy(3, 1), at(9), at(15, FRIDAY + timedelta(3))),  # over the weekend
        (Policy(3, 1), at(16), at(10, FRIDAY + timedelta(3))),
        (Policy(3, 0), at(9), at(15)),
        (Policy(3, 0), at(16), at(10, FRIDAY + timedelta(3))),
        (Policy(3, 5), at(9), at(15, FRIDAY + timedelta(5))),
    ],
)
def test_the_next_try_is_at_the_other_half_of_another_day(policy, now, expected):
    assert next_try(policy, tried=1, now=now) == expected


def test_the_last_try_is_the_last():
    assert next_try(Policy(3, 1), tried=2, now=at(9)) is not None
    assert next_try(Policy(3, 1), tried=3, now=at(9)) is None


def test_a_try_keeps_to_the_window_of_the_step():
    afternoons = Window(weekdays=("tue",), from_hour=14, until_hour=18)
    assert next_try(Policy(), tried=1, now=at(16), window=afternoons) == at(
        14, FRIDAY + timedelta(4)
    )
    early = Window(from_hour=0, until_hour=9)
    assert next_try(Policy(), tried=1, now=at(9), window=early) == at(8, FRIDAY + timedelta(3))


@given(
    st.integers(0, 30), st.integers(0, 23), st.dates(date(2026, 1, 1), date(2030, 1, 1)),
    st.sampled_from(["", "6AE", "974"]),
)  # fmt: skip
def test_a_try_is_later_within_legal_hours_and_on_a_working_day(days, hour, day, zone):
    found = next_try(Policy(9, days), tried=1, now=at(hour, day), zone=zone)
    assert found is not None
    assert found > at(hour, day)
    assert is_workday(found.date(), zone)
    assert time(8) <= found.time() < time(20)
