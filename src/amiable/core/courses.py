"""Where one item stands in its scenario: the course it follows, the dates of its steps, and the
one step that fits a day."""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from amiable.core.facts import CaseFacts, Item
from amiable.core.promises import Commitments
from amiable.core.scenario import EVENTS, STAGES, Course, Scenario, Step
from amiable.core.sentences import Param, Sentence, declare, gettext_noop
from amiable.core.workdays import add_workdays, next_workday

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
        "plan.one_step_higher": gettext_noop(
            "{number}: what was promised did not come by {on}: the next step comes at once."
        ),
        "plan.promise_broken": gettext_noop("{number}: the promise was not kept by {on}."),
        "plan.instalment_missed": gettext_noop(
            "{number}: an instalment of the payment plan was missed on {on}."
        ),
        "plan.payment_returned": gettext_noop(
            "{number}: the payment came back unpaid on {on} ({reason})."
        ),
        "plan.dispute_closed": gettext_noop("{number}: the dispute was closed on {on}."),
        "plan.step_done": gettext_noop("{number}: last step on {on}, the next on {next}."),
        "plan.not_yet": gettext_noop("{number} falls due on {due}; first step on {next}."),
        "plan.course_over": gettext_noop("{number}: every step was taken, the last on {on}."),
        "plan.no_step": gettext_noop("{number}: the scenario has no step for it."),
        "plan.awaits_receipt": gettext_noop(
            "{number}: the next step counts from the receipt of the formal notice, which is not "
            "known yet."
        ),
    }
)

FRIENDLY, FIRM, FORMAL, LITIGATION = (
    STAGES.index(stage) for stage in ("friendly", "firm", "formal", "litigation")
)
# A date that is not known yet; what follows it in the course waits too.
UNKNOWN = date.max


@dataclass(frozen=True, slots=True)
class Position:
    """Where an item stands: the step due now (None = none), why, and when that may change.

    `event_on` = the day of the event its course began with.
    """

    item: Item
    step: Step | None
    sentence: Sentence
    next_on: date | None
    event_on: date | None = None


@dataclass(frozen=True, slots=True)
class _Ask:
    """The question: where does this item of this case stand on this day."""

    facts: CaseFacts
    item: Item
    scenario: Scenario
    day: date
    without: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Track:
    """A course, what began it, the steps of it already taken and the days of all."""

    course: Course
    event: str
    event_on: date | None
    taken: tuple[tuple[int, date], ...]
    dates: tuple[date, ...]

    @property
    def done(self) -> int:
        return self.taken[-1][0] if self.taken else -1

    @property
    def done_on(self) -> date | None:
        return self.taken[-1][1] if self.taken else None


def position(
    facts: CaseFacts,
    item: Item,
    scenario: Scenario,
    *,
    day: date,
    given: Commitments,
    without: frozenset[str] = frozenset(),
) -> Position:
    """The step of one item on a working day; steps still to come are never due before their day.

    `without` = codes of the steps whose conditions do not hold for the case.
    """
    events = {**item.events, **given.events(item)} if given.standings else item.events
    track = _track(_Ask(facts, item, scenario, day, without), events)
    steps, dates = track.course.steps, track.dates
    if not steps:
        return Position(item, None, Sentence("plan.no_step", {"number": item.number}), None)
    done = track.done
    passed = bisect_right(dates, day)
    reached = passed - 1
    while reached >= 0 and not _fits(item, steps[reached], dates[reached], day):
        reached -= 1
    resumed = _resumed(item, track, events, day)
    if resumed is not None:
        reached = max(reached, done + 1)
    index = _allowed(scenario, item, track, reached)
    following = max(passed, index + 1, done + 1)
    next_on = _known(dates[following]) if following < len(dates) else None
    if index <= done:
        sentence = _waiting(item, track, next_on, awaited=following < len(dates))
        return Position(item, None, sentence, next_on, track.event_on)
    if index + 1 < len(steps) and dates[index + 1] <= day:
        # A late entry: the course goes on from the day this step is carried out.
        interval = max(1, steps[index + 1].offset_days - steps[index].offset_days)
        next_on = day + timedelta(days=interval)
    missed = resumed is None and index - done > 1
    sentence = _why(item, track, index, day, missed=missed, capped=index < reached)
    if resumed is not None and track.event == "":
        params: dict[str, Param] = {"number": item.number, "on": resumed - timedelta(days=1)}
        sentence = Sentence("plan.one_step_higher", params)
    return Position(item, steps[index], sentence, next_on, track.event_on)


