"""Messages frozen before they leave, and what is known of their delivery."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from amiable.apps.cases.models import Case
from amiable.apps.tenants.models import TenantModel


class Message(TenantModel):
    """A message as it leaves: bytes, hash, address. Committed before sending; never re-rendered."""

    class State(models.TextChoices):
        FROZEN = "frozen"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"
        UNKNOWN = "unknown"
        WITHDRAWN = "withdrawn"  # written, and made obsolete before it left

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="messages")
    key = models.CharField(max_length=120)
    medium = models.CharField(max_length=20)
    channel = models.CharField(max_length=30)
    recipient = models.CharField(max_length=300)
    # Everybody an email goes to, the first in To and the others in Cc, as {"address", "name",
    # "role", "state"}; state = "" (as the message), "sent", "refused"; "deferred" (a copy to try
    # again), "trying", "copied" (arrived later), "dropped" (out of date before), "unknown".
    recipients = models.JSONField(default=list)
    notes = models.JSONField(default=list)  # sentences: how the recipients were chosen
    subject = models.CharField(max_length=300, blank=True)
    text = models.TextField(blank=True)
    content = models.BinaryField()
    content_type = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64)
    message_id = models.CharField(max_length=200, blank=True)
    thread_id = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=8, default="fr")
    on_date = models.DateField()
    frozen_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.FROZEN)
    attempts = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    provider_id = models.CharField(max_length=200, blank=True)
    error = models.TextField(blank=True)
    is_test = models.BooleanField(default=False)  # went to the organization's own test address

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "key"], name="message_key_unique")
        ]
        indexes = [
            models.Index(fields=["case", "id"]),
            models.Index(
                fields=["organization", "retry_at"],
                condition=Q(state="sent", retry_at__isnull=False),
                name="message_copies_due",
            ),
        ]


class DeliveryEvent(TenantModel):
    """Append-only: what a channel said of a message, in one vocabulary."""

    class Kind(models.TextChoices):
        SENT = "sent"
        DELIVERED = "delivered"
        DEFERRED = "deferred"
        BOUNCED = "bounced"
        FAILED = "failed"
        UNKNOWN = "unknown"

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    at = models.DateTimeField()
    detail = models.CharField(max_length=500, blank=True)
