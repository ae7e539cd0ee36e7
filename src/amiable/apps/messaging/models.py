"""Messages frozen before they leave, and what is known of their delivery."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from amiable.apps.cases.models import Case, Dispute
from amiable.apps.tenants.models import Creditor, TenantModel

_PLACE = ("code", "medium", "language", "scenario_code", "version")  # where a template counts


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
    # "role", "state"}; state = "" (as the message), "sent", "refused", "bounced", "deferred" (to
    # try again), "trying", "copied" (arrived later), "dropped" (out of date before), "unknown".
    recipients = models.JSONField(default=list)
    notes = models.JSONField(default=list)  # sentences: how the recipients were chosen
    sender = models.CharField(max_length=16, blank=True)  # of a text message
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
    number = models.CharField(max_length=40, blank=True)  # of a registered letter
    error = models.TextField(blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)  # when its provider was last asked
    is_test = models.BooleanField(default=False)  # went to the organization's own test address
    # The version of the organization's own text it was written from; None = a shipped text.
    template = models.ForeignKey("Template", null=True, blank=True, on_delete=models.PROTECT)

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
            models.Index(
                fields=["organization", "retry_at"],
                condition=Q(state__in=["frozen", "sending"], retry_at__isnull=False),
                name="message_waiting",
            ),
            models.Index(
                fields=["channel", "asked_at"],
                condition=Q(medium="registered_letter", state="sent"),
                name="message_asked",
            ),
            models.Index(
                fields=["provider_id"], condition=~Q(provider_id=""), name="message_provider_id"
            ),
            models.Index(
                fields=["organization", "number"], condition=~Q(number=""), name="message_number"
            ),
            models.Index(
                fields=["message_id"], condition=~Q(message_id=""), name="message_message_id"
            ),
        ]


class DeliveryEvent(TenantModel):
    """Append-only: what a channel said of a message, in the vocabulary of core.delivery."""

    class Kind(models.TextChoices):
        SENT = "sent"
        DELIVERED = "delivered"
        DEFERRED = "deferred"
        BOUNCED = "bounced"
        FAILED = "failed"
        UNKNOWN = "unknown"
        COMPLAINED = "complained"
        OPTED_OUT = "opted_out"
        DEPOSITED = "deposited"
        PRESENTED = "presented"
        ACCEPTED = "accepted"
        REFUSED = "refused"
        UNCLAIMED = "unclaimed"
        RETURNED = "returned"

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    at = models.DateTimeField()
    recipient = models.CharField(max_length=300, blank=True)  # one of several; "" = everybody
    detail = models.CharField(max_length=500, blank=True)
    source = models.CharField(max_length=30, blank=True)  # a channel, "mailbox", or who entered it
    external_id = models.CharField(max_length=200, blank=True)  # the same report comes only once

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message", "external_id"],
                condition=~Q(external_id=""),
                name="delivery_event_once",
            )
        ]


class Proof(TenantModel):
    """A file that proves what became of a message: receipt of deposit, signed slip, certificate."""

    class Kind(models.TextChoices):
        DEPOSIT = "deposit"
        RECEIPT = "receipt"
        RETURN = "return"
        OTHER = "other"

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="proofs")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    filename = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=254)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "sha256"], name="proof_file_once")
        ]


class Template(TenantModel):
    """A text an organization has written in the place of a shipped one; versions are never edited.

    The nearest one counts: of the creditor and the scenario, of the creditor, of the scenario
    ("" = any), of the organization. `text` reads as texts/<language>/<code>.<medium>.liquid.
    """

    code = models.CharField(max_length=60)
    medium = models.CharField(max_length=20)
    language = models.CharField(max_length=8)
    creditor = models.ForeignKey(Creditor, null=True, blank=True, on_delete=models.PROTECT)
    scenario_code = models.CharField(max_length=60, blank=True)
    version = models.PositiveIntegerField()
    text = models.TextField()
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=254)
    # The newest version counts; one that is withdrawn gives the place back to what it hid.
    is_withdrawn = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", *_PLACE, "creditor"],
                condition=Q(creditor__isnull=False),
                name="template_version_unique",
            ),
            models.UniqueConstraint(
                fields=["organization", *_PLACE],
                condition=Q(creditor__isnull=True),
                name="template_general_version_unique",
            ),
        ]


class Mailbox(TenantModel):
    """How far a mailbox has been read: IMAP UIDs within a validity (RFC 3501 section 2.3.1.1)."""

    name = models.CharField(max_length=200)  # user@host/folder
    uid_validity = models.BigIntegerField(default=0)
    last_uid = models.BigIntegerField(default=0)
    read_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="mailbox_unique")
        ]


class Reply(TenantModel):
    """What came back: the bytes as they came, what was read in them, what a person made of it."""

    class Kind(models.TextChoices):
        REPLY = "reply"
        BOUNCE = "bounce"
        AUTO_REPLY = "auto_reply"
        OTHER = "other"

    class State(models.TextChoices):
        UNREAD = "unread"  # holds the case for some days
        DONE = "done"
        IGNORED = "ignored"

    case = models.ForeignKey(
        Case, null=True, blank=True, on_delete=models.PROTECT, related_name="replies"
    )
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.PROTECT, related_name="replies"
    )
    matched_by = models.JSONField(default=list)  # sentences: how case and message were found
    dispute = models.ForeignKey(  # the one it opened, or is said about
        Dispute, null=True, blank=True, on_delete=models.PROTECT, related_name="replies"
    )
    # Cases it may be about while nobody has said which: it holds them all.
    candidates = models.JSONField(default=list)
    # A long text message that comes in several: what has come, by place, as hex of its words.
    parts = models.JSONField(default=dict)
    medium = models.CharField(max_length=20)
    source = models.CharField(max_length=30)
    external_id = models.CharField(max_length=200)  # Message-ID, or the digest of the bytes
    sender = models.CharField(max_length=300)
    sender_name = models.CharField(max_length=200, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    text = models.TextField(blank=True)  # the person's own words
    quoted = models.TextField(blank=True)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    received_at = models.DateTimeField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    language = models.CharField(max_length=8, blank=True)
    proposals = models.JSONField(default=list)  # ranked, with confidence, spans and facts
    state = models.CharField(max_length=10, choices=State.choices, default=State.UNREAD)
    label = models.CharField(max_length=20, blank=True)  # what a person decided it says
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=254, blank=True)
    notes = models.JSONField(default=list)  # sentences: why this kind, what was left out
    # What the answer asks of somebody in the house, from which day, and when it was done.
    task = models.CharField(max_length=20, blank=True)
    task_on = models.DateField(null=True, blank=True)
    task_done_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "external_id"], name="reply_once")
        ]
        indexes = [
            models.Index(fields=["case", "id"]),
            models.Index(
                fields=["organization", "received_at"],
                condition=Q(state="unread"),
                name="reply_unread",
            ),
            models.Index(
                fields=["organization", "task_on"],
                condition=Q(task_on__isnull=False, task_done_on__isnull=True),
                name="reply_task",
            ),
        ]


class ReplyFile(TenantModel):
    """A file that came with a reply: kept, never executed, shown only as a download."""

    reply = models.ForeignKey(Reply, on_delete=models.PROTECT, related_name="files")
    filename = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)  # by its bytes, not by what it claims
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
