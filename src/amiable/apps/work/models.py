"""Long work seen from outside: what runs, how far it is, how it ended, and who is at work."""

from __future__ import annotations

from django.db import models

from amiable.apps.tenants.models import TenantModel


class Job(TenantModel):
    """One run of a tick or an import. Progress only; the truth is in the rows it works on."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    kind = models.CharField(max_length=30)
    on_date = models.DateField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["organization", "-id"]),
            models.Index(fields=["organization", "kind", "on_date"]),
        ]


class Worker(models.Model):
    """A worker process and its last sign of life. Of the installation, not of a tenant.

    A task left RUNNING by a worker that gives no more sign of life is queued again.
    """

    code = models.CharField(max_length=64, unique=True)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField(db_index=True)
