"""What files came in, what became of each, and how their columns are read."""

from __future__ import annotations

from django.db import models

from amiable.apps.tenants.models import TenantModel


class ImportRun(TenantModel):
    """One file handed in: accepted, refused whole, or accepted in part; with every error."""

    class State(models.TextChoices):
        DONE = "done"
        REFUSED = "refused"
        PARTIAL = "partial"

    kind = models.CharField(max_length=20)
    format = models.CharField(max_length=30, blank=True)
    filename = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices)
    counts = models.JSONField(default=dict)
    errors = models.JSONField(default=list)  # [{"line","column","code","params"}]
    rejected = models.TextField(blank=True)  # the rejected rows as a file to correct
    actor = models.CharField(max_length=120)
    on_date = models.DateField()
    at = models.DateTimeField(auto_now_add=True)


class ImportMapping(TenantModel):
    """A saved reading of a source's columns: our field -> its column name."""

    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=60)
    columns = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "kind", "name"], name="import_mapping_unique"
            )
        ]
