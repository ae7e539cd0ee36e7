"""Writes of dunning: the two ticks, and what a person decides about an action."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from django.db import transaction

from amiable.apps.audit.services import Happening, events_record
from amiable.apps.cases.services import cases_wake
from amiable.apps.dunning import planning
from amiable.apps.dunning.facts import customers_linked
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.planning import PlanCounts, cases_replan, plan_preview
from amiable.apps.dunning.sending import SendCounts, send_tick
from amiable.apps.dunning.watching import facts_watch
from amiable.core.sentences import Sentence, declare, gettext_noop

__all__ = [
    "CALL_RESULTS",
    "PlanCounts",
    "SendCounts",
    "action_approve",
    "action_refuse",
    "action_reopen",
    "call_record",
    "cases_replan",
    "plan_preview",
    "plan_tick",
    "refusal_withdraw",
    "send_tick",
    "task_record",
    "task_reopen",
    "unknown_resolve",
]

CALL_RESULTS = (
    "promise",
    "callback",
    "dispute",
    "no_answer",
    "voicemail",
    "wrong_number",
    "refused",
    "already_paid",
    "done",
)

declare(
    {
        "action.refused": gettext_noop("Refused by {actor}: {reason}"),
        "action.call": gettext_noop("Call by {actor}: {note}"),
        "action.call_made": gettext_noop("Call by {actor}"),
        "action.task_done": gettext_noop("Done by {actor}"),
        "action.task_done_note": gettext_noop("Done by {actor}: {note}"),
        "action.task_not_done": gettext_noop("Not done, says {actor}: {note}"),
        "action.left": gettext_noop("{actor} found that the message did leave."),
        "action.not_left": gettext_noop("{actor} found that the message did not leave."),
    }
)


def plan_tick(
    organization_id: int,
    *,
    on: date,
    chunk: int = planning.CHUNK,
    progress: Callable[[int, int], None] | None = None,
) -> PlanCounts:
    """Look at what passed by itself, then plan every case whose day has come. Safe to repeat."""
    facts_watch(organization_id, on=on)
    return planning.plan_tick(organization_id, on=on, chunk=chunk, progress=progress)


def action_approve(
    organization_id: int, action_ids: Collection[int], *, on: date, actor: str
) -> int:
    """Approve waiting actions: they leave with the next sending tick. Returns how many."""
    with transaction.atomic():
        rows = list(_locked(organization_id, action_ids, Action.State.TO_APPROVE))
        Action.objects.filter(id__in=[row.id for row in rows]).update(
            state=Action.State.APPROVED, decided_by=actor
        )
        _tell(organization_id, rows, Happening("action.approved", on, actor))
    return len(rows)


def action_refuse(
    organization_id: int, action_ids: Collection[int], *, on: date, actor: str, reason: str
) -> int:
    """Refuse waiting actions: their step counts as handled and does not come back."""
    sentence = Sentence("action.refused", {"actor": actor, "reason": reason})
    with transaction.atomic():
        rows = list(_locked(organization_id, action_ids, Action.State.TO_APPROVE))
        Action.objects.filter(id__in=[row.id for row in rows]).update(
            state=Action.State.SKIPPED,
            decided_by=actor,
            outcome=[sentence.to_json()],
            closed_on=on,
        )
        _tell(
            organization_id,
            rows,
            Happening("action.refused", on, actor, payload={"reason": reason}),
        )
        _wake(organization_id, rows, on)
    return len(rows)


def action_reopen(
    organization_id: int, action_ids: Collection[int], *, on: date, actor: str
) -> int:
    """Take back an approval, while nothing has left yet. Returns how many."""
    with transaction.atomic():
        rows = _locked(organization_id, action_ids, Action.State.APPROVED).exclude(decided_by="")
        rows = list(rows)
        Action.objects.filter(id__in=[row.id for row in rows]).update(
            state=Action.State.TO_APPROVE, decided_by=""
        )
        _tell(organization_id, rows, Happening("action.approval_withdrawn", on, actor))
    return len(rows)


def refusal_withdraw(
    organization_id: int, action_ids: Collection[int], *, on: date, actor: str
) -> int:
    """Take back a refusal of the same day: the actions wait for a decision again. How many."""
    with transaction.atomic():
        rows = _locked(organization_id, action_ids, Action.State.SKIPPED)
        found = list(rows.filter(closed_on=on, outcome__0__code="action.refused"))
        Action.objects.filter(id__in=[row.id for row in found]).update(
            state=Action.State.TO_APPROVE, decided_by="", outcome=[], closed_on=None
        )
        _tell(organization_id, found, Happening("action.refusal_withdrawn", on, actor))
        _wake(organization_id, found, on)
    return len(found)


def call_record(
    organization_id: int,
    action_id: int,
    *,
    result: str,
    on: date,
    actor: str,
    note: str = "",
    brought: Mapping[str, Any] | None = None,
) -> bool:
    """Close a call or a task with its result (one of CALL_RESULTS). False when not open.

    `brought` = ids of what it brought and of what follows, for the history.
    """
    if result not in CALL_RESULTS:
        raise ValueError(f"{result!r} is not one of {', '.join(CALL_RESULTS)}")
    with transaction.atomic():
        rows = list(_locked(organization_id, [action_id], Action.State.TODO))
        said = Sentence("action.call_made", {"actor": actor})
        if note:
            said = Sentence("action.call", {"actor": actor, "note": note})
        for row in rows:
            row.state = Action.State.DONE
            row.result = result
            row.closed_on = on
            row.decided_by = actor
            row.outcome = [said.to_json()]
            row.save(update_fields=["state", "result", "closed_on", "decided_by", "outcome"])
        told = {"result": result, "note": note, **({"brought": brought} if brought else {})}
        _tell(organization_id, rows, Happening("call.recorded", on, actor, payload=told))
        _wake(organization_id, rows, on)
    return bool(rows)


def task_record(
    organization_id: int, action_id: int, *, done: bool, on: date, actor: str, note: str = ""
) -> bool:
    """Close a task as done, or as not done (with a note that says why): the scenario goes on.

    False when it is not an open task. Raises ValueError when it is not done and nothing says why.
    """
    if not done and not note:
        raise ValueError("a task that was not done needs a note")
    code = "action.task_done" if done else "action.task_not_done"
    params = {"actor": actor, "note": note} if note else {"actor": actor}
    sentence = Sentence(f"{code}_note" if done and note else code, params)
    with transaction.atomic():
        rows = list(_tasks(organization_id, action_id, [Action.State.TODO]))
        Action.objects.filter(id__in=[row.id for row in rows]).update(
            state=Action.State.DONE if done else Action.State.SKIPPED,
            result="done" if done else "",
            closed_on=on,
            decided_by=actor,
            outcome=[sentence.to_json()],
        )
        told = {"done": done, "note": note}
        _tell(organization_id, rows, Happening("task.recorded", on, actor, payload=told))
        _wake(organization_id, rows, on)
    return bool(rows)


def task_reopen(organization_id: int, action_id: int, *, on: date, actor: str) -> bool:
    """Take back what was said of a task on the same day. False when there is nothing to undo."""
    closed = [Action.State.DONE, Action.State.SKIPPED]
    with transaction.atomic():
        rows = list(_tasks(organization_id, action_id, closed).filter(closed_on=on))
        Action.objects.filter(id__in=[row.id for row in rows]).update(
            state=Action.State.TODO, result="", closed_on=None, decided_by="", outcome=[]
        )
        _tell(organization_id, rows, Happening("task.reopened", on, actor))
        _wake(organization_id, rows, on)
    return bool(rows)


def unknown_resolve(
    organization_id: int, action_id: int, *, left: bool, on: date, actor: str
) -> bool:
    """A person says whether a message of unknown fate left. If not, its step may come again."""
    state = Action.State.DONE if left else Action.State.CANCELLED
    sentence = Sentence("action.left" if left else "action.not_left", {"actor": actor})
    with transaction.atomic():
        rows = list(_locked(organization_id, [action_id], Action.State.UNKNOWN))
        for row in rows:
            row.state = state
            row.decided_by = actor
            row.outcome = [sentence.to_json()]
            row.save(update_fields=["state", "decided_by", "outcome"])
        told = {"left": left}
        _tell(organization_id, rows, Happening("message.fate_found", on, actor, payload=told))
        _wake(organization_id, rows, on)
    return bool(rows)


def _tasks(organization_id: int, action_id: int, states: Collection[str]):
    rows = Action.objects.filter(
        organization_id=organization_id, id=action_id, medium="task", state__in=states
    )
    return rows.select_for_update(no_key=True, of=("self",))


def _locked(organization_id: int, action_ids: Collection[int], state: str):
    return (
        Action.objects.filter(organization_id=organization_id, id__in=action_ids, state=state)
        .select_for_update(no_key=True, of=("self",))
        .order_by("id")
    )


def _tell(organization_id: int, rows: list[Action], what: Happening) -> None:
    """Record the same happening for the case of each action."""
    events_record(
        organization_id,
        [
            replace(what, case_id=row.case_id, payload={"action": row.key, **what.payload})
            for row in rows
        ],
    )


def _wake(organization_id: int, rows: list[Action], on: date) -> None:
    customers = set(
        Action.objects.filter(id__in=[row.id for row in rows]).values_list(
            "case__customer_id", flat=True
        )
    )
    # A contact counts for everybody who shares the person.
    cases_wake(organization_id, customers_linked(organization_id, customers), on=on)
