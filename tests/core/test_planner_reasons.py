"""What a plan says to people: each action's items, amounts and reasons, each reason not to act with
its invoice, who confirms, and the day of the next look."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from amiable.core.facts import Cap, CaseFacts, Hold, Promise
from amiable.core.planner import Plan, PlannedItem, plan
from amiable.core.scenario import Conditions, Scenario, Step
from amiable.core.shipped import SME_STANDARD
from tests.core.builders import DUE, facts, item, told


def day(offset: int) -> date:
    return DUE + timedelta(days=offset)


def step(code: str, offset: int, stage: str = "friendly", **fields) -> Step:
    return Step(code, offset, **{"medium": "email", "stage": stage, "template": "t", **fields})


def decided(case: CaseFacts, *steps: Step, on: int = 1, **policies) -> Plan:
    """The plan of a case under a scenario of these steps, so many days after the due date."""
    return plan(case, Scenario("test", 1, "Test", steps, **policies), day(on))


def said(found: Plan) -> list[tuple[int | None, str]]:
    """Each reason not to act: the item it speaks of (None = the case), and the whole sentence."""
    return [(skip.item_id, told(skip.sentence)) for skip in found.skips]


ONE = step("one", 1)
FIRM_LATER = step("firm", 20, "firm")


# -- an action, in full --------------------------------------------------------------------------


def test_an_action_says_for_whom_when_by_what_and_for_which_items():
    newer, older = item(1, due=day(4), open_minor=30_000), item(2, disputed_minor=20_000)
    ahead = item(3, due=day(0), open_minor=10_000)
    found = decided(facts(newer, older, ahead), ONE, on=5)
    (action,) = found.actions
    assert (found.case_id, found.day, action.case_id, action.due_on) == (7, day(6), 7, day(6))
    assert (action.step.code, action.medium, action.approval) == ("one", "email", "automatic")
    assert (action.occurrence, action.key) == (1, "7/one/1")
    assert action.items == (  # oldest first, then by number
        PlannedItem(2, "one", 100_000),
        PlannedItem(3, "one", 10_000),
        PlannedItem(1, "one", 30_000),
    )
    assert [told(each) for each in action.reasons] == [
        "FA2 was due on 2026-09-01: on 2026-09-07 (D+6) this step fits.",
        "FA3 was due on 2026-09-01: on 2026-09-07 (D+6) this step fits.",
        "FA1 was due on 2026-09-05: on 2026-09-07 (D+2) this step fits.",
    ]


def test_an_invoice_not_yet_overdue_goes_along_without_being_asked_for():
    hello = step("hello", 5, anchor="issue_date")
    early = item(2, due=day(20), issue_date=day(-5))
    (action,) = decided(facts(item(1), early), hello, ONE).actions
    assert [(i.id, i.step, i.open_minor) for i in action.items] == [
        (1, "one", 120_000),
        (2, "hello", 0),
    ]


# -- reasons not to act --------------------------------------------------------------------------


def test_a_stopped_case_has_one_reason_and_its_day():
    hold = Hold("sales talks", day(0), day(2))
    found = decided(facts(item(1), item(2), holds=(hold,)), ONE)
    assert (found.case_id, found.day, found.actions) == (7, day(1), ())
    assert said(found) == [(None, "On hold until 2026-09-03: sales talks")]
    assert found.next_look_on == day(3)


def test_each_stopped_item_is_named_with_its_own_reason():
    paid, contested, waiting = item(1, open_minor=0), item(2, disputed_minor=120_000), item(3)
    case = facts(paid, contested, replace(waiting, due_date=day(3)))
    assert said(decided(case, ONE)) == [
        (1, "FA1 is paid."),
        (2, "FA2 is disputed for 1200.00 EUR."),
        (3, "FA3 falls due on 2026-09-04; first step on 2026-09-07."),  # +4 is a Saturday
    ]


def test_an_overdue_item_waits_for_its_next_step_and_does_not_fall_due():
    assert said(decided(facts(item(1)), step("late", 9), on=3)) == [
        (1, "FA1 was due on 2026-09-01; its next step is on 2026-09-10."),
    ]


def test_missed_steps_name_the_day_of_the_one_that_is_taken():
    done = item(1, steps_done={"one": day(1)})
    steps = (ONE, step("two", 3), step("three", 8))
    (action,) = decided(facts(done), *steps, on=9).actions
    assert [told(each) for each in action.reasons] == [
        "Steps were missed for FA1: only the one that fits on 2026-09-10 is taken."
    ]


def test_what_keeps_the_action_back_is_said_of_the_case_before_its_items():
    later = item(2, due=day(9))
    found = decided(facts(item(1), later, last_contact_on=day(0)), ONE, min_gap_days=3)
    assert said(found) == [
        (None, "The last contact was on 2026-09-01; the next is not before 2026-09-04."),
        (2, "FA2 falls due on 2026-09-10; first step on 2026-09-11."),
    ]
    assert found.next_look_on == day(3)


def test_an_action_nobody_can_receive_is_said_before_the_items():
    case = facts(item(1), item(2, open_minor=0), media=frozenset())
    assert said(decided(case, ONE)) == [
        (None, "No valid email address is known: add one."),
        (2, "FA2 is paid."),
    ]


def test_what_only_the_moment_keeps_back_is_named_by_its_key_with_what_goes_along():
    case = facts(item(), last_contact_on=day(0), closed_counts={"one": 2, "call": 4})
    found = decided(case, ONE, CALL, min_gap_days=3)
    assert found.postponed == {"7/one/3", "7/call/5"}
    assert decided(case, ONE, CALL).postponed == frozenset()
    assert decided(replace(case, media=frozenset()), ONE).postponed == frozenset()


def test_two_actions_of_one_day_are_both_postponed():
    case = facts(item(1), item(2, due=day(27)), last_contact_on=day(21))
    steps = step("soon", -5, "preventive"), step("firm", 20, "firm", approval="manual")
    found = decided(case, *steps, on=22, min_gap_days=3)
    assert found.postponed == {"7/soon/1", "7/firm/1"}


def test_an_early_step_says_from_when_there_is_something_overdue_to_ask_for():
    hello = step("hello", 5, anchor="issue_date")
    sooner = item(1, due=day(20), issue_date=day(-5))
    later = item(2, due=day(27), issue_date=day(-5))
    found = decided(facts(later, sooner), hello)
    assert said(found) == [
        (None, "This step asks for what is overdue, and nothing of it is before 2026-09-22.")
    ]
    assert found.next_look_on == day(21)


def test_steps_passed_over_weigh_what_may_be_asked_for_on_that_day():
    """Of three invoices one is on hold today; only the other two count as open."""
    early = step("early", -10, "preventive", conditions=Conditions(min_amount_minor=300_000))
    hold = Hold("credit note expected", day(-10), day(-8), item_id=3)
    three = [item(n) for n in (1, 2, 3)]
    held = decided(facts(*three, holds=(hold,)), early, ONE, on=-8)
    assert [told(each) for each in held.passed_over] == [
        "The step early is passed over: less than 3000.00 EUR is open."
    ]
    assert decided(facts(*three, holds=(hold,)), early, ONE, on=-7).passed_over == ()


# -- firmer and gentler --------------------------------------------------------------------------


def fresh_and_old(approval: str = "automatic", **policies) -> Plan:
    """An invoice at a firm step, another at a preventive one, on the same day."""
    steps = (step("soon", -5, "preventive"), step("firm", 20, "firm", approval=approval))
    return decided(
        facts(item(1), item(2, due=day(27), open_minor=50_000)), *steps, on=22, **policies
    )


def test_a_fresh_invoice_waits_for_the_firmer_contact_of_the_day_and_comes_the_next():
    found = fresh_and_old()
    assert [[i.id for i in a.items] for a in found.actions] == [[1]]
    assert said(found) == [(2, "FA2 is not swept into a firmer message; its own step follows.")]
    assert found.next_look_on == day(23)


@pytest.mark.parametrize(("gap", "look"), [(0, 23), (1, 23), (2, 24), (3, 27)])
def test_it_is_looked_at_again_when_the_gap_between_contacts_has_passed(gap, look):
    # day(22) is a Wednesday, day(25) a Saturday.
    assert fresh_and_old(min_gap_days=gap).next_look_on == day(look)


def test_a_firmer_message_that_waits_for_a_person_does_not_keep_it():
    found = fresh_and_old("manual")
    assert [[i.id for i in a.items] for a in found.actions] == [[1], [2]]
    assert found.skips == ()


def test_a_firmer_message_for_a_large_amount_waits_for_a_person_too():
    found = fresh_and_old(approval_above_minor=119_999)
    assert [(a.approval, [i.id for i in a.items]) for a in found.actions] == [
        ("batch", [1]),
        ("automatic", [2]),
    ]
    assert len(fresh_and_old(approval_above_minor=120_000).actions) == 1


def test_one_stage_apart_is_one_message():
    case = facts(item(1), item(2, due=day(21)))
    found = decided(case, ONE, step("firm", 20, "firm"), on=22)
    assert [[(i.id, i.step) for i in a.items] for a in found.actions] == [[(1, "firm"), (2, "one")]]
    assert found.skips == ()


def test_of_two_steps_of_one_tone_the_later_one_speaks():
    case = facts(item(1), item(2, due=day(4)))
    (action,) = decided(case, ONE, step("two", 6), on=6).actions
    assert action.step.code == "two"


# -- what accompanies ----------------------------------------------------------------------------

CALL = step("call", 1, medium="phone", template="", accompanies="one")
ASK = step("ask", 1, medium="task", template="", task="ask_sales_owner", accompanies="one")


def test_a_call_with_an_email_is_about_the_same_items_which_only_take_the_email():
    returned = item(events={"payment_returned": day(1)}, return_reason="AM04")
    mail = step("one", 0, anchor="payment_returned")
    email, call = decided(facts(returned), mail, CALL).actions
    assert email.items == (PlannedItem(1, "one", 120_000, day(1)),)
    assert call.items == (PlannedItem(1, "", 120_000, None),)
    assert [told(each) for each in call.reasons] == [
        "FA1: the payment came back unpaid on 2026-09-02 (AM04)."
    ]
    assert (call.medium, call.due_on, call.key) == ("phone", day(1), "7/call/1")


def test_a_call_nobody_can_make_is_named_and_what_else_goes_along_still_does():
    case = facts(item(), media=frozenset({"email"}))
    found = decided(case, ONE, CALL, ASK)
    assert [a.step.code for a in found.actions] == ["one", "ask"]
    assert said(found) == [(None, "No phone number is known: add one.")]


def test_an_email_and_its_call_count_together_against_the_cap():
    sms = step("sms", 1, medium="sms", accompanies="one")
    found = decided(facts(item(), caps=(Cap(1, 7),)), ONE, CALL, sms, ASK)
    assert [a.step.code for a in found.actions] == ["one", "ask"]  # a task is no contact
    assert (
        said(found)
        == [
            (
                None,
                "The limit of contacts is reached (contacts: 1, days: 7): the next is not before "
                "2026-09-09.",
            ),
        ]
        * 2
    )
    found = decided(facts(item(), caps=(Cap(2, 7),)), ONE, ASK, CALL, sms)
    assert [a.step.code for a in found.actions] == ["one", "ask", "call"]
    by_email = decided(facts(item(), caps=(Cap(1, 7, "email"),)), ONE, CALL, sms)
    assert [a.step.code for a in by_email.actions] == ["one", "call", "sms"]


def test_a_reason_of_an_item_stays_when_its_companion_has_one_too():
    case = facts(item(1), item(2, open_minor=0), media=frozenset({"email"}))
    assert said(decided(case, ONE, CALL)) == [
        (2, "FA2 is paid."),
        (None, "No phone number is known: add one."),
    ]


# -- who confirms --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "policies", "approval", "note"),
    [
        ({}, {}, "automatic", []),
        ({"approval": "manual"}, {}, "manual", ["Waits for a person's approval."]),
        (
            {"approval": "batch"},
            {},
            "batch",
            ["Waits for a person to confirm it with others."],
        ),
        (
            {},
            {"approval_above_minor": 119_999},
            "batch",
            ["It asks for more than the scenario lets leave by itself: a person confirms it."],
        ),
        ({}, {"approval_above_minor": 120_000}, "automatic", []),
        # A person's own approval is not lowered by the amount, and a task needs no confirmation.
        (
            {"approval": "manual"},
            {"approval_above_minor": 1},
            "manual",
            ["Waits for a person's approval."],
        ),
        ({"medium": "task", "task": "review"}, {"approval_above_minor": 1}, "automatic", []),
    ],
)
def test_a_step_says_who_confirms_it_and_why(fields, policies, approval, note):
    (action,) = decided(facts(item()), step("one", 1, **fields), **policies).actions
    assert action.approval == approval
    assert [told(each) for each in action.reasons[1:]] == note


def test_what_goes_along_waits_for_the_same_person_for_the_same_reason():
    confirmed = step("one", 1, approval="batch")
    email, call = decided(facts(item()), confirmed, CALL).actions
    assert email.approval == call.approval == "batch"
    assert email.reasons == call.reasons
    assert call.reasons[-1].code == "plan.waiting_batch"


def test_the_medium_that_takes_over_is_said_before_who_confirms():
    letter = step("one", 1, approval="manual", fallback=("letter",))
    (action,) = decided(facts(item(), media=frozenset({"letter"})), letter).actions
    assert [told(each) for each in action.reasons[1:]] == [
        "The customer cannot be reached by the step's own medium: another one takes over.",
        "Waits for a person's approval.",
    ]


def test_the_amount_to_confirm_is_what_is_asked_not_what_is_open():
    """Half is disputed and the other invoice is not overdue."""
    case = facts(item(1, disputed_minor=60_000), item(2, due=day(2), issue_date=day(-4)))
    hello = step("hello", 5, anchor="issue_date")
    (action,) = decided(case, hello, ONE, approval_above_minor=60_000).actions
    assert action.approval == "automatic"
    (action,) = decided(case, hello, ONE, approval_above_minor=59_999).actions
    assert action.approval == "batch"


# -- the next look -------------------------------------------------------------------------------


def test_the_next_look_is_the_earliest_day_that_may_change_anything():
    holds = (Hold("x", day(0), day(7), item_id=1), Hold("y", day(0), day(1), item_id=2))
    case = facts(item(1), item(2), item(3, due=day(8)), holds=holds)
    assert decided(case, ONE).next_look_on == day(2)


def test_the_next_look_is_never_today_and_always_a_working_day_of_the_customer():
    """26 December 2028 is a holiday in Alsace-Moselle only; the 25th is one everywhere."""
    due = date(2028, 12, 24)
    scenario = Scenario("test", 1, "Test", (ONE,))
    for zone, look in (("", date(2028, 12, 26)), ("6AE", date(2028, 12, 27))):
        found = plan(facts(item(due=due), holidays_zone=zone), scenario, date(2028, 12, 20))
        assert found.next_look_on == look
    hold = Hold("talks", date(2028, 12, 1), date(2028, 12, 25))
    held = facts(item(due=date(2028, 12, 1)), holidays_zone="6AE", holds=(hold,))
    assert plan(held, scenario, date(2028, 12, 22)).next_look_on == date(2028, 12, 27)


def test_a_reason_that_ends_on_a_day_off_is_looked_at_once_that_day_is_over():
    """On Saturday the plan is Monday's; a hold that ends on Sunday is not looked at on Saturday."""
    saturday = day(4)
    hold = Hold("talks", day(0), day(6))  # to Monday
    found = plan(facts(item(), holds=(hold,)), Scenario("test", 1, "Test", (ONE,)), saturday)
    assert (found.day, found.next_look_on) == (day(6), day(7))


def test_a_case_that_only_facts_can_change_is_not_looked_at():
    case = facts(item(steps_done={"one": day(1)}))
    found = decided(case, ONE, on=2)
    assert said(found) == [(1, "FA1: every step was taken, the last on 2026-09-02.")]
    assert found.next_look_on is None


def test_the_end_of_a_promise_is_a_look_beside_the_others():
    promise = Promise(50_000, day(10), 0, made_on=day(0))
    done = item(steps_done={"one": day(1)})
    case = facts(done, promises=(promise,))
    assert decided(case, ONE, FIRM_LATER, on=2).next_look_on == day(13)  # Friday +10; Monday
    assert decided(case, ONE, step("two", 8), on=2).next_look_on == day(8)


def test_a_companions_approval_follows_the_shipped_call_after_the_last_email():
    late = item(steps_done={"sms": day(15)})
    email, call = plan(facts(late), SME_STANDARD, day(30)).actions
    assert (email.step.code, call.step.code) == ("last_email", "last_call")
    assert email.approval == call.approval
