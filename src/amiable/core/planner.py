"""Decides, for one case on one day, what is due, why, why not, and when to look again.

Pure and idempotent: the plan is a function of the facts alone, so the same function serves the
night, the preview, the simulation and the tests. Planning what was planned adds nothing, because
an action's key is (case, step, how often that step was closed before).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from amiable.core.facts import CaseFacts, Item
from amiable.core.guards import (
    Stop,
    amount_stop,
    asked_minor,
    case_stop,
    contact_stop,
    item_stop,
    regroup_stop,
)
from amiable.core.scenario import CONTACT_MEDIA, STAGES, Scenario, Step, spread, step_dates
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.workdays import next_workday

declare(
    {
        "plan.step_due": gettext_noop("{number} was due on {due} (D+{days}): the step fits today."),
        "plan.preventive": gettext_noop("{number} falls due on {due} (D-{days})."),
        "plan.catch_up": gettext_noop(
            "{number} is old (D+{days}) and was never reminded: it enters at this step."
        ),
        "plan.jumped": gettext_noop(
            "Steps were missed for {number}: only the one that fits today is taken."
        ),
        "plan.gentler_first": gettext_noop(
            "{number} is old enough for a firmer step, which needs this one first."
        ),
        "plan.step_done": gettext_noop("{number}: last step on {on}, the next on {next}."),
        "plan.not_yet": gettext_noop("{number} falls due on {due}; first step on {next}."),
        "plan.course_over": gettext_noop("{number}: every step was taken, the last on {on}."),
        "plan.firmer_today": gettext_noop(
            "{number} is not swept into a firmer message; its own step follows."
        ),
        "plan.overtaken": gettext_noop("Overtaken by the next step of the scenario."),
        "plan.waiting_approval": gettext_noop("Waits for a person's approval."),
    }
)

_FORMAL, _FIRM, _HANDOVER = (STAGES.index(stage) for stage in ("formal", "firm", "handover"))


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """An item that takes `step` with this action ("" = the action only goes along).

    `open_minor` = what is asked for: nothing for an item that is only announced with others.
    """

    id: int
    step: str
    open_minor: int


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """One step for the case. `items` take part with their own step, oldest first."""

    case_id: int
    step: Step
    occurrence: int
    due_on: date
    items: tuple[PlannedItem, ...]
    reasons: tuple[Sentence, ...]

    @property
    def key(self) -> str:
        return f"{self.case_id}/{self.step.code}/{self.occurrence}"


@dataclass(frozen=True, slots=True)
class Skip:
    """Why an item (None = the whole case) gets nothing now."""

    sentence: Sentence
    item_id: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is due on `day` (a working day), why the rest is not, and when to look again."""

    case_id: int
    day: date
    actions: tuple[PlannedAction, ...] = ()
    skips: tuple[Skip, ...] = ()
    next_look_on: date | None = None


@dataclass(frozen=True, slots=True)
class _Position:
    """Where an item stands: the step due now (index, or -1), why, and its next date."""

    item: Item
    index: int
    sentence: Sentence
    next_on: date | None


def plan(facts: CaseFacts, scenario: Scenario, today: date) -> Plan:
    """The plan of one case.

    1. Nothing is planned on a day that is not worked: the day is the next working day.
    2. A stop of the whole case ends it; items with a stop of their own drop out.
    3. Each item stands at one step of the scenario, by its due date and what it already got.
    4. The firmest step due sets the tone; gentler items take part with their own step unless
       the gap in tone is more than one stage.
    5. Minimum amount, credit, address and minimum gap are asked for the action as a whole.
    """
    day = next_workday(today, facts.holidays_zone)
    stop = case_stop(facts, day)
    if stop:
        look = _look(facts, today, [stop.look_on])
        return Plan(facts.case_id, day, (), (Skip(stop.sentence),), look)
    skips: list[Skip] = []
    looks: list[date | None] = []
    positions = []
    for item in facts.items:
        reason = item_stop(facts, item, day)
        if reason:
            skips.append(Skip(reason.sentence, item.id))
            looks.append(reason.look_on)
            continue
        positions.append(_position(facts, item, scenario, day))
    looks += [position.next_on for position in positions]
    skips += [Skip(p.sentence, p.item.id) for p in positions if p.index < 0]
    actions: list[PlannedAction] = []
    for step, members in _groups([p for p in positions if p.index >= 0], scenario):
        if step is None:
            skips += [Skip(_firmer(p.item), p.item.id) for p in members]
            looks.append(day + timedelta(days=max(1, scenario.min_gap_days)))
            continue
        stop = _group_stop(facts, scenario, step, members, day)
        if stop:
            skips.insert(0, Skip(stop.sentence))
            looks.append(stop.look_on)
            continue
        actions += _actions(facts, scenario, step, members, day)
    return Plan(facts.case_id, day, tuple(actions), tuple(skips), _look(facts, today, looks))


