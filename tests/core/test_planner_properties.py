"""What must hold of the planner for any scenario, any case and any day.

AMIABLE_TEST_FACTOR=20 asks twenty times as many examples: for a night, or before a release.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from amiable.core.facts import Cap, PendingAction
from amiable.core.guards import check
from amiable.core.planner import plan
from amiable.core.promises import commitments
from amiable.core.replan import change
from amiable.core.scenario import CONTACT_MEDIA, STAGES
from amiable.core.stops import TONE_DAYS
from amiable.core.workdays import is_workday
from tests.core.builders import item
from tests.core.simulation import World
from tests.core.strategies import START, days, scenarios, situations

FACTOR = int(os.environ.get("AMIABLE_TEST_FACTOR", "1"))
FIRM, FORMAL = STAGES.index("firm"), STAGES.index("formal")


def pending(actions):
    return tuple(
        PendingAction(n, a.key, a.step.code, a.due_on, frozenset(i.id for i in a.items), "approved")
        for n, a in enumerate(actions, 1)
    )


@given(situations())
@settings(max_examples=100 * FACTOR)
def test_planning_what_was_planned_adds_and_cancels_nothing(situation):
    case, scenario, today = situation
    first = plan(case, scenario, today)
    again = replace(case, pending=pending(first.actions))
    second = change(again, scenario, plan=plan(again, scenario, today))
    assert second.add == ()
    assert second.cancel == ()


@given(situations())
@settings(max_examples=100 * FACTOR)
def test_nothing_is_asked_beyond_what_is_due_undisputed_and_not_promised(situation):
    case, scenario, today = situation
    decided = plan(case, scenario, today)
    given_word = commitments(case, decided.day)
    by_id = {each.id: each for each in case.items}
    for action in decided.actions:
        assert action.items
        for planned in action.items:
            it = by_id[planned.id]
            cover = given_word.covers.get(it.id)
            free = it.open_minor - it.disputed_minor - (cover.amount_minor if cover else 0)
            assert free > 0
            assert planned.open_minor <= free
            assert not it.missing_from_export
            if planned.step and scenario.by_code[planned.step].anchor == "due_date":
                step = scenario.by_code[planned.step]
                assert decided.day > it.due_date or step.stage == "preventive"


@given(situations())
@settings(max_examples=100 * FACTOR)
def test_insolvent_deceased_held_or_without_debt_implies_no_action(situation):
    case, scenario, today = situation
    decided = plan(case, scenario, today)
    stopped = (
        not any(each.open_minor for each in case.items)
        or case.insolvent_since is not None
        or case.deceased_since is not None
        or any(h.item_id is None and h.starts_on <= decided.day <= h.ends_on for h in case.holds)
        or (
            case.answered_on is not None
            and 0 <= (decided.day - case.answered_on).days < case.answer_hold_days
        )
    )
    if stopped:
        assert decided.actions == ()


@given(situations())
@settings(max_examples=100 * FACTOR)
def test_a_formal_notice_follows_something_firm_for_each_of_its_items(situation):
    case, scenario, today = situation
    by_id = {each.id: each for each in case.items}
    for action in plan(case, scenario, today).actions:
        for planned in action.items:
            if planned.step and scenario.by_code[planned.step].stage == "formal":
                it = by_id[planned.id]
                known = [c for c in it.steps_done if c in scenario.by_code]
                tones = [it.stages_done.get(c, scenario.by_code[c].stage) for c in known]
                assert FIRM in {STAGES.index(tone) for tone in tones if tone}


@given(situations())
@settings(max_examples=100 * FACTOR)
def test_no_gentler_message_about_an_item_follows_a_firmer_one_within_days(situation):
    case, scenario, today = situation
    by_id = {each.id: each for each in case.items}
    for action in plan(case, scenario, today).actions:
        if action.medium == "task" or action.step.accompanies:
            continue
        for planned in action.items:
            it = by_id[planned.id]
            for code, stage in it.stages_done.items():
                if not stage or STAGES.index(stage) <= action.step.rank:
                    continue
                on = it.steps_done[code]
                answers = planned.event_on is not None and planned.event_on >= on
                assert answers or (action.due_on - on).days >= TONE_DAYS


@given(situations())
@settings(max_examples=100 * FACTOR)
def test_every_item_is_either_acted_on_or_explained(situation):
    case, scenario, today = situation
    decided = plan(case, scenario, today)
    acted = {planned.id for action in decided.actions for planned in action.items}
    explained = {skip.item_id for skip in decided.skips}
    if None not in explained:
        assert acted | explained >= {each.id for each in case.items}
    for skip in decided.skips:
        assert str(skip.sentence)
    for sentence in decided.passed_over:
        assert str(sentence)


@given(situations())
@settings(max_examples=100 * FACTOR)
def test_the_next_look_is_later_and_worked_and_the_guard_agrees_with_the_plan(situation):
    case, scenario, today = situation
    decided = plan(case, scenario, today)
    if decided.next_look_on is not None:
        assert decided.next_look_on > today
        assert is_workday(decided.next_look_on)
    for action in decided.actions:
        now = datetime.combine(action.due_on, time(10, 0))
        verdict = check(
            case,
            scenario,
            step=action.step,
            item_ids={i.id for i in action.items},
            now=now,
            medium=action.medium,
        )
        assert verdict.stop is None
        assert set(verdict.item_ids) == {i.id for i in action.items}


@given(situations())
@settings(max_examples=100 * FACTOR)
def test_looking_only_when_told_finds_what_looking_every_day_finds(situation):
    """`next_look_on` never sleeps through a day on which something would have been due."""
    case, scenario, today = situation
    decided = plan(case, scenario, today)
    if decided.actions:
        return
    until = decided.next_look_on or today + timedelta(days=120)
    day = decided.day + timedelta(days=1)
    while day < until:
        later = plan(case, scenario, day)
        assert later.actions == () or later.day >= until
        day += timedelta(days=1)


@given(
    st.lists(
        st.tuples(days, st.integers(20_000, 90_000), st.none() | days), min_size=1, max_size=4
    ),
    scenarios,
    st.lists(st.integers(1, 25), max_size=3),
    st.sampled_from([(), (Cap(3, 7),), (Cap(1, 10, "email"),)]),
)
@settings(max_examples=30 * FACTOR, deadline=None)
def test_a_year_keeps_the_gap_the_caps_the_order_and_takes_no_step_twice(
    invoices, scenario, outages, caps
):
    world = World(
        {n: item(n, due=due, open_minor=amount) for n, (due, amount, _) in enumerate(invoices, 1)},
        scenario=scenario,
        fields={"caps": caps},
    )
    paid = {n: on for n, (_, _, on) in enumerate(invoices, 1) if on}
    lived = _Year(scenario)
    day = START
    pauses = list(outages)
    while day < START + timedelta(days=400):
        for number, on in paid.items():
            if on <= day:
                world.items.pop(number, None)
        for action in world.live(day):
            lived.note(day, action)
        day += timedelta(days=1)
        if pauses and day.day == 15:
            day += timedelta(days=pauses.pop())
    for cap in caps:
        counted = [on for on, medium in lived.contacts if cap.medium in {"", medium}]
        for on in counted:
            assert sum(0 <= (on - other).days < cap.days for other in counted) <= cap.count


class _Year:
    """What a case was sent, checked action by action."""

    def __init__(self, scenario) -> None:
        self.scenario = scenario
        self.last: date | None = None
        self.seen: set[tuple[int, str]] = set()
        self.ranks: dict[int, int] = {}
        self.contacts: list[tuple[date, str]] = []
        self.tones: dict[int, list[tuple[date, int]]] = {}

    def note(self, day, action) -> None:
        if action.medium in CONTACT_MEDIA:
            self.contacts.append((day, action.medium))
            if not action.step.accompanies:
                gap = self.scenario.min_gap_days
                assert self.last is None or (day - self.last).days >= gap
                self.last = day
        for each in action.items:
            if each.step:
                assert (each.id, each.step) not in self.seen
                self.seen.add((each.id, each.step))
                self._tone(day, action, each)
                rank = self.scenario.by_code[each.step].rank
                assert rank >= self.ranks.get(each.id, 0)
                self.ranks[each.id] = rank

    def _tone(self, day, action, each) -> None:
        """A week passes between a firm message about an item and a gentler one."""
        if action.medium not in CONTACT_MEDIA:
            return
        rank = action.step.rank
        for on, other in self.tones.get(each.id, []):
            if other > rank and (each.event_on is None or each.event_on < on):
                assert (day - on).days >= TONE_DAYS
        self.tones.setdefault(each.id, []).append((day, rank))
