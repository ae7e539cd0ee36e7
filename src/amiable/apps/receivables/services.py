"""Writes of receivables. An amount is never edited: it is entered, allocated, or reversed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from amiable.apps.receivables.models import Installment
from amiable.apps.receivables.queries import chunks, installment_balances


def installments_settle(organization_id: int, ids: Collection[int], *, on: date) -> None:
    """Set or clear `settled_on` from the balances; call in the transaction that moved them."""
    balances = installment_balances(organization_id, ids)
    settled = [i for i, amount in balances.items() if amount == 0]
    still_open = [i for i, amount in balances.items() if amount != 0]
    rows = Installment.objects.filter(organization_id=organization_id)
    for part in chunks(settled):
        rows.filter(id__in=part, settled_on__isnull=True).update(settled_on=on)
    for part in chunks(still_open):
        rows.filter(id__in=part, settled_on__isnull=False).update(settled_on=None)
