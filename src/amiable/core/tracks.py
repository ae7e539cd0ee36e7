"""Which course an item follows, and the days of its steps, once what was taken late has moved
the rest."""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from amiable.core.facts import CaseFacts, Item
from amiable.core.scenario import EVENTS, STAGES, Course, Scenario, Step, rank_of
from amiable.core.workdays import add_workdays, next_workday

FRIENDLY, FORMAL = STAGES.index("friendly"), STAGES.index("formal")
# A date that is not known yet; what follows it in the course waits too.
UNKNOWN = date.max


@dataclass(frozen=True, slots=True)
class Ask:
    """The question: where does this item of this case stand on this day."""

    facts: CaseFacts
    item: Item
    scenario: Scenario
    day: date
    without: frozenset[str]


@dataclass(frozen=True, slots=True)
class Track:
    """A course, what began it, the steps of it already taken and the days of all.

    `ends_on` = the last day an event's course is followed, whatever is left of it.
    """

    course: Course
    event: str
    event_on: date | None
    taken: tuple[tuple[int, date], ...]
    dates: tuple[date, ...]
    ends_on: date | None = None

    @property
    def done(self) -> int:
        return self.taken[-1][0] if self.taken else -1

    @property
    def done_on(self) -> date | None:
        return self.taken[-1][1] if self.taken else None


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


def track_of(ask: Ask, events: Mapping[str, date]) -> Track:
    """The course of the latest event that still has a step to take, else that of the dates."""
    if events and ask.scenario.events:
        happened = [
            (events[name], -EVENTS.index(name), name)
            for name in ask.scenario.events
            if name in events and events[name] <= ask.day
        ]
        for on, _, name in sorted(happened, reverse=True):
            track = _dated(ask, ask.scenario.course(name, ask.without), on)
            ends_on = _ends_on(track, ask)
            if ends_on is not None and ask.day <= ends_on:
                return replace(track, event=name, ends_on=ends_on)
    return _dated(ask, ask.scenario.course("", ask.without), None)


def _ends_on(track: Track, ask: Ask) -> date | None:
    """An event's course goes on while it has a step left (else None) and is not long past."""
    if track.done + 1 >= len(track.course.steps):
        return None
    known = [on for on in track.dates if on != UNKNOWN]
    last = max(known, default=ask.day)
    return last + timedelta(days=ask.scenario.event_days)


def _dated(ask: Ask, course: Course, event_on: date | None) -> Track:
    """A course with its days for the item, once what was taken late has moved the rest."""
    known, zone = course.position, ask.facts.holidays_zone
    taken: list[tuple[int, date]] = sorted(
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
    if event_on is None and not ask.item.steps_done.keys() <= known.keys():
        taken += _overtaken(ask, course, dates, taken[-1][0] if taken else -1)
    return Track(course, "", event_on, tuple(taken), dates)


def _overtaken(
    ask: Ask, course: Course, dates: tuple[date, ...], done: int
) -> list[tuple[int, date]]:
    """What another scenario, or the course of an event, has sent stands for the steps that are
    not firmer and not later."""
    found: list[tuple[int, date]] = []
    for code, on in ask.item.steps_done.items():
        rank = None if code in course.position else _sent_rank(ask, code)
        if rank is None:
            continue
        index = bisect_right(dates, on) - 1
        while index > done and course.ranks[index] > rank:
            index -= 1
        if index > done:
            found.append((index, on))
    return sorted(found)[-1:]


def _sent_rank(ask: Ask, code: str) -> int | None:
    """How firm what was sent by a step was; None = not known, or it reached nobody."""
    step, stage = ask.scenario.by_code.get(code), ask.item.stages_done.get(code)
    if stage is not None:
        return rank_of(stage) if stage else None
    return step.rank if step is not None and step.medium != "task" else None


@functools.lru_cache(maxsize=256)
def _delayed(course: Course, delay_days: int) -> tuple[int, ...]:
    """Offsets of a control group: reminders later, legal notices on their day."""
    return tuple(
        step.offset_days + (delay_days if FRIENDLY <= step.rank < FORMAL else 0)
        for step in course.steps
    )


def _anchored(
    ask: Ask, course: Course, done: Mapping[int, date], event_on: date | None
) -> list[date]:
    """The day of each step, counted from its anchor; UNKNOWN where the anchor has no day yet."""
    days: list[date] = []
    for index, step in enumerate(course.steps):
        base = _base(ask, step, event_on)
        # Without a step before it (passed over for this case), a step counts from the origin.
        if step.anchor == "previous_step" and index > 0:
            before = course.steps[index - 1].code
            base = known_day(max(days[-1], ask.day))
            if index - 1 in done:
                base = ask.item.delivered.get(before, done[index - 1])
        if base is None:
            days.append(UNKNOWN)
            continue
        delayed = FRIENDLY <= step.rank < FORMAL and step.anchor in {"due_date", "issue_date"}
        offset = step.offset_days + (ask.facts.delay_days if delayed else 0)
        days.append(_counted(base, offset, step, ask.facts.holidays_zone))
    return days


def _base(ask: Ask, step: Step, event_on: date | None) -> date | None:
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


def known_day(day: date) -> date | None:
    """The day itself, None while it is not known."""
    return None if day == UNKNOWN else day


def _paced(
    ask: Ask, course: Course, done: int, *, done_on: date, dates: tuple[date, ...]
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
