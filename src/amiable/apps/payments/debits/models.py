"""Mandates, collections under them, and the files in which they go to the bank."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from amiable.apps.tenants.models import TenantModel


class Mandate(TenantModel):
    """A customer's consent to be debited. Ended, never deleted or edited.

    `evidence` = what was shown and agreed to, as plain data (text, page version, language, time,
    address and browser of the signer), and `digest` its SHA-256; `signed_how` = portal or paper;
    `is_one_off` = for one collection; `presented_on` = last day a collection was handed to the
    bank, from which the 36 months count; `blocked_code` = the bank's reason why nothing more is
    collected under it.
    """

    class Scheme(models.TextChoices):
        CORE = "CORE", "CORE"
        B2B = "B2B", "B2B"

    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, related_name="mandates"
    )
    scheme = models.CharField(max_length=4, choices=Scheme.choices)
    rum = models.CharField(max_length=35)
    holder_name = models.CharField(max_length=70)
    holder_iban = models.CharField(max_length=34)
    is_one_off = models.BooleanField(default=False)
    signed_on = models.DateField()
    signed_how = models.CharField(max_length=10)
    evidence = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, blank=True)
    presented_on = models.DateField(null=True)
    blocked_on = models.DateField(null=True)
    blocked_code = models.CharField(max_length=10, blank=True)
    revoked_on = models.DateField(null=True)
    revoked_by = models.CharField(max_length=254, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "rum"], name="mandate_rum_unique"),
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(revoked_on__isnull=True, blocked_on__isnull=True),
                name="mandate_one_live",
            ),
        ]


class DebitFile(TenantModel):
    """A pain.008 as it was handed out: its bytes never change. `name` = its message id; taken back
    (`cancelled_on`) when it never went to the bank."""

    creditor = models.ForeignKey(
        "tenants.Creditor", on_delete=models.PROTECT, related_name="debit_files"
    )
    name = models.CharField(max_length=35)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    count = models.PositiveIntegerField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, default="EUR")
    made_on = models.DateField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=254)
    cancelled_on = models.DateField(null=True)
    cancelled_by = models.CharField(max_length=254, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="debit_file_name_unique")
        ]


class Debit(TenantModel):
    """One collection under a mandate. `end_to_end_id` is ours, and comes back with everything the
    bank says of it.

    `part_id` = the instalment of a payment plan that it collects (a promise; payments know no
    case): such a one is announced by the email that confirmed the plan, whose key is `notice`, or
    by its own ("").
    `attempt` = 2 when what failed for lack of funds is presented again; `why` (a sentence) = why it
    was withdrawn, or what the bank's `reason_code` asks for; `asks` = a person has to act on it,
    until `handled_on`; `ended_on` = the day it failed; `payment` = the money it brought.
    """

    class State(models.TextChoices):
        PLANNED = "planned"
        ANNOUNCED = "announced"
        SENT = "sent"
        COLLECTED = "collected"
        REFUSED = "refused"  # by a bank, before any money moved
        RETURNED = "returned"
        WITHDRAWN = "withdrawn"  # by us, before it was handed over

    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, related_name="debits")
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, related_name="debits"
    )
    case_id = models.BigIntegerField()
    part_id = models.BigIntegerField(null=True)
    notice = models.CharField(max_length=120, blank=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, default="EUR")
    collect_on = models.DateField()
    sequence = models.CharField(max_length=4, blank=True)
    attempt = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    end_to_end_id = models.CharField(max_length=35)
    planned_on = models.DateField()
    announced_on = models.DateField(null=True)
    file = models.ForeignKey(DebitFile, null=True, on_delete=models.PROTECT, related_name="debits")
    reason_code = models.CharField(max_length=10, blank=True)
    why = models.JSONField(default=dict)
    remedy = models.CharField(max_length=12, blank=True)
    asks = models.BooleanField(default=False)
    ended_on = models.DateField(null=True)
    handled_on = models.DateField(null=True)
    handled_by = models.CharField(max_length=254, blank=True)
    payment = models.OneToOneField(
        "payments.Payment", null=True, on_delete=models.PROTECT, related_name="debit"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "end_to_end_id"], name="debit_end_to_end_unique"
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="debit_positive"),
            models.UniqueConstraint(
                fields=["part_id"],
                condition=Q(part_id__isnull=False, state__in=["planned", "announced", "sent"]),
                name="debit_part_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "collect_on"],
                condition=Q(state__in=["planned", "announced", "sent"]),
                name="debit_running",
            )
        ]

    @property
    def notice_key(self) -> str:
        """The key of the message that announces it."""
        return self.notice or f"debit/{self.pk}"


class DebitItem(TenantModel):
    """What a collection is for. An installment is in one running collection at most, or in one for
    each instalment of a plan (`part_id`, as of Debit): nothing is debited twice. `hold` = the pause
    of its reminders meanwhile."""

    debit = models.ForeignKey(Debit, on_delete=models.PROTECT, related_name="items")
    installment = models.ForeignKey(
        "receivables.Installment", on_delete=models.PROTECT, related_name="debit_items"
    )
    amount_minor = models.BigIntegerField()
    part_id = models.BigIntegerField(null=True)
    is_running = models.BooleanField(default=True)
    hold_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["installment"],
                condition=Q(is_running=True, part_id__isnull=True),
                name="debit_item_once",
            ),
            models.UniqueConstraint(
                fields=["installment", "part_id"],
                condition=Q(is_running=True, part_id__isnull=False),
                name="debit_item_of_part_once",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="debit_item_positive"),
        ]
