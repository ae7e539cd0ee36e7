"""Writes of cases: they come to exist with the first debt, are paused, disputed and promised,
and are woken when facts change."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from amiable.apps.cases.changes import CaseError, cases_wake
from amiable.apps.cases.models import Case
from amiable.apps.cases.outcomes import CallOutcome, call_outcome_apply
from amiable.apps.cases.pauses import (
    dispute_close,
    dispute_open,
    dispute_withdraw,
    hold_lift,
    hold_place,
)
from amiable.apps.cases.plans import (
    PlanTerms,
    plan_cancel,
    plan_change,
    plan_record,
    plan_schedule,
    promise_cancel,
    promise_record,
    promise_restore,
)
from amiable.apps.cases.stops import (
    address_mark,
    addresses_mark,
    contact_add,
    contact_remove,
    contact_role_set,
    customer_fact_set,
    point_mark,
    points_mark,
    registered_consent_set,
)

__all__ = [
    "CallOutcome",
    "CaseError",
    "PlanTerms",
    "address_mark",
    "addresses_mark",
    "call_outcome_apply",
    "cases_ensure",
    "cases_wake",
    "contact_add",
    "contact_remove",
    "contact_role_set",
    "customer_fact_set",
    "dispute_close",
    "dispute_open",
    "dispute_withdraw",
    "hold_lift",
    "hold_place",
    "plan_cancel",
    "plan_change",
    "plan_record",
    "plan_schedule",
    "point_mark",
    "points_mark",
    "promise_cancel",
    "promise_record",
    "promise_restore",
    "registered_consent_set",
]


def cases_ensure(organization_id: int, pairs: Iterable[tuple[int, str]], *, on: date) -> None:
    """Create the missing cases of (customer_id, currency) pairs; new ones are planned on `on`."""
    Case.objects.bulk_create(
        [
            Case(
                organization_id=organization_id,
                customer_id=customer_id,
                currency=currency,
                next_plan_on=on,
            )
            for customer_id, currency in sorted(set(pairs))
        ],
        ignore_conflicts=True,
        batch_size=2000,
    )
