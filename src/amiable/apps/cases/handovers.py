"""Writes of debts that leave our own collection: given up, or entrusted to somebody else.

Both can be taken back, and each is told in the case.
"""

from __future__ import annotations

from collections.abc import Collection
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
        if installment_balances(organization_id, [installment_id])[installment_id] <= 0:
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
        told = {"handover": handover.pk, "to": collector.to, "name": handover.name}
        case_tell(case, "item.handed_over", told=told, on=on, actor=actor)
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
        told = {"handover": handover.pk, "name": handover.name}
        case_tell(handover.case, "item.taken_back", told=told, on=on, actor=actor)
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
            told = {"installment": installment_id, "amount": major(opened, case.currency)}
            case_tell(case, "item.write_off_undone", told=told, on=on, actor=actor)
    return opened


def handed_over(
    organization_id: int, customer_ids: Collection[int] | None = None
) -> dict[int, Handover]:
    """Running handovers by installment, of some customers or of all."""
    rows = Handover.objects.filter(organization_id=organization_id, returned_on__isnull=True)
    if customer_ids is not None:
        rows = rows.filter(installment__customer_id__among=customer_ids)
    return {row.installment_id: row for row in rows}


def _case(organization_id: int, installment_id: int) -> Case:
    """The case of an installment, locked. Raises CaseError when it is not there."""
    row = Installment.objects.filter(organization_id=organization_id, id=installment_id).first()
    if row is None:
        raise CaseError(Sentence("case.not_found"))
    cases = Case.objects.filter(organization_id=organization_id, customer_id=row.customer_id)
    return cases.select_for_update(no_key=True, of=("self",)).get(currency=row.currency)
