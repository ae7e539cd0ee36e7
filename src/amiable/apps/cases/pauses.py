"""Writes of what pauses a case or an item: holds and disputes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from amiable.apps.cases.changes import CaseError, case_find, case_tell
from amiable.apps.cases.disputed import Contested, Priced, lines_keep, lines_priced
from amiable.apps.cases.models import Case, Dispute, DisputeReason, Handover, Hold
from amiable.apps.receivables.models import Installment
from amiable.apps.receivables.queries import installment_balances
from amiable.apps.tenants.models import User
from amiable.core.disputes import RESPOND_DAYS, SHIPPED
from amiable.core.invoice_lines import proposed_minor
from amiable.core.money import Money, major
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "case.dispute_reason": gettext_noop("Choose why it is contested."),
        "case.ends_before_start": gettext_noop("The pause would end before it starts."),
        "case.dispute_too_much": gettext_noop(
            "At most {amount} can be disputed: that is what is open of this invoice."
        ),
    }
)


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
        case = case_find(organization_id, case_id, installment_id)
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
        case_tell(case, "hold.placed", told={"hold": hold.id, "reason": reason}, on=on, actor=actor)
    return hold.id


def hold_lift(organization_id: int, hold_id: int, *, on: date, actor: str) -> bool:
    """End a hold the day before `on`, so that `on` is free again. False when already over."""
    with transaction.atomic():
        hold = _running(Hold.objects.filter(organization_id=organization_id, id=hold_id), on)
        if hold is None:
            return False
        hold.ends_on = on - timedelta(days=1)
        hold.save(update_fields=["ends_on"])
        # What somebody else collected is ours again with the end of its hold.
        handed = Handover.objects.filter(hold=hold, returned_on__isnull=True)
        handed.update(returned_on=on)
        case_tell(hold.case, "hold.lifted", told={"hold": hold.id}, on=on, actor=actor)
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
    lines: Sequence[Contested] = (),
) -> int:
    """Open a dispute on an installment, for `amount_minor` or (None) the whole of it; where only
    `lines` of its invoice are named, for what these cost with VAT.

    Returns its id; the one already open when there is one. It is to be answered by `respond_by`,
    in RESPOND_DAYS unless one is given. Raises CaseError when the installment is not there or the
    amount is not above zero or more than what is open.
    """
    if amount_minor is not None and amount_minor <= 0:
        raise CaseError(Sentence("case.amount_not_positive"))
    with transaction.atomic():
        items = Installment.objects.filter(organization_id=organization_id, id=installment_id)
        installment = items.select_related("customer").first()
        if installment is None:
            raise CaseError(Sentence("case.not_found"))
        case = Case.objects.get(customer_id=installment.customer_id, currency=installment.currency)
        _check_reason(installment, reason)
        priced = lines_priced(organization_id, installment.invoice_id, lines)
        if priced and amount_minor is None:
            amount_minor = _of_lines(installment, priced)
        _check_disputed(installment, amount_minor)
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
                "respond_by": respond_by or on + timedelta(days=RESPOND_DAYS),
                "owner": User.objects.filter(email=actor).first(),
            },
        )
        if created:
            lines_keep(organization_id, dispute.id, priced)
            case_tell(case, "dispute.opened", told=_told(dispute, priced), on=on, actor=actor)
    return dispute.id


def _told(dispute: Dispute, priced: Sequence[Priced]) -> dict[str, object]:
    """What the history keeps of a dispute that was opened."""
    told: dict[str, object] = {"dispute": dispute.pk, "reason": dispute.reason}
    if dispute.amount_minor is not None:
        told["amount"] = major(dispute.amount_minor, dispute.case.currency)
    return {**told, "lines": [each.line.pk for each in priced]} if priced else told


def dispute_close(
    organization_id: int, dispute_id: int, *, outcome: str, on: date, actor: str
) -> bool:
    """Close a dispute: its installment is chased again. False when it is not open."""
    kind = "dispute.closed"
    return _dispute_end(organization_id, dispute_id, kind, outcome=outcome, on=on, actor=actor)


def dispute_withdraw(
    organization_id: int, dispute_id: int, *, outcome: str, on: date, actor: str
) -> bool:
    """Take back a dispute opened by mistake: no step counts from its end. False when not open."""
    kind = "dispute.withdrawn"
    return _dispute_end(organization_id, dispute_id, kind, outcome=outcome, on=on, actor=actor)


def _dispute_end(
    organization_id: int, dispute_id: int, kind: str, *, outcome: str, on: date, actor: str
) -> bool:
    with transaction.atomic():
        dispute = (
            Dispute.objects.select_related("case")
            .filter(organization_id=organization_id, id=dispute_id, closed_on__isnull=True)
            .first()
        )
        if dispute is None:
            return False
        dispute.closed_on, dispute.outcome = on, outcome
        dispute.is_mistake = kind == "dispute.withdrawn"
        dispute.save(update_fields=["closed_on", "outcome", "is_mistake"])
        case_tell(dispute.case, kind, told={"dispute": dispute.id}, on=on, actor=actor)
    return True


def dispute_name_lines(
    organization_id: int, dispute_id: int, lines: Sequence[Contested], *, on: date, actor: str
) -> None:
    """Say which lines an open dispute is about, which names none yet: from then on it is for what
    they cost with VAT. Raises CaseError."""
    with transaction.atomic():
        rows = Dispute.objects.filter(organization_id=organization_id, id=dispute_id)
        found = rows.filter(closed_on__isnull=True).select_for_update(no_key=True, of=("self",))
        dispute = found.select_related("case", "installment").first()
        if dispute is None:
            raise CaseError(Sentence("case.not_found"))
        if not lines or dispute.lines.exists():
            raise CaseError(Sentence("dispute.lines_named" if lines else "dispute.lines_none"))
        priced = lines_priced(organization_id, dispute.installment.invoice_id, lines)
        dispute.amount_minor = _of_lines(dispute.installment, priced)
        dispute.save(update_fields=["amount_minor"])
        lines_keep(organization_id, dispute_id, priced)
        told = {"dispute": dispute_id, "lines": [each.line.pk for each in priced]}
        case_tell(dispute.case, "dispute.lines", told=told, on=on, actor=actor)


def _check_reason(installment: Installment, reason: str) -> None:
    own = DisputeReason.objects.filter(creditor=installment.customer.creditor_id, code=reason)
    if reason not in SHIPPED and not own.exists():
        raise CaseError(Sentence("case.dispute_reason"))


def _of_lines(installment: Installment, priced: Sequence[Priced]) -> int | None:
    """What is contested by lines; None = all that is open."""
    opened = installment_balances(installment.organization_id, [installment.id])[installment.id]
    amount = proposed_minor((each.amount_minor for each in priced), open_minor=opened)
    return amount if 0 < amount < opened else None


def _check_disputed(installment: Installment, amount_minor: int | None) -> None:
    if amount_minor is None:
        return
    balances = installment_balances(installment.organization_id, [installment.id])
    opened = balances[installment.id]
    if amount_minor > opened:
        amount = Money(max(0, opened), installment.currency)
        raise CaseError(Sentence("case.dispute_too_much", {"amount": amount}))


def _running(holds: QuerySet[Hold], on: date) -> Hold | None:
    return holds.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on)).select_related("case").first()
