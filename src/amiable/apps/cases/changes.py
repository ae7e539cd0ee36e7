"""What every change of a case has in common: it is found, told in its history, and looked at
again by the planner."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from django.db.models import Q

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.cases.models import Case
from amiable.apps.receivables.models import Installment
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "case.not_found": gettext_noop("This file or invoice does not exist here."),
        "case.amount_not_positive": gettext_noop("The amount must be above zero."),
    }
)


class CaseError(ValueError):
    """A wish that cannot be granted; `sentence` says why."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


def cases_wake(organization_id: int, customer_ids: Collection[int], *, on: date) -> None:
    """Make the planner look again at these customers' cases on `on` at the latest."""
    Case.objects.filter(
        Q(next_plan_on__isnull=True) | Q(next_plan_on__gt=on),
        organization_id=organization_id,
        customer_id__among=customer_ids,
    ).update(next_plan_on=on)


def case_find(
    organization_id: int, case_id: int, installment_id: int | None = None, *, lock: bool = False
) -> Case:
    """The case, whose installment this is. Raises CaseError when either is not there."""
    rows = Case.objects.filter(organization_id=organization_id, id=case_id)
    case = (rows.select_for_update(no_key=True, of=("self",)) if lock else rows).first()
    if case is None:
        raise CaseError(Sentence("case.not_found"))
    if (
        installment_id is not None
        and not Installment.objects.filter(
            id=installment_id, customer_id=case.customer_id, currency=case.currency
        ).exists()
    ):
        raise CaseError(Sentence("case.not_found"))
    return case


def case_tell(case: Case, kind: str, *, told: Mapping[str, object], on: date, actor: str) -> None:
    """Record the event and have the planner look at the case on the same day."""
    event_record(case.organization_id, Happening(kind, on, actor, case.id, told))
    cases_wake(case.organization_id, [case.customer_id], on=on)
