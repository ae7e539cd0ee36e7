"""The planner: the nine steps of the French SME standard, and everything that keeps them back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from amiable.core.facts import Hold, PendingAction, Promise
from amiable.core.guards import check
from amiable.core.planner import plan
from amiable.core.replan import change
from amiable.core.scenario import Conditions, Step
from amiable.core.shipped import SHIPPED, SME_STANDARD
from tests.core.builders import DUE, facts, item
from tests.core.simulation import World


def steps(world: World, first: date, last: date) -> list[tuple[int, str]]:
    return [((day - DUE).days, a.step.code) for day, a in world.between(first, last)]


def codes(*skips) -> list[str]:
    return [skip.sentence.code for skip in skips]


def test_the_nine_steps_fall_on_their_working_days():
    world = World({1: item()})
    assert steps(world, DUE - timedelta(days=40), DUE + timedelta(days=120)) == [
        (-15, "preventive"),
        (1, "reminder_1"),
        (6, "call_1"),  # +4 is a Saturday
        (7, "reminder_2"),
        (8, "firm_letter"),
        (15, "sms"),
        (30, "last_email"),
        (30, "last_call"),
        (45, "formal_notice"),
        (62, "handover"),  # +60 is a Saturday, and 2 November follows All Saints
    ]


def test_old_stock_enters_at_the_catch_up_step_and_keeps_the_intervals():
    world = World({1: item()})
    first = DUE + timedelta(days=181)
    taken = [(day, a.step.code) for day, a in world.between(first, first + timedelta(days=70))]
    assert [code for _, code in taken] == [
        "reminder_2", "firm_letter", "sms", "last_email", "last_call", "formal_notice", "handover",
    ]  # fmt: skip
    days = [day for day, code in taken if code != "last_call"]
    assert (days[1] - days[0]).days == 1
    assert (days[2] - days[1]).days >= 7
    assert (days[4] - days[3]).days >= 15
    assert (days[5] - days[4]).days >= 15


@pytest.mark.parametrize("policy", ["catch_up_step", "jump", "one_by_one"])
def test_a_formal_notice_is_never_the_first_contact(policy):
    scenario = replace(SME_STANDARD, catch_up=policy)
    for late in range(0, 400, 7):
        on = DUE + timedelta(days=late)
        for action in plan(facts(item()), scenario, on).actions:
            assert action.step.stage not in {"formal", "litigation"}


def test_after_an_outage_only_the_step_that_fits_is_taken():
    world = World({1: item()})
    list(world.between(DUE, DUE + timedelta(days=2)))
    back = DUE + timedelta(days=20)
    assert [a.step.code for a in world.live(back)] == ["sms"]
    assert world.live(back + timedelta(days=1)) == []


def test_after_a_long_outage_formal_notice_still_needs_a_firm_step():
    world = World({1: item()})
    list(world.between(DUE, DUE + timedelta(days=2)))
    on = DUE + timedelta(days=80)
    assert [a.step.stage for a in world.live(on)] == ["firm", "firm"]  # last email and its call


def test_one_by_one_takes_every_step_in_turn():
    world = World({1: item()}, scenario=replace(SME_STANDARD, catch_up="one_by_one"))
    first = DUE + timedelta(days=100)
    taken = [a.step.code for _, a in world.between(first, first + timedelta(days=10))]
    assert taken[:3] == ["reminder_1", "call_1", "reminder_2"]


def test_one_message_carries_all_items_and_the_firmest_sets_the_tone():
    older, newer = item(1), item(2, due=DUE + timedelta(days=7))
    world = World({1: older, 2: newer})
    list(world.between(DUE, DUE + timedelta(days=7)))
    (action,) = world.live(DUE + timedelta(days=8))
    assert action.step.code == "firm_letter"
    assert [(each.id, each.step) for each in action.items] == [
        (1, "firm_letter"),
        (2, "reminder_1"),
    ]


def test_a_fresh_invoice_is_not_swept_into_a_formal_notice_nor_kept_waiting_by_it():
    older, fresh = item(1), item(2, due=DUE + timedelta(days=44))
    world = World({1: older, 2: fresh})
    list(world.between(DUE, DUE + timedelta(days=44)))
    decided = plan(world.facts(), SME_STANDARD, DUE + timedelta(days=45))
    assert [(a.step.code, [i.id for i in a.items]) for a in decided.actions] == [
        ("formal_notice", [1]),  # waits for a person, perhaps for weeks
        ("reminder_1", [2]),
    ]


def test_an_open_task_neither_delays_nor_swallows_what_is_to_be_said_of_other_invoices():
    world = World({1: item(1), 2: item(2, due=DUE + timedelta(days=16))})
    list(world.between(DUE, DUE + timedelta(days=60)))
    world.items[3] = item(3, due=DUE + timedelta(days=61))
    decided = plan(world.facts(), SME_STANDARD, DUE + timedelta(days=62))
    assert [(a.step.code, [i.id for i in a.items]) for a in decided.actions] == [
        ("handover", [1]),  # to do, perhaps for weeks
        ("formal_notice", [2]),
        ("reminder_1", [3]),
    ]


def test_a_fresh_invoice_waits_a_day_for_a_firmer_message_that_leaves_by_itself():
    steep = replace(
        SME_STANDARD,
        steps=tuple(
            replace(s, approval="automatic", stage="firm") if s.stage == "formal" else s
            for s in SME_STANDARD.steps
            if s.stage != "litigation"
        ),
    )
    early = replace(item(2, due=DUE + timedelta(days=60)), steps_done={})
    world = World({1: item(1), 2: early}, scenario=steep)
    list(world.between(DUE, DUE + timedelta(days=44)))
    decided = plan(world.facts(), steep, DUE + timedelta(days=45))
    assert [[i.id for i in a.items] for a in decided.actions] == [[1]]
    assert "plan.firmer_today" in codes(*decided.skips)


def test_an_invoice_joins_the_next_contact_instead_of_making_one_the_day_after():
    other = item(2, due=DUE + timedelta(days=1))
    case = facts(
        item(1, steps_done={"reminder_1": DUE + timedelta(days=1)}),
        other,
        last_contact_on=DUE + timedelta(days=1),
    )
    early = plan(case, SME_STANDARD, DUE + timedelta(days=2))
    assert early.actions == ()
    assert codes(early.skips[0]) == ["stop.regroup"]
    assert early.next_look_on == DUE + timedelta(days=6)  # +4 is a Saturday
    (call,) = plan(case, SME_STANDARD, early.next_look_on).actions
    assert [i.id for i in call.items] == [1, 2]


def test_credit_that_covers_what_is_asked_keeps_the_message_back():
    on = DUE + timedelta(days=1)
    old = item(1, steps_done={"last_email": on - timedelta(days=30)}, due=DUE - timedelta(days=32))
    fresh = item(2, open_minor=10_000)
    decided = plan(facts(old, fresh, unallocated_minor=15_000), SME_STANDARD, on)
    assert decided.actions == ()
    assert codes(decided.skips[0]) == ["stop.credit_covers"]


def test_planning_what_is_planned_gives_the_same_keys():
    case = facts(item())
    on = DUE + timedelta(days=1)
    assert [a.key for a in plan(case, SME_STANDARD, on).actions] == ["7/reminder_1/1"]
    assert plan(case, SME_STANDARD, on) == plan(case, SME_STANDARD, on)


def test_a_closed_occurrence_gives_a_new_key():
    case = facts(item(), closed_counts={"reminder_1": 2})
    (action,) = plan(case, SME_STANDARD, DUE + timedelta(days=1)).actions
    assert action.key == "7/reminder_1/3"


def test_nothing_falls_on_a_day_that_is_not_worked():
    saturday = date(2026, 9, 5)
    (action,) = plan(facts(item()), SME_STANDARD, saturday).actions
    assert action.due_on == date(2026, 9, 7)


def test_the_local_holiday_of_alsace_moves_the_step():
    due = date(2025, 4, 17)  # the day after is Good Friday
    mainland = plan(facts(item(due=due)), SME_STANDARD, due + timedelta(days=1))
    alsace = plan(facts(item(due=due), holidays_zone="6AE"), SME_STANDARD, due + timedelta(days=1))
    assert mainland.day == date(2025, 4, 18)
    assert alsace.day == date(2025, 4, 22)  # Easter Monday is a holiday too


STOPS = [
    ({"insolvent_since": DUE}, "stop.insolvent", None),
    ({"holds": (Hold("sales talks", DUE, DUE + timedelta(days=9)),)}, "stop.held", 10),
    ({"holds": (Hold("sales talks", DUE),)}, "stop.held_open", None),
    ({"unseen_minor": 5_000, "unseen_since": DUE}, "stop.money", None),
    ({"proposed_minor": 5_000, "proposed_since": DUE}, "stop.proposed", 2),
    ({"answered_on": DUE, "answer_hold_days": 5}, "stop.answered", 5),
    ({"promises": (Promise(120_000, DUE + timedelta(days=5), 3),)}, "stop.promise", 9),
    (
        {"bank_data_max_age_days": 3, "bank_data_until": DUE - timedelta(days=9)},
        "stop.stale_bank",
        2,
    ),
    ({"bank_data_max_age_days": 3}, "stop.no_bank", 2),
    ({"unallocated_minor": 120_000}, "stop.credit_covers", None),
    ({"media": frozenset({"phone"})}, "stop.no_email", None),
    ({"last_contact_on": DUE + timedelta(days=1)}, "stop.gap", 2),
]


@pytest.mark.parametrize(("fields", "code", "look"), STOPS, ids=[code for _, code, _ in STOPS])
def test_a_reason_stops_the_case_and_says_when_to_look_again(fields, code, look):
    decided = plan(facts(item(), **fields), SME_STANDARD, DUE + timedelta(days=1))
    assert decided.actions == ()
    assert decided.skips[0].sentence.code == code
    assert str(decided.skips[0].sentence)
    if look is not None:
        assert decided.next_look_on is not None
        assert decided.next_look_on >= DUE + timedelta(days=look)


ITEM_STOPS = [
    ({"open_minor": 0}, "stop.paid"),
    ({"disputed_minor": 120_000}, "stop.disputed"),
    ({"missing_from_export": True}, "stop.missing"),
]


@pytest.mark.parametrize(("fields", "code"), ITEM_STOPS, ids=[code for _, code in ITEM_STOPS])
def test_a_stopped_item_drops_out_and_the_others_are_chased(fields, code):
    on = DUE + timedelta(days=1)
    decided = plan(facts(item(1, **fields), item(2)), SME_STANDARD, on)
    assert [[i.id for i in a.items] for a in decided.actions] == [[2]]
    assert codes(*decided.skips) == [code]


def test_a_hold_on_one_item_leaves_the_other():
    on = DUE + timedelta(days=1)
    hold = Hold("credit note expected", DUE, DUE + timedelta(days=3), item_id=1)
    decided = plan(facts(item(1), item(2), holds=(hold,)), SME_STANDARD, on)
    assert [[i.id for i in a.items] for a in decided.actions] == [[2]]
    assert codes(*decided.skips) == ["stop.item_held"]


def test_a_partial_dispute_leaves_the_rest_to_be_chased():
    on = DUE + timedelta(days=1)
    assert plan(facts(item(disputed_minor=20_000)), SME_STANDARD, on).actions
    decided = plan(facts(item(disputed_minor=119_000)), SME_STANDARD, on)
    assert codes(*decided.skips) == ["stop.below_minimum"]


def test_small_amounts_are_left_until_they_add_up():
    on = DUE + timedelta(days=1)
    assert codes(*plan(facts(item(open_minor=900)), SME_STANDARD, on).skips) == [
        "stop.below_minimum"
    ]
    both = facts(item(1, open_minor=900), item(2, open_minor=900))
    assert len(plan(both, SME_STANDARD, on).actions) == 1


def test_a_small_sum_is_looked_at_again_when_the_next_invoice_falls_due():
    due_later = DUE + timedelta(days=2)
    later = item(2, due=due_later, steps_done={"preventive": DUE})
    case = facts(item(1, open_minor=900), later)
    decided = plan(case, SME_STANDARD, DUE + timedelta(days=1))
    assert codes(decided.skips[0]) == ["stop.below_minimum"]
    assert decided.next_look_on == due_later + timedelta(days=1)
    assert plan(case, SME_STANDARD, decided.next_look_on).actions


def test_a_broken_promise_lets_the_course_go_on():
    promise = Promise(120_000, DUE + timedelta(days=5), 3)
    decided = plan(facts(item(), promises=(promise,)), SME_STANDARD, DUE + timedelta(days=9))
    assert [a.step.code for a in decided.actions] == ["reminder_2"]


def test_no_preventive_message_for_a_term_shorter_than_its_notice():
    short = item(issue_date=DUE - timedelta(days=8))
    decided = plan(facts(short), SME_STANDARD, DUE - timedelta(days=7))
    assert decided.actions == ()
    assert decided.next_look_on == DUE + timedelta(days=1)


def test_the_case_without_open_items_sleeps():
    decided = plan(facts(), SME_STANDARD, DUE)
    assert (decided.actions, decided.next_look_on) == ((), None)


def test_overseas_customers_have_their_own_holidays():
    due = date(2027, 12, 17)  # a Friday; Réunion rests on Monday 20 December
    on = due + timedelta(days=1)
    assert plan(facts(item(due=due)), SME_STANDARD, on).day == date(2027, 12, 20)
    reunion = facts(item(due=due), holidays_zone="RE")
    assert plan(reunion, SME_STANDARD, on).day == date(2027, 12, 21)


@pytest.mark.parametrize("due", [DUE + timedelta(days=offset) for offset in range(0, 364, 3)])
def test_every_step_is_taken_once_whatever_the_weekends_and_holidays(due):
    world = World({1: item(due=due)})
    taken = list(world.between(due - timedelta(days=20), due + timedelta(days=80)))
    assert [action.step.code for _, action in taken] == [s.code for s in SME_STANDARD.steps]
    contacts = [day for day, action in taken if not action.step.accompanies]
    assert len(set(contacts)) == 9


def test_an_email_before_a_holiday_and_its_call_keep_a_day_each():
    world = World({1: item(due=date(2026, 4, 30))})  # +1 is 1 May, a Friday; +4 the Monday
    taken = list(world.between(date(2026, 5, 1), date(2026, 5, 7)))
    assert [(day.day, action.step.code) for day, action in taken] == [
        (4, "reminder_1"), (5, "call_1"), (7, "reminder_2"),
    ]  # fmt: skip


def test_a_late_course_stays_late_after_each_step():
    late = item(steps_done={"reminder_2": DUE + timedelta(days=14)})
    firm = item(steps_done={**late.steps_done, "firm_letter": DUE + timedelta(days=15)})
    on = DUE + timedelta(days=16)
    assert plan(facts(late), SME_STANDARD, on).actions[0].step.code == "firm_letter"
    decided = plan(facts(firm), SME_STANDARD, on)
    assert decided.actions == ()
    assert decided.next_look_on >= DUE + timedelta(days=14 + 8)


def test_the_case_is_not_handed_over_before_the_deadline_of_the_formal_notice():
    sent = DUE + timedelta(days=58)  # approved late: the hand-over stands at +60
    done = item(steps_done={"firm_letter": DUE + timedelta(days=8), "formal_notice": sent})
    for days in range(1, 9):
        assert plan(facts(done), SME_STANDARD, sent + timedelta(days=days)).actions == ()
    decided = plan(facts(done), SME_STANDARD, sent + timedelta(days=14))
    assert [a.step.code for a in decided.actions] == ["handover"]


def test_a_call_made_before_its_email_left_does_not_come_again():
    on = DUE + timedelta(days=30)
    case = facts(item(steps_done={"sms": DUE + timedelta(days=15)}))
    email, call = plan(case, SME_STANDARD, on).actions
    ids = frozenset({1})
    waiting = PendingAction(1, email.key, email.step.code, on, ids, "approved")
    called = replace(case, pending=(waiting,), closed_counts={call.step.code: 1})
    again = plan(called, SME_STANDARD, on)
    assert change(called, SME_STANDARD, plan=again).add == ()


def test_nothing_leaves_on_a_day_that_is_not_worked():
    case = facts(item())
    email = SME_STANDARD.by_code["reminder_1"]
    holiday = datetime(2027, 5, 6, 10, 0, tzinfo=UTC)  # Ascension Day, a Thursday
    verdict = check(case, SME_STANDARD, step=email, item_ids={1}, now=holiday)
    assert verdict.postpone
    assert verdict.stop.sentence.code == "stop.not_worked"
    assert verdict.stop.look_on == date(2027, 5, 7)


def test_the_end_of_a_promise_for_a_part_is_looked_at_though_the_rest_is_chased():
    day = DUE + timedelta(days=1)
    promise = Promise(50_000, DUE + timedelta(days=10), 3, made_on=DUE)
    reminded = item(steps_done={"reminder_2": day})
    decided = plan(facts(reminded, promises=(promise,)), replace(SME_STANDARD, steps=(
        SME_STANDARD.by_code["reminder_2"], SME_STANDARD.by_code["last_email"])), day)  # fmt: skip
    # The 11th of September plus three days of grace is Monday the 14th.
    assert decided.next_look_on == date(2026, 9, 15)


def test_a_step_on_the_due_date_leaves_the_day_after_when_the_invoice_is_overdue():
    at_once = replace(SME_STANDARD, steps=(Step("now", 0, "email", "friendly", "t"),))
    early = plan(facts(item()), at_once, DUE)
    assert codes(*early.skips) == ["plan.not_overdue"]
    assert early.next_look_on == DUE + timedelta(days=1)
    assert [a.step.code for a in plan(facts(item()), at_once, early.next_look_on).actions] == [
        "now"
    ]


def test_a_credit_that_covers_the_overdue_is_weighed_again_when_more_falls_due():
    soon = item(2, due=DUE + timedelta(days=3), steps_done={"now": DUE})
    at_once = replace(SME_STANDARD, steps=(Step("now", 1, "email", "friendly", "t"),))
    decided = plan(
        facts(item(1), soon, unallocated_minor=120_000), at_once, DUE + timedelta(days=1)
    )
    assert codes(decided.skips[0]) == ["stop.credit_covers"]
    assert decided.next_look_on == DUE + timedelta(days=6)  # +4 is a Saturday


def test_what_waits_for_approval_is_not_cancelled_because_of_a_gap_or_a_weekday():
    day = DUE + timedelta(days=20)
    case = facts(item(steps_done={"firm_letter": day - timedelta(days=9)}), last_contact_on=day)
    waiting = PendingAction(1, "7/sms/1", "sms", day, frozenset({1}), "to_approve", "sms")
    decided = plan(case, SME_STANDARD, day)
    assert (decided.actions, decided.postponed) == ((), {"7/sms/1"})
    assert change(replace(case, pending=(waiting,)), SME_STANDARD, plan=decided).cancel == ()
    # A call would be made today all the same.
    call = replace(waiting, state="todo")
    changed = change(replace(case, pending=(call,)), SME_STANDARD, plan=decided)
    assert [sentence.code for _, sentence in changed.cancel] == ["stop.gap"]
    paid = replace(case, items=(), pending=(waiting,))
    assert change(paid, SME_STANDARD, plan=plan(paid, SME_STANDARD, day)).cancel


def test_a_task_is_raised_beside_the_firmer_message_of_another_invoice():
    key = SHIPPED["key-accounts"]
    friendly = {"call_2": DUE + timedelta(days=28)}
    asked = {"call_2": DUE + timedelta(days=16), "ask_sales": DUE + timedelta(days=27)}
    older = item(1, due=DUE - timedelta(days=12), steps_done=asked)
    newer = item(2, steps_done=friendly)
    decided = plan(facts(older, newer), key, DUE + timedelta(days=38))
    assert [(a.step.code, [(i.id, i.step) for i in a.items]) for a in decided.actions] == [
        ("last_email", [(1, "last_email")]),
        ("last_call", [(1, "")]),
        ("ask_sales", [(2, "ask_sales")]),
    ]


def test_a_task_is_raised_beside_a_firmer_message_that_leaves_by_itself_and_a_gentle_one_waits():
    course = replace(SME_STANDARD, catch_up_step="", steps=(
        Step("before", -10, "email", "preventive", "reminder_preventive"),
        Step("ask", 5, "task", "friendly"),
        Step("letter", 20, "letter", "firm", "reminder_firm"),
    ))  # fmt: skip
    day = DUE + timedelta(days=20)
    late = item(1, steps_done={"ask": DUE + timedelta(days=6)})
    newer = item(2, due=DUE + timedelta(days=15), steps_done={"before": DUE + timedelta(days=6)})
    coming = item(3, due=DUE + timedelta(days=30))
    decided = plan(facts(late, newer, coming), course, day)
    assert [(a.step.code, [i.id for i in a.items]) for a in decided.actions] == [
        ("letter", [1]),
        ("ask", [2]),
    ]
    assert [(s.sentence.code, s.item_id) for s in decided.skips] == [("plan.firmer_today", 3)]


def test_a_step_that_waits_for_a_level_is_looked_at_once_that_level_has_left():
    first = replace(SME_STANDARD.by_code["reminder_1"], code="first")
    raised = replace(SME_STANDARD.by_code["reminder_2"], code="raised", offset_days=2,
                     conditions=Conditions(min_stage="friendly"))  # fmt: skip
    course = replace(SME_STANDARD, steps=(first, raised), catch_up_step="")
    day = DUE + timedelta(days=9)
    decided = plan(facts(item()), course, day)
    assert [a.step.code for a in decided.actions] == ["first"]
    assert decided.next_look_on == day + timedelta(days=1)
