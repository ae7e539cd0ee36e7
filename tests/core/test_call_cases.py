"""What a case says of a call: why not, how much it asks for, what leaves by itself after it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from amiable.core.call_cases import Call, Past, asked_of, callee_of, next_message_on, veto
from amiable.core.facts import Cap, CaseFacts, Hold, Promise
from amiable.core.scenario import Scenario, Step, Window
from tests.core.builders import DUE, facts, item

PARIS = ZoneInfo("Europe/Paris")
CALL = Step("call", 1, "phone", "friendly")
LAST = Step("last_call", 9, "phone", "firm", accompanies="mail")
SCENARIO = Scenario("test", 1, "Test", (
    CALL,
    Step("second", 5, "phone", "friendly"),
    Step("mail", 9, "email", "firm", "t"),
    LAST,
    Step("notice", 30, "registered_letter", "formal", "t", approval="manual"),
    Step("broken", 1, "phone", "firm", anchor="promise_broken"),
    Step("after", 3, "email", "firm", "t", anchor="promise_broken"),
))  # fmt: skip


def day(offset: int) -> date:
    return DUE + timedelta(days=offset)


def moment(offset: int, hour: int = 10) -> datetime:
    return datetime.combine(day(offset), time(hour), PARIS)


def call(step: Step = CALL, *ids: int, **fields) -> Call:
    return Call(5, step, frozenset(ids or {1}), **fields)


def why_not(case: CaseFacts, offset: int, hour: int = 10, **fields) -> str:
    at = moment(offset, hour)
    found = veto(case, call(**fields), scenario=SCENARIO, now=at, own=at)
    return found.code if found else ""


def test_nothing_speaks_against_a_call_that_is_due():
    assert why_not(facts(item()), 2) == ""


@pytest.mark.parametrize(
    ("case", "offset", "hour", "code"),
    [
        (facts(item()), 2, 7, "stop.quiet_hours"),
        (facts(item()), 2, 20, "stop.quiet_hours"),
        (facts(item()), 5, 10, "call.not_worked"),
        (facts(), 2, 10, "stop.settled"),
        (facts(item(disputed_minor=120_000)), 2, 10, "stop.disputed"),
        (facts(item(), media=frozenset()), 2, 10, "stop.no_phone"),
        (facts(item(), holds=(Hold("x", day(0)),)), 2, 10, "stop.held_open"),
        (facts(item(), unallocated_minor=120_000), 2, 10, "stop.credit_covers"),
        (facts(item(), last_contact_on=day(2)), 2, 10, "stop.gap"),
    ],
)
def test_each_reason_is_said(case, offset, hour, code):
    assert why_not(case, offset, hour) == code


def test_who_expects_a_call_is_called_whatever_was_last_sent_and_in_spite_of_its_pause():
    case = facts(
        item(), holds=(Hold("until the call", day(0), day(2)),), last_contact_on=day(2),
        caps=(Cap(1, 7, "phone"),), contacts={"phone": (day(1),)},
    )  # fmt: skip
    assert why_not(case, 2) == "stop.held"
    assert why_not(case, 2, agreed_at=moment(2)) == ""
    assert why_not(case, 2, 21, agreed_at=moment(2)) == "stop.quiet_hours"


def test_a_pause_that_is_longer_or_of_an_item_counts_for_agreed_calls_too():
    longer = facts(item(), holds=(Hold("longer", day(0), day(9)),))
    assert why_not(longer, 2, agreed_at=moment(2)) == "stop.held"
    of_item = facts(item(), holds=(Hold("item", day(0), day(2), 1),))
    assert why_not(of_item, 2, agreed_at=moment(2)) == "stop.item_held"


def test_an_agreed_hour_may_lie_outside_the_window_of_the_step():
    step = Step("call", 1, "phone", "friendly", window=Window(from_hour=14))
    at = moment(2)
    case = facts(item())
    narrow = Call(5, step, frozenset({1}))
    assert veto(case, narrow, scenario=SCENARIO, now=at, own=at).code == "stop.window"
    agreed = Call(5, step, frozenset({1}), agreed_at=at)
    assert veto(case, agreed, scenario=SCENARIO, now=at, own=at) is None


def test_a_call_asks_for_what_its_step_does():
    case = facts(item(1), item(2, due=day(20)))
    assert asked_of(case, CALL, item_ids={1, 2}, on=day(2)) == {1: 120_000}
    assert asked_of(case, CALL, item_ids={2}, on=day(2)) == {2: 120_000}
    promised = facts(item(1), promises=(Promise(120_000, day(9), made_on=day(1)),))
    assert asked_of(promised, CALL, item_ids={1}, on=day(2)) == {}


def test_what_is_weighed_is_the_amount_less_credit_and_the_age_of_the_oldest():
    case = facts(item(1), item(2, due=day(-10)), item(3, due=day(20)), unallocated_minor=20_000)
    found = callee_of(
        case, call(CALL, 1, 2, 3), scenario=SCENARIO, past=Past((3,), (9,), 2), on=day(2)
    )
    assert (found.amount_minor, found.days_late) == (220_000, 12)
    assert (found.delays, found.reached_at, found.attempts) == ((3,), (9,), 2)
    nothing = callee_of(facts(), call(), scenario=SCENARIO, past=Past(), on=day(2))
    assert (nothing.amount_minor, nothing.days_late) == (0, 0)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (CALL, day(9)),  # a call between is no message
        (LAST, None),  # the notice waits for a person
        (SCENARIO.by_code["broken"], None),  # its day counts from the broken promise
        (Step("gone", 1, "phone", "friendly"), None),
    ],
)
def test_the_next_message_that_leaves_by_itself(step, expected):
    assert (
        next_message_on(facts(item()), call(step), scenario=SCENARIO, oldest=DUE, on=day(2))
        == expected
    )


def test_a_message_that_is_late_leaves_on_the_next_working_day():
    found = next_message_on(facts(item()), call(), scenario=SCENARIO, oldest=day(-60), on=day(3))
    assert found == day(6)  # over the weekend
