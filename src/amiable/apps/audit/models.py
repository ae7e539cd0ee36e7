"""What happened, append-only and hash-chained per case: the evidence file."""

from __future__ import annotations

from django.db import models


class Event(models.Model):
    """One fact of the history of an organization, usually of a case. Never edited.

    `hash` = sha256 over (prev_hash, kind, at, actor, payload); the chain is per case, or per
    organization for events of no case (`case_id` null). Plain ids, not foreign keys: audit is
    the lowest app, and evidence outlives what it speaks of.
    """

    organization_id = models.BigIntegerField(db_index=True)
    case_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=60)
    at = models.DateTimeField()
    on_date = models.DateField()
    actor = models.CharField(max_length=120)
    payload = models.JSONField(default=dict)
    prev_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        indexes = [models.Index(fields=["organization_id", "case_id", "id"])]