@functools.lru_cache(maxsize=65536)
def step_dates(offsets: tuple[int, ...], due_date: date, *, zone: str) -> tuple[date, ...]:
    """The day of each offset for an item due on `due_date`: see `spread`."""
    return spread([due_date + timedelta(days=offset) for offset in offsets], zone)


def spread(days: Iterable[date], zone: str) -> tuple[date, ...]:
    """Each day moved to the next working day, and after the one before it.

    A weekend or a holiday would else put two steps on one day, and the gentler one would be lost.
    """
    dates: list[date] = []
    for day in days:
        if UNKNOWN in (day, *dates[-1:]):
            dates.append(UNKNOWN)
            continue
        earliest = max(day, dates[-1] + timedelta(days=1)) if dates else day
        dates.append(next_workday(earliest, zone))
    return tuple(dates)


def _track(ask: _Ask, events: Mapping[str, date]) -> _Track:
    """The course of the latest event that still has a step to take, else that of the dates."""
    if events and ask.scenario.events:
        happened = [
            (events[name], -EVENTS.index(name), name)
            for name in ask.scenario.events
            if name in events and events[name] <= ask.day
        ]
        for on, _, name in sorted(happened, reverse=True):
            track = _dated(ask, ask.scenario.course(name, ask.without), on)
            if _is_live(track, ask):
                return replace(track, event=name)
    return _dated(ask, ask.scenario.course("", ask.without), None)


def _is_live(track: _Track, ask: _Ask) -> bool:
    """An event's course goes on while it has a step left and is not long past."""
    if track.done + 1 >= len(track.course.steps):
        return False
    known = [on for on in track.dates if on != UNKNOWN]
    last = max(known, default=ask.day)
    return ask.day <= last + timedelta(days=ask.scenario.event_days)


def _dated(ask: _Ask, course: Course, event_on: date | None) -> _Track:
    """A course with its days for the item, once what was taken late has moved the rest."""
    known, zone = course.position, ask.facts.holidays_zone
    taken = sorted(
        (known[code], on)
        for code, on in ask.item.steps_done.items()
        if code in known and (event_on is None or on >= event_on)
    )
    if course.by_due_date:
        delay = ask.facts.delay_days
        offsets = _delayed(course, delay) if delay else course.offsets
        dates = step_dates(offsets, ask.item.due_date, zone=zone)
    else:
        dates = spread(_anchored(ask, course, dict(taken), event_on), zone)
    for done, done_on in taken:
        dates = _paced(ask, course, done, done_on=done_on, dates=dates)
    return _Track(course, "", event_on, tuple(taken), dates)


@functools.lru_cache(maxsize=256)
def _delayed(course: Course, delay_days: int) -> tuple[int, ...]:
    """Offsets of a control group: reminders later, legal notices on their day."""
    return tuple(
        step.offset_days + (delay_days if FRIENDLY <= step.rank < FORMAL else 0)
        for step in course.steps
    )


def _anchored(
    ask: _Ask, course: Course, done: Mapping[int, date], event_on: date | None
) -> list[date]:
    """The day of each step, counted from its anchor; UNKNOWN where the anchor has no day yet."""
    days: list[date] = []
    for index, step in enumerate(course.steps):
        base = _base(ask, step, event_on)
        # Without a step before it (passed over for this case), a step counts from the origin.
        if step.anchor == "previous_step" and index > 0:
            before = course.steps[index - 1].code
            base = _known(max(days[-1], ask.day))
            if index - 1 in done:
                base = ask.item.delivered.get(before, done[index - 1])
        if base is None:
            days.append(UNKNOWN)
            continue
        delayed = FRIENDLY <= step.rank < FORMAL and step.anchor in {"due_date", "issue_date"}
        offset = step.offset_days + (ask.facts.delay_days if delayed else 0)
        days.append(_counted(base, offset, step, ask.facts.holidays_zone))
    return days


def _base(ask: _Ask, step: Step, event_on: date | None) -> date | None:
    """The day a step counts from, when it does not count from the step before it."""
    if step.anchor == "issue_date":
        return ask.item.issue_date
    if step.anchor == "formal_notice_received":
        return ask.item.events.get(step.anchor)
    return ask.item.due_date if event_on is None else event_on


def _counted(base: date, offset: int, step: Step, zone: str) -> date:
    if step.days == "calendar":
        return base + timedelta(days=offset)
    return add_workdays(next_workday(base, zone), offset, zone=zone)


def _known(day: date) -> date | None:
    return None if day == UNKNOWN else day


def _fits(item: Item, step: Step, on: date, day: date) -> bool:
    """A preventive step: not after the due date, nor for a term shorter than its notice."""
    return step.stage != "preventive" or (day <= item.due_date and item.issue_date <= on)