def _groups(
    due: list[_Position], scenario: Scenario
) -> Iterator[tuple[Step | None, list[_Position]]]:
    """Items that take part in one action, firmest first; step None = they wait for another day.

    A firmer action that leaves by itself is the contact of the day. One that waits for a person's
    approval, perhaps for weeks, does not keep the fresh invoices from their own reminder.
    """
    ranks = scenario.ranks
    while due:
        top = max(position.index for position in due)
        step = scenario.main_steps[top]
        yield step, [p for p in due if ranks[top] - ranks[p.index] <= 1]
        due = [p for p in due if ranks[top] - ranks[p.index] > 1]
        if due and step.approval == "automatic":
            yield None, due
            return


def _group_stop(
    facts: CaseFacts, scenario: Scenario, step: Step, members: list[_Position], day: date
) -> Stop | None:
    kept = [position.item for position in members]
    claimed = [item for item in kept if asked_minor(item, step, day)]
    stop = amount_stop(facts, scenario, kept=claimed, today=day) or contact_stop(
        facts, scenario, step=step, today=day
    )
    if stop is None and step.medium in CONTACT_MEDIA:
        stop = regroup_stop(facts, scenario, kept=kept, today=day)
    return stop


def _firmer(item: Item) -> Sentence:
    return Sentence("plan.firmer_today", {"number": item.number})


def _position(facts: CaseFacts, item: Item, scenario: Scenario, day: date) -> _Position:
    """The step of one item on a working day; steps still to come are never due before their day."""
    steps = scenario.main_steps
    dates = step_dates(scenario.offsets, item.due_date, zone=facts.holidays_zone)
    done, done_on = -1, None
    for done, done_on in _taken(item, scenario):
        dates = _paced(scenario, done, done_on, dates, facts.holidays_zone)
    passed = bisect_right(dates, day)
    reached = passed - 1
    while reached >= 0 and not _fits(item, steps[reached], dates[reached], day):
        reached -= 1
    index = _allowed(scenario, item, done, reached)
    following = max(passed, index + 1, done + 1)
    next_on = dates[following] if following < len(dates) else None
    if index <= done:
        return _Position(item, -1, _waiting(item, done_on, next_on, day), next_on)
    if index + 1 < len(steps) and dates[index + 1] <= day:
        # A late entry: the course goes on from the day this step is carried out.
        interval = steps[index + 1].offset_days - steps[index].offset_days
        next_on = day + timedelta(days=interval)
    sentence = _why(item, steps[index], day, missed=index - done - 1, capped=index < reached)
    return _Position(item, index, sentence, next_on)


def _fits(item: Item, step: Step, on: date, day: date) -> bool:
    """A preventive step: not after the due date, nor for a term shorter than its notice."""
    return step.stage != "preventive" or (day <= item.due_date and item.issue_date <= on)


def _taken(item: Item, scenario: Scenario) -> list[tuple[int, date]]:
    """Position and day of each main step the item took, in the order of the scenario."""
    position = scenario.position
    return sorted((position[code], on) for code, on in item.steps_done.items() if code in position)


