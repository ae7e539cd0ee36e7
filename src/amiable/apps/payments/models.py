"""Money received, taken back, or being paid online, each tied to one entry of the account."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from amiable.apps.customers.models import Customer
from amiable.apps.payments.debits.models import Debit, DebitFile, DebitItem, Mandate
from amiable.apps.receivables.models import Entry, Invoice
from amiable.apps.tenants.models import Creditor, TenantModel

# Models of a package of their own, which Django looks for here.
__all__ = ["Debit", "DebitFile", "DebitItem", "Mandate"]


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


class RefundFile(TenantModel):
    """Refunds as one order to the bank: a SEPA credit transfer (pain.001) kept as it was made.

    `iban` = the account debited; `reference` = its message id, which the bank's line may carry;
    `is_batch` = asked to be booked as one debit. The refunds in it are those that name it: one
    withdrawn has none, and a refund taken out of it no longer does.
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, related_name="+")
    iban = models.CharField(max_length=34)
    reference = models.CharField(max_length=35)
    execute_on = models.DateField()
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    count = models.PositiveIntegerField()
    is_batch = models.BooleanField(default=True)
    content = models.BinaryField()
    made_on = models.DateField()
    made_by = models.CharField(max_length=120)
    made_at = models.DateTimeField()
    withdrawn_on = models.DateField(null=True, blank=True)
    withdrawn_by = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "reference"], name="refund_file_reference_unique"
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, count__gt=0), name="refund_file_not_empty"
            ),
        ]


class CreditDecision(TenantModel):
    """What a person decided about money of a customer that pays no invoice. Undone, never deleted.

    `credit` = the entry of that money; `serial` = how many decisions on it were known to who took
    this one, so that the same wish sent twice is one decision. `recovered` = [[installment id,
    amount_minor], ...] that had been given up and is paid after all. Of a refund: `iban` and `name`
    = to whom, `reference` = what the transfer shall carry, `made_on` = the day a person ordered it,
    `settled_on` = the day it left our account, `file` = the order to the bank that it is in: one.
    """

    class Kind(models.TextChoices):
        ALLOCATED = "allocated"
        KEPT = "kept"  # for the next invoice, as the customer or the accountant wishes
        TRANSFERRED = "transferred"
        REFUND = "refund"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    credit = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="decisions")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    serial = models.PositiveSmallIntegerField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    to_customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, related_name="+")
    recovered = models.JSONField(default=list)
    iban = models.CharField(max_length=34, blank=True)
    name = models.CharField(max_length=200, blank=True)
    reference = models.CharField(max_length=35, blank=True)
    file = models.ForeignKey(
        RefundFile, null=True, on_delete=models.PROTECT, related_name="refunds"
    )
    decided_on = models.DateField()
    decided_by = models.CharField(max_length=120)
    made_on = models.DateField(null=True, blank=True)
    settled_on = models.DateField(null=True, blank=True)
    undone_on = models.DateField(null=True, blank=True)
    undone_by = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["credit", "serial"], name="credit_decision_unique"),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="credit_decision_positive"
            ),
            models.CheckConstraint(
                condition=Q(file__isnull=True)
                | Q(kind="refund", made_on__isnull=False, undone_on__isnull=True),
                name="credit_decision_in_file",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "kind"],
                condition=Q(undone_on__isnull=True),
                name="credit_decision_standing",
            )
        ]

    @property
    def source(self) -> str:
        """What its entries and allocations carry as their origin."""
        return f"decision:{self.pk}"


class Checkout(TenantModel):
    """A payment online that a customer began at a gateway. `key` makes beginning it idempotent and
    names it there.

    `parts` = [[installment id, amount_minor], ...], what the customer chose to pay, in that order;
    `case_id` and `link_id` = where it was begun; `look_at` = when the gateway is asked next, null =
    nothing more is expected; `payment` = what it brought and is still there, `back_minor` = what
    went back of it; `hold_id` = the pause while the money is on its way; `detail` = why it failed,
    in the gateway's words; `is_test` = no money moves, nothing is recorded.
    """

    class State(models.TextChoices):
        ASKED = "asked"  # the gateway may or may not know of it
        OPEN = "open"
        PROCESSING = "processing"
        PAID = "paid"
        FAILED = "failed"
        EXPIRED = "expired"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="checkouts")
    case_id = models.BigIntegerField()
    link_id = models.BigIntegerField()
    gateway = models.CharField(max_length=30)
    key = models.CharField(max_length=120)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    parts = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    provider_id = models.CharField(max_length=120, blank=True)
    url = models.TextField(blank=True)
    detail = models.CharField(max_length=300, blank=True)
    is_test = models.BooleanField(default=False)
    asked_at = models.DateTimeField()
    look_at = models.DateTimeField(null=True)
    hold_id = models.BigIntegerField(null=True)
    back_minor = models.BigIntegerField(default=0)
    payment = models.OneToOneField(
        Payment, null=True, on_delete=models.PROTECT, related_name="checkout"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "key"], name="checkout_key_unique"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="checkout_positive"),
        ]
        indexes = [
            models.Index(fields=["gateway", "provider_id"], name="checkout_provider"),
            models.Index(
                fields=["look_at"], condition=Q(look_at__isnull=False), name="checkout_to_look_at"
            ),
        ]


