"""What must hold of the planner for any portfolio, policy and day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from amiable.core.facts import Hold, PendingAction, Promise
from amiable.core.guards import check
from amiable.core.planner import plan
from amiable.core.promises import commitments
from amiable.core.replan import change
from amiable.core.scenario import CONTACT_MEDIA
from amiable.core.shipped import SME_STANDARD
from amiable.core.workdays import is_workday
from tests.core.builders import EVERYWHERE, facts, item
from tests.core.simulation import World

START = date(2026, 1, 5)
days = st.integers(0, 240).map(lambda n: START + timedelta(days=n))
amounts = st.integers(0, 500_000)
scenarios = st.builds(
    lambda policy, gap, minimum: replace(
        SME_STANDARD, catch_up=policy, min_gap_days=gap, min_amount_minor=minimum
    ),
    st.sampled_from(["catch_up_step", "jump", "one_by_one"]),
    st.integers(0, 10),
    st.sampled_from([0, 1500, 100_000]),
)
done_steps = st.dictionaries(
    st.sampled_from([step.code for step in SME_STANDARD.course().steps]), days, max_size=4
)


@st.composite
def items(draw, number: int):
    total = draw(st.integers(1, 500_000))
    return item(
        number,
        due=draw(days),
        open_minor=draw(st.integers(0, total)),
        total_minor=total,
        disputed_minor=draw(st.sampled_from([0, 0, 0, total, total // 2])),
        missing_from_export=draw(st.sampled_from([False, False, False, True])),
        steps_done=draw(done_steps),
    )


@st.composite
def cases(draw):
    count = draw(st.integers(0, 5))
    holds = st.builds(
        lambda start, length, who: Hold("reason", start, start + timedelta(days=length), who),
        days, st.integers(0, 30), st.sampled_from([None, 1, 2]),
    )  # fmt: skip
    promises = st.builds(lambda amount, on: Promise(amount + 1, on), amounts, days)
    return facts(
        *[draw(items(number)) for number in range(1, count + 1)],
        unallocated_minor=draw(st.sampled_from([0, 0, 5_000, 10_000_000])),
        media=draw(st.sampled_from([EVERYWHERE, frozenset({"email"}), frozenset()])),
        holds=tuple(draw(st.lists(holds, max_size=2))),
        promises=tuple(draw(st.lists(promises, max_size=1))),
        last_contact_on=draw(st.none() | days),
        closed_counts=draw(
            st.dictionaries(st.sampled_from(["reminder_1", "sms"]), st.integers(1, 3))
        ),
        insolvent_since=draw(st.sampled_from([None, None, None, START])),
    )


def pending(actions):
    return tuple(
        PendingAction(n, a.key, a.step.code, a.due_on, frozenset(i.id for i in a.items), "approved")
        for n, a in enumerate(actions, 1)
    )


@given(cases(), scenarios, days)
@settings(max_examples=200)
def test_planning_what_was_planned_adds_and_cancels_nothing(case, scenario, today):
    first = plan(case, scenario, today)
    again = replace(case, pending=pending(first.actions))
    second = change(again, scenario, plan=plan(again, scenario, today))
    assert second.add == ()
    assert second.cancel == ()


@given(cases(), scenarios, days)
@settings(max_examples=200)
def test_never_before_due_unless_preventive_and_never_for_what_is_stopped(case, scenario, today):
    decided = plan(case, scenario, today)
    by_id = {each.id: each for each in case.items}
    for action in decided.actions:
        assert action.items
        for planned in action.items:
            it = by_id[planned.id]
            assert it.open_minor > 0
            assert it.disputed_minor < it.open_minor
            assert not it.missing_from_export
            if action.step.stage != "preventive":
                step = scenario.by_code[planned.step or action.step.accompanies]
                assert decided.day > it.due_date or step.stage == "preventive"


@given(cases(), scenarios, days)
@settings(max_examples=200)
def test_paid_insolvent_held_or_promised_implies_no_action(case, scenario, today):
    decided = plan(case, scenario, today)
    stopped = (
        not any(each.open_minor for each in case.items)
        or case.insolvent_since is not None
        or any(h.item_id is None and h.starts_on <= decided.day <= h.ends_on for h in case.holds)
    )
    if stopped:
        assert decided.actions == ()
    given = commitments(case, decided.day)
    by_id = {each.id: each for each in case.items}
    for action in decided.actions:
        for each in action.items:
            cover = given.covers.get(each.id)
            promised = cover.amount_minor if cover else 0
            assert promised < by_id[each.id].chased_minor
            assert each.open_minor <= by_id[each.id].chased_minor - promised


@given(cases(), scenarios, days)
@settings(max_examples=200)
def test_every_item_is_either_acted_on_or_explained(case, scenario, today):
    decided = plan(case, scenario, today)
    acted = {planned.id for action in decided.actions for planned in action.items}
    explained = {skip.item_id for skip in decided.skips}
    if None not in explained:
        assert acted | explained >= {each.id for each in case.items}
    for skip in decided.skips:
        assert str(skip.sentence)


@given(cases(), scenarios, days)
@settings(max_examples=200)
def test_the_next_look_is_later_and_worked_and_the_guard_agrees_with_the_plan(
    case, scenario, today
):
    decided = plan(case, scenario, today)
    if decided.next_look_on is not None:
        assert decided.next_look_on > today
        assert is_workday(decided.next_look_on)
    for action in decided.actions:
        now = datetime.combine(action.due_on, time(10, 0))
        verdict = check(
            case, scenario, step=action.step, item_ids={i.id for i in action.items}, now=now
        )
        assert verdict.stop is None
        assert set(verdict.item_ids) == {i.id for i in action.items}


@given(
    st.lists(
        st.tuples(days, st.integers(20_000, 90_000), st.none() | days), min_size=1, max_size=4
    ),
    scenarios,
    st.lists(st.integers(1, 25), max_size=3),
)
@settings(max_examples=60, deadline=None)
def test_a_year_keeps_the_gap_the_order_and_takes_no_step_twice(invoices, scenario, outages):
    world = World(
        {n: item(n, due=due, open_minor=amount) for n, (due, amount, _) in enumerate(invoices, 1)},
        scenario=scenario,
    )
    paid = {n: on for n, (_, _, on) in enumerate(invoices, 1) if on}
    last = None
    seen: set[tuple[int, str]] = set()
    ranks: dict[int, int] = {}
    day = START
    pauses = list(outages)
    while day < START + timedelta(days=400):
        for number, on in paid.items():
            if on <= day:
                world.items.pop(number, None)
        for action in world.live(day):
            if action.step.medium in CONTACT_MEDIA and not action.step.accompanies:
                assert last is None or (day - last).days >= scenario.min_gap_days
                last = day
            for each in action.items:
                if not each.step:
                    continue
                assert (each.id, each.step) not in seen
                seen.add((each.id, each.step))
                rank = scenario.by_code[each.step].rank
                assert rank >= ranks.get(each.id, 0)
                ranks[each.id] = rank
        day += timedelta(days=1)
        if pauses and day.day == 15:
            day += timedelta(days=pauses.pop())


@given(cases(), scenarios, days)
@settings(max_examples=200)
def test_looking_only_when_told_finds_what_looking_every_day_finds(case, scenario, today):
    """`next_look_on` never sleeps through a day on which something would have been due."""
    decided = plan(case, scenario, today)
    if decided.actions:
        return
    until = decided.next_look_on or today + timedelta(days=120)
    day = decided.day + timedelta(days=1)
    while day < until:
        assert plan(case, scenario, day).actions == () or plan(case, scenario, day).day >= until
        day += timedelta(days=1)
