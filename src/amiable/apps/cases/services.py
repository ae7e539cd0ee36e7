"""Writes of cases: they come to exist with the first debt, and are woken when facts change."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from django.db.models import Q

from amiable.apps.cases.models import Case
from amiable.apps.receivables.queries import chunks


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
    for ids in chunks(customer_ids):
        Case.objects.filter(
            Q(next_plan_on__isnull=True) | Q(next_plan_on__gt=on),
            organization_id=organization_id,
            customer_id__in=ids,
        ).update(next_plan_on=on)
