"""How much there is of everything: what a person checks after a first import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from amiable.apps.banking.models import StatementLine
from amiable.apps.customers.models import Customer
from amiable.apps.messaging.models import Message
from amiable.apps.receivables.models import Invoice


@dataclass(frozen=True, slots=True)
class Volumes:
    """Numbers of rows: `lines` by state of the bank line, `messages` by medium."""

    customers: int
    invoices: int
    credit_notes: int
    lines: dict[str, int]
    messages: dict[str, int]


def volumes(organization_id: int) -> Volumes:
    """Counts of an organization, in four queries."""
    scope = {"organization_id": organization_id}
    kinds = _counts(Invoice.objects.filter(**scope), "kind")
    credit_notes = kinds.pop(Invoice.Kind.CREDIT_NOTE.value, 0)
    return Volumes(
        customers=Customer.objects.filter(**scope).count(),
        invoices=sum(kinds.values()),
        credit_notes=credit_notes,
        lines=_counts(StatementLine.objects.filter(**scope), "state"),
        messages=_counts(Message.objects.filter(**scope), "medium"),
    )


def _counts(rows: QuerySet[Any], field: str) -> dict[str, int]:
    found = rows.order_by().values_list(field).annotate(Count("id"))
    return dict(sorted(found))
