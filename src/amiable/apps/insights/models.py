"""Figures as they stood each night."""

from __future__ import annotations

from django.db import models

from amiable.apps.tenants.models import TenantModel


class Snapshot(TenantModel):
    """The figures of one day, as computed that night."""

    on_date = models.DateField()
    currency = models.CharField(max_length=3, default="EUR")
    figures = models.JSONField()
    computed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "on_date", "currency"], name="snapshot_unique"
            )
        ]