def _paced(
    ask: _Ask, course: Course, done: int, *, done_on: date, dates: tuple[date, ...]
) -> tuple[date, ...]:
    """Dates after a step: one taken late gives its delay to the rest, which keeps its intervals.

    What follows a formal notice waits at least until the deadline it sets has passed.
    """
    steps, zone = course.steps, ask.facts.holidays_zone
    if done + 1 == len(steps):
        return dates
    last, after, later = steps[done], steps[done + 1 :], dates[done + 1 :]
    late = done_on >= later[0] and after[0].anchor != "previous_step"
    if late:
        later = tuple(
            done_on + timedelta(days=max(1, step.offset_days - last.offset_days))
            if step.anchor == last.anchor
            else max(on, done_on + timedelta(days=1))
            for step, on in zip(after, later, strict=True)
        )
    if last.stage == "formal":
        deadline = next_workday(done_on + timedelta(days=ask.scenario.deadline_days), zone)
        later = tuple(max(day, deadline + timedelta(days=1)) for day in later)
    elif not late:
        return dates
    return dates[: done + 1] + spread(later, zone)


def _resumed(item: Item, track: _Track, events: Mapping[str, date], day: date) -> date | None:
    """The day a promise was broken, when no step was taken since and one is left to take."""
    broken = events.get("promise_broken")
    if broken is None or broken > day or track.event or item.due_date >= day:
        return None
    last = max(item.steps_done.values(), default=date.min)
    left = track.done + 1 < len(track.course.steps)
    return broken if last < broken and left and track.dates[track.done + 1] != UNKNOWN else None


def _allowed(scenario: Scenario, item: Item, track: _Track, reached: int) -> int:
    """The step that may be taken: catch-up policy, and no firmer step before the gentler one."""
    course, done = track.course, track.done
    if reached <= done:
        return reached
    steps, ranks = course.steps, course.ranks
    index = reached
    known = scenario.by_code
    contacted = any(known[code].rank > 0 for code in item.steps_done if code in known)
    if scenario.catch_up == "one_by_one":
        first = course.first_after_due
        index = max(done + 1, first) if reached >= first else reached
    elif not contacted and scenario.catch_up == "catch_up_step":
        limit = course.position.get(scenario.catch_up_step)
        index = reached if limit is None else min(reached, limit)
    if ranks[index] < FORMAL:
        return index
    taken = {known[code].rank for code in item.steps_done if code in known}
    for gate, needed in ((LITIGATION, FORMAL), (FORMAL, FIRM)):
        if ranks[index] >= gate and needed not in taken:
            below = [i for i in range(done + 1, index) if ranks[i] < gate]
            exact = [i for i in range(index + 1) if ranks[i] == needed]
            # Without any gentler step a course goes no further, unless it is not a contact.
            stop = [done] if steps[index].medium != "task" or exact else [index]
            index = max(below or exact or stop)
    return index


def _why(
    item: Item, track: _Track, index: int, day: date, *, missed: bool, capped: bool
) -> Sentence:
    """`missed` = steps lie between the last one taken and this one; `capped` = age allows more."""
    number, days = item.number, (day - item.due_date).days
    if track.event:
        params: dict[str, Param] = {"number": number, "on": track.event_on or day}
        if track.event == "promise_broken":
            params["on"] = (track.event_on or day) - timedelta(days=1)
        if track.event == "payment_returned":
            params["reason"] = item.return_reason or "?"
        return Sentence(f"plan.{track.event}", params)
    if track.course.steps[index].stage == "preventive":
        return Sentence("plan.preventive", {"number": number, "due": item.due_date, "days": -days})
    if capped and not item.steps_done:
        return Sentence("plan.catch_up", {"number": number, "days": days})
    if capped:
        return Sentence("plan.gentler_first", {"number": number})
    if missed and item.steps_done:
        return Sentence("plan.jumped", {"number": number})
    return Sentence("plan.step_due", {"number": number, "due": item.due_date, "days": days})


def _waiting(item: Item, track: _Track, next_on: date | None, *, awaited: bool) -> Sentence:
    number, done_on = item.number, track.done_on
    if next_on is None and awaited:
        return Sentence("plan.awaits_receipt", {"number": number})
    if done_on is None:
        if next_on is None:
            return Sentence("plan.no_step", {"number": number})
        return Sentence("plan.not_yet", {"number": number, "due": item.due_date, "next": next_on})
    if next_on is None:
        return Sentence("plan.course_over", {"number": number, "on": done_on})
    return Sentence("plan.step_done", {"number": number, "on": done_on, "next": next_on})
