"""Decides, for one case on one day, what is due, why, why not, and when to look again.

Pure and idempotent: the plan is a function of the facts alone, so the same function serves the
night, the preview, the simulation and the tests. Planning what was planned adds nothing, because
an action's key is (case, step, how often that step was closed before).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from amiable.core.conditions import Situation, condition_stop
from amiable.core.courses import position
from amiable.core.facts import CaseFacts, Item
from amiable.core.promises import Commitments, commitments
from amiable.core.scenario import CONTACT_MEDIA, Approval, Medium, Scenario, Step
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.stops import (
    Stop,
    amount_stop,
    asked_minor,
    cap_stop,
    case_stop,
    chaseable_minor,
    item_stop,
    medium_for,
    overdue_minor,
    pace_stop,
    regroup_stop,
    tone_stop,
    weekday_stop,
)
from amiable.core.workdays import next_workday

declare(
    {
        "plan.firmer_today": gettext_noop(
            "{number} is not swept into a firmer message; its own step follows."
        ),
        "plan.not_overdue": gettext_noop(
            "This step asks for what is overdue, and nothing of it is before {until}."
        ),
        "plan.overtaken": gettext_noop("Overtaken by the next step of the scenario."),
        "plan.waiting_approval": gettext_noop("Waits for a person's approval."),
        "plan.waiting_batch": gettext_noop("Waits for a person to confirm it with others."),
        "plan.large_amount": gettext_noop(
            "It asks for more than the scenario lets leave by itself: a person confirms it."
        ),
        "plan.fallback": gettext_noop(
            "The customer cannot be reached by the step's own medium: another one takes over."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """An item that takes `step` with this action ("" = the action only goes along).

    `open_minor` = what is asked for: nothing for an item that is only announced with others.
    `event_on` = the day of the event the step counted from.
    """

    id: int
    step: str
    open_minor: int
    event_on: date | None = None


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """One step for the case. `items` take part with their own step, oldest first."""

    case_id: int
    step: Step
    occurrence: int
    due_on: date
    items: tuple[PlannedItem, ...]
    reasons: tuple[Sentence, ...]
    medium: Medium
    approval: Approval

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
    """What is due on `day` (a working day), why the rest is not, and when to look again.

    `passed_over` = the steps whose conditions the case does not meet, and why. `postponed` = keys
    of actions that nothing but the moment keeps back.
    """

    case_id: int
    day: date
    actions: tuple[PlannedAction, ...] = ()
    skips: tuple[Skip, ...] = ()
    next_look_on: date | None = None
    passed_over: tuple[Sentence, ...] = ()
    postponed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Due:
    """An item that has reached a step."""

    item: Item
    step: Step
    sentence: Sentence
    event_on: date | None


@dataclass(slots=True)
class _Work:
    """One case on its way to a plan."""

    facts: CaseFacts
    scenario: Scenario
    day: date
    given: Commitments
    overdue: int
    looks: list[date | None]
    actions: list[PlannedAction] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    passed_over: list[Sentence] = field(default_factory=list)
    postponed: set[str] = field(default_factory=set)

    def key(self, step: Step) -> str:
        """The key that the next action of a step has."""
        return f"{self.facts.case_id}/{step.code}/{self.facts.closed_counts.get(step.code, 0) + 1}"

    def skip(self, stop: Stop, item_id: int) -> None:
        """Keep an item out of the plan."""
        self.skips.append(Skip(stop.sentence, item_id))
        self.looks.append(stop.look_on)

    def hold_back(self, stop: Stop) -> None:
        """Keep an action out of the plan: the first thing that is said of the case."""
        self.skips.insert(0, Skip(stop.sentence))
        self.looks.append(stop.look_on)


def plan(facts: CaseFacts, scenario: Scenario, today: date) -> Plan:
    """The plan of one case.

    1. Nothing is planned on a day that is not worked: the day is the next working day.
    2. A stop of the whole case ends it; items with a stop of their own drop out.
    3. Steps whose conditions the case does not meet are passed over.
    4. Each item stands at one step of the scenario, by its dates, what happened to it and what it
       already got.
    5. The firmest step due sets the tone; gentler items take part with their own step unless
       the gap in tone is more than one stage. What was in a firmer message of late waits.
    6. Minimum amount, credit, address, minimum gap and caps are asked for the action as a whole.
    """
    day = next_workday(today, facts.holidays_zone)
    stop = case_stop(facts, day)
    if stop:
        look = _look(facts, today, [stop.look_on])
        return Plan(facts.case_id, day, (), (Skip(stop.sentence),), look)
    given = commitments(facts, day)
    # A promise for a part stops nothing by itself, and yet its end changes what is asked for.
    looks: list[date | None] = [*given.ends]
    # What the bank dates ahead begins its course on its day.
    looks += [on for item in facts.items for on in item.events.values() if on > today]
    overdue = overdue_minor(facts, day, given=given)
    work = _Work(facts, scenario, day, given, overdue, looks)
    without = _passed_over(work) if scenario.conditional else frozenset()
    due: list[_Due] = []
    for item in facts.items:
        reason = item_stop(facts, item, day, given=given)
        if reason:
            work.skip(reason, item.id)
            continue
        at = position(facts, item, scenario=scenario, day=day, given=given, without=without)
        work.looks.append(at.next_on)
        if at.step is None:
            work.skips.append(Skip(at.sentence, item.id))
        else:
            due.append(_Due(item, at.step, at.sentence, at.event_on))
    for step, members in _groups(work, due):
        _take(work, step, members)
    look = _look(facts, today, work.looks)
    return Plan(
        facts.case_id,
        day,
        tuple(work.actions),
        tuple(work.skips),
        look,
        tuple(work.passed_over),
        frozenset(work.postponed),
    )


def _passed_over(work: _Work) -> frozenset[str]:
    """Codes of the steps whose conditions the case does not meet, each with its reason."""
    facts, day, given = work.facts, work.day, work.given
    still_open = sum(
        chaseable_minor(item, given)
        for item in facts.items
        if item_stop(facts, item, day, given=given) is None
    )
    situation = Situation(facts, work.scenario, day, work.overdue, still_open, given)
    codes = set()
    for step in work.scenario.conditional:
        stop = condition_stop(situation, step)
        if stop:
            codes.add(step.code)
            work.passed_over.append(stop.sentence)
            work.looks.append(stop.look_on)
    return frozenset(codes)


def _groups(work: _Work, due: list[_Due]) -> Iterator[tuple[Step | None, list[_Due]]]:
    """Items that take part in one action, firmest first; step None = they wait for another day.

    A firmer action that leaves by itself is the contact of the day. One that waits for a person's
    approval, perhaps for weeks, does not keep the fresh invoices from their own reminder; nor does
    a task inside the house, which says nothing to the customer.
    """
    order = {step.code: index for index, step in enumerate(work.scenario.steps)}
    while due:
        top = max((at.step for at in due), key=lambda step: (step.rank, order[step.code]))
        members = [at for at in due if _joins(at.step, top)]
        if early := _too_gentle(work, top, members):
            due = [at for at in due if at.item.id not in early]
            continue
        yield top, members
        due = [at for at in due if not _joins(at.step, top)]
        if top.medium == "task" or _approval(work, top, members) != "automatic":
            continue
        waiting = [at for at in due if at.step.medium != "task"]
        if waiting:
            yield None, waiting
        due = [at for at in due if at.step.medium == "task"]


def _too_gentle(work: _Work, top: Step, members: list[_Due]) -> set[int]:
    """Ids of the items that got a firmer message too lately for this one; each is told why."""
    early = set()
    for at in members:
        stop = tone_stop(at.item, top, work.day, since=at.event_on)
        if stop:
            work.skip(stop, at.item.id)
            early.add(at.item.id)
    return early


def _joins(step: Step, top: Step) -> bool:
    """Whether an item that has reached `step` takes it with the action of `top`: not when it is
    much gentler, and neither a message with a task, which would never be said, nor a task with a
    message, which would never be done."""
    return top.rank - step.rank <= 1 and (top.medium == "task") == (step.medium == "task")


def _take(work: _Work, step: Step | None, members: list[_Due]) -> None:
    """Add the action of a step for these items, or say why not."""
    if step is None:
        for at in members:
            sentence = Sentence("plan.firmer_today", {"number": at.item.number})
            work.skips.append(Skip(sentence, at.item.id))
        work.looks.append(work.day + timedelta(days=max(1, work.scenario.min_gap_days)))
        return
    kept = [at.item for at in members]
    medium = _usable(work, step, kept)
    if isinstance(medium, Stop):
        work.hold_back(medium)
        return
    stop = _moment_stop(work, step, kept, medium=medium)
    if stop:
        work.hold_back(stop)
        work.postponed |= {work.key(each) for each in (step, *work.scenario.companions[step.code])}
        return
    _act(work, step, members)
    if work.passed_over:
        # What leaves today may be the level that the condition of another step waits for.
        work.looks.append(work.day + timedelta(days=1))


def _usable(work: _Work, step: Step, kept: list[Item]) -> Medium | Stop:
    """The medium of an action for these items, or why there is nothing to say or no way to."""
    facts, scenario, day = work.facts, work.scenario, work.day
    claimed = [item for item in kept if asked_minor(item, step, day, given=work.given)]
    if not claimed:
        until = min(item.due_date for item in kept) + timedelta(days=1)
        return Stop(Sentence("plan.not_overdue", {"until": until}), until)
    stop = amount_stop(
        facts, scenario, kept=claimed, today=day, given=work.given, overdue=work.overdue
    )
    return stop or medium_for(facts, step)


def _moment_stop(work: _Work, step: Step, kept: list[Item], *, medium: Medium) -> Stop | None:
    """Not on this day of the week, or too soon after another contact."""
    facts, scenario, day = work.facts, work.scenario, work.day
    stop = weekday_stop(facts, step, day)
    stop = stop or pace_stop(facts, scenario, medium=medium, today=day)
    if stop is None and medium in CONTACT_MEDIA:
        stop = regroup_stop(facts, scenario, kept=kept, today=day)
    return stop


def _approval(work: _Work, step: Step, members: Iterable[_Due]) -> Approval:
    """The step's own, or a confirmation when it asks for more than may leave by itself."""
    limit = work.scenario.approval_above_minor
    if step.approval != "automatic" or limit is None or step.medium not in CONTACT_MEDIA:
        return step.approval
    asked = sum(asked_minor(at.item, step, work.day, given=work.given) for at in members)
    return "batch" if asked > limit else "automatic"


