"""Money received and money taken back, each tied to one entry of the customer's account."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from amiable.apps.customers.models import Customer
from amiable.apps.receivables.models import Entry
from amiable.apps.tenants.models import TenantModel


class Payment(TenantModel):
    """Money received from or for a customer. `external_id` makes recording it idempotent."""

    class Method(models.TextChoices):
        TRANSFER = "transfer"
        DIRECT_DEBIT = "direct_debit"
        CARD = "card"
        CHEQUE = "cheque"
        OTHER = "other"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="payments")
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="payment")
    method = models.CharField(max_length=14, choices=Method.choices)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, default="EUR")
    received_on = models.DateField()
    external_id = models.CharField(max_length=120)
    payer_name = models.CharField(max_length=200, blank=True)
    payer_iban = models.CharField(max_length=34, blank=True)
    reference = models.CharField(max_length=200, blank=True)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "external_id"], name="payment_external_id_unique"
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payment_positive"),
        ]
        indexes = [
            models.Index(fields=["organization", "payer_iban"], name="payment_payer_iban"),
            models.Index(fields=["organization", "payer_name"], name="payment_payer_name"),
        ]


class PaymentReturn(TenantModel):
    """The bank took a payment back (unpaid debit, cheque, bill): the debt is open again."""

    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="returned")
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="+")
    returned_on = models.DateField()
    reason_code = models.CharField(max_length=10, blank=True)
    external_id = models.CharField(max_length=120)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "external_id"], name="payment_return_external_id_unique"
            )
        ]
