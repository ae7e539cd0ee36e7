"""How much there is of everything: what a person checks after a first import."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, QuerySet

from amiable.apps.banking.models import StatementLine
from amiable.apps.cases.models import Promise
from amiable.apps.cases.queries import words_given
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


@dataclass(frozen=True, slots=True)
class WordsCounted:
    """Numbers of promises (by themselves) and of payment plans, by what came of them."""

    promises: dict[str, int]
    plans: dict[str, int]


def words_counted(organization_id: int, *, on: date) -> WordsCounted:
    """Counts of what customers gave their word on; four queries."""
    rows = Promise.objects.filter(organization_id=organization_id)
    given = words_given(organization_id, set(rows.values_list("case_id", flat=True)), on=on)
    promises = Counter(each.state for words in given.values() for each in words.promises)
    plans = Counter(str(each.state) for words in given.values() for each in words.plans)
    return WordsCounted(dict(sorted(promises.items())), dict(sorted(plans.items())))


def _counts(rows: QuerySet[Any], field: str) -> dict[str, int]:
    found = rows.order_by().values_list(field).annotate(Count("id"))
    return dict(sorted(found))
