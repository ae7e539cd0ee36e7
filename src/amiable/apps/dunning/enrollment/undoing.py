"""A move of many cases taken back: each goes where it was, with what waited there.

A move has a name, told with every case it moved. A case that was changed again since stays.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Count, Max, Q

from amiable.apps.audit.models import Event
from amiable.apps.audit.services import Happening, events_record
from amiable.apps.cases.services import cases_wake
from amiable.apps.dunning.enrollment.enrollments import (
    CHUNK,
    case_customers,
    enrollments_lock,
    state_restore,
)
from amiable.apps.dunning.enrollment.switching import pending_renew
from amiable.apps.dunning.models import Action, ActionItem, Enrollment
from amiable.core.scenario import HUMAN_MEDIA

_FIELDS = ["scenario", "is_manual", "why", "started_on"]
Told = Mapping[int, Event]


def move_name(organization_id: int) -> str:
    """A name for a move that is about to be made: where its events begin, and which they are."""
    rows = Event.objects.filter(organization_id=organization_id).order_by("-id")
    newest = rows.values_list("id", flat=True).first() or 0
    return f"{newest}-{uuid.uuid4().hex[:12]}"


def move_undo(organization_id: int, name: str, *, on: date, actor: str) -> int:
    """Move the cases of the move `name` back to the scenario, version and state they had; returns
    how many. Those that were changed since are left where they are. Safe to repeat.

    What the move had cancelled waits again, approved or not, unless a message was written for it
    or the planner has replaced it: then it is planned anew.
    """
    told = _told(organization_id, name)
    ids = sorted(told)
    return sum(
        _restore(
            organization_id,
            {case_id: told[case_id] for case_id in ids[start : start + CHUNK]},
            on=on,
            actor=actor,
        )
        for start in range(0, len(ids), CHUNK)
    )


def _told(organization_id: int, name: str) -> dict[int, Event]:
    """What the move told, by case, where nothing was told of the case's scenario since."""
    first, _, _ = name.partition("-")
    if not first.isdecimal() or len(first) > 18:
        return {}
    events = Event.objects.filter(
        organization_id=organization_id, id__gt=int(first), kind__startswith="enrollment."
    )
    newest = {event.case_id: event for event in events.order_by("id")}
    return {
        case_id: event
        for case_id, event in newest.items()
        if case_id is not None
        and event.kind == "enrollment.moved"
        and event.payload.get("move") == name
        and event.payload["before"]
    }


@transaction.atomic
def _restore(organization_id: int, told: Told, *, on: date, actor: str) -> int:
    rows = enrollments_lock(organization_id, told)
    changed = {
        case_id: (row.scenario_id, told[case_id].payload["before"]["scenario"])
        for case_id, row in rows.items()
        if row.scenario_id == told[case_id].payload["after"]["scenario"]
    }
    pending_renew(organization_id, changed, on)
    for case_id in changed:
        state_restore(rows[case_id], told[case_id].payload["before"])
    restored = [rows[case_id] for case_id in changed]
    Enrollment.objects.bulk_update(restored, _FIELDS, batch_size=200)
    _reopen(organization_id, {case_id: told[case_id] for case_id in changed})
    happenings = [
        Happening(
            "enrollment.restored", on, actor, case_id, {"after": told[case_id].payload["before"]}
        )
        for case_id in changed
    ]
    events_record(organization_id, happenings)
    cases_wake(organization_id, case_customers(organization_id, changed), on=on)
    return len(changed)


def _reopen(organization_id: int, told: Told) -> None:
    """Let what the move cancelled wait again, as it did, where nothing of its step waits now."""
    cancelled = Action.objects.filter(
        organization_id=organization_id,
        case_id__among=told.keys(),
        state=Action.State.CANCELLED,
        closed_on__gte=min((event.on_date for event in told.values()), default=date.max),
        message__isnull=True,
    )
    taken, again = _waiting(organization_id, told), []
    # The newest first: of several that the same day's moves cancelled, it is what waited last.
    for row in cancelled.order_by("-id"):
        event = told[row.case_id]
        if (
            row.closed_on == event.on_date
            and row.scenario_id == event.payload["before"]["scenario"]
            and [each["code"] for each in row.outcome] == ["enroll.replaced"]
            and (row.case_id, row.step) not in taken
        ):
            taken.add((row.case_id, row.step))
            again.append(row)
    planned = _planned_since(organization_id, again)
    reopened = [row for row in again if planned[row.case_id, row.step].last == row.occurrence]
    for row in reopened:
        row.state, row.outcome, row.closed_on = _state_before(row), [], None
    Action.objects.bulk_update(reopened, ["state", "outcome", "closed_on"], batch_size=500)
    _plan_again(
        [row for row in again if planned[row.case_id, row.step].last != row.occurrence], planned
    )


@dataclass(frozen=True, slots=True)
class _Planned:
    """How often a step of a case was planned and is closed, and its last occurrence."""

    closed: int
    last: int


def _planned_since(
    organization_id: int, rows: Collection[Action]
) -> dict[tuple[int, str], _Planned]:
    if not rows:
        return {}
    actions = Action.objects.filter(
        organization_id=organization_id,
        case_id__among={row.case_id for row in rows},
        step__in={row.step for row in rows},
    )
    counted = actions.values_list("case_id", "step").annotate(
        closed=Count("id", filter=~Q(state__in=Action.PENDING)), last=Max("occurrence")
    )
    return {
        (case_id, step): _Planned(closed, last)
        for case_id, step, closed, last in counted.order_by()
    }


def _plan_again(rows: Collection[Action], planned: Mapping[tuple[int, str], _Planned]) -> None:
    """Put beside what was cancelled its like, with the yes a person gave it, where the other
    scenario had planned a step of the same code since: that one has the later number, and the
    planner counts on from it."""
    copies = []
    for row in rows:
        values = {field.attname: getattr(row, field.attname) for field in Action._meta.fields}
        occurrence = planned[row.case_id, row.step].closed + 1
        copies.append(
            Action(**{
                **values, "id": None, "occurrence": occurrence, "outcome": [], "closed_on": None,
                "key": f"{row.case_id}/{row.step}/{occurrence}", "state": _state_before(row),
            })
        )  # fmt: skip
    Action.objects.bulk_create(copies, batch_size=500)
    of = {row.pk: copy for row, copy in zip(rows, copies, strict=True)}
    spoken_of = ActionItem.objects.filter(action_id__among=of.keys()) if of else ()
    ActionItem.objects.bulk_create(
        [
            ActionItem(
                organization_id=item.organization_id, action=of[item.action_id],
                installment_id=item.installment_id, step=item.step, open_minor=item.open_minor,
                event_on=item.event_on,
            )
            for item in spoken_of
        ],
        batch_size=500,
    )  # fmt: skip


def _waiting(organization_id: int, case_ids: Collection[int]) -> set[tuple[int, str]]:
    rows = Action.objects.filter(
        organization_id=organization_id, case_id__among=case_ids, state__in=Action.PENDING
    )
    return set(rows.values_list("case_id", "step"))


def _state_before(row: Action) -> Action.State:
    """A person's yes is kept with the action; the rest follows from what its step is."""
    if row.medium in HUMAN_MEDIA:
        return Action.State.TODO
    approved = row.approval == "automatic" or row.decided_by
    return Action.State.APPROVED if approved else Action.State.TO_APPROVE
