"""What a new plan changes in what waits: nothing twice, nothing lost, each end with its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from amiable.core.facts import Cap, CaseFacts, Hold, PendingAction, Promise
from amiable.core.planner import plan
from amiable.core.replan import Change, change
from amiable.core.scenario import Scenario, Step
from tests.core.builders import DUE, facts, item, told


def day(offset: int) -> date:
    return DUE + timedelta(days=offset)


def step(code: str, offset: int, stage: str = "friendly", **fields) -> Step:
    return Step(code, offset, **{"medium": "email", "stage": stage, "template": "t", **fields})


CALL = step("call", 1, medium="phone", template="", accompanies="one")
SCENARIO = Scenario("test", 1, "Test", (step("one", 1), CALL, step("two", 9)))


def waits(code: str = "one", *ids: int, occurrence: int = 1, **fields) -> PendingAction:
    key = f"7/{code}/{occurrence}"
    return PendingAction(
        **{"id": 5, "key": key, "step": code, "due_on": day(1), "item_ids": frozenset(ids or {1}),
           "state": "approved", **fields}
    )  # fmt: skip


def changed(case: CaseFacts, *, on: int = 1, scenario: Scenario = SCENARIO) -> Change:
    return change(case, scenario, plan=plan(case, scenario, day(on)))


def cancelled(found: Change) -> list[str]:
    return [told(sentence) for _, sentence in found.cancel]


def test_what_is_planned_and_not_waiting_is_added():
    found = changed(facts(item()))
    assert [a.key for a in found.add] == ["7/one/1", "7/call/1"]
    assert (found.keep, found.cancel) == ((), ())


def test_what_waits_and_is_planned_again_is_kept_with_its_new_plan():
    waiting = waits()
    found = changed(facts(item(), pending=(waiting, waits("call"))))
    assert [(old.key, new.key) for old, new in found.keep] == [
        ("7/one/1", "7/one/1"),
        ("7/call/1", "7/call/1"),
    ]
    assert found.keep[0][0] is waiting
    assert (found.add, found.cancel) == ((), ())


def test_a_call_already_made_does_not_come_again_with_its_waiting_email():
    case = facts(item(), pending=(waits(),), closed_counts={"call": 1})
    assert changed(case).add == ()
    assert [a.key for a in changed(replace(case, pending=())).add] == ["7/one/1", "7/call/2"]


# -- why something is cancelled ------------------------------------------------------------------


def test_what_was_paid_is_settled():
    found = changed(facts(item(2), pending=(waits("one", 1, occurrence=9),)))
    assert cancelled(found) == ["Everything this action asked for is settled."]


def test_a_step_that_takes_the_items_further_overtakes_the_one_that_waits():
    found = changed(facts(item(), pending=(waits(),)), on=9)
    assert cancelled(found) == ["Overtaken by the next step of the scenario."]
    assert [a.key for a in found.add] == ["7/two/1"]


def test_an_item_that_drops_out_gives_its_own_reason_though_others_are_acted_on():
    """Not "overtaken": the step for the other invoice has nothing to do with it."""
    case = facts(item(1, disputed_minor=120_000), item(2), pending=(waits("two", 1),))
    found = changed(case)
    assert cancelled(found) == ["FA1 is disputed for 1200.00 EUR."]
    assert [a.key for a in found.add] == ["7/one/1", "7/call/1"]


def test_of_several_items_that_drop_out_the_first_gives_its_reason():
    items = item(1, disputed_minor=120_000), item(2, open_minor=0), item(3, open_minor=0)
    case = facts(*items, pending=(waits("one", 2, 3),))
    assert cancelled(changed(case)) == ["FA2 is paid."]


def test_what_stops_the_case_is_the_reason():
    case = facts(item(), pending=(waits(),), holds=(Hold("talks", day(0), day(3)),))
    assert cancelled(changed(case)) == ["On hold until 2026-09-04: talks"]


def test_what_keeps_the_whole_action_back_is_the_reason():
    case = facts(item(), pending=(waits(),), unallocated_minor=120_000)
    assert cancelled(changed(case)) == [
        "A credit of 1200.00 EUR not yet allocated covers the 1200.00 EUR due."
    ]
    one_disputed = replace(case, items=(item(1), item(2, disputed_minor=120_000)),
                           pending=(waits("one", 1, 2),))  # fmt: skip
    assert cancelled(changed(one_disputed)) == cancelled(changed(case))


def test_a_call_that_may_not_be_made_says_why_while_its_email_stays():
    case = facts(item(), pending=(waits(), waits("call")), caps=(Cap(1, 7),))
    found = changed(case)
    assert [old.key for old, _ in found.keep] == ["7/one/1"]
    assert cancelled(found) == [
        "The limit of contacts is reached (contacts: 1, days: 7): the next is not before 2026-09-09."
    ]


def test_of_two_reasons_for_the_case_the_first_counts():
    sms = step("sms", 1, medium="sms", accompanies="one")
    scenario = replace(SCENARIO, steps=(*SCENARIO.steps, sms))
    case = facts(item(), media=frozenset({"email"}), pending=(waits(), waits("call")))
    assert cancelled(changed(case, scenario=scenario)) == ["No phone number is known: add one."]


def test_what_is_overtaken_does_not_borrow_the_reason_of_another_invoice():
    """The firm letter waits for a person; the text for the fresh invoice has no number."""
    text = step("text", -5, "preventive", medium="sms")
    firm = step("firm", 20, "firm", approval="manual")
    scenario = Scenario("test", 1, "Test", (text, step("one", 1), firm))
    case = facts(item(1), item(2, due=day(27)), media=frozenset({"email"}), pending=(waits(),))
    found = changed(case, on=22, scenario=scenario)
    assert [a.step.code for a in found.add] == ["firm"]
    assert cancelled(found) == ["Overtaken by the next step of the scenario."]


def test_a_step_the_scenario_no_longer_has_is_overtaken_or_done():
    case = facts(item(), pending=(waits("gone"),))
    assert cancelled(changed(case)) == ["Overtaken by the next step of the scenario."]
    later = replace(case, items=(item(steps_done={"one": day(1)}),))
    assert cancelled(changed(later, on=2)) == [
        "FA1: last step on 2026-09-02, the next on 2026-09-10."
    ]


# -- what stays ----------------------------------------------------------------------------------


def test_what_is_on_its_way_out_is_left_to_the_guard():
    case = facts(item(1), pending=(waits("gone", 9, state="claimed"),))
    assert changed(case).cancel == ()


@pytest.mark.parametrize(
    ("state", "stays"), [("approved", True), ("to_approve", True), ("todo", False)]
)
def test_what_only_the_moment_keeps_back_stays_unless_a_person_could_do_it_today(state, stays):
    case = facts(item(), pending=(waits(state=state),), last_contact_on=day(0))
    slow = replace(SCENARIO, min_gap_days=3)
    found = changed(case, scenario=slow)
    assert (found.cancel == ()) is stays
    assert found.add == found.keep == ()


def email_sent(**fields) -> CaseFacts:
    """The email left on its day; its call is still to be made."""
    done = {"steps_done": {"one": day(1)}}
    fields = {"pending": (waits("call"),), "closed_counts": {"one": 1}, **fields}
    return facts(item(1, **done), **fields)


def test_the_call_of_an_email_that_left_stays_to_be_made():
    assert changed(email_sent(), on=2).cancel == ()


def test_it_stays_for_the_invoices_that_are_left():
    case = email_sent(pending=(waits("call", 1, 2),))
    paid = item(2, open_minor=0, steps_done={"one": day(1)})
    assert changed(replace(case, items=(*case.items, paid)), on=2).cancel == ()


def test_it_goes_when_the_next_step_comes():
    assert cancelled(changed(email_sent(), on=9)) == ["Overtaken by the next step of the scenario."]


def test_it_goes_when_its_invoices_are_settled_or_stopped():
    other = item(2, steps_done={"one": day(1)})
    assert cancelled(changed(replace(email_sent(), items=(other,)), on=2)) == [
        "Everything this action asked for is settled."
    ]
    held = Hold("talks", day(2), day(3), item_id=1)
    assert cancelled(changed(email_sent(holds=(held,)), on=2)) == [
        "FA1 is on hold until 2026-09-04: talks"
    ]
    # The day before the hold begins, and for another invoice, nothing changes.
    assert changed(email_sent(holds=(replace(held, starts_on=day(3)),)), on=2).cancel == ()
    assert changed(email_sent(holds=(replace(held, item_id=2),)), on=2).cancel == ()


def test_it_goes_when_all_is_promised():
    promise = Promise(120_000, day(9), made_on=day(2))
    assert cancelled(changed(email_sent(promises=(promise,)), on=2)) == [
        "FA1: 1200.00 EUR is promised for 2026-09-10; nothing is sent before 2026-09-14."
    ]


def test_it_goes_when_the_case_is_stopped():
    assert cancelled(changed(email_sent(deceased_since=day(2)), on=2))[0].startswith(
        "The customer is said to have died on 2026-09-03"
    )


def test_an_email_that_is_planned_no_more_does_not_stay_as_a_call_does():
    case = email_sent(pending=(waits("one", occurrence=2),))
    assert cancelled(changed(case, on=2)) == [
        "FA1: last step on 2026-09-02, the next on 2026-09-10."
    ]


@pytest.mark.parametrize(("due", "stays"), [(3, True), (2, False)])
def test_a_try_for_a_later_day_outlives_what_keeps_calls_back_today(due, stays):
    again = waits("one", due_on=day(due), state="todo", medium="phone")
    case = facts(item(open_minor=5_000), pending=(again,), last_contact_on=day(2))
    found = changed(case, on=2)
    assert (again not in [old for old, _ in found.cancel]) == stays


def agreed(due: int = 4, *ids: int) -> PendingAction:
    """A call that the customer expects: no call that the plan knows."""
    return waits(
        "call",
        *ids,
        occurrence=3,
        id=9,
        due_on=day(due),
        state="todo",
        medium="phone",
        is_agreed=True,
    )


@pytest.mark.parametrize(
    ("held", "stays"),
    [
        ((), True),
        ((Hold("until the call", day(1), day(4)),), True),
        ((Hold("longer", day(1), day(5)),), False),
        ((Hold("open", day(1)),), False),
        ((Hold("over", day(-9), day(-1)),), True),
        ((Hold("later", day(6)),), True),
    ],
)
def test_an_agreed_call_outlives_the_pauses_that_are_over_by_its_day(held, stays):
    found = changed(facts(item(open_minor=5_000), pending=(agreed(),), holds=held), on=2)
    kept = agreed() not in [old for old, _ in found.cancel]
    assert kept == stays


def test_an_agreed_call_goes_with_what_it_was_about():
    assert changed(facts(item(), pending=(agreed(4, 1),)), on=2).cancel == ()
    assert cancelled(changed(facts(item(2), pending=(agreed(4, 1),)), on=2)) == [
        "Everything this action asked for is settled."
    ]
    disputed = facts(item(disputed_minor=120_000), pending=(agreed(4, 1),))
    assert len(changed(disputed, on=2).cancel) == 1
    assert (
        len(changed(facts(item(), pending=(agreed(),), insolvent_since=day(0)), on=2).cancel) == 1
    )
    assert len(changed(facts(item(), pending=(agreed(),), deceased_since=day(0)), on=2).cancel) == 1


@pytest.mark.parametrize(
    ("credit", "stays"), [(0, True), (119_999, True), (120_000, False), (200_000, False)]
)
def test_an_agreed_call_goes_when_a_credit_covers_what_it_was_about(credit, stays):
    found = changed(facts(item(), item(2), pending=(agreed(4, 1),), unallocated_minor=credit), on=2)
    assert (found.cancel == ()) == stays
    if not stays:
        (said,) = [why.code for _, why in found.cancel]
        assert said == "stop.credit_covers"
