"""A scenario as a picture: lanes of steps around the due date, and one small line for lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from amiable.core.scenario import EVENTS, Scenario, Step
from amiable.interfaces.console import labels
from amiable.interfaces.console import scenario_words as words

# Days to the next mark -> how much longer the line between the two is drawn.
_GAPS = ((1, 0), (2, 1), (5, 2), (10, 3), (20, 4))
_WIDTH, _MARGIN, _APART = 320, 14, 16


@dataclass(slots=True)
class Mark:
    """One stop of a lane: a step with those that go out with it, or (`step` None) its origin."""

    step: Step | None
    day: int
    name: str = ""
    short: str = ""
    icon: str = ""
    gap: int = 0
    companions: list[Mark] = field(default_factory=list)


@dataclass(slots=True)
class Lane:
    """The steps that count from one origin."""

    origin: str
    marks: list[Mark]


@dataclass(frozen=True, slots=True)
class Dot:
    """A step in the small picture."""

    x: int
    stage: str


@dataclass(frozen=True, slots=True)
class Picture:
    """The dates of a scenario as dots on a line; `due_x` = where its origin is."""

    dots: tuple[Dot, ...]
    due_x: int
    first: str
    last: str
    events: int


def lanes(scenario: Scenario) -> list[Lane]:
    """The lanes of a scenario: the dates first, each event after."""
    found: dict[str, Lane] = {}
    for event in ("", *EVENTS):
        origin, day = event or "due_date", 0
        for step in scenario.course(event).steps:
            if step.anchor in {"due_date", "issue_date"}:
                origin = step.anchor
            lane = found.setdefault(origin, Lane(origin, []))
            day = _day(step, day)
            lane.marks.append(_mark(step, day, scenario))
    for lane in found.values():
        lane.marks = list(_with_origin(lane))
        for mark, following in zip(lane.marks, lane.marks[1:], strict=False):
            apart = following.day - mark.day
            mark.gap = next((gap for days, gap in _GAPS if apart <= days), 5)
    return list(found.values())


def picture(scenario: Scenario) -> Picture:
    """The small picture of a scenario with steps: its dates, or else its first event.

    Positions in a box of 320 by 36, kept apart so that each dot is seen.
    """
    found = lanes(scenario)
    marks = next((lane for lane in found if lane.origin == "due_date"), found[0]).marks
    low, high = marks[0].day, max(marks[-1].day, marks[0].day + 1)
    places: list[float] = []
    for mark in marks:
        wanted = (mark.day - low) / (high - low)
        places.append(max(wanted * 100, places[-1] + _APART / 3 if places else 0))
    scale = (_WIDTH - 2 * _MARGIN) / max(places[-1], 1)
    xs = [round(_MARGIN + place * scale) for place in places]
    steps = [mark for mark in marks if mark.step]
    return Picture(
        dots=tuple(Dot(x, mark.step.stage) for x, mark in zip(xs, marks, strict=True) if mark.step),
        due_x=next(x for x, mark in zip(xs, marks, strict=True) if not mark.step),
        first=steps[0].short,
        last=steps[-1].short,
        events=len(scenario.events),
    )


def _day(step: Step, previous: int) -> int:
    """The day a step would have if everything is delivered at once; a working week has 5 days."""
    days = step.offset_days
    if step.days == "working":
        days = round(days * 7 / 5)
    follows = step.anchor in {"previous_step", "formal_notice_received"}
    return previous + days if follows else days


def _mark(step: Step, day: int, scenario: Scenario) -> Mark:
    return Mark(
        step=step,
        day=day,
        name=words.step_name(step),
        short=words.day_short(step),
        icon=labels.look("medium", step.medium).icon,
        companions=[
            Mark(each, day, words.step_name(each), icon=labels.look("medium", each.medium).icon)
            for each in scenario.companions.get(step.code, ())
        ],
    )


def _with_origin(lane: Lane) -> Iterator[Mark]:
    """The marks, with the due date (or the event) where it belongs among them."""
    origin = Mark(None, 0, words.labels_word("anchor", lane.origin))
    origin.icon = labels.look("event", lane.origin).icon
    placed = False
    for mark in lane.marks:
        if not placed and mark.day >= 0:
            placed = True
            yield origin
        yield mark
    if not placed:
        yield origin
