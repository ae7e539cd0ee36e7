"""Payments set free when the debt they were used on turns out smaller."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from amiable.apps.receivables.allocations import Use, allocations_reverse, uses_record
from amiable.apps.receivables.models import Allocation
from amiable.apps.receivables.queries import chunks, installment_balances


def overpayments_release(
    organization_id: int, installment_ids: Collection[int], *, on: date, source: str
) -> None:
    """Take back what was allocated beyond the amount of an installment, the newest first.

    A corrected invoice may be smaller than what was paid on it; the rest of the payment is the
    customer's credit again, and an installment never owes less than nothing.
    """
    balances = installment_balances(organization_id, installment_ids)
    excess = {i: -amount for i, amount in balances.items() if amount < 0}
    if not excess:
        return
    reversed_: list[int] = []
    again: list[Use] = []
    for ids in chunks(excess):
        newest_first = Allocation.objects.filter(
            organization_id=organization_id,
            installment_id__in=ids,
            reverses__isnull=True,
            reversed_by__isnull=True,
        ).order_by("-id")
        for row in newest_first:
            taken = min(excess[row.installment_id], row.amount_minor)
            if taken <= 0:
                continue
            excess[row.installment_id] -= taken
            reversed_.append(row.id)
            if kept := row.amount_minor - taken:
                again.append(Use(row.credit_id, row.installment_id, kept, on, source))
    allocations_reverse(organization_id, reversed_, on=on, source=source)
    uses_record(organization_id, again, on=on)