def _paced(
    scenario: Scenario, done: int, done_on: date, dates: tuple[date, ...], zone: str
) -> tuple[date, ...]:
    """Dates after a step: one taken late gives its delay to the rest, which keeps its intervals.

    What follows a formal notice waits at least until the deadline it sets has passed.
    """
    steps = scenario.main_steps
    if done + 1 == len(steps):
        return dates
    later = dates[done + 1 :]
    if done_on >= later[0]:
        base = steps[done].offset_days
        after = steps[done + 1 :]
        later = tuple(done_on + timedelta(days=step.offset_days - base) for step in after)
    elif steps[done].stage != "formal":
        return dates
    if steps[done].stage == "formal":
        deadline = next_workday(done_on + timedelta(days=scenario.deadline_days), zone)
        later = tuple(max(day, deadline + timedelta(days=1)) for day in later)
    return dates[: done + 1] + spread(later, zone)


def _allowed(scenario: Scenario, item: Item, done: int, reached: int) -> int:
    """The step that may be taken: catch-up policy, and no firmer step before the gentler one."""
    if reached <= done:
        return reached
    steps = scenario.main_steps
    index = reached
    contacted = done >= 0 and steps[done].stage != "preventive"
    if scenario.catch_up == "one_by_one":
        first = scenario.first_after_due
        index = max(done + 1, first) if reached >= first else reached
    elif not contacted and scenario.catch_up == "catch_up_step" and scenario.catch_up_step:
        index = min(reached, scenario.position[scenario.catch_up_step])
    ranks = scenario.ranks
    taken = {ranks[scenario.position[c]] for c in item.steps_done if c in scenario.position}
    for gate, needed in ((_HANDOVER, _FORMAL), (_FORMAL, _FIRM)):
        if ranks[index] >= gate and needed not in taken:
            below = [i for i in range(done + 1, index) if ranks[i] < gate]
            exact = [i for i in range(index + 1) if ranks[i] == needed]
            index = max(below or exact or [done])
    return index


def _why(item: Item, step: Step, day: date, *, missed: int, capped: bool) -> Sentence:
    """`missed` steps lie between the last one taken and this one; `capped` = age allows more."""
    days = (day - item.due_date).days
    if step.stage == "preventive":
        return Sentence(
            "plan.preventive", {"number": item.number, "due": item.due_date, "days": -days}
        )
    if capped and not item.steps_done:
        return Sentence("plan.catch_up", {"number": item.number, "days": days})
    if capped:
        return Sentence("plan.gentler_first", {"number": item.number})
    if missed > 0 and item.steps_done:
        return Sentence("plan.jumped", {"number": item.number})
    return Sentence("plan.step_due", {"number": item.number, "due": item.due_date, "days": days})


def _waiting(item: Item, done_on: date | None, next_on: date | None, day: date) -> Sentence:
    if done_on is None:
        if next_on is None:
            return Sentence("plan.course_over", {"number": item.number, "on": day})
        return Sentence(
            "plan.not_yet", {"number": item.number, "due": item.due_date, "next": next_on}
        )
    if next_on is None:
        return Sentence("plan.course_over", {"number": item.number, "on": done_on})
    return Sentence("plan.step_done", {"number": item.number, "on": done_on, "next": next_on})


def _actions(
    facts: CaseFacts, scenario: Scenario, step: Step, due: list[_Position], day: date
) -> tuple[PlannedAction, ...]:
    """The action of the step, and those that accompany it, for the same items."""
    due = sorted(due, key=lambda p: (p.item.due_date, p.item.id))
    items = tuple(
        PlannedItem(p.item.id, scenario.main_steps[p.index].code, asked_minor(p.item, step, day))
        for p in due
    )
    together = tuple(replace(item, step="") for item in items)
    reasons = tuple(position.sentence for position in due)
    if step.approval == "manual":
        reasons += (Sentence("plan.waiting_approval"),)
    return tuple(
        PlannedAction(
            case_id=facts.case_id,
            step=each,
            occurrence=facts.closed_counts.get(each.code, 0) + 1,
            due_on=day,
            items=together if each.accompanies else items,
            reasons=reasons,
        )
        for each in (step, *scenario.companions[step.code])
    )


def _look(facts: CaseFacts, today: date, looks: Iterable[date | None]) -> date | None:
    """The first working day after today among the dates given; None = only when facts change."""
    tomorrow = today + timedelta(days=1)
    known = [max(look, tomorrow) for look in looks if look is not None]
    return next_workday(min(known), facts.holidays_zone) if known else None
