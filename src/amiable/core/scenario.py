"""A scenario as declarative data: its steps, its policies, and the courses items follow.

A course is the ordered steps an item takes from one origin: its dates (due date, issue date, what
came before), or something that happened to it (a promise broken, a payment returned).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from typing import Literal, get_args

from amiable.core.records import CustomerKind

Medium = Literal["email", "letter", "registered_letter", "sms", "phone", "task"]
Stage = Literal["preventive", "friendly", "firm", "formal", "litigation"]
Approval = Literal["automatic", "batch", "manual"]
CatchUp = Literal["catch_up_step", "jump", "one_by_one"]
DayKind = Literal["calendar", "working"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri"]
Role = Literal["accounts_payable", "buyer", "manager", "director", "legal"]
Attachment = Literal["invoices", "statement"]
Task = Literal["", "ask_sales_owner", "hold_deliveries", "review", "hand_over"]
Anchor = Literal[
    "due_date",
    "issue_date",
    "previous_step",
    "formal_notice_received",
    "promise_broken",
    "instalment_missed",
    "payment_returned",
    "dispute_closed",
]
Event = Literal["promise_broken", "instalment_missed", "payment_returned", "dispute_closed"]

STAGES: tuple[Stage, ...] = get_args(Stage)
_RANKS: Mapping[str, int] = {stage: rank for rank, stage in enumerate(STAGES)}
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
# Anchors that begin a course of their own; the others belong to the course of the dates.
EVENTS: tuple[Event, ...] = get_args(Event)
# What reaches the debtor; a task stays inside the house.
CONTACT_MEDIA: frozenset[str] = frozenset({"email", "letter", "registered_letter", "sms", "phone"})
# Carried out by a person, not by a channel.
HUMAN_MEDIA: frozenset[str] = frozenset({"phone", "task"})


def rank_of(stage: str) -> int:
    """Severity of a stage: its position on the tone ladder."""
    return _RANKS[stage]


@dataclass(frozen=True, slots=True)
class Window:
    """When a step may leave: days of the week, and hours of the customer's own clock.

    `from_hour` is included, `until_hour` is not.
    """

    weekdays: tuple[Weekday, ...] = WEEKDAYS
    from_hour: int = 0
    until_hour: int = 24

    def opens(self) -> time:
        """The first moment of a day inside the window."""
        return time(self.from_hour)

    def contains(self, moment: time) -> bool:
        """Whether an hour of the day is inside."""
        return self.from_hour <= moment.hour < self.until_hour


@dataclass(frozen=True, slots=True)
class Conditions:
    """What must be true of the case for a step to be taken; what is left empty asks nothing.

    Amounts in minor units, of everything overdue that may be asked for (for a preventive step: of
    everything open). `min_stage` = the level
    a message of the case has reached. `contact_by` = media that can reach the customer.
    """

    min_amount_minor: int = 0
    max_amount_minor: int | None = None
    segments: tuple[str, ...] = ()
    kinds: tuple[CustomerKind, ...] = ()
    languages: tuple[str, ...] = ()
    creditors: tuple[str, ...] = ()
    min_score: int | None = None
    max_score: int | None = None
    min_stage: Stage | None = None
    contact_by: tuple[Medium, ...] = ()
    min_days_since_contact: int = 0
    min_broken_promises: int = 0


ANY = Conditions()
ANY_TIME = Window()


@dataclass(frozen=True, slots=True)
class Step:
    """One step: when, by what, how firmly, to whom, and under which conditions.

    `offset_days` counts from the anchor, in calendar or working days (negative = before).
    `fallback` = media to take, in this order, when the customer cannot be reached by `medium`.
    `recipients` = roles written to, together; unknown roles give way to the usual contact.
    `accompanies` names a step that this one goes out with, on the same day and for the same items
    (a last email and a call): the minimum gap does not stand between the two.
    `tries` = how often a call is made in all when nobody answers; 0 = as the organization says.
    """

    code: str
    offset_days: int
    medium: Medium
    stage: Stage
    template: str = ""
    approval: Approval = "automatic"
    name: str = ""
    anchor: Anchor = "due_date"
    days: DayKind = "calendar"
    fallback: tuple[Medium, ...] = ()
    recipients: tuple[Role, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    task: Task = ""
    accompanies: str = ""
    tries: int = 0
    window: Window = ANY_TIME
    conditions: Conditions = ANY

    @property
    def rank(self) -> int:
        """Severity."""
        return _RANKS[self.stage]


@dataclass(frozen=True)
class Course:
    """The steps one item takes in turn, those that have a date of their own."""

    steps: tuple[Step, ...]

    @functools.cached_property
    def position(self) -> Mapping[str, int]:
        """Position by code."""
        return {step.code: index for index, step in enumerate(self.steps)}

    @functools.cached_property
    def offsets(self) -> tuple[int, ...]:
        """Offsets, in days."""
        return tuple(step.offset_days for step in self.steps)

    @functools.cached_property
    def ranks(self) -> tuple[int, ...]:
        """Severities."""
        return tuple(step.rank for step in self.steps)

    @functools.cached_property
    def first_after_due(self) -> int:
        """Position of the first step that is not preventive."""
        return next((i for i, s in enumerate(self.steps) if s.stage != "preventive"), 0)

    @functools.cached_property
    def by_due_date(self) -> bool:
        """Whether every date is a number of calendar days from the due date."""
        return all(s.anchor == "due_date" and s.days == "calendar" for s in self.steps)


@dataclass(frozen=True)
class Scenario:
    """Ordered steps, and the policies that hold for all of them. Amounts in minor units.

    `min_gap_days`: between two contacts of a case. `regroup_days`: after a contact about other
    invoices, an invoice waits that long to join the next one.
    `catch_up`: what an item gets that is older than the step it should be at. `catch_up_step` =
    its first contact is at most that step; `jump` = the level of its age; `one_by_one` = every
    step in turn. None of them lets a formal notice be the first contact.
    `event_days`: an event older than this begins no course any more.
    `after_broken`: code of the scenario that takes over once a promise or plan was broken, until
    what was promised is settled; "" = this one goes on, one step higher.
    `show_paused`: messages list apart what is disputed, promised or on hold; else leave it out.
    `approval_above_minor`: a person confirms what asks for more than this; None = nobody.
    """

    code: str
    version: int
    name: str
    steps: tuple[Step, ...]
    description: str = ""
    min_amount_minor: int = 0
    min_gap_days: int = 1
    regroup_days: int = 0
    catch_up: CatchUp = "catch_up_step"
    catch_up_step: str = ""
    deadline_days: int = 8
    event_days: int = 15
    after_broken: str = ""
    show_paused: bool = True
    approval_above_minor: int | None = None
    _courses: dict[tuple[str, frozenset[str]], Course] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def course(self, event: str = "", without: frozenset[str] = frozenset()) -> Course:
        """The steps that begin with an event ("" = the dates), less those named in `without`."""
        found = self._courses.get((event, without))
        if found is None:
            found = self._courses[event, without] = Course(
                tuple(
                    step
                    for step in self.steps
                    if self._origins.get(step.code) == event and step.code not in without
                )
            )
        return found

    @functools.cached_property
    def _origins(self) -> Mapping[str, str]:
        """The event that begins the course of each main step; "" = the course of the dates.

        A step that counts from another one belongs to the course of the step above it.
        """
        origins: dict[str, str] = {}
        event = ""
        for step in self.steps:
            if step.accompanies:
                continue
            if step.anchor in EVENTS:
                event = step.anchor
            elif step.anchor in {"due_date", "issue_date"}:
                event = ""
            origins[step.code] = event
        return origins

    @functools.cached_property
    def events(self) -> tuple[str, ...]:
        """The events that begin a course here."""
        return tuple(event for event in EVENTS if self.course(event).steps)

    @functools.cached_property
    def conditional(self) -> tuple[Step, ...]:
        """Steps that are not for every case."""
        return tuple(step for step in self.steps if step.conditions != ANY)

    @functools.cached_property
    def by_code(self) -> Mapping[str, Step]:
        """Every step by its code."""
        return {step.code: step for step in self.steps}

    @functools.cached_property
    def companions(self) -> Mapping[str, tuple[Step, ...]]:
        """The steps that accompany each step."""
        return {
            main.code: tuple(step for step in self.steps if step.accompanies == main.code)
            for main in self.steps
        }


def joined(scenario: Scenario, after: Scenario) -> Scenario:
    """A scenario together with the event courses of the one named by its `after_broken`.

    Codes of the steps that come with it are prefixed with its own.
    """
    prefix = f"{after.code}."
    codes = {step.code for event in after.events for step in after.course(event).steps}
    steps = tuple(
        replace(
            step,
            code=prefix + step.code,
            accompanies=prefix + step.accompanies if step.accompanies else "",
        )
        for step in after.steps
        if step.code in codes or step.accompanies in codes
    )
    longest = max(scenario.event_days, after.event_days)
    return replace(scenario, steps=scenario.steps + steps, event_days=longest)
