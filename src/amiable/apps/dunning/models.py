"""What is decided to be done for each case, and what was done with it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from amiable.apps.cases.models import Case
from amiable.apps.imports.models import ImportRun
from amiable.apps.messaging.models import Message
from amiable.apps.receivables.models import Installment
from amiable.apps.tenants.models import TenantModel


class Scenario(TenantModel):
    """A versioned scenario as data (the shape of core.facts.Scenario). A version never changes."""

    code = models.SlugField(max_length=60)
    version = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    definition = models.JSONField()
    is_default = models.BooleanField(default=False)
    # The version that takes over after a broken promise, fixed with this version.
    after = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "code", "version"], name="scenario_version_unique"
            ),
            models.UniqueConstraint(
                fields=["organization"], condition=Q(is_default=True), name="scenario_one_default"
            ),
        ]


class AssignmentRule(TenantModel):
    """Which scenario a new case starts on: the first rule whose conditions hold, by position.

    `conditions` has the shape of core.scenario.Conditions.
    """

    position = models.PositiveIntegerField()
    scenario_code = models.SlugField(max_length=60)
    conditions = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "position"],
                name="rule_position_unique",
                deferrable=models.Deferrable.DEFERRED,
            )
        ]


class Enrollment(TenantModel):
    """The scenario version a case runs on."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="enrollment")
    scenario = models.ForeignKey(Scenario, on_delete=models.PROTECT, related_name="enrollments")
    started_on = models.DateField()
    is_manual = models.BooleanField(default=False)  # chosen by a person: rules leave it alone
    why = models.JSONField(default=list)  # sentences: which rule, or whose choice
    delay_days = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["organization", "case"], name="enrollment_of_case")]


class Action(TenantModel):
    """One step for one case, once. `key` = case, step, occurrence: unique, so never twice."""

    class State(models.TextChoices):
        TO_APPROVE = "to_approve"
        APPROVED = "approved"
        CLAIMED = "claimed"
        TODO = "todo"  # a call or a task waiting for a person
        DONE = "done"
        CANCELLED = "cancelled"
        SKIPPED = "skipped"
        FAILED = "failed"
        UNKNOWN = "unknown"

    PENDING = ("to_approve", "approved", "claimed", "todo")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="actions")
    key = models.CharField(max_length=120)
    scenario = models.ForeignKey(Scenario, on_delete=models.PROTECT, related_name="+")
    step = models.CharField(max_length=60)
    occurrence = models.PositiveIntegerField()
    medium = models.CharField(max_length=20)
    stage = models.CharField(max_length=12)
    approval = models.CharField(max_length=10, default="automatic")
    due_on = models.DateField()
    state = models.CharField(max_length=12, choices=State.choices)
    reasons = models.JSONField(default=list)  # sentences: why this, why now
    outcome = models.JSONField(default=list)  # sentences: why skipped, cancelled or failed
    result = models.CharField(max_length=30, blank=True)  # a call's outcome
    message = models.OneToOneField(
        Message, null=True, blank=True, on_delete=models.PROTECT, related_name="action"
    )
    planned_on = models.DateField()
    decided_by = models.CharField(max_length=120, blank=True)
    is_test = models.BooleanField(default=False)
    closed_on = models.DateField(null=True, blank=True)
    # When to try again; of a call to make: the moment agreed with the customer (midnight = any).
    retry_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    leased_by = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "key"], name="action_key_unique")
        ]
        indexes = [
            models.Index(
                fields=["organization", "state", "due_on"],
                condition=Q(state__in=["to_approve", "approved", "claimed", "todo", "unknown"]),
                name="action_pending",
            ),
            models.Index(fields=["organization", "case", "step"], name="action_of_case"),
        ]


class ActionItem(TenantModel):
    """An installment spoken of by an action. `step` = its own step; blank = only mentioned.

    `event_on` = the day of the event this step counted from: a second broken promise brings the
    same step again.
    """

    action = models.ForeignKey(Action, on_delete=models.PROTECT, related_name="items")
    installment = models.ForeignKey(Installment, on_delete=models.PROTECT, related_name="+")
    step = models.CharField(max_length=60, blank=True)
    open_minor = models.BigIntegerField()
    event_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["action", "installment"], name="action_item_unique")
        ]
        # Looked for by many ids at once: without both columns SQLite reads the whole organization.
        indexes = [
            models.Index(fields=["organization", "installment"], name="action_item_installment"),
            models.Index(fields=["organization", "action"], name="action_item_action"),
        ]


