"""What a new plan changes in what was already planned: add, keep, or cancel with a reason."""

from __future__ import annotations

from dataclasses import dataclass

from amiable.core.facts import CaseFacts, PendingAction
from amiable.core.planner import Plan, PlannedAction
from amiable.core.promises import commitments
from amiable.core.scenario import Scenario
from amiable.core.sentences import Sentence
from amiable.core.stops import chaseable_minor, credit_sentence, item_stop

# Claimed actions are on their way out: the guard at the last second decides, not the planner.
_UNTOUCHABLE = frozenset({"claimed"})


@dataclass(frozen=True, slots=True)
class Change:
    """The difference between a plan and the pending actions of its case."""

    add: tuple[PlannedAction, ...]
    keep: tuple[tuple[PendingAction, PlannedAction], ...]
    cancel: tuple[tuple[PendingAction, Sentence], ...]


def change(facts: CaseFacts, scenario: Scenario, *, plan: Plan) -> Change:
    """Compare by key: the same step of the same occurrence is the same action."""
    pending = {action.key: action for action in facts.pending}
    planned = {action.key: action for action in plan.actions}
    # A call made before its email left was planned with it, and does not come a second time.
    waiting = {action.step for key, action in pending.items() if key in planned}
    return Change(
        add=tuple(
            action
            for key, action in planned.items()
            if key not in pending and action.step.accompanies not in waiting
        ),
        keep=tuple((p, planned[key]) for key, p in pending.items() if key in planned),
        cancel=tuple(
            (action, _why_cancelled(facts, scenario, plan, action))
            for key, action in pending.items()
            if key not in planned
            and action.state not in _UNTOUCHABLE
            and not _waits(plan, action)
            and not _still_accompanies(facts, scenario, plan, action)
            and not _agreed_stays(facts, plan, action)
        ),
    )


def _waits(plan: Plan, action: PendingAction) -> bool:
    """What only the moment keeps back stays, with its approval: the guard sees to the moment. A
    call for today goes, because nothing would keep it from being made."""
    return action.key in plan.postponed and (
        action.state != "todo" or action.due_on > plan.day
    )  # fmt: skip


def _still_accompanies(
    facts: CaseFacts, scenario: Scenario, plan: Plan, action: PendingAction
) -> bool:
    """A call that goes with an email already sent stays to be made until the next step."""
    step = scenario.by_code.get(action.step)
    if step is None or not step.accompanies or plan.actions:
        return False
    if any(skip.item_id is None for skip in plan.skips):
        return False
    given = commitments(facts, plan.day)
    return any(
        item.id in action.item_ids and item_stop(facts, item, plan.day, given=given) is None
        for item in facts.items
    )


def _agreed_stays(facts: CaseFacts, plan: Plan, action: PendingAction) -> bool:
    """A call that the customer expects is no step of its own day: it stays until it is made, as
    long as something of it may be spoken of. A pause that is over by its day, such as the one
    until the call itself, leaves it; a longer one was meant for calls, too."""
    if not action.is_agreed or facts.insolvent_since or facts.deceased_since:
        return False
    until = max(action.due_on, plan.day)
    paused = any(
        hold.item_id is None
        and hold.starts_on <= until
        and (hold.ends_on is None or hold.ends_on > action.due_on)
        and (hold.ends_on is None or hold.ends_on >= plan.day)
        for hold in facts.holds
    )
    asked = _spoken_of(facts, plan, action)
    return not paused and asked is not None and facts.unallocated_minor < asked


def _spoken_of(facts: CaseFacts, plan: Plan, action: PendingAction) -> int | None:
    """What may be asked for of an action's items, in minor units; None = none may be spoken of."""
    given = commitments(facts, plan.day)
    asked = [
        chaseable_minor(item, given)
        for item in facts.items
        if item.id in action.item_ids and item_stop(facts, item, plan.day, given=given) is None
    ]
    return sum(asked) if asked else None


def _why_cancelled(
    facts: CaseFacts, scenario: Scenario, plan: Plan, action: PendingAction
) -> Sentence:
    """Settled; or why its items drop out; or the step that takes them instead; or what stops all
    that was left of it. Of a call that was agreed on: the credit that covers what it was about."""
    left = action.item_ids.intersection(item.id for item in facts.items)
    if not left:
        return Sentence("stop.settled")
    # What is said first of an item, or of the case, counts.
    said = {skip.item_id: skip.sentence for skip in reversed(plan.skips)}
    if left.issubset(said):
        return said[min(left)]
    asked = _spoken_of(facts, plan, action) if action.is_agreed else None
    if asked is not None and facts.unallocated_minor >= asked:
        return credit_sentence(facts, asked)
    along = {one.code for each in plan.actions for one in scenario.companions[each.step.code]}
    taken = {item.id for each in plan.actions for item in each.items}
    overtaken = action.step not in along and not left.isdisjoint(taken)
    if overtaken or None not in said:
        return Sentence("plan.overtaken")
    return said[None]
