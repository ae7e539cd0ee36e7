"""The last word before a message leaves: each stop in full, and whether it may leave later."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from amiable.core.facts import Cap, Hold, Promise
from amiable.core.guards import Verdict, check
from amiable.core.scenario import Scenario, Step, Window
from amiable.core.shipped import SME_STANDARD
from tests.core.builders import DUE, facts, item, told

EMAIL = Step("one", 1, "email", "friendly", "t")


def day(offset: int) -> date:
    return DUE + timedelta(days=offset)


def noon(offset: int = 1, hour: int = 12, minute: int = 0) -> datetime:
    return datetime.combine(day(offset), time(hour, minute), tzinfo=UTC)


def asked(case, step: Step = EMAIL, *, ids=frozenset({1}), now=None, policies=None, **fields):
    """The verdict on a step of a scenario of its own, on the day after the due date at noon."""
    scenario = Scenario("test", 1, "Test", (step,), **(policies or {}))
    return check(case, scenario, step=step, item_ids=ids, now=now or noon(), **fields)


def said(verdict: Verdict) -> str:
    """The whole sentence, as a person reads it in English."""
    assert verdict.stop is not None
    assert verdict.item_ids == ()
    return told(verdict.stop.sentence)


def test_what_passes_names_the_items_that_may_be_asked_for():
    verdict = asked(facts(item(1), item(2), item(3)), ids={1, 3})
    assert (verdict.item_ids, verdict.stop, verdict.postpone) == ((1, 3), None, False)


# -- items ---------------------------------------------------------------------------------------


def test_an_item_paid_in_the_meantime_drops_out_and_the_others_leave():
    verdict = asked(facts(item(1, open_minor=0), item(2)), ids={1, 2})
    assert verdict.item_ids == (2,)


def test_a_hold_put_on_an_item_today_keeps_it_out_and_one_that_ended_does_not():
    def held(until: int) -> Hold:
        return Hold("credit note expected", day(0), day(until), item_id=1)

    assert said(asked(facts(item(), holds=(held(1),)))) == (
        "FA1 is on hold until 2026-09-02: credit note expected"
    )
    assert asked(facts(item(), holds=(held(0),))).item_ids == (1,)


def test_a_promise_made_in_the_meantime_keeps_the_message_back():
    promise = Promise(120_000, day(9), 3, made_on=day(1))
    verdict = asked(facts(item(), promises=(promise,)))
    assert said(verdict) == (
        "FA1: 1200.00 EUR is promised for 2026-09-10; nothing is sent before 2026-09-14."
    )
    assert not verdict.postpone  # another action is planned when the promise has run out


def test_a_promise_that_was_broken_keeps_nothing_back():
    promise = Promise(120_000, day(-9), 3, made_on=day(-20))
    assert asked(facts(item(), promises=(promise,))).item_ids == (1,)


def test_items_the_accounts_no_longer_hold_are_settled():
    verdict = asked(facts(item(2)), ids={1})
    assert said(verdict) == "Everything this action asked for is settled."
    assert not verdict.postpone


def test_when_no_item_is_left_the_reason_of_an_item_is_given():
    assert said(asked(facts(item(1, open_minor=0)))) == "FA1 is paid."
    paid, contested = item(1, open_minor=0), item(2, disputed_minor=120_000)
    assert said(asked(facts(paid, contested), ids={1, 2})) == "FA2 is disputed for 1200.00 EUR."
    # The reason of an item which is not of this action does not count.
    assert said(asked(facts(paid, contested), ids={1})) == "FA1 is paid."


def test_a_reminder_has_nothing_to_ask_for_what_is_no_longer_overdue():
    postponed = item(due=day(1))  # a later due date was agreed
    verdict = asked(facts(postponed))
    assert said(verdict) == "Nothing of this action is due any more."
    assert not verdict.postpone
    preventive = replace(EMAIL, offset_days=-5, stage="preventive")
    assert asked(facts(postponed), preventive).item_ids == (1,)


# -- the case ------------------------------------------------------------------------------------


def test_what_stops_the_case_is_said_before_what_stops_an_item():
    case = facts(item(open_minor=0), insolvent_since=day(0))
    assert said(asked(case)).startswith("Insolvency proceedings opened on 2026-09-01")


def test_bank_data_of_too_long_ago_cancels_the_message():
    case = facts(item(), bank_data_max_age_days=3, bank_data_until=day(-3))
    assert said(asked(case)).startswith("The last bank statement is of 2026-08-29")
    assert asked(replace(case, bank_data_until=day(-2))).item_ids == (1,)


def test_an_unread_answer_stops_the_message_for_as_many_days_as_decided():
    case = facts(item(), answered_on=noon(1).date(), answer_hold_days=2)
    assert said(asked(case)).startswith("The customer answered on 2026-09-02 and nobody has read")
    assert asked(case, now=noon(2)).stop.look_on == noon(3).date()
    assert asked(case, now=noon(3)).item_ids == (1,)


def test_a_hold_on_the_case_cancels_the_message_while_it_runs():
    hold = Hold("sales talks", day(0), day(1))
    assert said(asked(facts(item(), holds=(hold,)))) == "On hold until 2026-09-02: sales talks"
    assert asked(facts(item(), holds=(hold,)), now=noon(2)).item_ids == (1,)


# -- the amount ----------------------------------------------------------------------------------


def test_a_credit_come_in_the_meantime_cancels_the_message():
    verdict = asked(facts(item(), unallocated_minor=120_000))
    assert said(verdict) == (
        "A credit of 1200.00 EUR not yet allocated covers the 1200.00 EUR due."
    )
    assert not verdict.postpone
    assert asked(facts(item(), unallocated_minor=119_999)).item_ids == (1,)


def test_what_is_left_below_the_minimum_is_not_worth_its_message():
    minimum = {"min_amount_minor": 1_500}
    verdict = asked(facts(item(open_minor=1_499)), policies=minimum)
    assert said(verdict) == "The 14.99 EUR due is below the minimum of 15.00 EUR worth a message."
    assert asked(facts(item(open_minor=1_500)), policies=minimum).item_ids == (1,)


def test_the_minimum_weighs_what_is_overdue_beside_the_action():
    case = facts(item(1, open_minor=900), item(2, open_minor=900))
    assert asked(case, policies={"min_amount_minor": 1_500}).item_ids == (1,)
    not_yet = facts(item(1, open_minor=900), item(2, open_minor=900, due=day(1)))
    assert asked(not_yet, policies={"min_amount_minor": 1_500}).stop is not None


def test_an_item_announced_along_adds_nothing_to_what_the_credit_has_to_cover():
    case = facts(item(1), item(2, due=day(1)), unallocated_minor=120_000)
    assert said(asked(case, ids={1, 2})).startswith("A credit of 1200.00 EUR")


# -- the medium and the pace ---------------------------------------------------------------------


def test_the_medium_it_was_planned_for_counts_not_the_one_of_the_step():
    letters = facts(item(), media=frozenset({"letter"}))
    assert asked(letters, medium="letter").item_ids == (1,)
    assert said(asked(letters)) == "No valid email address is known: add one."


def test_a_contact_too_soon_after_the_last_waits_for_the_gap():
    case = facts(item(), last_contact_on=day(-1))
    verdict = asked(case, policies={"min_gap_days": 3})
    assert said(verdict) == (
        "The last contact was on 2026-08-31; the next is not before 2026-09-03."
    )
    assert verdict.postpone
    assert verdict.stop.look_on == day(2)
    assert asked(case, policies={"min_gap_days": 2}).item_ids == (1,)


def test_what_accompanies_a_message_needs_no_gap_after_it_but_keeps_the_caps():
    call = Step("call", 1, "phone", "friendly", accompanies="one")
    case = facts(item(), last_contact_on=day(1), contacts={"email": (day(1),)})
    assert asked(case, call, policies={"min_gap_days": 5}).item_ids == (1,)
    verdict = asked(replace(case, caps=(Cap(1, 7),)), call)
    assert said(verdict) == (
        "The limit of contacts is reached (contacts: 1, days: 7): the next is not before 2026-09-09."
    )
    assert verdict.postpone
    by_phone = replace(case, caps=(Cap(1, 7, "phone"),))
    assert asked(by_phone, call).item_ids == (1,)
    assert asked(by_phone, call, extra=["phone"]).stop is not None


def test_a_task_inside_the_house_is_no_contact():
    task = Step("ask", 1, "task", "friendly", task="ask_sales_owner", accompanies="one")
    case = facts(item(), last_contact_on=day(1), contacts={"email": (day(1),)}, caps=(Cap(1, 7),))
    assert asked(case, task).item_ids == (1,)
    alone = replace(task, accompanies="")
    assert asked(case, alone, policies={"min_gap_days": 5}).item_ids == (1,)
    fresh = facts(item(), caps=(Cap(1, 7),))
    assert asked(fresh, extra=["task"]).item_ids == (1,)
    assert asked(fresh, extra=["letter"]).stop is not None


# -- the moment ----------------------------------------------------------------------------------


def test_a_holiday_postpones_to_the_next_working_day():
    verdict = asked(facts(item()), now=datetime(2027, 5, 6, 10, tzinfo=UTC))  # Ascension Day
    assert said(verdict) == (
        "2027-05-06 is not a working day: messages leave on the next, 2027-05-07."
    )
    assert verdict.postpone


def test_the_holidays_are_those_of_the_customers_own_territory():
    """26 December 2028 is a Tuesday, and a holiday in Alsace-Moselle."""
    alsace, boxing_day = facts(item(), holidays_zone="6AE"), datetime(2028, 12, 26, 12, tzinfo=UTC)
    assert said(asked(alsace, now=boxing_day)).endswith("leave on the next, 2028-12-27.")
    assert asked(facts(item()), now=boxing_day).item_ids == (1,)
    # Christmas Day is one everywhere, and only there the day after it too.
    christmas = boxing_day - timedelta(days=1)
    assert said(asked(alsace, now=christmas)).endswith("leave on the next, 2028-12-27.")
    assert said(asked(facts(item()), now=christmas)).endswith("leave on the next, 2028-12-26.")


def test_a_step_for_other_days_of_the_week_waits_for_the_next_of_them():
    mondays = replace(EMAIL, window=Window(weekdays=("mon",)))
    verdict = asked(facts(item()), mondays)  # a Wednesday
    assert said(verdict) == "This step does not leave on this day of the week."
    assert (verdict.postpone, verdict.stop.look_on) == (True, day(6))


def test_the_next_such_weekday_is_looked_for_among_the_customers_working_days():
    tuesdays = replace(EMAIL, window=Window(weekdays=("tue",)))
    friday = datetime(2028, 12, 22, 12, tzinfo=UTC)
    alsace = facts(item(), holidays_zone="6AE")
    assert asked(alsace, tuesdays, now=friday).stop.look_on == date(2029, 1, 2)
    assert asked(facts(item()), tuesdays, now=friday).stop.look_on == date(2028, 12, 26)


@pytest.mark.parametrize("medium", ["sms", "phone"])
@pytest.mark.parametrize(
    ("hour", "minute", "quiet"),
    [(7, 59, True), (8, 0, False), (12, 0, False), (19, 59, False), (20, 0, True)],
)
def test_calls_and_texts_wait_for_decent_hours_and_may_leave_the_same_day(
    medium, hour, minute, quiet
):
    verdict = asked(facts(item()), replace(EMAIL, medium=medium), now=noon(1, hour, minute))
    assert (verdict.stop is not None) == quiet
    if quiet:
        assert said(verdict) == "Calls and texts wait for decent hours, 8 am to 8 pm."
        assert (verdict.postpone, verdict.stop.look_on) == (True, day(1))


def test_emails_and_letters_know_no_quiet_hours():
    for medium in ("email", "letter", "registered_letter"):
        assert asked(facts(item()), replace(EMAIL, medium=medium), now=noon(1, 22)).item_ids == (1,)


@pytest.mark.parametrize("medium", ["sms", "phone"])
def test_a_telephone_rings_on_no_sunday_of_the_customers_own(medium):
    """Monday morning here is still Sunday in Tahiti; Friday night here is Saturday in Noumea."""
    ring = replace(EMAIL, medium=medium)
    early = asked(facts(item()), ring, now=noon(6, 1), own=noon(5, 14))
    assert said(early) == "2026-09-06 is not a working day: messages leave on the next, 2026-09-07."
    assert (early.postpone, early.stop.look_on) == (True, day(6))
    late = asked(facts(item()), ring, now=noon(3, 23), own=noon(4, 9))
    assert (late.postpone, late.stop.look_on) == (True, day(6))
    assert asked(facts(item()), ring, now=noon(6, 22), own=noon(7, 9)).item_ids == (1,)


def test_an_email_leaves_on_the_day_of_the_business():
    assert asked(facts(item()), EMAIL, now=noon(6, 1), own=noon(5, 14)).item_ids == (1,)


def test_midnight_at_the_customers_is_an_hour_like_another():
    """23:00 here is midnight there: an hour of zero is not an hour unknown."""
    early = replace(EMAIL, window=Window(from_hour=0, until_hour=12))
    verdict = asked(facts(item()), early, now=noon(1, 23), own=noon(2, 0))
    assert verdict.item_ids == (1,)
    assert asked(facts(item()), early, now=noon(1, 23)).stop is not None


def test_outside_its_hours_a_step_says_which_they_are():
    office = replace(EMAIL, window=Window(from_hour=9, until_hour=18))
    verdict = asked(facts(item()), office, now=noon(1, 8, 59))
    assert said(verdict) == "This step leaves from 9:00 to 18:00, at the customer's time."
    assert (verdict.postpone, verdict.stop.look_on) == (True, day(1))


def test_the_customers_clock_counts_and_the_day_is_that_of_the_business():
    office = replace(EMAIL, window=Window(from_hour=9, until_hour=18))
    assert asked(facts(item()), office, now=noon(1, 6), own=noon(1, 10)).item_ids == (1,)
    assert asked(facts(item()), office, own=noon(1, 18)).stop is not None


def test_the_shipped_call_is_stopped_like_any_other():
    call = SME_STANDARD.by_code["call_1"]
    verdict = check(facts(item()), SME_STANDARD, step=call, item_ids={1}, now=noon(6, 20))
    assert verdict.stop.sentence.code == "stop.quiet_hours"
