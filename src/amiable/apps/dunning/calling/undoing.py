"""The way back from the outcome of a call, as long as nothing has left because of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from django.db import transaction

from amiable.apps.audit.models import Event
from amiable.apps.audit.services import Happening, event_record
from amiable.apps.cases import services as cases
from amiable.apps.cases.models import Dispute
from amiable.apps.dunning.facts import customers_linked
from amiable.apps.dunning.models import Action, ActionItem
from amiable.apps.dunning.planning import cases_replan
from amiable.apps.messaging.models import Message
from amiable.apps.messaging.services import messages_withdraw
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "call.undo_day": gettext_noop(
            "An outcome is taken back on the day of the call: correct what it brought on the "
            "customer's file."
        ),
        "call.undo_sent": gettext_noop(
            "The confirmation has left to {recipient}: tell the customer what changes, and correct "
            "it on the customer's file."
        ),
        "call.undo_followed": gettext_noop(
            "What followed this call is done already: take that back first."
        ),
        "call.undo_dispute": gettext_noop("The dispute that it brought is settled already."),
    }
)

_UNSENT = (Message.State.FROZEN, Message.State.WITHDRAWN, Message.State.FAILED)


@transaction.atomic
def call_reopen(organization_id: int, action_id: int, *, on: date, actor: str) -> None:
    """Take back the outcome of a call of the same day: the promise, dispute, pause or wrong number
    it brought, what was planned after it, and its confirmation. The call is open again.

    Raises CaseError with the reason when something has left or was done because of it.
    """
    rows = Action.objects.filter(
        organization_id=organization_id, id=action_id, medium="phone", state=Action.State.DONE,
        closed_on=on,
    )  # fmt: skip
    action = rows.select_for_update(no_key=True, of=("self",)).select_related("case").first()
    if action is None:
        raise cases.CaseError(Sentence("call.undo_day"))
    told = Event.objects.filter(
        organization_id=organization_id, case_id=action.case_id, kind="call.recorded",
        payload__action=action.key,
    )  # fmt: skip
    payload = told.order_by("-id").values_list("payload", flat=True).first() or {}
    brought = payload.get("brought", {})
    _unsent(organization_id, brought.get("confirmation"))
    _unfollow(organization_id, brought.get("followed", []))
    _take_back(organization_id, brought, on=on, actor=actor)
    action.state, action.result, action.closed_on = Action.State.TODO, "", None
    action.decided_by, action.outcome = "", []
    action.save(update_fields=["state", "result", "closed_on", "decided_by", "outcome"])
    told_back = {"action": action.key, "result": payload.get("result", ""), "brought": brought}
    happening = Happening("call.reopened", on, actor, action.case_id, told_back)
    event_record(organization_id, happening)
    customers = customers_linked(organization_id, {action.case.customer_id})
    cases.cases_wake(organization_id, customers, on=on)
    cases_replan(organization_id, [action.case.customer_id], on=on)


def _unsent(organization_id: int, message_id: int | None) -> None:
    """Keep the confirmation from leaving. Raises CaseError when it has left, or is leaving."""
    if message_id is None:
        return
    rows = Message.objects.filter(organization_id=organization_id, id=message_id)
    message = rows.select_for_update(no_key=True, of=("self",)).only("state", "recipient").get()
    if message.state not in _UNSENT:
        raise cases.CaseError(Sentence("call.undo_sent", {"recipient": message.recipient}))
    messages_withdraw(organization_id, [message_id])


def _unfollow(organization_id: int, action_ids: Collection[int]) -> None:
    """Remove what was planned because of the call and nobody has begun. Raises CaseError."""
    rows = Action.objects.filter(organization_id=organization_id, id__in=action_ids)
    followed = list(rows.select_for_update(no_key=True, of=("self",)))
    open_states = {Action.State.TODO, Action.State.APPROVED, Action.State.TO_APPROVE}
    if any(each.state not in open_states | {Action.State.CANCELLED} for each in followed):
        raise cases.CaseError(Sentence("call.undo_followed"))
    if any(each.message_id is not None for each in followed):
        raise cases.CaseError(Sentence("call.undo_followed"))
    ids = [each.pk for each in followed]
    # It never was: the planner counts how often a step came, and the call comes as it did.
    ActionItem.objects.filter(organization_id=organization_id, action_id__in=ids).delete()
    rows.delete()


def _take_back(
    organization_id: int, brought: Mapping[str, Any], *, on: date, actor: str
) -> None:  # fmt: skip
    who: dict[str, Any] = {"on": on, "actor": actor}
    if "promise" in brought:
        cases.promise_cancel(organization_id, brought["promise"], **who)
    if "dispute" in brought:
        rows = Dispute.objects.filter(organization_id=organization_id, id=brought["dispute"])
        if rows.filter(closed_on__isnull=False, is_mistake=False).exists():
            raise cases.CaseError(Sentence("call.undo_dispute"))
        cases.dispute_withdraw(organization_id, brought["dispute"], outcome="", **who)
    if "hold" in brought:
        cases.hold_lift(organization_id, brought["hold"], **who)
    if "point" in brought:
        cases.point_mark(organization_id, brought["point"], brought["before"], **who)
