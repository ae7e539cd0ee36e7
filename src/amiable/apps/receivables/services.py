"""Writes of receivables. An amount is never edited: it is entered, allocated, or reversed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from amiable.apps.receivables.models import Entry, Installment, OpenCredit
from amiable.apps.receivables.queries import chunks, credit_rest, installment_balances


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


def credits_settle(organization_id: int, ids: Collection[int]) -> None:
    """Note which of these credits have something left; call in the transaction that moved them.

    They are locked first: who moves one at the same time is seen, or waits and sees this.
    """
    entries = Entry.objects.filter(organization_id=organization_id)
    noted = OpenCredit.objects.filter(organization_id=organization_id)
    for part in chunks(ids):
        some = entries.filter(id__in=part)
        list(some.order_by("id").select_for_update(no_key=True).values_list("id"))
        known = set(noted.filter(credit_id__in=part).values_list("credit_id", flat=True))
        rests = some.annotate(rest=credit_rest()).exclude(rest=0)
        left = dict(rests.values_list("id", "customer_id"))
        credits_note(organization_id, {i: left[i] for i in left if i not in known})
        credits_forget(organization_id, known - left.keys())


def credits_note(organization_id: int, owners: Mapping[int, int]) -> None:
    """Something is left of these credits ({credit: its customer}), of which nothing was."""
    OpenCredit.objects.bulk_create(
        [
            OpenCredit(credit_id=credit, organization_id=organization_id, customer_id=customer)
            for credit, customer in sorted(owners.items())
        ],
        batch_size=1000,
    )


def credits_forget(organization_id: int, ids: Collection[int]) -> None:
    """Nothing is left of these credits."""
    for part in chunks(ids):
        OpenCredit.objects.filter(organization_id=organization_id, credit_id__in=part).delete()
