"""Writes of insights: the figures of a day, kept as they were computed that night."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction

from amiable.apps.insights.figures import Figures
from amiable.apps.insights.models import Snapshot
from amiable.apps.insights.queries import figures_as_of


def snapshot_take(organization_id: int, *, on: date) -> dict[str, int]:
    """Keep the figures of `on`, one row per currency; taking it again replaces that day's rows.

    Returns {"currencies": number of rows}.
    """
    found = figures_as_of(organization_id, on)
    with transaction.atomic():
        for figures in found:
            Snapshot.objects.update_or_create(
                organization_id=organization_id,
                on_date=on,
                currency=figures.currency,
                defaults={"figures": snapshot_document(figures)},
            )
        Snapshot.objects.filter(organization_id=organization_id, on_date=on).exclude(
            currency__in=[figures.currency for figures in found]
        ).delete()
    return {"currencies": len(found)}


def snapshot_document(figures: Figures) -> dict[str, Any]:
    """Figures as JSON: integers in minor units, ratios as decimal text, null = not applicable."""
    return {
        "outstanding_minor": figures.outstanding_minor,
        "overdue_minor": figures.overdue_minor,
        "not_due_minor": figures.not_due_minor,
        "unallocated_minor": figures.unallocated_minor,
        "disputed_minor": figures.disputed_minor,
        "sales_minor": figures.sales_minor,
        "open_count": figures.aging.count,
        "overdue_count": figures.aging.overdue_count,
        "buckets": {bucket.code: bucket.amount_minor for bucket in figures.aging.buckets},
        "ratios": {
            figure.code: None if figure.shown is None else str(figure.shown)
            for figure in figures.ratios
        },
    }
