"""A call and what it brought, written down in one gesture."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from django.db import transaction

from amiable.apps.cases.services import CallOutcome, CaseError, call_outcome_apply
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.planning import cases_replan
from amiable.apps.dunning.services import call_record
from amiable.apps.receivables.models import Installment
from amiable.core.sentences import Sentence


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
    the case is planned anew at once. False when the call is not open.

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
        cases_replan(organization_id, [action.case.customer_id], on=on)
    return True


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
