"""A call and what it brought, written down in one gesture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

from django.db import transaction
from django.utils import timezone

from amiable.apps.cases.services import CallOutcome, CaseError, call_outcome_apply
from amiable.apps.dunning.calling.follow_ups import FollowUp, follow_up
from amiable.apps.dunning.confirming.calls import confirmation_draft
from amiable.apps.dunning.confirming.leaving import Preview, confirmation_freeze, preview_of
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.planning import cases_replan
from amiable.apps.dunning.services import call_record
from amiable.apps.receivables.models import Installment
from amiable.core.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Closed:
    """What closing a call did. `confirmation` = the message that will confirm it; `unconfirmed` =
    why there is none although it was wanted."""

    follow_ups: tuple[FollowUp, ...] = ()
    confirmation: int | None = None
    unconfirmed: Sentence | None = None


def call_close(
    organization_id: int,
    action_id: int,
    outcome: CallOutcome,
    *,
    on: date,
    actor: str,
    now: datetime | None = None,
    disputed_invoice: str = "",
    confirm: bool = False,
) -> Closed | None:
    """Close a call with its outcome and the promise, dispute, pause or wrong number it brought, and
    what follows: the call agreed on, another try, another number or medium; the case is planned
    anew at once. None when the call is not open.

    `now` = the moment of the call (None = noon of `on`); `disputed_invoice` = the number of the
    invoice that the customer disputes; `confirm` = an email says to the customer what was agreed,
    once there is no way back (see `confirming`). Raises CaseError when the outcome is incomplete or
    cannot be; then the call stays open.
    """
    now = now or timezone.make_aware(datetime.combine(on, time(12)))
    with transaction.atomic():
        action = _open(organization_id, action_id)
        if action is None:
            return None
        if outcome.result == "dispute" and disputed_invoice:
            installment_id = open_installment(action, disputed_invoice)
            outcome = replace(outcome, installment_id=installment_id)
        # Written on the facts as they were during the call: a promise then covers them.
        draft = confirmation_draft(action, outcome, on=on) if confirm else None
        brought = call_outcome_apply(organization_id, action.case_id, outcome, on=on, actor=actor)
        followed = follow_up(action, outcome, on=on, now=now, actor=actor)
        frozen: int | Sentence | None = draft if isinstance(draft, Sentence) else None
        if draft is not None and not isinstance(draft, Sentence):
            frozen = confirmation_freeze(organization_id, draft, now=now)
        told = _told(brought, followed, frozen)
        call_record(
            organization_id, action_id, result=outcome.result, note=outcome.note, on=on,
            actor=actor, brought=told,
        )  # fmt: skip
        cases_replan(organization_id, [action.case.customer_id], on=on)
    problem = frozen if isinstance(frozen, Sentence) else None
    message = frozen if isinstance(frozen, int) else None
    return Closed(tuple(followed), message, problem)


def confirmation_preview(
    organization_id: int,
    action_id: int,
    outcome: CallOutcome,
    *,
    now: datetime,
    disputed_invoice: str = "",
) -> Preview | Sentence | None:
    """What the email that confirms an outcome would say, nothing stored; a Sentence for why there
    would be none, None for an outcome that agrees nothing or a call that is not open."""
    on = timezone.localtime(now).date()
    with transaction.atomic():
        action = _open(organization_id, action_id)
        if action is None:
            return None
        if outcome.result == "dispute" and disputed_invoice:
            installment_id = open_installment(action, disputed_invoice)
            outcome = replace(outcome, installment_id=installment_id)
        draft = confirmation_draft(action, outcome, on=on)
    if draft is None or isinstance(draft, Sentence):
        return draft
    return preview_of(organization_id, draft, now=now)


def open_installment(action: Action, number: str) -> int:
    """The oldest open installment of an invoice of the case. Raises CaseError without one."""
    rows = Installment.objects.filter(
        organization_id=action.organization_id,
        customer_id=action.case.customer_id,
        currency=action.case.currency,
        invoice__number=number,
        settled_on__isnull=True,
    )
    found = rows.order_by("due_date", "id").values_list("id", flat=True).first()
    if found is None:
        raise CaseError(Sentence("case.not_found"))
    return found


def _open(organization_id: int, action_id: int) -> Action | None:
    rows = Action.objects.filter(
        organization_id=organization_id, id=action_id, state=Action.State.TODO
    )
    return (
        rows.select_for_update(no_key=True, of=("self",))
        .select_related("organization", "case__customer", "scenario__after")
        .first()
    )


def _told(
    brought: dict[str, Any], followed: list[FollowUp], frozen: int | Sentence | None
) -> dict[str, Any]:
    """What the history keeps of it, so that it can be taken back."""
    told = dict(brought)
    if followed:
        told["followed"] = [each.action_id for each in followed]
    if isinstance(frozen, int):
        told["confirmation"] = frozen
    elif frozen is not None:
        told["unconfirmed"] = frozen.to_json()
    return told