class Survey(TenantModel):
    """What the customer of a case was asked once all was settled, and the answer: a mark from 1 to
    5, a few words (personal data of the customer: kept here alone, and erasable)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="surveys")
    # What was sent last before the money came, and who of us decided something last ("" = nobody).
    action = models.ForeignKey(Action, on_delete=models.PROTECT, related_name="+")
    collector = models.CharField(max_length=120, blank=True)
    message = models.OneToOneField(  # null = asked on the payment page
        Message, null=True, blank=True, on_delete=models.PROTECT, related_name="survey"
    )
    asked_on = models.DateField()
    score = models.PositiveSmallIntegerField(null=True, blank=True)
    note = models.TextField(blank=True)
    wants_call = models.BooleanField(default=False)
    answered_at = models.DateTimeField(null=True, blank=True)
    refused_at = models.DateTimeField(null=True, blank=True)  # never to be asked again
    erased_on = models.DateField(null=True, blank=True)  # the words, at the customer's wish
    # A low mark, or a call that is wished for, is a task of somebody here: once.
    task_on = models.DateField(null=True, blank=True)
    task_done_on = models.DateField(null=True, blank=True)
    task_done_by = models.CharField(max_length=254, blank=True)
    task_note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__range=(1, 5)), name="survey_score"
            ),
            models.CheckConstraint(
                condition=Q(score__isnull=True, answered_at__isnull=True)
                | Q(score__isnull=False, answered_at__isnull=False),
                name="survey_answered_at",
            ),
            models.CheckConstraint(
                condition=Q(task_done_on__isnull=True)
                | (Q(task_on__isnull=False) & ~Q(task_done_by="") & ~Q(task_note="")),
                name="survey_task_done_by",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "asked_on"], name="survey_asked"),
            models.Index(fields=["organization", "case"], name="survey_of_case"),
            models.Index(
                fields=["organization", "task_on"],
                condition=Q(task_on__isnull=False, task_done_on__isnull=True),
                name="survey_task",
            ),
        ]


class Experiment(TenantModel):
    """Two scenarios compared on payers drawn at random; a part may only be reminded later."""

    name = models.CharField(max_length=120)
    champion = models.ForeignKey(Scenario, on_delete=models.PROTECT, related_name="+")
    challenger = models.ForeignKey(
        Scenario, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    challenger_percent = models.PositiveSmallIntegerField(default=50)
    holdout_percent = models.PositiveSmallIntegerField(default=10)
    holdout_days = models.PositiveSmallIntegerField(default=5)
    # The difference one expects: it tunes the test, so it is fixed before the first result.
    effect_days = models.PositiveSmallIntegerField(default=2)
    excluded_kinds = models.JSONField(default=list)  # customer kinds that are not drawn
    salt = models.CharField(max_length=40)
    started_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True)
    started_by = models.CharField(max_length=120)
    stopped_by = models.CharField(max_length=120, blank=True)
    stop_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(ended_on__isnull=True),
                name="experiment_one_running",
            )
        ]


class ExperimentMember(TenantModel):
    """The arm a case was drawn into, for good: figures count it there whatever happens later."""

    class Arm(models.TextChoices):
        CHAMPION = "champion"
        CHALLENGER = "challenger"
        HOLDOUT = "holdout"

    experiment = models.ForeignKey(Experiment, on_delete=models.PROTECT, related_name="members")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="experiments")
    arm = models.CharField(max_length=12, choices=Arm.choices)
    payer_group = models.CharField(max_length=80)
    assigned_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["experiment", "case"], name="experiment_case_unique")
        ]


class RequestCampaign(TenantModel):
    """Requests for the payment of chosen invoices, one to each payer and creditor: drawn up, looked
    at, confirmed as one. Nothing leaves before `confirmed_at`, nor after `cancelled_at`."""

    name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64, blank=True)  # of its file; "" = of open items
    run = models.ForeignKey(
        ImportRun, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    media = models.JSONField(default=list)  # the first that reaches a payer is taken
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=254)
    looked_at = models.DateTimeField()  # what is said of those not confirmed held then
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.CharField(max_length=254, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.CharField(max_length=254, blank=True)
    # Confirmed in test mode: it reaches no payer, and never leaves in any other mode.
    is_test = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "sha256"],
                condition=~Q(sha256="") & Q(cancelled_at__isnull=True, is_test=False),
                name="request_campaign_once",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=False) | Q(is_test=False),
                name="request_campaign_test_confirmed",
            ),
        ]


class PaymentRequest(TenantModel):
    """What one payer is asked in a campaign, once: unique by campaign and case."""

    class State(models.TextChoices):
        DRAFT = "draft"  # may leave, once its campaign is confirmed
        STOPPED = "stopped"  # does not leave: `outcome` says why
        WAITING = "waiting"  # leaves at `retry_at`
        SENDING = "sending"  # a worker has it, until `retry_at`
        SENT = "sent"
        FAILED = "failed"
        UNKNOWN = "unknown"
        CANCELLED = "cancelled"

    campaign = models.ForeignKey(RequestCampaign, on_delete=models.PROTECT, related_name="requests")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="requests")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    medium = models.CharField(max_length=20, blank=True)
    outcome = models.JSONField(default=list)  # sentences: why not, or not yet
    retry_at = models.DateTimeField(null=True, blank=True)
    message = models.OneToOneField(
        Message, null=True, blank=True, on_delete=models.PROTECT, related_name="request"
    )
    closed_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "case"], name="payment_request_once"),
            models.CheckConstraint(
                condition=~Q(state__in=["waiting", "sending"]) | Q(retry_at__isnull=False),
                name="payment_request_waits_until",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "retry_at"],
                condition=Q(state__in=["waiting", "sending"]),
                name="payment_request_due",
            ),
            models.Index(fields=["organization", "case"], name="payment_request_of_case"),
        ]


class PaymentRequestItem(TenantModel):
    """An installment a payer is asked for: how much of it, and what was open of it then."""

    request = models.ForeignKey(PaymentRequest, on_delete=models.PROTECT, related_name="items")
    installment = models.ForeignKey(Installment, on_delete=models.PROTECT, related_name="+")
    asked_minor = models.BigIntegerField(default=0)
    open_minor = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["request", "installment"], name="payment_request_item_once"
            )
        ]
        indexes = [models.Index(fields=["organization", "request"], name="payment_request_items")]
