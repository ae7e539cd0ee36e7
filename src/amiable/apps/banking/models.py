"""Bank statements as read, each line once, and what was decided about it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from amiable.apps.cases.models import Dispute, Hold
from amiable.apps.customers.models import Customer
from amiable.apps.payments.models import CreditDecision, Payment, Payout, RefundFile
from amiable.apps.receivables.models import Installment
from amiable.apps.tenants.models import Creditor, TenantModel


class BankAccount(TenantModel):
    """An account of a creditor that statements speak of. `identifier` = IBAN or RIB digits."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, related_name="bank_accounts")
    identifier = models.CharField(max_length=40)
    currency = models.CharField(max_length=3, default="EUR")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "identifier", "currency"], name="bank_account_unique"
            )
        ]


class Statement(TenantModel):
    """One statement of one account as the bank sent it. Balances null where not stated.

    `difference_minor` = opening + its movements - closing, 0 when it holds, null when not stated.
    `follows` = its opening is the closing before it; null when there is nothing to compare.
    `format` = the code of the reader it came through. `kind`: a notification is kept only for the
    details of the batches it tells (Batch), and states no balance. `known` of its movements, of
    `overlaps_from` to `overlaps_until`, were there from another statement in the same format.
    """

    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="statements")
    reference = models.CharField(max_length=60, blank=True)
    format = models.CharField(max_length=20, blank=True)
    kind = models.CharField(max_length=12, default="statement")
    opening_minor = models.BigIntegerField(null=True)
    closing_minor = models.BigIntegerField(null=True)
    opening_on = models.DateField(null=True)
    closing_on = models.DateField(null=True)
    difference_minor = models.BigIntegerField(null=True)
    movements = models.PositiveIntegerField(default=0)
    follows = models.BooleanField(null=True)
    known = models.PositiveIntegerField(default=0)
    overlaps_from = models.DateField(null=True)
    overlaps_until = models.DateField(null=True)
    fingerprint = models.CharField(max_length=64)
    source = models.CharField(max_length=200)
    imported_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "fingerprint"], name="statement_unique")
        ]


class StatementLine(TenantModel):
    """One movement. `fingerprint` keeps a line once and real twins apart; `evidence` (sentences)
    says why it stands in its state.

    A bulk line whose details came is SPLIT: its `batch` parts stand for it. Parts that wait for
    their bulk line are AWAITED: they are no money yet.
    """

    class State(models.TextChoices):
        NEW = "new"
        POSTED = "posted"
        PROPOSED = "proposed"
        LEFT = "left"
        IGNORED = "ignored"
        SPLIT = "split"
        AWAITED = "awaited"

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="lines")
    batch = models.ForeignKey(
        "banking.Batch", null=True, on_delete=models.PROTECT, related_name="parts"
    )
    fingerprint = models.CharField(max_length=64)
    booked_on = models.DateField()
    value_on = models.DateField(null=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    label = models.TextField(blank=True)
    record = models.JSONField(default=dict)  # every other field of core.records.StatementEntry
    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW)
    evidence = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "fingerprint"], name="statement_line_unique"
            )
        ]
        # Not partial: SQLite would not see that a list of states is theirs. The state first finds
        # what waits among millions that are decided; the day first, what a file tells again.
        indexes = [
            models.Index(
                fields=["organization", "state", "booked_on"], name="statement_line_state"
            ),
            models.Index(fields=["organization", "booked_on"], name="statement_line_day"),
        ]


