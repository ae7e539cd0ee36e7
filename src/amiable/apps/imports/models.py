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
    """A saved reading of a source's columns: our field -> its column name.

    `header` = the column names of its file, by which the next one is recognized; `layout` = how
    its cells are written (plugins.base.Layout); `account` = that of a statement that names none.
    """

    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=60)
    columns = models.JSONField(default=dict)
    header = models.JSONField(default=list)
    layout = models.JSONField(default=dict)
    account = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "kind", "name"], name="import_mapping_unique"
            )
        ]


class Upload(TenantModel):
    """A file handed in on screen that is kept a while: read by the worker, or asked about first.

    `stored` = its name below the uploads folder, "" once the file is gone; `options` = how it is to
    be let in (creditor, mapping, account, partial, full).
    """

    kind = models.CharField(max_length=20)
    filename = models.CharField(max_length=255)
    stored = models.CharField(max_length=60)
    size = models.BigIntegerField()
    options = models.JSONField(default=dict)
    actor = models.CharField(max_length=120)
    at = models.DateTimeField(auto_now_add=True)
    job_id = models.BigIntegerField(null=True)
    run = models.ForeignKey(ImportRun, null=True, on_delete=models.PROTECT)


class Drop(TenantModel):
    """A drop of files as it was last looked at. `name` = its address without password."""

    name = models.CharField(max_length=200)
    read_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="drop_unique")]
