"""The simulation does what the nights would do, day by day, without looking at every day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings

from amiable.core.facts import Hold
from amiable.core.planner import plan
from amiable.core.scenario import CONTACT_MEDIA, Step
from amiable.core.shipped import SHIPPED, SME_STANDARD
from amiable.core.simulation import (
    Assumed,
    Still,
    carried_out,
    one_contact,
    replay,
    simulate,
)
from amiable.core.workdays import is_workday
from tests.core.builders import DUE, facts, item
from tests.core.strategies import situations
from tests.core.test_planner_properties import FACTOR

CONSUMER = SHIPPED["consumer-subscription"]
FIRST = DUE + timedelta(days=1)
LAST = DUE + timedelta(days=90)


def lived(case, scenario, first, last):
    """Every day of the period, planned in full: slow, and right by construction."""
    found, day = [], first
    while day <= last:
        if is_workday(day, case.holidays_zone):
            done = one_contact(plan(case, scenario, day).actions)
            found += [(day, action.step.code) for action in done]
            case = carried_out(case, done, day=day)
        day += timedelta(days=1)
    return found


@given(situations())
@settings(max_examples=150 * FACTOR, deadline=None)
def test_jumping_from_look_to_look_misses_no_contact(situation):
    case, scenario, first = situation
    last = first + timedelta(days=60)
    jumped = [(each.day, each.step) for each in simulate(case, scenario, first=first, last=last)]
    assert jumped == lived(case, scenario, first, last)


@given(situations())
@settings(max_examples=100 * FACTOR, deadline=None)
def test_at_most_one_contact_a_day_beside_what_accompanies_it(situation):
    case, scenario, first = situation
    seen = set()
    for each in simulate(case, scenario, first=first, last=first + timedelta(days=60)):
        if each.reaches_customer and not scenario.by_code[each.step].accompanies:
            assert each.day not in seen
            seen.add(each.day)


def test_an_invoice_goes_through_the_scenario_once_in_its_order():
    contacts = list(simulate(facts(item()), SME_STANDARD, first=FIRST, last=LAST))
    assert [each.step for each in contacts] == [
        "reminder_1", "call_1", "reminder_2", "firm_letter", "sms", "last_email", "last_call",
        "formal_notice", "handover",
    ]  # fmt: skip
    assert contacts[0].amount_minor == 120_000
    assert contacts[0].days_late == 1
    assert contacts[0].reasons[0].code == "plan.step_fits"
    assert [each.step for each in contacts if not each.reaches_customer] == ["handover"]
    assert {each.approval for each in contacts if each.step == "formal_notice"} == {"manual"}


def test_the_credit_of_the_customer_is_not_asked_for():
    (first, *_) = simulate(
        facts(item(), unallocated_minor=20_000), SME_STANDARD, first=FIRST, last=LAST
    )
    assert first.amount_minor == 100_000


def test_the_first_day_is_what_the_planner_plans():
    case = facts(item(1, due=DUE - timedelta(days=3)), item(2, due=DUE - timedelta(days=40)))
    planned = one_contact(plan(case, SME_STANDARD, DUE).actions)
    first = [each for each in simulate(case, SME_STANDARD, first=DUE, last=LAST) if each.day == DUE]
    assert [each.step for each in first] == [action.step.code for action in planned]
    assert [each.items for each in first] == [action.items for action in planned]


def test_the_receipt_of_a_formal_notice_is_assumed_some_days_later():
    steps = (
        Step("firm", 1, "letter", "firm", "reminder_firm"),
        Step("notice", 10, "registered_letter", "formal", "formal_notice", "manual"),
        Step("give", 8, "task", "litigation", anchor="formal_notice_received", task="hand_over"),
    )
    scenario = replace(SME_STANDARD, steps=steps, catch_up="jump", catch_up_step="")
    spans = []
    for days_ in (2, 9):
        contacts = list(
            simulate(
                facts(item()), scenario, first=DUE, last=LAST, assumed=Assumed(receipt_days=days_)
            )
        )
        notice, give = contacts[-2:]
        assert (notice.step, give.step) == ("notice", "give")
        spans.append((give.day - notice.day).days)
    assert spans[0] >= 10
    assert spans[1] >= 17
    assert spans[1] > spans[0]


def test_old_bank_data_stops_the_first_day_and_no_later_one():
    aged = {"bank_data_until": DUE - timedelta(days=30), "bank_data_max_age_days": 5}
    first = FIRST
    contacts = list(simulate(facts(item(), **aged), SME_STANDARD, first=first, last=LAST))
    assert contacts[0].day > first
    assert len(contacts) >= 8


def test_fresh_bank_data_stays_fresh():
    aged = {"bank_data_until": DUE, "bank_data_max_age_days": 5}
    with_age = [
        e.day for e in simulate(facts(item(), **aged), SME_STANDARD, first=FIRST, last=LAST)
    ]
    without = [e.day for e in simulate(facts(item()), SME_STANDARD, first=FIRST, last=LAST)]
    assert with_age == without


@pytest.mark.parametrize("stop", [{"insolvent_since": DUE}, {"items": ()}])
def test_a_case_in_which_nothing_can_happen_costs_one_look(stop):
    case = replace(facts(item()), **stop)
    assert list(simulate(case, SME_STANDARD, first=DUE, last=LAST)) == []


class Changing:
    """A case whose items depend on the day."""

    zone = ""

    def __init__(self, changes: dict[date, tuple]) -> None:
        self.changes = changes
        self.asked: list[date] = []

    def on(self, day):
        self.asked.append(day)
        known = [on for on in self.changes if on <= day]
        return facts(*self.changes[max(known)]) if known else facts()

    def next_change(self, day):
        return min((on for on in self.changes if on > day), default=None)


def test_what_is_paid_is_no_longer_chased_and_what_comes_back_goes_on_where_it_stood():
    paid_on, back_on = DUE + timedelta(days=5), DUE + timedelta(days=20)
    world = Changing({DUE - timedelta(days=30): (item(),), paid_on: (), back_on: (item(),)})
    contacts = list(replay(world, SME_STANDARD, first=FIRST, last=LAST))
    assert not [each for each in contacts if paid_on <= each.day < back_on]
    codes = [each.step for each in contacts]
    assert codes.count("reminder_1") == 1
    assert codes[0] == "reminder_1"
    assert codes[-2:] == ["formal_notice", "handover"]
    assert len(world.asked) <= 5


def test_a_hold_that_ends_is_looked_at_when_it_ends():
    until = DUE + timedelta(days=12)
    held = facts(item(), holds=(Hold("talks", DUE, until),))
    contacts = list(simulate(held, SME_STANDARD, first=DUE, last=LAST))
    assert contacts[0].day == until + timedelta(days=1)


def test_contacts_count_against_the_caps_of_later_days():
    done = carried_out(
        facts(item()), one_contact(plan(facts(item()), SME_STANDARD, LAST).actions), day=LAST
    )
    assert done.last_contact_on == LAST
    assert {m for m, on in done.contacts.items() if LAST in on} <= CONTACT_MEDIA
    assert sum(done.closed_counts.values()) == 1
    assert Still(done, LAST).on(LAST) is done


def test_an_event_dated_ahead_is_looked_at_on_its_day():
    """A bank dates movements ahead: nothing else may make the planner look at the case that day."""
    ahead = FIRST + timedelta(days=2)
    steps = dict.fromkeys((step.code for step in CONSUMER.steps if step.code != "returned"), FIRST)
    case = facts(item(events={"payment_returned": ahead}, steps_done=steps))
    assert plan(case, CONSUMER, FIRST).next_look_on == ahead
