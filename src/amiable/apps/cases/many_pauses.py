"""Pauses of many items at once, placed and lifted in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from django.db.models import Q

from amiable.apps.audit.services import Happening, events_record
from amiable.apps.cases.models import Hold
from amiable.apps.work.bulk import ids_reserve


def holds_place(
    organization_id: int, wanted: Sequence[tuple[int, int, date]], *, reason: str, on: date,
    actor: str,
) -> list[int]:  # fmt: skip
    """Pause items, each (case, installment, last day); returns the ids of the holds in this order.
    Call in a transaction; the caller wakes the cases."""
    ids = list(ids_reserve(Hold, len(wanted)))
    rows = [
        Hold(
            id=pk, organization_id=organization_id, case_id=case_id, installment_id=item_id,
            reason=reason, starts_on=on, ends_on=ends_on, placed_by=actor,
        )
        for pk, (case_id, item_id, ends_on) in zip(ids, wanted, strict=True)
    ]  # fmt: skip
    Hold.objects.bulk_create(rows, batch_size=500)
    _tell(rows, "hold.placed", on=on, actor=actor, reason=reason)
    return ids


def holds_lift(organization_id: int, hold_ids: Collection[int], *, on: date, actor: str) -> None:
    """End those that still run, the day before `on`, so that `on` is free again."""
    rows = list(
        Hold.objects.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=on),
            organization_id=organization_id, id__among=set(hold_ids),
        )
    )  # fmt: skip
    Hold.objects.filter(id__among={row.pk for row in rows}).update(ends_on=on - timedelta(days=1))
    _tell(rows, "hold.lifted", on=on, actor=actor)


def _tell(rows: Sequence[Hold], kind: str, *, on: date, actor: str, **more: str) -> None:
    if rows:
        told = [Happening(kind, on, actor, row.case_id, {"hold": row.pk, **more}) for row in rows]
        events_record(rows[0].organization_id, told)
