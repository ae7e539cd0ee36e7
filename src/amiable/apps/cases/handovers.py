"""Writes of debts that leave our own collection: given up, or entrusted to somebody else.

Both can be taken back, and each is told in the case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import transaction

from amiable.apps.cases.changes import CaseError, case_tell
from amiable.apps.cases.models import Case, Handover
from amiable.apps.cases.pauses import hold_lift, hold_place
from amiable.apps.receivables.models import Installment
from amiable.apps.receivables.queries import installment_balances
from amiable.apps.receivables.write_offs import installment_write_off, write_off_reverse
from amiable.core.money import major
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "handover.no_name": gettext_noop("Write who collects it from now on."),
        "handover.nothing_open": gettext_noop("Nothing is open of this invoice."),
    }
)


@dataclass(frozen=True, slots=True)
class Collector:
    """Who collects: `to` = litigation, agency, bailiff or factor; `reason` = what the hold says."""

    to: str
    name: str
    reason: str


def item_hand_over(
    organization_id: int, installment_id: int, collector: Collector, *, on: date, actor: str
) -> int:
    """Entrust an installment to somebody: we send nothing more about it. Returns the handover's
    id; the one running when there is one. Raises CaseError."""
    if not collector.name.strip():
        raise CaseError(Sentence("handover.no_name"))
    with transaction.atomic():
        case = _case(organization_id, installment_id)
        running = Handover.objects.filter(installment_id=installment_id, returned_on__isnull=True)
        known = running.values_list("id", flat=True).first()
        if known is not None:
            return known
        if _open(organization_id, installment_id) <= 0:
            raise CaseError(Sentence("handover.nothing_open"))
        hold_id = hold_place(
            organization_id,
            case.pk,
            reason=collector.reason[:200],
            on=on,
            actor=actor,
            installment_id=installment_id,
        )
        handover = Handover.objects.create(
            organization_id=organization_id,
            case=case,
            installment_id=installment_id,
            hold_id=hold_id,
            to=collector.to,
            name=collector.name.strip()[:200],
            handed_on=on,
            handed_by=actor[:120],
        )
        _tell(handover, case, "item.handed_over", on=on, actor=actor)
    return handover.pk


def item_take_back(organization_id: int, handover_id: int, *, on: date, actor: str) -> bool:
    """An installment comes back to us: reminders go on. False when it is back already."""
    with transaction.atomic():
        rows = Handover.objects.filter(
            organization_id=organization_id, id=handover_id, returned_on__isnull=True
        )
        handover = rows.select_for_update(no_key=True, of=("self",)).select_related("case").first()
        if handover is None:
            return False
        handover.returned_on = on
        handover.save(update_fields=["returned_on"])
        hold_lift(organization_id, handover.hold_id, on=on, actor=actor)
        _tell(handover, handover.case, "item.taken_back", on=on, actor=actor)
    return True


def item_write_off(
    organization_id: int, installment_id: int, *, reason: str, on: date, actor: str
) -> int:
    """Give up what is open of an installment; the minor units given up, 0 = it was done before.

    Raises CaseError when the installment is not there.
    """
    with transaction.atomic():
        case = _case(organization_id, installment_id)
        given_up = installment_write_off(organization_id, installment_id, on=on)
        if given_up:
            told = {
                "installment": installment_id,
                "amount": major(given_up, case.currency),
                "amount_minor": given_up,
                "currency": case.currency,
                "reason": reason,
            }
            case_tell(case, "item.written_off", told=told, on=on, actor=actor)
    return given_up


def item_write_off_undo(organization_id: int, installment_id: int, *, on: date, actor: str) -> int:
    """Owe again what was given up of an installment; the minor units, 0 = nothing was."""
    with transaction.atomic():
        case = _case(organization_id, installment_id)
        source = f"write-off-undo:{installment_id}"
        opened = write_off_reverse(organization_id, installment_id, on=on, source=source)
        if opened:
            told = {
                "installment": installment_id,
                "amount": major(opened, case.currency),
                "amount_minor": opened,
                "currency": case.currency,
            }
            case_tell(case, "item.write_off_undone", told=told, on=on, actor=actor)
    return opened


def _open(organization_id: int, installment_id: int) -> int:
    return installment_balances(organization_id, [installment_id])[installment_id]


def _tell(handover: Handover, case: Case, kind: str, *, on: date, actor: str) -> None:
    opened = _open(case.organization_id, handover.installment_id)
    told = {
        "handover": handover.pk,
        "collector": handover.to,
        "reason": handover.name,
        "amount": major(opened, case.currency),
        "amount_minor": opened,
        "currency": case.currency,
    }
    case_tell(case, kind, told=told, on=on, actor=actor)


def _case(organization_id: int, installment_id: int) -> Case:
    """The case of an installment, locked. Raises CaseError when it is not there."""
    row = Installment.objects.filter(organization_id=organization_id, id=installment_id).first()
    if row is None:
        raise CaseError(Sentence("case.not_found"))
    cases = Case.objects.filter(organization_id=organization_id, customer_id=row.customer_id)
    return cases.select_for_update(no_key=True, of=("self",)).get(currency=row.currency)
