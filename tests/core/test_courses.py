"""Every anchor, counted from its day; events that begin courses of their own; who goes first."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from amiable.core.facts import Promise, Receipt
from amiable.core.planner import plan
from amiable.core.scenario import Scenario, Step, joined
from amiable.core.shipped import AFTER_BROKEN, RISKY, SHIPPED, SME_STANDARD
from tests.core.builders import DUE, facts, item, told
from tests.core.simulation import World


def day(offset: int) -> date:
    return DUE + timedelta(days=offset)


def scenario(*steps: Step, **policies) -> Scenario:
    return Scenario("test", 1, "Test", steps, **policies)


def step(code: str, offset: int, **fields) -> Step:
    fields = {"medium": "email", "stage": "friendly", "template": "t", **fields}
    return Step(code, offset, **fields)


def taken(world: World, first: int, last: int) -> list[tuple[int, str]]:
    return [((on - DUE).days, a.step.code) for on, a in world.between(day(first), day(last))]


def test_a_step_counts_from_the_issue_date():
    world = World({1: item(issue_date=day(-30))}, scenario=scenario(
        step("hello", 2, anchor="issue_date", stage="preventive"), step("after", 3)))  # fmt: skip
    assert taken(world, -31, 10) == [(-28, "hello"), (3, "after")]


def test_working_days_skip_weekends_and_holidays():
    # DUE is a Tuesday: 3 working days later is Friday, 4 are Monday.
    course = scenario(step("three", 3, days="working"), step("four", 4, days="working"))
    assert taken(World({1: item()}, scenario=course), 0, 12) == [(3, "three"), (6, "four")]


def test_a_step_counts_from_the_one_before_it_and_waits_for_it():
    course = scenario(step("first", 1), step("second", 5, anchor="previous_step"))
    assert taken(World({1: item()}, scenario=course), 0, 30) == [(1, "first"), (6, "second")]
    late = World({1: item()}, scenario=course)  # an outage of a month
    assert taken(late, 30, 60) == [(30, "first"), (35, "second")]


def test_the_day_a_message_arrived_counts_not_the_day_it_left():
    course = scenario(step("first", 1), step("second", 5, anchor="previous_step"))
    arrived = item(steps_done={"first": day(1)}, delivered={"first": day(9)})
    assert plan(facts(arrived), course, day(13)).actions == ()
    assert plan(facts(arrived), course, day(14)).actions[0].step.code == "second"


def test_what_counts_from_the_receipt_of_the_formal_notice_waits_for_it_and_says_so():
    course = scenario(
        step("firm", 5, stage="firm"),
        step("formal", 10, stage="formal", medium="registered_letter", approval="manual"),
        step("review", 15, stage="litigation", medium="task", template="", task="review",
             anchor="formal_notice_received"),
        deadline_days=8,
    )  # fmt: skip
    done = {"firm": day(6), "formal": day(10)}
    waiting = plan(facts(item(steps_done=done)), course, day(60))
    assert waiting.actions == ()
    assert waiting.skips[0].sentence.code == "plan.awaits_receipt"
    received = item(steps_done=done, events={"formal_notice_received": day(14)})
    early = plan(facts(received), course, day(27))
    assert (early.actions, early.next_look_on) == ((), day(29))
    assert plan(facts(received), course, day(29)).actions[0].step.code == "review"


EVENTS = ["payment_returned", "dispute_closed"]


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_begins_a_course_of_its_own_then_the_dates_go_on(event):
    course = scenario(
        step("d1", 1), step("d20", 20), step("d40", 40),
        step("call", 0, anchor=event, days="working", medium="phone", template=""),
        step("mail", 2, anchor=event, days="working"),
    )  # fmt: skip
    world = World({1: item()}, scenario=course)
    before = taken(world, 0, 8)
    world.items[1] = item(events={event: day(9)})  # a Thursday
    assert before == [(1, "d1")]
    assert taken(world, 9, 50) == [(9, "call"), (13, "mail"), (20, "d20"), (41, "d40")]


def test_the_same_event_again_brings_its_steps_again():
    course = scenario(step("d1", 1), step("call", 0, anchor="payment_returned", medium="phone",
                                          template=""))  # fmt: skip
    world = World({1: item(events={"payment_returned": day(9)})}, scenario=course)
    world.steps[1] = {"d1": day(1)}
    assert taken(world, 9, 12) == [(9, "call")]
    world.items[1] = item(events={"payment_returned": day(20)})
    assert taken(world, 13, 30) == [(20, "call")]
    assert world.counts == {"call": 2}


def test_an_event_long_past_begins_nothing():
    course = scenario(step("d1", 1), step("call", 0, anchor="dispute_closed", medium="phone",
                                          template=""), event_days=10)  # fmt: skip
    old = item(events={"dispute_closed": day(1)}, steps_done={"d1": day(1)})
    assert plan(facts(old), course, day(14)).actions == ()
    assert plan(facts(old), course, day(10)).actions[0].step.code == "call"


def test_a_returned_payment_is_explained_with_its_reason():
    returned = item(events={"payment_returned": day(3)}, return_reason="AM04",
                    steps_done={"call_1": day(3)})  # fmt: skip
    (action,) = plan(facts(returned), RISKY, day(3)).actions
    assert action.step.code == "returned_call"
    assert action.reasons[0].params["reason"] == "AM04"


def broken(amount: int = 120_000, *, paid: int = 0, made: int = 5, due: int = 10):
    promise = Promise(amount, day(due), 3, made_on=day(made))
    receipts = (Receipt(day(due), paid),) if paid else ()
    return {"promises": (promise,), "receipts": receipts}


def test_a_broken_promise_resumes_one_step_higher_at_once():
    reminded = item(steps_done={"reminder_1": day(1), "call_1": day(3)}, issue_date=day(-30))
    case = facts(reminded, **broken(due=5, made=4))
    assert plan(case, SME_STANDARD, day(8)).actions == ()  # grace
    (action,) = plan(case, SME_STANDARD, day(9)).actions
    assert action.step.code == "firm_letter"  # D+8 has come: the level of its age
    early = facts(replace(reminded, steps_done={"firm_letter": day(3)}), **broken(due=5, made=4))
    (action,) = plan(early, SME_STANDARD, day(9)).actions
    assert action.step.code == "sms"  # its own day would be D+15
    assert action.reasons[0].code == "plan.one_step_higher"


def test_a_promise_broken_before_any_message_brings_the_first_that_asks_for_what_is_overdue():
    """Not the preventive message that a promise kept from leaving in time."""
    course = scenario(step("soon", -5, stage="preventive"), step("late", 20))
    promise = Promise(120_000, day(2), 0, made_on=day(-3))
    (action,) = plan(facts(item(), promises=(promise,)), course, day(3)).actions
    assert action.step.code == "late"
    assert told(action.reasons[0]) == (
        "FA1: what was promised did not come by 2026-09-03: the next step comes at once."
    )
    only = scenario(step("soon", -5, stage="preventive"))
    nothing = plan(facts(item(), promises=(promise,)), only, day(3))
    assert (nothing.actions, nothing.next_look_on) == ((), None)


def test_a_broken_promise_does_not_bring_a_formal_notice_before_anything_firm():
    gentle = scenario(
        step("one", 1), step("formal", 30, stage="formal", medium="registered_letter",
                             approval="manual"))  # fmt: skip
    case = facts(item(steps_done={"one": day(1)}), **broken())
    assert plan(case, gentle, day(14)).actions == ()


def test_the_scenario_after_a_broken_promise_takes_over_for_what_was_promised():
    both = joined(SME_STANDARD, AFTER_BROKEN)
    promised = item(1, steps_done={"reminder_1": day(1)}, issue_date=day(-30))
    later = item(2, due=day(12), issue_date=day(6))  # issued after the promise
    decided = plan(facts(promised, later, **broken()), both, day(14))
    assert [(a.step.code, [i.id for i in a.items]) for a in decided.actions] == [
        ("after-broken.broken_email", [1, 2]),
    ]
    assert [i.step for i in decided.actions[0].items] == [
        "after-broken.broken_email", "reminder_1",
    ]  # fmt: skip
    assert decided.actions[0].items[0].event_on == day(14)


def test_a_partly_kept_promise_is_broken_too_and_a_kept_one_is_not():
    case = item(steps_done={"reminder_1": day(1)}, open_minor=60_000, issue_date=day(-30))
    half = facts(case, **broken(paid=60_000))
    assert plan(half, joined(SME_STANDARD, AFTER_BROKEN), day(14)).actions[0].step.code == (
        "after-broken.broken_email"
    )
    nearly = facts(replace(case, open_minor=6_000), **broken(paid=114_000))
    codes = [a.step.code for a in plan(nearly, SME_STANDARD, day(14)).actions]
    assert codes == ["firm_letter"]  # 95 % came: kept; the rest follows its dates


def test_a_missed_instalment_has_steps_of_its_own_and_the_plan_goes_on():
    both = joined(SME_STANDARD, AFTER_BROKEN)
    parts = tuple(Promise(40_000, day(n), 0, made_on=day(0), plan_id=1, id=n) for n in (7, 37, 67))
    case = facts(item(issue_date=day(-30)), promises=parts)
    assert plan(case, both, day(7)).actions == ()
    (action,) = plan(case, both, day(8)).actions
    assert action.step.code == "after-broken.missed_email"
    assert action.items[0].open_minor == 40_000  # the other two instalments are covered


def test_the_control_group_is_reminded_later_and_formally_noticed_on_its_day():
    world = World({1: item()}, fields={"delay_days": 5})
    got = {code: on for on, code in taken(world, -40, 70)}
    assert got["preventive"] == -15
    assert got["reminder_1"] == 6
    assert got["last_email"] == 35
    assert got["formal_notice"] == 45


def test_a_leap_day_and_a_month_end_are_days_like_others():
    due = date(2028, 2, 28)
    course = scenario(step("one", 1), step("two", 2), step("three", 33))
    world = World({1: item(due=due)}, scenario=course)
    on = [d for d, _ in world.between(due, due + timedelta(days=40))]
    assert on == [date(2028, 2, 29), date(2028, 3, 1), date(2028, 4, 1) + timedelta(days=2)]


def switched(stage: str, on: int = 8, **fields):
    return item(steps_done={"elsewhere": day(on)}, stages_done={"elsewhere": stage}, **fields)


def test_after_a_switch_no_gentler_message_follows_a_firm_one():
    firm = switched("firm")
    for offset in range(9, 15):
        assert plan(facts(firm), SME_STANDARD, day(offset)).actions == ()
    decided = plan(facts(firm), SME_STANDARD, day(9))
    assert decided.skips[0].sentence.code == "plan.step_done"
    assert decided.next_look_on == day(15)
    assert plan(facts(firm), SME_STANDARD, day(15)).actions[0].step.code == "sms"


def test_after_a_switch_the_firm_step_of_the_other_scenario_opens_the_formal_one():
    (action,) = plan(facts(switched("firm", 30)), SME_STANDARD, day(45)).actions
    assert action.step.code == "formal_notice"
    held_back = plan(facts(switched("friendly", 30)), SME_STANDARD, day(45)).actions
    assert held_back[0].step.stage == "firm"


def test_after_a_switch_a_formal_notice_is_not_sent_again():
    noticed = switched("formal", 40)
    assert plan(facts(noticed), SME_STANDARD, day(49)).actions == ()
    (action,) = plan(facts(noticed), SME_STANDARD, day(62)).actions
    assert action.step.code == "handover"


def test_a_preventive_step_that_waits_is_looked_at_once_the_due_date_has_passed():
    course = scenario(step("before", -5, stage="preventive", approval="batch"))
    decided = plan(facts(item()), course, day(-5))
    assert decided.actions[0].step.code == "before"
    assert decided.next_look_on == day(1)
    assert plan(facts(item()), course, day(1)).actions == ()


def test_a_task_inside_the_house_is_no_firm_message_before_a_formal_notice():
    # Old stock on day 20 of the risky scenario: the task of that day does not leap over the letter.
    codes = [code for _, code in taken(World({1: item()}, scenario=RISKY), 21, 60)]
    assert codes[:3] == ["firm_letter", "hold_deliveries", "formal_notice"]


def test_without_any_firm_message_that_reached_the_customer_no_formal_notice_and_says_so():
    done = {"firm_letter": day(15), "hold_deliveries": day(20)}
    failed = {"firm_letter": "", "hold_deliveries": ""}
    decided = plan(facts(item(steps_done=done, stages_done=failed)), RISKY, day(27))
    assert decided.actions == ()
    assert [s.sentence.code for s in decided.skips] == ["plan.formal_not_first"]
    arrived = item(steps_done=done, stages_done={**failed, "firm_letter": "firm"})
    assert plan(facts(arrived), RISKY, day(27)).actions[0].step.code == "formal_notice"


def test_old_stock_that_only_a_task_was_done_for_goes_on():
    # The catch-up step lies behind: it does not hold the course back for ever.
    done = item(steps_done={"ask_sales": day(33)}, stages_done={"ask_sales": ""})
    assert plan(facts(done), SHIPPED["public-bodies"], day(43)).actions[0].step.code == "letter"


def test_after_the_last_step_of_an_event_the_dates_are_looked_at_again():
    course = scenario(step("d1", 1), step("d20", 20), step("mail", 0, anchor="dispute_closed"))
    closed = item(events={"dispute_closed": day(9)}, steps_done={"d1": day(1)})
    decided = plan(facts(closed), course, day(9))
    assert decided.actions[0].step.code == "mail"
    # It leaves, and nothing else happens: what the dates ask for is not forgotten.
    assert decided.next_look_on == day(10)
    left = item(events={"dispute_closed": day(9)}, steps_done={"d1": day(1), "mail": day(9)})
    assert plan(facts(left), course, day(10)).next_look_on == day(20)


def test_what_an_event_sent_stands_for_the_gentler_steps_that_fell_in_its_time():
    course = scenario(step("d1", 1), step("d8", 8), step("firm", 14, stage="firm"),
                      step("mail", 0, anchor="dispute_closed"))  # fmt: skip
    world = World({1: item(events={"dispute_closed": day(9)})}, scenario=course)
    world.steps[1] = {"d1": day(1)}
    assert taken(world, 9, 30) == [(9, "mail"), (14, "firm")]


def test_a_step_of_an_event_that_cannot_be_taken_gives_way_to_the_dates_in_the_end():
    course = scenario(step("d1", 1), step("call", 0, anchor="dispute_closed", medium="phone"),
                      event_days=5)  # fmt: skip
    case = facts(item(events={"dispute_closed": day(2)}), media=frozenset({"email"}))
    decided = plan(case, course, day(2))
    assert [s.sentence.code for s in decided.skips] == ["stop.no_phone"]
    assert decided.next_look_on == day(3)
    assert plan(case, course, day(7)).actions == ()
    assert plan(case, course, day(8)).actions[0].step.code == "d1"


def test_a_step_that_cannot_be_taken_does_not_hide_the_day_of_the_next():
    course = scenario(
        step("d1", 1), step("call", 3, medium="phone", stage="firm"),
        step("ask", 9, medium="task", stage="firm", task="ask_sales_owner"),
        step("letter", 13, stage="firm"),
    )  # fmt: skip
    case = facts(item(steps_done={"d1": day(1)}), media=frozenset({"email"}))
    blocked = plan(case, course, day(9))
    assert [s.sentence.code for s in blocked.skips] == ["stop.no_phone"]
    assert blocked.next_look_on == day(13)
    assert plan(case, course, day(13)).actions[0].step.code == "letter"
