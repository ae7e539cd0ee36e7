"""The conversation: one case per customer and currency, with what pauses it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from amiable.apps.cases.line_models import DisputeLine
from amiable.apps.customers.models import Customer
from amiable.apps.receivables.models import Installment, Invoice
from amiable.apps.tenants.models import Creditor, TenantModel, User

# Kept beside: tables of this app all the same.
__all__ = ["DisputeLine"]


class Case(TenantModel):
    """customer x creditor x currency. `next_plan_on` says when the planner must look again."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="cases")
    currency = models.CharField(max_length=3, default="EUR")
    next_plan_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "currency"], name="case_unique")]
        indexes = [
            models.Index(
                fields=["organization", "next_plan_on"],
                condition=Q(next_plan_on__isnull=False),
                name="case_to_plan",
            )
        ]


class Hold(TenantModel):
    """A pause of the case or of one installment. Ends are inclusive; null = until lifted."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="holds")
    installment = models.ForeignKey(Installment, null=True, blank=True, on_delete=models.PROTECT)
    reason = models.CharField(max_length=200)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    placed_by = models.CharField(max_length=120)
    placed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["organization", "case"], name="hold_of_case")]


class Dispute(TenantModel):
    """The customer contests an installment, wholly or for `amount_minor`."""

    class Reason(models.TextChoices):
        PRICE = "price"
        QUANTITY = "quantity"
        QUALITY = "quality"
        DELIVERY = "delivery"
        DUPLICATE = "duplicate"
        MISSING_DOCUMENT = "missing_document"
        OTHER = "other"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="disputes")
    installment = models.ForeignKey(Installment, on_delete=models.PROTECT, related_name="disputes")
    reason = models.CharField(max_length=20)  # shipped, or a creditor's own: see DisputeReason
    note = models.TextField(blank=True)
    amount_minor = models.BigIntegerField(null=True, blank=True)
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    opened_on = models.DateField()
    respond_by = models.DateField(null=True, blank=True)
    escalated_on = models.DateField(null=True, blank=True)  # its day passed: a manager looks
    closed_on = models.DateField(null=True, blank=True)
    settled_as = models.CharField(max_length=12, blank=True)  # core.disputes.OUTCOMES
    settled_minor = models.BigIntegerField(default=0)  # given up with it, out of goodwill
    outcome = models.CharField(max_length=200, blank=True)
    is_mistake = models.BooleanField(default=False)  # withdrawn: there never was a dispute

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["installment"],
                condition=Q(closed_on__isnull=True),
                name="dispute_one_open",
            )
        ]
        indexes = [
            models.Index(fields=["organization", "installment"], name="dispute_of_installment"),
            models.Index(
                fields=["organization", "respond_by"],
                condition=Q(closed_on__isnull=True),
                name="dispute_to_answer",
            ),
        ]


class DisputeReason(TenantModel):
    """A reason as one creditor words it: one of the shipped ones, or its own. `einvoicing` = the
    code of refusals and disputes of French e-invoicing (core.disputes.EINVOICING)."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=20)
    label_fr = models.CharField(max_length=120)
    label_en = models.CharField(max_length=120)
    einvoicing = models.CharField(max_length=20, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["creditor", "code"], name="dispute_reason_unique")
        ]


class DisputeQuestion(TenantModel):
    """What a colleague without an account is asked about a dispute, and the address where the
    answer is given; only a digest of its token is kept (see colleagues)."""

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="questions")
    name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    question = models.TextField()
    # null = until its id is known, of which the token is made
    digest = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001
    asked_by = models.CharField(max_length=254)
    asked_at = models.DateTimeField()
    expires_on = models.DateField()  # the last day on which it works
    revoked_on = models.DateField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["dispute", "id"], name="dispute_question_of_dispute")]


class DisputeEntry(TenantModel):
    """What is said about a dispute by us: to the customer, among ourselves, by a colleague. What
    customers say is kept as answers (messaging.Reply)."""

    class Kind(models.TextChoices):
        MESSAGE = "message"  # to the customer
        NOTE = "note"
        ANSWER = "answer"  # of a colleague, to a question
        OUTCOME = "outcome"  # to the customer, with the end of the dispute

    TO_CUSTOMER = ("message", "outcome")

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    text = models.TextField(blank=True)
    author = models.CharField(max_length=254)
    at = models.DateTimeField()
    question = models.ForeignKey(
        DisputeQuestion, null=True, blank=True, on_delete=models.PROTECT, related_name="answers"
    )

    class Meta:
        indexes = [models.Index(fields=["dispute", "id"], name="dispute_entry_of_dispute")]


