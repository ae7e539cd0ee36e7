"""Old stock, outages and switches: only the step that fits the day, never several at once, and
never a formal notice as a first contact."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest

from amiable.apps.dunning.enrollment.enrollments import enrollment_choose, enrollments_move
from amiable.core.scenario import Scenario, Step
from amiable.core.shipped import RISKY, SME_STANDARD
from tests.stories.portfolio.office import CLAIRE, Office

pytestmark = pytest.mark.django_db

DUE = date(2026, 3, 2)  # a Monday
WHO = {"actor": CLAIRE}


def day(offset: int) -> date:
    return DUE + timedelta(days=offset)


def ladder(catch_up: str, **policies) -> Scenario:
    return Scenario("ladder", 1, "Ladder", (
        Step("before", -5, "email", "preventive", "reminder_preventive"),
        Step("first", 1, "email", "friendly", "reminder_1"),
        Step("second", 8, "email", "friendly", "reminder_2"),
        Step("firm", 15, "letter", "firm", "reminder_firm"),
        Step("last", 30, "email", "firm", "reminder_last"),
        Step("notice", 45, "registered_letter", "formal", "formal_notice", "manual"),
        Step("handover", 60, "task", "litigation", task="hand_over"),
    ), catch_up=catch_up, **policies)  # fmt: skip


def steps_of(told) -> list[str]:
    return [step for _, step, _ in told]


def days_of(told) -> list[tuple[int, str]]:
    return [((on - DUE).days, step) for on, step, _ in told]


# -- old stock -----------------------------------------------------------------------------------


def test_an_old_invoice_enters_at_the_catch_up_step_and_then_climbs_at_the_usual_pace():
    office = Office(ladder("catch_up_step", catch_up_step="second"))
    office.invoice(office.customer(), due=DUE, on=day(200))
    told = days_of(office.live(day(200), day(300)))
    assert [step for _, step in told] == ["second", "firm", "last", "notice", "handover"]
    assert told[0] == (200, "second")
    # The intervals are those of the scenario, from the day it entered: nothing is made up for.
    for on, step in told:
        assert on >= 200 + {"second": 0, "firm": 7, "last": 22, "notice": 37, "handover": 52}[step]
    assert office.actions(step="second").get().reasons[0]["code"] == "plan.catch_up"


def test_jump_takes_the_level_of_the_age_but_never_a_formal_notice_first():
    office = Office(ladder("jump"))
    office.invoice(office.customer("OLD"), due=DUE, on=day(200))
    office.invoice(office.customer("RECENT"), due=day(190), on=day(200))
    first = office.live(day(200), day(200))
    assert sorted(steps_of(first)) == ["last", "second"]
    assert "notice" in steps_of(office.live(day(201), day(260)))


def test_one_by_one_takes_every_step_in_turn():
    office = Office(ladder("one_by_one"))
    office.invoice(office.customer(), due=DUE, on=day(200))
    assert steps_of(office.live(day(200), day(330))) == [
        "first", "second", "firm", "last", "notice", "handover",
    ]  # fmt: skip


@pytest.mark.parametrize("catch_up", ["catch_up_step", "jump", "one_by_one"])
def test_an_import_of_old_stock_sends_one_message_to_each_customer_and_none_formal(catch_up):
    office = Office(ladder(catch_up, catch_up_step="second"))
    for number in range(6):
        customer = office.customer(f"C{number}")
        for age in (20, 80, 300):
            office.invoice(customer, f"{number}-{age}", due=day(-age), on=DUE)
    told = office.live(DUE, DUE)
    assert len(told) == 6
    assert "notice" not in steps_of(told)
    for action in office.actions(state="done"):
        assert action.items.count() == 3  # one message lists everything


def test_a_fresh_invoice_is_not_swept_into_the_firm_letter_of_an_old_one():
    office = Office(ladder("jump"))
    customer = office.customer()
    office.invoice(customer, "OLD", due=DUE)
    office.live(day(1), day(45))
    office.invoice(customer, "NEW", due=day(58), on=day(46))
    told = days_of(office.live(day(46), day(63)))
    # The 60th day is the first of May; the case is handed over on Monday the 4th.
    assert told == [(53, "before"), (59, "first"), (63, "handover")]
    new = office.actions(step="first", closed_on=day(59)).get()
    assert [row.installment.invoice.number for row in new.items.all()] == ["NEW"]


# -- outages -------------------------------------------------------------------------------------


@pytest.mark.parametrize("catch_up", ["catch_up_step", "jump", "one_by_one"])
def test_after_three_weeks_without_the_service_only_the_step_of_the_day_is_taken(catch_up):
    office = Office(ladder(catch_up, catch_up_step="second"))
    office.invoice(office.customer(), due=DUE)
    assert steps_of(office.live(day(1), day(2))) == ["first"]
    # Nothing runs from the 5th to the 26th of March.
    told = days_of(office.live(day(24), day(24)))
    assert told == [(24, "second" if catch_up == "one_by_one" else "firm")]
    assert office.live(day(25), day(27)) == []
    rest = days_of(office.live(day(28), day(120)))
    for (before, _), (after, _) in pairwise([*told, *rest]):
        assert after > before


def test_what_was_approved_before_an_outage_leaves_once_and_only_what_still_holds():
    office = Office(ladder("jump"))
    paid, open_ = office.customer("PAID"), office.customer("OPEN")
    item = office.invoice(paid, due=DUE)
    office.invoice(open_, due=DUE)
    office.plan(day(1))  # planned, and then nothing runs
    office.pay(paid, 1200, on=day(10), parts={item: 1200})
    told = office.live(day(22), day(22))
    assert len(told) == 1
    assert office.actions(case__customer=paid).get().outcome[0]["code"] == "stop.settled"
    (sent,) = office.actions(case__customer=open_, state="done")
    # The plan of the day replaces what was planned three weeks before.
    assert sent.step == "firm"
    assert office.actions(case__customer=open_, step="first").get().state == "cancelled"


def test_the_senders_were_away_while_plans_went_on_nobody_gets_two_messages():
    office = Office(ladder("one_by_one"))
    office.invoice(office.customer(), due=DUE)
    for offset in range(1, 22):
        office.plan(day(offset))
    assert office.actions().count() == 1
    assert office.send(day(22)).sent == 1
    assert office.send(day(22), 11).claimed == 0


def test_a_day_that_is_run_again_and_again_changes_nothing():
    office = Office(ladder("jump"))
    for number in range(3):
        office.invoice(office.customer(f"C{number}"), due=DUE)
    for hour in (8, 9, 10, 11):
        office.plan(day(1))
        office.send(day(1), hour)
    assert len(office.handed) == 3
    assert office.actions().count() == 3


# -- another scenario ----------------------------------------------------------------------------


def test_a_switch_of_scenario_goes_on_from_what_was_done_one_step_a_day():
    office = Office(SME_STANDARD)
    risky = office.keep(RISKY, default=False)
    customer = office.customer(phone="+33612345678")
    office.invoice(customer, due=DUE)
    assert steps_of(office.live(day(1), day(8)))[0] == "reminder_1"
    moved = enrollments_move(office.id, [office.case(customer)], to=risky, on=day(21), **WHO)
    assert moved == 1
    told = days_of(office.live(day(21), day(24)))
    assert len({on for on, _ in told}) == len(told)
    assert "formal_notice" not in [step for _, step in told]
    assert "formal_notice" in steps_of(office.live(day(25), day(60)))


def test_a_switch_cancels_what_was_planned_with_a_reason_and_keeps_what_is_the_same():
    office = Office(ladder("jump"))
    customer = office.customer(phone="+33612345678")
    office.invoice(customer, due=DUE)
    office.plan(day(1))
    case = office.case(customer)
    other = office.keep(RISKY, default=False)
    enrollment_choose(office.id, case, scenario_id=other, on=day(1), **WHO)
    cancelled = office.actions(step="first").get()
    assert (cancelled.state, cancelled.outcome[0]["code"]) == ("cancelled", "enroll.replaced")
    assert days_of(office.live(day(1), day(3))) == [(3, "call_1")]


def test_a_switch_to_a_scenario_whose_formal_notice_has_come_does_not_begin_with_it():
    office = Office(Scenario("calm", 1, "Calm", (
        Step("hello", 1, "email", "friendly", "courtesy_1"),)))  # fmt: skip
    firm = office.keep(ladder("jump"), default=False)
    customer = office.customer()
    office.invoice(customer, due=DUE)
    assert steps_of(office.live(day(1), day(70))) == ["hello"]
    enrollments_move(office.id, [office.case(customer)], to=firm, on=day(71), **WHO)
    assert days_of(office.live(day(71), day(71))) == [(71, "last")]
    assert steps_of(office.live(day(72), day(110))) == ["notice", "handover"]


def test_a_letter_approved_a_day_late_carries_the_steps_of_its_day():
    office = Office(Scenario("story", 1, "Story", (
        Step("first", 1, "email", "friendly", "reminder_1"),
        Step("second", 4, "email", "friendly", "reminder_2"),
        Step("firm", 10, "letter", "firm", "reminder_firm", "batch"),
        Step("last", 20, "email", "firm", "reminder_last"),
    )))  # fmt: skip
    customer = office.customer()
    office.invoice(customer, "OLD", due=DUE)
    fresh = office.invoice(customer, "NEW", due=day(8))
    office.live(DUE, day(9))
    office.plan(day(10))  # the firm letter waits; the fresh invoice goes along with its first step
    office.plan(day(14))  # by now it has reached its second one
    assert office.actions(step="firm").get().items.get(installment=fresh).step == "second"
    assert days_of(office.live(day(14), day(14))) == [(14, "firm")]
    # What went along with the letter does not come again.
    assert "second" not in steps_of(office.live(day(15), day(40)))


def test_what_has_grown_too_large_to_leave_by_itself_waits_for_a_person():
    office = Office(ladder("jump", approval_above_minor=500_000))
    customer = office.customer()
    office.invoice(customer, "SMALL", due=DUE, euros=900)
    office.plan(day(1))
    assert office.actions().get().state == "approved"
    office.invoice(customer, "LARGE", due=DUE, euros=9000, on=day(1))
    office.plan(day(1))
    assert office.send(day(1)).sent == 0
    waiting = office.actions().get()
    assert (waiting.state, waiting.reasons[-1]["code"]) == ("to_approve", "plan.large_amount")
