"""A call that is made although something speaks against it: with a reason, in the history."""

from __future__ import annotations

from datetime import date

from amiable.apps.audit.models import Event
from amiable.apps.audit.services import Happening, event_record
from amiable.apps.dunning.models import Action
from amiable.core.sentences import Sentence

_KIND = "call.started_anyway"


def call_start_anyway(
    organization_id: int, action_id: int, why_not: Sentence, *, reason: str, on: date, actor: str
) -> bool:
    """Note that a person calls in spite of `why_not`, and why; it holds for the day. False when the
    call is not open."""
    action = _open(organization_id, action_id)
    if action is None or not reason.strip():
        return False
    told = {"action": action.key, "why_not": why_not.to_json(), "reason": reason.strip()[:200]}
    event_record(organization_id, Happening(_KIND, on, actor, action.case_id, told))
    return True


def started_anyway(organization_id: int, action_id: int, *, on: date) -> str:
    """The reason for which somebody calls in spite of all on this day; "" = nobody does."""
    action = _open(organization_id, action_id)
    if action is None:
        return ""
    told = Event.objects.filter(
        organization_id=organization_id, case_id=action.case_id, kind=_KIND, on_date=on,
        payload__action=action.key,
    )  # fmt: skip
    payload = told.order_by("-id").values_list("payload", flat=True).first()
    return payload["reason"] if payload else ""


def _open(organization_id: int, action_id: int) -> Action | None:
    return Action.objects.filter(
        organization_id=organization_id, id=action_id, medium="phone", state=Action.State.TODO
    ).first()