class DisputeFile(TenantModel):
    """Append-only: a file that goes with what we said of a dispute; shown only as a download."""

    entry = models.ForeignKey(DisputeEntry, on_delete=models.PROTECT, related_name="files")
    filename = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)  # by its bytes, not by what it claims
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)


class PlanPolicy(TenantModel):
    """What customers may agree by themselves (core.plans.Policy). The nearest one holds: of their
    creditor and segment, of their creditor, of their segment, then of everybody."""

    creditor = models.ForeignKey(
        Creditor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    segment = models.CharField(max_length=60, blank=True)  # "" = every segment
    mode = models.CharField(max_length=10)
    every = models.CharField(max_length=10)
    most_parts = models.PositiveSmallIntegerField()
    most_months = models.PositiveSmallIntegerField()
    least_part_minor = models.PositiveBigIntegerField()
    most_minor = models.PositiveBigIntegerField(null=True, blank=True)
    first_pct = models.PositiveSmallIntegerField()
    first_minor = models.PositiveBigIntegerField()
    first_days = models.PositiveSmallIntegerField()
    charges_interest = models.BooleanField()
    most_broken = models.PositiveSmallIntegerField()
    forgives = models.PositiveSmallIntegerField()
    grace_days = models.PositiveSmallIntegerField()
    remind_days = models.PositiveSmallIntegerField()
    ahead_days = models.PositiveSmallIntegerField(default=7)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "creditor", "segment"], name="plan_policy_unique"
            ),
            models.UniqueConstraint(
                fields=["organization", "segment"],
                condition=Q(creditor__isnull=True),
                name="plan_policy_of_all_unique",
            ),
        ]


class PaymentPlan(TenantModel):
    """A debt paid in parts: its instalments are dated promises that belong together. A plan that
    was changed is cancelled by the one that `replaces` it. `mandate_id` = of the mandate named when
    it was agreed that its instalments are collected by direct debit (null = the customer pays)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="plans")
    agreed_on = models.DateField()
    agreed_by = models.CharField(max_length=120)
    note = models.TextField(blank=True)
    cancelled_on = models.DateField(null=True, blank=True)
    mandate_id = models.BigIntegerField(null=True)
    replaces = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by"
    )


class PlanProposal(TenantModel):
    """A plan on paper: what was shown, signed by the customer on the payment page, and what became
    of it. `parts` = [day, minor units] of each instalment; `text` is what was read and signed."""

    class State(models.TextChoices):
        WAITING = "waiting"  # signed: a person decides
        OFFERED = "offered"  # by a person: the customer signs
        AGREED = "agreed"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"  # replaced by another, or no longer what is owed

    OPEN = ("waiting", "offered")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="plan_proposals")
    state = models.CharField(max_length=10, choices=State.choices)
    parts = models.JSONField()
    amount_minor = models.BigIntegerField()
    terms = models.JSONField()  # the policy that held (core.plans.Policy), as data
    mandate_id = models.BigIntegerField(null=True)  # as of PaymentPlan
    asked_on = models.DateField()
    asked_by = models.CharField(max_length=120)
    # How it was accepted: by which link, and from which network, never from which device.
    link = models.ForeignKey(
        "PaymentLink", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    ticket = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=8, blank=True)
    version = models.CharField(max_length=20, blank=True)
    text = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    acknowledges = models.BooleanField(default=False)
    # Of the code that confirmed it: where it went, masked, and when; {} = none was asked for.
    code = models.JSONField(default=dict)
    signed_at = models.DateTimeField(null=True, blank=True)
    address = models.CharField(max_length=64, blank=True)
    agent = models.CharField(max_length=300, blank=True)
    decided_on = models.DateField(null=True, blank=True)
    decided_by = models.CharField(max_length=120, blank=True)
    answer = models.TextField(blank=True)  # to the customer
    plan = models.OneToOneField(
        PaymentPlan, null=True, blank=True, on_delete=models.PROTECT, related_name="proposal"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(state__in=["waiting", "offered"]),
                name="plan_proposal_one_open",
            ),
            models.UniqueConstraint(
                fields=["organization", "ticket"],
                condition=~Q(ticket=""),
                name="plan_proposal_ticket_unique",
            ),
        ]
        indexes = [models.Index(fields=["organization", "case"], name="plan_proposal_of_case")]


class Promise(TenantModel):
    """A dated promise to pay. Kept or broken is derived from payments, never stored."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="promises")
    amount_minor = models.BigIntegerField()
    made_on = models.DateField()
    due_on = models.DateField()
    grace_days = models.PositiveSmallIntegerField(default=3)
    tolerance_pct = models.PositiveSmallIntegerField(default=95)
    # Received on the day it was made, before it was made: none of that is for it.
    before_minor = models.BigIntegerField(default=0)
    forgives = models.PositiveSmallIntegerField(default=1)  # missed instalments that end no plan
    remind_days = models.PositiveSmallIntegerField(default=1)  # before its day; 0 = no reminder
    plan = models.ForeignKey(
        PaymentPlan, null=True, blank=True, on_delete=models.PROTECT, related_name="instalments"
    )
    # Of an instalment collected by direct debit: not missed before, and what this brought for it.
    held_until = models.DateField(null=True)
    collected_minor = models.BigIntegerField(default=0)
    note = models.TextField(blank=True)
    cancelled_on = models.DateField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["organization", "case"], name="promise_of_case")]


