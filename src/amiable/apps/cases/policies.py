"""Plan policies: which one holds for a case, and how they are set, changed and removed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.cases.changes import CaseError
from amiable.apps.cases.models import Case, PlanPolicy
from amiable.apps.cases.queries import LONGEST_GRACE_DAYS
from amiable.apps.tenants.models import Creditor, Organization
from amiable.apps.tenants.queries import organization_lock
from amiable.core.plans import MODES, Policy
from amiable.core.schedules import EVERY, MOST_PARTS
from amiable.core.sentences import Sentence, declare, gettext_noop

FIELDS = tuple(field.name for field in fields(Policy))
# The most that each number of a policy may be.
MOST = {
    "most_parts": MOST_PARTS, "most_months": 60, "first_pct": 90, "first_days": 60,
    "most_broken": 20, "forgives": MOST_PARTS, "grace_days": LONGEST_GRACE_DAYS, "remind_days": 15,
    "ahead_days": 365,
}  # fmt: skip

declare(
    {
        "plan_policy.bad": gettext_noop("This cannot be the value of {field}: {value}."),
        "plan_policy.unknown": gettext_noop("This plan policy does not exist here."),
    }
)


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A policy and for whom it holds; `creditor` "" = every one, `segment` "" = every one."""

    id: int
    creditor_id: int | None
    creditor: str
    segment: str
    policy: Policy


def policies(organization_id: int) -> list[PolicyRow]:
    """Every policy of an organization, the widest first: one query."""
    rows = PlanPolicy.objects.filter(organization_id=organization_id).select_related("creditor")
    found = [
        PolicyRow(
            row.pk, row.creditor_id, row.creditor.name if row.creditor else "", row.segment,
            _policy(row),
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda each: (each.creditor, each.segment))


def policy_of(organization_id: int, case_id: int) -> Policy:
    """The policy that holds for a case, the nearest one. Where none is set customers agree nothing
    by themselves, and plans have the grace of promises."""
    segment, creditor_id = Case.objects.values_list(
        "customer__segment", "customer__creditor_id"
    ).get(organization_id=organization_id, id=case_id)
    return policy_for(organization_id, creditor_id=creditor_id, segment=segment)


def policy_for(organization_id: int, *, creditor_id: int, segment: str) -> Policy:
    """The policy that holds for the customers of a creditor in a segment, as in `policy_of`."""
    rows = PlanPolicy.objects.filter(
        Q(creditor__isnull=True) | Q(creditor_id=creditor_id),
        organization_id=organization_id,
        segment__in={"", segment},
    )
    nearest = max(rows, key=lambda row: (row.creditor_id is not None, row.segment), default=None)
    if nearest is not None:
        return _policy(nearest)
    grace = Organization.objects.values_list("promise_grace_days", flat=True)
    return Policy(grace_days=grace.get(id=organization_id))


def policy_set(
    organization_id: int,
    policy: Policy,
    *,
    creditor_id: int | None,
    segment: str,
    on: date,
    actor: str,
) -> int:
    """Set the policy of a creditor (None = all) and segment ("" = all); its id. Plans that run keep
    what held when they were agreed. Raises CaseError for a value that cannot be."""
    _check(policy)
    with transaction.atomic():
        organization_lock(organization_id)
        mine = Creditor.objects.filter(organization_id=organization_id)
        if creditor_id is not None and not mine.filter(id=creditor_id).exists():
            raise CaseError(Sentence("plan_policy.unknown"))
        before = PlanPolicy.objects.filter(
            organization_id=organization_id, creditor_id=creditor_id, segment=segment
        ).first()
        row = before or PlanPolicy(
            organization_id=organization_id, creditor_id=creditor_id, segment=segment
        )
        changes = {
            name: [getattr(before, name) if before else None, getattr(policy, name)]
            for name in FIELDS
            if before is None or getattr(before, name) != getattr(policy, name)
        }
        for name in FIELDS:
            setattr(row, name, getattr(policy, name))
        row.save()
        _tell(row, "plan_policy.set", {"changes": changes}, on=on, actor=actor)
    return row.pk


def policy_remove(organization_id: int, policy_id: int, *, on: date, actor: str) -> bool:
    """Remove a policy: the next wider one holds from now on. False when it is not there."""
    with transaction.atomic():
        row = PlanPolicy.objects.filter(organization_id=organization_id, id=policy_id).first()
        if row is None:
            return False
        _tell(row, "plan_policy.removed", {"policy": policy_data(_policy(row))}, on=on, actor=actor)
        row.delete()
    return True


def policy_data(policy: Policy) -> dict[str, Any]:
    """A policy as data, as it is kept with what was agreed under it."""
    return {name: getattr(policy, name) for name in FIELDS}


def _policy(row: PlanPolicy) -> Policy:
    return Policy(**{name: getattr(row, name) for name in FIELDS})


def _check(policy: Policy) -> None:
    bad: Iterable[str] = (
        *(name for name, most in MOST.items() if not 0 <= getattr(policy, name) <= most),
        *(name for name in ("least_part_minor", "first_minor") if getattr(policy, name) < 0),
        *(() if policy.most_parts >= 2 else ("most_parts",)),
        *(() if policy.most_broken >= 1 else ("most_broken",)),
        *(() if policy.mode in MODES else ("mode",)),
        *(() if policy.every in EVERY else ("every",)),
    )
    for name in bad:
        params = {"field": name, "value": str(getattr(policy, name))}
        raise CaseError(Sentence("plan_policy.bad", params))


def _tell(row: PlanPolicy, kind: str, told: dict[str, Any], *, on: date, actor: str) -> None:
    whose = {"creditor": row.creditor_id, "segment": row.segment}
    event_record(row.organization_id, Happening(kind, on, actor, payload={**whose, **told}))
