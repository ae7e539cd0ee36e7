"""What is decided to be done for each case, and what was done with it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from amiable.apps.cases.models import Case
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

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "code", "version"], name="scenario_version_unique"
            ),
            models.UniqueConstraint(
                fields=["organization"], condition=Q(is_default=True), name="scenario_one_default"
            ),
        ]


class Enrollment(TenantModel):
    """The scenario version a case runs on."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="enrollment")
    scenario = models.ForeignKey(Scenario, on_delete=models.PROTECT, related_name="enrollments")
    started_on = models.DateField()


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
    closed_on = models.DateField(null=True, blank=True)
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
            models.Index(fields=["case", "step"]),
        ]


class ActionItem(TenantModel):
    """An installment spoken of by an action. `step` = its own step; blank = only mentioned."""

    action = models.ForeignKey(Action, on_delete=models.PROTECT, related_name="items")
    installment = models.ForeignKey(Installment, on_delete=models.PROTECT, related_name="+")
    step = models.CharField(max_length=60, blank=True)
    open_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["action", "installment"], name="action_item_unique")
        ]
