"""What is owed: invoices, instalments, and the append-only entries and allocations that make
every balance a query. Nothing here is ever edited to change an amount."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from amiable.apps.customers.models import Customer
from amiable.apps.tenants.models import TenantModel


class Invoice(TenantModel):
    """An invoice, prepayment invoice or credit note as issued. `total_minor` > 0, VAT included."""

    class Kind(models.TextChoices):
        INVOICE = "invoice"
        CREDIT_NOTE = "credit_note"
        PREPAYMENT = "prepayment"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="invoices")
    number = models.CharField(max_length=60)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.INVOICE)
    issue_date = models.DateField()
    due_date = models.DateField()
    currency = models.CharField(max_length=3, default="EUR")
    total_minor = models.BigIntegerField()
    order_reference = models.CharField(max_length=60, blank=True)
    payment_reference = models.CharField(max_length=60, blank=True)
    label = models.CharField(max_length=200, blank=True)
    missing_since = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "number"], name="invoice_number_unique"),
            models.CheckConstraint(condition=Q(total_minor__gt=0), name="invoice_total_positive"),
        ]
        indexes = [
            models.Index(fields=["organization", "number"]),
            models.Index(fields=["organization", "issue_date"]),
        ]


class Installment(TenantModel):
    """The unit of debt: one due amount of an invoice. A plain invoice has exactly one.

    `settled_on` is a cached fact (null while the balance is not zero): it keeps the cost of
    a day proportional to what is open. An invariant proves it equal to the query.
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="installments")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    sequence = models.PositiveSmallIntegerField(default=1)
    due_date = models.DateField()
    currency = models.CharField(max_length=3, default="EUR")
    settled_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["invoice", "sequence"], name="installment_unique")
        ]
        indexes = [
            models.Index(
                fields=["organization", "customer"],
                condition=Q(settled_on__isnull=True),
                name="installment_open",
            ),
            models.Index(
                fields=["organization", "settled_on"],
                condition=Q(settled_on__isnull=False),
                name="installment_settled",
            ),
        ]


class Entry(TenantModel):
    """Append-only movement of a customer's account. Positive = the customer owes more.

    A debit (invoice, adjustment up) or a settlement learned from the accounts stands on an
    installment. A credit (payment, credit note) stands on the account and reaches installments
    through Allocations. What leaves a credit otherwise (given back, moved to another customer)
    is a debit of the account that `draws_on` it.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice"
        CREDIT_NOTE = "credit_note"
        PAYMENT = "payment"
        RETURN = "return"
        BOOKS = "books"  # the accounting file states another open amount
        WRITE_OFF = "write_off"
        REFUND = "refund"
        TRANSFER = "transfer"  # between customers: a debit of one, a credit of the other

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="entries")
    installment = models.ForeignKey(
        Installment, null=True, on_delete=models.PROTECT, related_name="entries"
    )
    invoice = models.ForeignKey(
        Invoice, null=True, on_delete=models.PROTECT, related_name="entries"
    )
    kind = models.CharField(max_length=12, choices=Kind.choices)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, default="EUR")
    on_date = models.DateField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    source = models.CharField(max_length=120)
    reverses = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="reversed_by"
    )
    draws_on = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="drawn_by"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(amount_minor=0), name="entry_not_zero"),
            models.CheckConstraint(
                condition=~Q(kind="invoice") | Q(amount_minor__gt=0), name="entry_invoice_sign"
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["payment", "credit_note"])
                | Q(amount_minor__lt=0)
                | Q(reverses__isnull=False),
                name="entry_credit_sign",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "on_date"]),
            # Both columns: SQLite without statistics prefers two equal columns to one, and would
            # else read every entry of the organization.
            models.Index(
                fields=["organization", "customer"],
                condition=Q(installment__isnull=True),
                name="entry_account_credit",
            ),
        ]


class OpenCredit(TenantModel):
    """A credit of an account with something left: the row is there exactly as long as it has.

    The second kept fact besides `Installment.settled_on` (decision 0004), apart from the entries
    because they are never changed: what is left of credits costs what is left, not what was ever
    received. What is left includes what was taken back from a credit given away before: below
    zero, the customer owes it. An invariant proves the rows equal to the query.
    """

    credit = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="opened")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["organization", "customer"], name="open_credit_of")]


class Allocation(TenantModel):
    """Append-only: part of a credit entry used on an installment. A reversal is a negative row."""

    credit = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="allocations")
    installment = models.ForeignKey(
        Installment, on_delete=models.PROTECT, related_name="allocations"
    )
    amount_minor = models.BigIntegerField()
    on_date = models.DateField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    source = models.CharField(max_length=120)
    reverses = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="reversed_by"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, reverses__isnull=True)
                | Q(amount_minor__lt=0, reverses__isnull=False),
                name="allocation_sign",
            )
        ]
        indexes = [
            models.Index(fields=["organization", "installment"], name="allocation_installment")
        ]


class InvoiceLine(TenantModel):
    """Append-only: a line as the electronic invoice states it. `quantity`, `unit_price`, `vat_pct`
    are decimals as text (SQLite keeps no exact ones; "" = not stated); `net_minor` = without VAT,
    `gross_minor` = with it (core.invoice_lines), negative for a discount."""

    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="lines", db_index=False
    )  # the constraint has an index of it
    sequence = models.PositiveIntegerField()
    number = models.CharField(max_length=20, blank=True)
    item = models.CharField(max_length=60, blank=True)
    name = models.CharField(max_length=200)
    description = models.CharField(max_length=500, blank=True)
    quantity = models.CharField(max_length=30, blank=True)
    unit = models.CharField(max_length=10, blank=True)
    unit_price = models.CharField(max_length=30, blank=True)
    vat_pct = models.CharField(max_length=30)
    net_minor = models.BigIntegerField()
    gross_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["invoice", "sequence"], name="invoice_line_unique")
        ]
        indexes = [models.Index(fields=["organization", "invoice"], name="invoice_line_of")]


class InvoiceDocument(TenantModel):
    """The PDF of an invoice, as it was sent to the customer."""

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="document")
    filename = models.CharField(max_length=200)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    added_at = models.DateTimeField(auto_now_add=True)