class VirtualIban(TenantModel):
    """An IBAN that leads to an account of a creditor and tells by itself who pays.

    `bic` "" = not said; `provider_reference` = the provider's own id; `source` = the file or the
    provider it came from; from `closed_on` on the bank takes no money there.
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, related_name="virtual_ibans")
    iban = models.CharField(max_length=34)
    bic = models.CharField(max_length=11, blank=True)
    currency = models.CharField(max_length=3, default="EUR")
    provider_reference = models.CharField(max_length=80, blank=True)
    source = models.CharField(max_length=120)
    imported_on = models.DateField()
    closed_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "iban"], name="virtual_iban_unique")
        ]


class VirtualIbanAssignment(TenantModel):
    """Who a virtual IBAN stands for, from a day until another: written once, ended once.

    `invoice` null = everything the customer owes. What is paid after `until_on` is late money.
    """

    virtual_iban = models.ForeignKey(
        VirtualIban, on_delete=models.PROTECT, related_name="assignments"
    )
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="virtual_ibans")
    invoice = models.ForeignKey(
        Invoice, null=True, on_delete=models.PROTECT, related_name="virtual_ibans"
    )
    since_on = models.DateField()
    until_on = models.DateField(null=True, blank=True)
    assigned_by = models.CharField(max_length=120)
    ended_by = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["virtual_iban"],
                condition=Q(until_on__isnull=True),
                name="virtual_iban_one_holder",
            ),
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(until_on__isnull=True, invoice__isnull=True),
                name="virtual_iban_one_per_customer",
            ),
            models.UniqueConstraint(
                fields=["invoice"],
                condition=Q(until_on__isnull=True, invoice__isnull=False),
                name="virtual_iban_one_per_invoice",
            ),
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=models.F("since_on")),
                name="virtual_iban_ends_after",
            ),
        ]


class VirtualIbanPolicy(TenantModel):
    """How a creditor hands out its virtual IBANs. Without a row: by hand, 13 months apart.

    `assign` = what gets one by itself when something is asked of it; `quarantine_days` = how long
    an IBAN rests before it may stand for another customer.
    """

    class Assign(models.TextChoices):
        HAND = "hand"
        CUSTOMER = "customer"
        INVOICE = "invoice"

    creditor = models.OneToOneField(
        Creditor, on_delete=models.PROTECT, related_name="virtual_iban_policy"
    )
    assign = models.CharField(max_length=10, choices=Assign.choices, default=Assign.HAND)
    quarantine_days = models.PositiveSmallIntegerField(default=396)


class Payout(TenantModel):
    """A transfer of a payment provider to the bank, as the provider states it.

    `name` = the provider's own, `reference` = what the bank may show besides; `net_minor` < 0 = it
    takes money. The sums are those of its `parts` (core.payouts.Totals): where they do not come to
    the net, it does not add up. Whole, it never changes; `standing` and `arrives_on` may.
    `creditor` null = whoever of the organization. `source` = the account asked, or the file.
    """

    class Standing(models.TextChoices):
        ON_ITS_WAY = "on_its_way"
        PAID = "paid"
        FAILED = "failed"

    creditor = models.ForeignKey(Creditor, null=True, on_delete=models.PROTECT, related_name="+")
    provider = models.CharField(max_length=30)
    name = models.CharField(max_length=120)
    reference = models.CharField(max_length=140, blank=True)
    standing = models.CharField(max_length=10, choices=Standing.choices)
    arrives_on = models.DateField()
    currency = models.CharField(max_length=3)
    net_minor = models.BigIntegerField()
    gross_minor = models.BigIntegerField(default=0)
    back_minor = models.BigIntegerField(default=0)
    fees_minor = models.BigIntegerField(default=0)
    other_minor = models.BigIntegerField(default=0)
    payments = models.PositiveIntegerField(default=0)
    backs = models.PositiveIntegerField(default=0)
    source = models.CharField(max_length=200)
    recorded_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "provider", "name"], name="payout_unique"
            )
        ]
        indexes = [models.Index(fields=["organization", "arrives_on"], name="payout_arrives")]

    @property
    def difference_minor(self) -> int:
        """What its parts lack to what is transferred; 0 = it adds up."""
        told = self.gross_minor - self.back_minor - self.fees_minor + self.other_minor
        return self.net_minor - told


class PayoutPart(TenantModel):
    """A movement of a payout (core.payouts.PayoutPart). Written once; `payment` = ours that it is,
    null = it is of no payment, or of one made past us."""

    class Kind(models.TextChoices):
        PAYMENT = "payment"
        REFUND = "refund"
        CHARGEBACK = "chargeback"
        FEE = "fee"
        ADJUSTMENT = "adjustment"

    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="parts")
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    amount_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField(default=0)
    reference = models.CharField(max_length=120, blank=True)
    on_date = models.DateField(null=True)
    label = models.CharField(max_length=300, blank=True)
    payer_name = models.CharField(max_length=200, blank=True)
    payment = models.ForeignKey(
        Payment, null=True, on_delete=models.PROTECT, related_name="payout_parts"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payout", "name"], name="payout_part_unique"),
            # The same money is paid out once.
            models.UniqueConstraint(
                fields=["payment"], condition=Q(kind="payment"), name="payout_part_of_payment"
            ),
        ]