def _act(work: _Work, step: Step, due: list[_Due]) -> None:
    """The action of the step, and those that accompany it, for the same items."""
    due = sorted(due, key=lambda at: (at.item.due_date, at.item.id))
    items = tuple(
        PlannedItem(
            at.item.id,
            at.step.code,
            asked_minor(at.item, step, work.day, given=work.given),
            at.event_on,
        )
        for at in due
    )
    reasons = tuple(at.sentence for at in due)
    approval = _approval(work, step, due)
    leaving: list[str] = []
    for each in (step, *work.scenario.companions[step.code]):
        medium = medium_for(work.facts, each)
        if isinstance(medium, Stop):
            work.skips.append(Skip(medium.sentence))
            continue
        stop = cap_stop(work.facts, medium, work.day, extra=leaving)
        if stop:
            work.skips.append(Skip(stop.sentence))
            continue
        leaving.append(medium)
        work.actions.append(
            PlannedAction(
                case_id=work.facts.case_id,
                step=each,
                occurrence=work.facts.closed_counts.get(each.code, 0) + 1,
                due_on=work.day,
                items=_along(items) if each.accompanies else items,
                reasons=reasons + _notes(each.medium, medium, main=step, approval=approval),
                medium=medium,
                approval=approval,
            )
        )


def _along(items: Iterable[PlannedItem]) -> tuple[PlannedItem, ...]:
    """The same items for a step that only goes along: none of them takes it."""
    return tuple(replace(item, step="", event_on=None) for item in items)


def _notes(
    meant: Medium, medium: Medium, *, main: Step, approval: Approval
) -> tuple[Sentence, ...]:
    """What a person should know beside the reasons of the items; a step that accompanies waits
    for the same person as the main one."""
    notes = []
    if medium != meant:
        notes.append(Sentence("plan.fallback"))
    if approval == "manual":
        notes.append(Sentence("plan.waiting_approval"))
    elif approval == "batch":
        large = main.approval == "automatic"
        notes.append(Sentence("plan.large_amount" if large else "plan.waiting_batch"))
    return tuple(notes)


def _look(facts: CaseFacts, today: date, looks: Iterable[date | None]) -> date | None:
    """The first working day after today among the dates given; None = only when facts change."""
    tomorrow = today + timedelta(days=1)
    known = [max(look, tomorrow) for look in looks if look is not None]
    return next_workday(min(known), facts.holidays_zone) if known else None
