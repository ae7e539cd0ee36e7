"""Debts given up by a decision, and taken up again when money comes after all.

Apart from the small rests given up with a payment: those follow their payment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from django.db import transaction
from django.db.models import QuerySet

from amiable.apps.receivables.allocations import (
    WriteOff,
    entries_reverse,
    installments_lock,
    write_offs_record,
)
from amiable.apps.receivables.models import Entry
from amiable.apps.receivables.queries import installment_balances
from amiable.apps.receivables.services import installments_settle

# The source of an entry by which a debt was given up as such.
DECIDED = "write-off"


def written_off(
    organization_id: int,
    *,
    installment_ids: Collection[int] | None = None,
    customer_ids: Collection[int] | None = None,
) -> dict[int, int]:
    """What stands given up per installment, positive minor units; of all unless some are named."""
    rows = _standing(organization_id)
    if installment_ids is not None:
        rows = rows.filter(installment_id__among=installment_ids)
    if customer_ids is not None:
        rows = rows.filter(customer_id__among=customer_ids)
    totals: dict[int, int] = defaultdict(int)
    for installment_id, amount in rows.values_list("installment_id", "amount_minor"):
        totals[installment_id] -= amount
    return dict(totals)


@transaction.atomic
def installment_write_off(organization_id: int, installment_id: int, *, on: date) -> int:
    """Give up all that is open of an installment; the minor units given up, 0 = nothing is open."""
    if not installments_lock(organization_id, [installment_id]):
        return 0
    left = installment_balances(organization_id, [installment_id])[installment_id]
    if left > 0:
        write_offs_record(organization_id, [WriteOff(installment_id, left, on, DECIDED)], on=on)
    return max(left, 0)


@transaction.atomic
def write_off_reverse(
    organization_id: int,
    installment_id: int,
    *,
    on: date,
    source: str,
    amount_minor: int | None = None,
) -> int:
    """Open again what was given up, all or `amount_minor` of it; the minor units that are open
    again (less than asked for when less was given up)."""
    installments_lock(organization_id, [installment_id])
    rows = list(_standing(organization_id).filter(installment_id=installment_id).order_by("id"))
    given_up = -sum(row.amount_minor for row in rows)
    opened = given_up if amount_minor is None else min(amount_minor, given_up)
    if opened <= 0:
        return 0
    entries_reverse(organization_id, rows, kind=None, on=on, source=source)
    if rest := given_up - opened:
        write_offs_record(organization_id, [WriteOff(installment_id, rest, on, DECIDED)], on=on)
    installments_settle(organization_id, [installment_id], on=on)
    return opened


def _standing(organization_id: int) -> QuerySet[Entry]:
    return Entry.objects.filter(
        organization_id=organization_id,
        kind=Entry.Kind.WRITE_OFF,
        source=DECIDED,
        installment__isnull=False,
        reverses__isnull=True,
        reversed_by__isnull=True,
    )