class Handover(TenantModel):
    """An installment entrusted to somebody else to collect, until it comes back. Its `hold` keeps
    our own reminders from it meanwhile."""

    class To(models.TextChoices):
        LITIGATION = "litigation"
        AGENCY = "agency"
        BAILIFF = "bailiff"
        FACTOR = "factor"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="handovers")
    installment = models.ForeignKey(Installment, on_delete=models.PROTECT, related_name="handovers")
    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, related_name="+")
    to = models.CharField(max_length=10, choices=To.choices)
    name = models.CharField(max_length=200)
    handed_on = models.DateField()
    handed_by = models.CharField(max_length=120)
    returned_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["installment"],
                condition=Q(returned_on__isnull=True),
                name="handover_one_running",
            )
        ]
        indexes = [
            models.Index(
                fields=["organization", "case"],
                condition=Q(returned_on__isnull=True),
                name="handover_running",
            )
        ]


class PaymentLink(TenantModel):
    """An address of the payment page: who knows it speaks for the customer of one case, or about
    one invoice of it. Only a digest of its token is kept (see links)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="links")
    invoice = models.ForeignKey(
        Invoice, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    key = models.CharField(max_length=140)  # of the message that carries it, or made by hand
    digest = models.CharField(max_length=64, unique=True)
    is_test = models.BooleanField(default=False)  # carried by a message of the test mode
    made_on = models.DateField()
    made_by = models.CharField(max_length=254, blank=True)  # "" = a message
    expires_on = models.DateField()  # the last day on which it works
    revoked_on = models.DateField(null=True, blank=True)
    revoked_by = models.CharField(max_length=254, blank=True)
    # Days on which a person used the page; what mail scanners fetch does not count.
    first_used_on = models.DateField(null=True, blank=True)
    last_used_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "key"], name="payment_link_key_unique")
        ]
        indexes = [models.Index(fields=["organization", "case"], name="payment_link_of_case")]


class PortalCode(TenantModel):
    """A code sent to a known address of the customer before something is signed or shown: for one
    link and one purpose (see codes). `digest`, `point` = of the code and of the address, keyed;
    `address` = masked; `spent_at` = when what it proved was used for a signature."""

    link = models.ForeignKey(PaymentLink, on_delete=models.PROTECT, related_name="codes")
    purpose = models.CharField(max_length=10)
    medium = models.CharField(max_length=5)
    address = models.CharField(max_length=80)
    point = models.CharField(max_length=64)
    ticket = models.CharField(max_length=200)  # of the form that asked for it
    digest = models.CharField(max_length=64)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    spent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "ticket"], name="portal_code_ticket_unique"
            ),
            models.CheckConstraint(
                condition=Q(spent_at__isnull=True) | Q(confirmed_at__isnull=False),
                name="portal_code_confirmed_before_spent",
            ),
        ]
        indexes = [
            models.Index(fields=["link", "sent_at"], name="portal_code_of_link"),
            models.Index(fields=["organization", "point", "sent_at"], name="portal_code_of_point"),
        ]
