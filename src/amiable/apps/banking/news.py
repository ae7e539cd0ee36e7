"""Whether there is anything new to match: a mark of what decisions on waiting lines rest on.

Whoever changes such a fact records an event or adds a row that is looked at here. Take the mark
before a run, so that the next one sees what happened meanwhile. Another day, another mark.
"""

from __future__ import annotations

from datetime import date

from django.db.models import Count, Max, Model

from amiable.apps.audit.models import Event
from amiable.apps.banking.identity import digest
from amiable.apps.banking.models import StatementLine
from amiable.apps.banking.opening import WAITING
from amiable.apps.banking.terms import limits_of
from amiable.apps.customers.models import Customer, CustomerIban
from amiable.apps.payments.models import CreditDecision, Payment, Payout, VirtualIban
from amiable.apps.receivables.models import Allocation, Entry

# Rows that are only ever added: the newest one tells whether there are more.
_ADDED: tuple[type[Model], ...] = (
    Event, Entry, Allocation, Payment, Payout, CreditDecision, Customer, VirtualIban,
)  # fmt: skip


def news_mark(organization_id: int, *, on: date) -> str:
    """The mark of a day: a short text, made by a fixed number of queries."""
    limits = limits_of(organization_id)
    return digest(
        [
            on.isoformat(),
            [limits.cents_minor, limits.bank_fee_minor, limits.discount_permille],
            _counted(organization_id, StatementLine, state__in=WAITING),
            _counted(organization_id, CustomerIban),
            [_newest(organization_id, model) for model in _ADDED],
        ]
    )


def _counted(organization_id: int, model: type[Model], **scope: object) -> list[int]:
    rows = model._default_manager.filter(organization_id=organization_id, **scope)
    found = rows.aggregate(count=Count("id"), last=Max("id"))
    return [found["count"], found["last"] or 0]


def _newest(organization_id: int, model: type[Model]) -> int:
    rows = model._default_manager.filter(organization_id=organization_id).order_by("-id")
    return rows.values_list("id", flat=True).first() or 0
