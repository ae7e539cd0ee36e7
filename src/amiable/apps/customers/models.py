"""Who owes, and how to reach them. A customer belongs to one creditor: nothing is pooled."""

from __future__ import annotations

from django.db import models

from amiable.apps.tenants.models import Creditor, TenantModel


class Customer(TenantModel):
    """A debtor of one creditor: company, consumer or public body."""

    class Kind(models.TextChoices):
        COMPANY = "company"
        CONSUMER = "consumer"
        PUBLIC = "public"

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.COMPANY)
    siren = models.CharField(max_length=9, blank=True)
    vat_number = models.CharField(max_length=20, blank=True)
    language = models.CharField(max_length=8, default="fr")
    segment = models.CharField(max_length=60, blank=True)
    sales_owner = models.CharField(max_length=120, blank=True)
    payment_term = models.CharField(max_length=30, blank=True)
    address_lines = models.JSONField(default=list)
    postcode = models.CharField(max_length=12, blank=True)
    city = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=2, default="FR")
    insolvent_since = models.DateField(null=True, blank=True)
    deceased_since = models.DateField(null=True, blank=True)
    address_invalid_since = models.DateField(null=True, blank=True)  # the postal one
    address_invalid_reason = models.CharField(max_length=200, blank=True)
    score = models.PositiveSmallIntegerField(null=True, blank=True)  # 0 risky, 100 good
    payer_group = models.CharField(max_length=60, blank=True)  # who decides to pay, if shared
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["creditor", "code"], name="customer_code_unique")
        ]
        indexes = [models.Index(fields=["organization", "name"])]

    def __str__(self) -> str:
        return self.name


class Contact(TenantModel):
    """A person at a customer."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=60, blank=True)


class ContactPoint(TenantModel):
    """An email address or phone number of a customer. Opt-out and invalidity are dated facts."""

    class Kind(models.TextChoices):
        EMAIL = "email"
        PHONE = "phone"

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="points")
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.SET_NULL)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    value = models.CharField(max_length=254)
    position = models.PositiveIntegerField(default=0)
    opted_out_at = models.DateTimeField(null=True, blank=True)
    invalid_since = models.DateTimeField(null=True, blank=True)
    invalid_reason = models.CharField(max_length=200, blank=True)
    # Prior consent to electronic registered letters, needed from a consumer (CPCE L100).
    registered_consent_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "kind", "value"], name="contact_point_unique"
            )
        ]
        indexes = [
            models.Index(fields=["organization", "value"], name="contact_point_value"),
            models.Index(fields=["organization", "customer"], name="contact_point_customer"),
        ]


class CustomerIban(TenantModel):
    """An account the customer is known to pay from: stated by a file, or learned from a payment."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="ibans")
    iban = models.CharField(max_length=34)
    source = models.CharField(max_length=30)
    since = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "iban"], name="customer_iban_unique")
        ]
        indexes = [models.Index(fields=["organization", "iban"])]
