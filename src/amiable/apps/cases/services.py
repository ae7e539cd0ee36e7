"""Writes of cases: they come to exist with the first debt, are paused, disputed and promised,
and are woken when facts change."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.cases.models import Case, Dispute, Hold, Promise
from amiable.apps.receivables.models import Installment
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "case.not_found": gettext_noop("This file or invoice does not exist here."),
        "case.ends_before_start": gettext_noop("The pause would end before it starts."),
        "case.amount_not_positive": gettext_noop("The amount must be above zero."),
        "case.promise_in_the_past": gettext_noop("A promise is for today or a later day."),
    }
)


class CaseError(ValueError):
    """A wish that cannot be granted; `sentence` says why."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


def cases_ensure(organization_id: int, pairs: Iterable[tuple[int, str]], *, on: date) -> None:
    """Create the missing cases of (customer_id, currency) pairs; new ones are planned on `on`."""
    Case.objects.bulk_create(
        [
            Case(
                organization_id=organization_id,
                customer_id=customer_id,
                currency=currency,
                next_plan_on=on,
            )
            for customer_id, currency in sorted(set(pairs))
        ],
        ignore_conflicts=True,
        batch_size=2000,
    )


def cases_wake(organization_id: int, customer_ids: Collection[int], *, on: date) -> None:
    """Make the planner look again at these customers' cases on `on` at the latest."""
    Case.objects.filter(
        Q(next_plan_on__isnull=True) | Q(next_plan_on__gt=on),
        organization_id=organization_id,
        customer_id__among=customer_ids,
    ).update(next_plan_on=on)


def hold_place(
    organization_id: int,
    case_id: int,
    *,
    reason: str,
    on: date,
    actor: str,
    ends_on: date | None = None,
    installment_id: int | None = None,
) -> int:
    """Pause a case, or one installment of it, from `on` to `ends_on` (inclusive; None = lifted by
    hand). Returns the hold's id. Raises CaseError when the case or installment is not there."""
    with transaction.atomic():
        case = _case(organization_id, case_id, installment_id)
        if ends_on is not None and ends_on < on:
            raise CaseError(Sentence("case.ends_before_start"))
        hold = Hold.objects.create(
            organization_id=organization_id,
            case=case,
            installment_id=installment_id,
            reason=reason,
            starts_on=on,
            ends_on=ends_on,
            placed_by=actor,
        )
        _tell(case, "hold.placed", on, actor, {"hold": hold.id, "reason": reason})
    return hold.id


def hold_lift(organization_id: int, hold_id: int, *, on: date, actor: str) -> bool:
    """End a hold the day before `on`, so that `on` is free again. False when already over."""
    with transaction.atomic():
        hold = _running(Hold.objects.filter(organization_id=organization_id, id=hold_id), on)
        if hold is None:
            return False
        hold.ends_on = on - timedelta(days=1)
        hold.save(update_fields=["ends_on"])
        _tell(hold.case, "hold.lifted", on, actor, {"hold": hold.id})
    return True


def dispute_open(
    organization_id: int,
    installment_id: int,
    *,
    reason: str,
    on: date,
    actor: str,
    amount_minor: int | None = None,
    note: str = "",
    respond_by: date | None = None,
) -> int:
    """Open a dispute on an installment, for `amount_minor` or (None) the whole of it.

    Returns its id; the one already open when there is one. Raises CaseError when the installment
    is not there or the amount is not above zero.
    """
    if amount_minor is not None and amount_minor <= 0:
        raise CaseError(Sentence("case.amount_not_positive"))
    with transaction.atomic():
        installment = Installment.objects.filter(
            organization_id=organization_id, id=installment_id
        ).first()
        if installment is None:
            raise CaseError(Sentence("case.not_found"))
        case = Case.objects.get(customer_id=installment.customer_id, currency=installment.currency)
        dispute, created = Dispute.objects.get_or_create(
            installment=installment,
            closed_on=None,
            defaults={
                "organization_id": organization_id,
                "case": case,
                "reason": reason,
                "note": note,
                "amount_minor": amount_minor,
                "opened_on": on,
                "respond_by": respond_by,
            },
        )
        if created:
            _tell(case, "dispute.opened", on, actor, {"dispute": dispute.id, "reason": reason})
    return dispute.id


def dispute_close(
    organization_id: int, dispute_id: int, *, outcome: str, on: date, actor: str
) -> bool:
    """Close a dispute: its installment is chased again. False when it is not open."""
    with transaction.atomic():
        dispute = (
            Dispute.objects.select_related("case")
            .filter(organization_id=organization_id, id=dispute_id, closed_on__isnull=True)
            .first()
        )
        if dispute is None:
            return False
        dispute.closed_on, dispute.outcome = on, outcome
        dispute.save(update_fields=["closed_on", "outcome"])
        _tell(dispute.case, "dispute.closed", on, actor, {"dispute": dispute.id})
    return True


def promise_record(
    organization_id: int,
    case_id: int,
    *,
    amount_minor: int,
    due_on: date,
    on: date,
    actor: str,
    note: str = "",
    grace_days: int = 3,
) -> int:
    """Record a dated promise to pay; reminders wait until its date plus grace. Returns its id.

    Raises CaseError when the case is not there, the date is past or the amount not above zero.
    """
    if amount_minor <= 0:
        raise CaseError(Sentence("case.amount_not_positive"))
    if due_on < on:
        raise CaseError(Sentence("case.promise_in_the_past"))
    with transaction.atomic():
        case = _case(organization_id, case_id)
        promise = Promise.objects.create(
            organization_id=organization_id,
            case=case,
            amount_minor=amount_minor,
            made_on=on,
            due_on=due_on,
            grace_days=grace_days,
            note=note,
        )
        _tell(case, "promise.recorded", on, actor, {"promise": promise.id, "due": str(due_on)})
    return promise.id


def promise_cancel(organization_id: int, promise_id: int, *, on: date, actor: str) -> bool:
    """Take a promise back (a typing error): the case is chased again. False when already gone."""
    with transaction.atomic():
        promise = (
            Promise.objects.select_related("case")
            .filter(organization_id=organization_id, id=promise_id, cancelled_on__isnull=True)
            .first()
        )
        if promise is None:
            return False
        promise.cancelled_on = on
        promise.save(update_fields=["cancelled_on"])
        _tell(promise.case, "promise.cancelled", on, actor, {"promise": promise.id})
    return True


def _case(organization_id: int, case_id: int, installment_id: int | None = None) -> Case:
    case = Case.objects.filter(organization_id=organization_id, id=case_id).first()
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


def _running(holds: QuerySet[Hold], on: date) -> Hold | None:
    return holds.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on)).select_related("case").first()


def _tell(case: Case, kind: str, on: date, actor: str, payload: dict[str, object]) -> None:
    """Record the event and have the planner look at the case on the same day."""
    event_record(case.organization_id, Happening(kind, on, actor, case.id, payload))
    cases_wake(case.organization_id, [case.customer_id], on=on)
