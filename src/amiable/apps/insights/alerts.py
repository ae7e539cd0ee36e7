"""What deserves a look today although no action asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from django.db.models import Max

from amiable.apps.banking.models import Statement
from amiable.apps.customers.models import ContactPoint
from amiable.apps.receivables.models import Installment
from amiable.core.workdays import add_workdays

AlertCode = Literal["bank_stale", "bank_none", "missing", "invalid_address", "insolvent"]
# A statement is expected for every working day; two days leave room for the bank's own delay.
BANK_WORKDAYS = 2


@dataclass(frozen=True, slots=True)
class Alert:
    """A code, how many things it concerns, and since when where it matters."""

    code: AlertCode
    count: int = 0
    since: date | None = None


def alerts(organization_id: int, on: date) -> list[Alert]:
    """Alerts of an organization, most pressing first; empty when all is well."""
    opens = Installment.objects.filter(organization_id=organization_id, settled_on__isnull=True)
    insolvent = opens.filter(customer__insolvent_since__lte=on)
    invalid = ContactPoint.objects.filter(
        organization_id=organization_id,
        invalid_since__isnull=False,
        customer__in=opens.filter(due_date__lt=on).values("customer_id"),
    )
    found = [
        _bank(organization_id, on) if opens.exists() else None,
        _counted("insolvent", insolvent.values("customer_id").distinct().count()),
        _counted("missing", opens.filter(invoice__missing_since__isnull=False).count()),
        _counted("invalid_address", invalid.values("customer_id").distinct().count()),
    ]
    return [alert for alert in found if alert is not None]


def _counted(code: AlertCode, count: int) -> Alert | None:
    return Alert(code, count) if count else None


def _bank(organization_id: int, on: date) -> Alert | None:
    statements = Statement.objects.filter(organization_id=organization_id)
    until = statements.aggregate(until=Max("closing_on"))["until"]
    if until is None:
        return Alert("bank_none")
    if add_workdays(until, BANK_WORKDAYS + 1) < on:
        return Alert("bank_stale", since=until)
    return None
