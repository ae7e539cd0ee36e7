"""What happens with a case today and next, and what stops it: the planner's answer, item by item,
in the shape a page shows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from amiable.apps.dunning.planning import CasePlan, plan_preview
from amiable.core.facts import CaseFacts, Item
from amiable.core.planner import PlannedAction, plan
from amiable.core.promises import Commitments, commitments
from amiable.core.scenario import HUMAN_MEDIA, Scenario
from amiable.core.sentences import Sentence

# How often the planner is asked what comes next: enough for the longest shipped pauses.
LOOKS = 12

DecisionKind = Literal["contact", "task", "waits", "stopped", "idle"]


@dataclass(frozen=True, slots=True)
class StepTaken:
    """A step that an item already got. `medium` and `stage` are "" when no version knows it."""

    name: str
    medium: str
    stage: str
    on: date
    delivered_on: date | None


@dataclass(frozen=True, slots=True)
class Upcoming:
    """The next action if nothing changes: the day, the step, for how many items and how much."""

    on: date
    name: str
    medium: str
    stage: str
    approval: str
    items: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class ItemDecision:
    """Where an item stands. `sentence` = why it takes part today or does not.

    `covered_minor` is promised, or in a payment plan (`in_plan`); the rest is asked for unless
    `is_covered`: then nothing is left to ask. `returned_on` = the bank took its payment back.
    """

    taken: tuple[StepTaken, ...]
    sentence: Sentence | None
    is_stopped: bool
    covered_minor: int = 0
    is_covered: bool = False
    in_plan: bool = False
    returned_on: date | None = None
    return_reason: str = ""


@dataclass(frozen=True, slots=True)
class CaseDecision:
    """Today's answer for a case. `why` = what stops or delays it as a whole, first reason first.

    kind: a contact or a task is due today; it waits for a later day; it is stopped (no day is
    known, or a stop holds it back); idle = nothing is open.
    """

    kind: DecisionKind
    scenario_name: str
    actions: tuple[PlannedAction, ...] = ()
    why: tuple[Sentence, ...] = ()
    next_look_on: date | None = None
    upcoming: Upcoming | None = None
    items: dict[int, ItemDecision] = field(default_factory=dict)

    @property
    def other_why(self) -> tuple[Sentence, ...]:
        """The reasons that no hold, insolvency or death tells by itself, after the first."""
        said = {"stop.insolvent", "stop.deceased", "stop.held", "stop.held_open"}
        first = self.why[:1] if self.kind == "stopped" else ()
        needs_hand = {"stop.stale_bank", "stop.no_bank"}
        return tuple(
            each
            for each in self.why
            if each.code not in said and (each not in first or each.code in needs_hand)
        )


def decisions(
    organization_id: int, case_ids: Collection[int], *, on: date
) -> dict[int, CaseDecision]:
    """The decision of each case on a day; nothing is written, a fixed number of queries."""
    return {
        preview.facts.case_id: decide(preview, on)
        for preview in plan_preview(organization_id, on=on, case_ids=case_ids)
    }


def decide(preview: CasePlan, on: date) -> CaseDecision:
    """The planner's answer for a case as a page shows it. Pure."""
    facts, today = preview.facts, preview.plan
    given = commitments(facts, on)
    whole = tuple(skip.sentence for skip in today.skips if skip.item_id is None)
    upcoming = None if today.actions else _upcoming(facts, preview.scenario, today.next_look_on)
    return CaseDecision(
        kind=_kind(facts, today.actions, whole, upcoming),
        scenario_name=preview.scenario.name,
        actions=today.actions,
        why=whole,
        next_look_on=today.next_look_on,
        upcoming=upcoming,
        items={item.id: _item(item, preview, given) for item in facts.items if item.open_minor > 0},
    )


def _kind(
    facts: CaseFacts,
    actions: Collection[PlannedAction],
    whole: Collection[Sentence],
    upcoming: Upcoming | None,
) -> DecisionKind:
    if not facts.items:
        return "idle"
    if actions:
        people = all(action.medium in HUMAN_MEDIA for action in actions)
        return "task" if people else "contact"
    return "waits" if upcoming is not None and not whole else "stopped"


def _upcoming(facts: CaseFacts, scenario: Scenario, look_on: date | None) -> Upcoming | None:
    """Ask the planner again on each day it names, as if bank statements kept coming in."""
    facts = replace(facts, bank_data_max_age_days=None)
    for _ in range(LOOKS):
        if look_on is None:
            return None
        later = plan(facts, scenario, look_on)
        if later.actions:
            action = later.actions[0]
            return Upcoming(
                on=action.due_on,
                name=action.step.name or action.step.code,
                medium=action.medium,
                stage=action.step.stage,
                approval=action.approval,
                items=len(action.items),
                amount_minor=sum(item.open_minor for item in action.items),
            )
        look_on = later.next_look_on
    return None


def _item(item: Item, preview: CasePlan, given: Commitments) -> ItemDecision:
    sentence, stopped = _sentence(item.id, preview)
    cover = given.covers.get(item.id)
    returned = item.events.get("payment_returned")
    return ItemDecision(
        taken=_taken(item, preview.scenario),
        sentence=sentence,
        is_stopped=stopped,
        covered_minor=cover.amount_minor if cover else 0,
        is_covered=cover is not None and cover.amount_minor >= item.chased_minor,
        in_plan=cover is not None and cover.promise.plan_id is not None,
        returned_on=returned,
        return_reason=item.return_reason if returned else "",
    )


def _sentence(item_id: int, preview: CasePlan) -> tuple[Sentence | None, bool]:
    for skip in preview.plan.skips:
        if skip.item_id == item_id:
            return skip.sentence, skip.sentence.code.startswith("stop.")
    for action in preview.plan.actions:
        for planned, reason in zip(action.items, action.reasons, strict=False):
            if planned.id == item_id and planned.step:
                return reason, False
    return None, False


def _taken(item: Item, scenario: Scenario) -> tuple[StepTaken, ...]:
    """Oldest first."""
    found = []
    for code, on in item.steps_done.items():
        step = scenario.by_code.get(code)
        found.append(
            StepTaken(
                name=step.name if step and step.name else code.rpartition(".")[2].replace("_", " "),
                medium=step.medium if step else "",
                stage=step.stage if step else "",
                on=on,
                delivered_on=item.delivered.get(code),
            )
        )
    return tuple(sorted(found, key=lambda taken: taken.on))
