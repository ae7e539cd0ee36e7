"""A scenario as declarative data: its steps, its policies, and how it is written down."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from typing import Any, Literal, get_args

from amiable.core.workdays import next_workday

Medium = Literal["email", "letter", "registered_letter", "sms", "phone", "task"]
Stage = Literal["preventive", "friendly", "firm", "formal", "handover"]
Approval = Literal["automatic", "manual"]
CatchUp = Literal["catch_up_step", "jump", "one_by_one"]

STAGES: tuple[Stage, ...] = get_args(Stage)
# What reaches the debtor; a task stays inside the house.
CONTACT_MEDIA: frozenset[str] = frozenset({"email", "letter", "registered_letter", "sms", "phone"})
# Carried out by a person, not by a channel.
HUMAN_MEDIA: frozenset[str] = frozenset({"phone", "task"})


class ScenarioError(ValueError):
    """A definition that does not make a scenario; the message names the step and the remedy."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `offset_days` counts calendar days from the due date (negative = before).

    `accompanies` names a step that this one goes out with, on the same day and for the same items
    (a last email and a call): the minimum gap does not stand between the two.
    """

    code: str
    offset_days: int
    medium: Medium
    stage: Stage
    template: str = ""
    approval: Approval = "automatic"
    with_invoices: bool = False
    accompanies: str = ""

    @property
    def rank(self) -> int:
        """Severity: the position of the stage on the tone ladder."""
        return STAGES.index(self.stage)


@dataclass(frozen=True)
class Scenario:
    """Ordered steps, and the policies that hold for all of them. Amounts in minor units.

    `min_gap_days`: between two contacts of a case. `regroup_days`: after a contact about other
    invoices, an invoice waits that long to join the next one.
    `catch_up`: what an item gets that is older than the step it should be at. `catch_up_step` =
    its first contact is at most that step; `jump` = the level of its age; `one_by_one` = every
    step in turn. None of them lets a formal notice be the first contact.
    """

    code: str
    version: int
    name: str
    steps: tuple[Step, ...]
    min_amount_minor: int = 0
    min_gap_days: int = 1
    regroup_days: int = 0
    catch_up: CatchUp = "catch_up_step"
    catch_up_step: str = ""
    deadline_days: int = 8

    def __post_init__(self) -> None:
        _validate(self)

    @functools.cached_property
    def main_steps(self) -> tuple[Step, ...]:
        """Steps that have a date of their own."""
        return tuple(step for step in self.steps if not step.accompanies)

    @functools.cached_property
    def position(self) -> Mapping[str, int]:
        """Position among the main steps, by code."""
        return {step.code: index for index, step in enumerate(self.main_steps)}

    @functools.cached_property
    def offsets(self) -> tuple[int, ...]:
        """Offsets of the main steps, in days."""
        return tuple(step.offset_days for step in self.main_steps)

    @functools.cached_property
    def ranks(self) -> tuple[int, ...]:
        """Severity of the main steps."""
        return tuple(step.rank for step in self.main_steps)

    @functools.cached_property
    def first_after_due(self) -> int:
        """Position of the first main step that is not preventive."""
        return next((i for i, s in enumerate(self.main_steps) if s.stage != "preventive"), 0)

    @functools.cached_property
    def by_code(self) -> Mapping[str, Step]:
        """Every step by its code."""
        return {step.code: step for step in self.steps}

    @functools.cached_property
    def companions(self) -> Mapping[str, tuple[Step, ...]]:
        """The steps that accompany each main step."""
        return {
            main.code: tuple(step for step in self.steps if step.accompanies == main.code)
            for main in self.main_steps
        }

    def to_json(self) -> dict[str, Any]:
        """Plain data, as stored and exported."""
        return asdict(self)


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
        earliest = max(day, dates[-1] + timedelta(days=1)) if dates else day
        dates.append(next_workday(earliest, zone))
    return tuple(dates)


def scenario_from_json(data: Mapping[str, Any]) -> Scenario:
    """Inverse of Scenario.to_json. Raises ScenarioError on an unknown or missing field."""
    known = {f.name for f in fields(Scenario)}
    unknown = set(data) - known
    if unknown:
        raise ScenarioError(f"unknown field(s): {', '.join(sorted(unknown))}")
    try:
        steps = tuple(Step(**step) for step in data["steps"])
        return Scenario(**{**data, "steps": steps})
    except (KeyError, TypeError) as error:
        raise ScenarioError(f"not a scenario: {error}") from error


def _validate(scenario: Scenario) -> None:
    codes = [step.code for step in scenario.steps]
    if not codes or len(set(codes)) != len(codes):
        raise ScenarioError("a scenario needs steps, each with a code of its own")
    offsets = [step.offset_days for step in scenario.steps if not step.accompanies]
    if offsets != sorted(offsets) or len(set(offsets)) != len(offsets):
        raise ScenarioError("steps must stand in order of their offsets, one step a day")
    if scenario.catch_up_step and scenario.catch_up_step not in codes:
        raise ScenarioError(f"the catch-up step {scenario.catch_up_step!r} is not a step")
    for step in scenario.steps:
        if step.medium not in get_args(Medium) or step.stage not in STAGES:
            raise ScenarioError(f"step {step.code!r}: unknown medium or stage")
        if step.accompanies and step.accompanies not in codes:
            raise ScenarioError(f"step {step.code!r} accompanies an unknown step")
        if (step.stage == "preventive") != (step.offset_days < 0):
            raise ScenarioError(f"step {step.code!r}: preventive means before the due date")
        if step.stage == "formal" and step.approval != "manual":
            raise ScenarioError(f"step {step.code!r}: a formal notice needs a person's approval")


SME_STANDARD = Scenario(
    code="sme-standard",
    version=1,
    name="PME standard",
    min_amount_minor=1500,
    min_gap_days=1,
    regroup_days=3,
    catch_up="catch_up_step",
    catch_up_step="reminder_2",
    deadline_days=8,
    steps=(
        Step("preventive", -15, "email", "preventive", "reminder_preventive"),
        Step("reminder_1", 1, "email", "friendly", "reminder_1", with_invoices=True),
        Step("call_1", 4, "phone", "friendly"),
        Step("reminder_2", 7, "email", "friendly", "reminder_2", with_invoices=True),
        Step("firm_letter", 8, "letter", "firm", "reminder_firm"),
        Step("sms", 15, "sms", "firm", "reminder_sms"),
        Step("last_email", 30, "email", "firm", "reminder_last", with_invoices=True),
        Step("last_call", 30, "phone", "firm", accompanies="last_email"),
        Step("formal_notice", 45, "registered_letter", "formal", "formal_notice", "manual"),
        Step("handover", 60, "task", "handover"),
    ),
)
"""The French SME standard: nine steps (the last email and its call are one)."""