class Batch(TenantModel):
    """The details of one bulk entry (debit collection, cheque deposit, payout), told apart from the
    statement that books it. `parts` (lines) sum to `amount_minor`.

    Waiting until its bulk `line` is there; proposed when a person had decided on that line;
    unequal when the bank books another sum; refused when a person keeps the line whole.
    `batch_id` and `reference` = what the bank calls it. `told_in` = where the details came from.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        UNEQUAL = "unequal"
        PROPOSED = "proposed"
        SPLIT = "split"
        REFUSED = "refused"

    told_in = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="batches")
    line = models.ForeignKey(
        StatementLine, null=True, on_delete=models.PROTECT, related_name="batches"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    booked_on = models.DateField()
    value_on = models.DateField(null=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    size = models.PositiveIntegerField()
    batch_id = models.CharField(max_length=60, blank=True)
    reference = models.CharField(max_length=60, blank=True)
    fingerprint = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "fingerprint"], name="batch_unique")
        ]
        indexes = [
            models.Index(
                fields=["organization", "booked_on"],
                condition=Q(state__in=["waiting", "unequal"]),
                name="batch_waits",
            )
        ]


class Match(TenantModel):
    """A reading of a line: what it pays, which payment it takes back, which refund of ours or
    which payout it is, and on what evidence.

    A line shared over several customers has one posted match, with its payment, for each of them;
    so has the return of such a line. A proposal to take all of one back names it: `returned_line`.
    `refund_file` = all refunds of a file that had not left, in one sum.

    Undone or superseded (by a later proposal), never deleted. `allocations` =
    [{"installment", "amount_minor", "credit", "confirms"}]: `credit` is the entry of a credit
    netted by the payer (null = this payment), `confirms` that the accounts had shown it as paid;
    "reason" (discount, bank_fee, cents) = the payer kept that amount and it is given up.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed"
        POSTED = "posted"
        REFUSED = "refused"
        UNDONE = "undone"
        SUPERSEDED = "superseded"

    line = models.ForeignKey(StatementLine, on_delete=models.PROTECT, related_name="matches")
    state = models.CharField(max_length=10, choices=State.choices)
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT)
    kind = models.CharField(max_length=20, blank=True)  # of the hypothesis, or "assigned"
    payment = models.OneToOneField(
        Payment, null=True, on_delete=models.PROTECT, related_name="match"
    )
    returned_payment = models.ForeignKey(
        Payment, null=True, on_delete=models.PROTECT, related_name="return_matches"
    )
    returned_line = models.ForeignKey(
        StatementLine, null=True, on_delete=models.PROTECT, related_name="return_proposals"
    )
    refund = models.ForeignKey(
        CreditDecision, null=True, on_delete=models.PROTECT, related_name="matches"
    )
    refund_file = models.ForeignKey(
        RefundFile, null=True, on_delete=models.PROTECT, related_name="matches"
    )
    payout = models.ForeignKey(Payout, null=True, on_delete=models.PROTECT, related_name="matches")
    rank = models.PositiveSmallIntegerField(default=1)
    allocations = models.JSONField(default=list)
    evidence = models.JSONField(default=list)  # sentences
    decided_by = models.CharField(max_length=120)
    decided_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["line"],
                condition=Q(state="posted") & ~Q(kind="shared"),
                name="match_one_posted",
            ),
            models.UniqueConstraint(
                fields=["line", "customer"],
                condition=Q(state="posted", kind="shared"),
                name="match_shared_once",
            ),
            models.UniqueConstraint(
                fields=["payout"], condition=Q(state="posted"), name="match_one_payout"
            ),
        ]


class Rest(TenantModel):
    """What a posted match left open of an installment, and what a person says it is.

    `within` the limits it was given up at once; above them it waits for another person, and
    `hold` keeps it from being dunned meanwhile. What is given up carries the source of its
    payment: undone or returned, it is open again.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        WITHIN = "within"
        DISPUTED = "disputed"
        APPROVED = "approved"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"  # the match was undone, or its payment taken back

    match = models.ForeignKey(Match, on_delete=models.PROTECT, related_name="rests")
    installment = models.ForeignKey(Installment, on_delete=models.PROTECT, related_name="rests")
    reason = models.CharField(max_length=12)  # core.matching.rests.RestReason
    detail = models.CharField(max_length=12, blank=True)  # of a deduction
    amount_minor = models.BigIntegerField()
    note = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=10, choices=State.choices)
    asked_by = models.CharField(max_length=254)
    asked_on = models.DateField()
    decided_by = models.CharField(max_length=254, blank=True)
    decided_on = models.DateField(null=True)
    decision = models.CharField(max_length=500, blank=True)  # why it was refused
    until = models.DateField(null=True)  # the day on which a retention is owed again
    hold = models.ForeignKey(Hold, null=True, on_delete=models.PROTECT, related_name="+")
    dispute = models.ForeignKey(Dispute, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["match", "installment"],
                condition=Q(state__in=["waiting", "within", "disputed", "approved"]),
                name="rest_named_once",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="rest_positive"),
            # Four eyes: who asks never approves.
            models.CheckConstraint(
                condition=~Q(state="approved") | ~Q(decided_by=F("asked_by")),
                name="rest_four_eyes",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "asked_on"],
                condition=Q(state="waiting"),
                name="rest_waiting",
            )
        ]


class PayerTerms(TenantModel):
    """How a customer pays: what was agreed, and what of its learned habits does not count.

    Null = as the organization lets everybody. `forgotten` = {habit: the payment up to which it is
    forgotten}; `forbidden` = habits that are never learned of this customer.
    """

    customer = models.OneToOneField(Customer, on_delete=models.PROTECT, related_name="payer_terms")
    order = models.CharField(max_length=6, default="law")  # core.allocation.Order
    agreed = models.CharField(max_length=500, blank=True)
    bank_fee_minor = models.BigIntegerField(null=True)
    discount_permille = models.PositiveSmallIntegerField(null=True)
    forgotten = models.JSONField(default=dict)
    forbidden = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(order="agreed") | ~Q(agreed=""), name="payer_terms_in_words"
            )
        ]
