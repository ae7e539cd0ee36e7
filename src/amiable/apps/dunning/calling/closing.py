"""A call and what it brought, written down in one gesture."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time

from django.db import transaction
from django.utils import timezone

from amiable.apps.cases.services import CallOutcome, CaseError, call_outcome_apply
from amiable.apps.dunning.models import Action, ActionItem
from amiable.apps.dunning.planning import cases_replan
from amiable.apps.dunning.services import call_record
from amiable.apps.receivables.models import Installment
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "action.call_agreed": gettext_noop("Agreed with the customer by {actor}"),
        "action.call_agreed_note": gettext_noop("Agreed with the customer by {actor}: {note}"),
    }
)


def call_close(
    organization_id: int,
    action_id: int,
    outcome: CallOutcome,
    *,
    on: date,
    actor: str,
    disputed_invoice: str = "",
) -> bool:
    """Close a call with its outcome and the promise, dispute, pause or wrong number it brought;
    the case is planned anew at once. One to make again stands on the agenda of its day. False
    when the call is not open.

    `disputed_invoice` = the number of the invoice that the customer disputes. Raises CaseError
    when the outcome is incomplete or cannot be; then the call stays open.
    """
    with transaction.atomic():
        action = (
            Action.objects.filter(organization_id=organization_id, id=action_id)
            .select_related("case")
            .first()
        )
        if action is None or not call_record(
            organization_id, action_id, result=outcome.result, note=outcome.note, on=on, actor=actor
        ):
            return False
        if outcome.result == "dispute" and disputed_invoice:
            installment_id = _open_item(action, disputed_invoice)
            outcome = replace(outcome, installment_id=installment_id)
        call_outcome_apply(organization_id, action.case_id, outcome, on=on, actor=actor)
        if outcome.result == "callback" and outcome.callback_on:
            _agree(action, outcome, on=on, actor=actor)
        cases_replan(organization_id, [action.case.customer_id], on=on)
    return True


def _agree(action: Action, outcome: CallOutcome, *, on: date, actor: str) -> None:
    """The call to make again, about what is still open. Its items take no step a second time."""
    day = outcome.callback_on or on
    # As the planner counts: the next after what is closed.
    closed = Action.objects.filter(case_id=action.case_id, step=action.step)
    times = closed.exclude(state__in=Action.PENDING).count()
    said = Sentence("action.call_agreed", {"actor": actor})
    if outcome.note:
        said = Sentence("action.call_agreed_note", {"actor": actor, "note": outcome.note})
    again = Action.objects.create(
        organization_id=action.organization_id,
        case_id=action.case_id,
        key=f"{action.case_id}/{action.step}/{times + 1}",
        scenario_id=action.scenario_id,
        step=action.step,
        occurrence=times + 1,
        medium=action.medium,
        stage=action.stage,
        approval=action.approval,
        due_on=day,
        state=Action.State.TODO,
        reasons=[said.to_json()],
        planned_on=on,
        is_test=action.is_test,
        retry_at=timezone.make_aware(datetime.combine(day, outcome.callback_at or time())),
    )
    ActionItem.objects.bulk_create(
        ActionItem(
            organization_id=action.organization_id,
            action=again,
            installment_id=item.installment_id,
            open_minor=item.open_minor,
        )
        for item in action.items.filter(installment__settled_on__isnull=True)
    )


def _open_item(action: Action, number: str) -> int:
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
