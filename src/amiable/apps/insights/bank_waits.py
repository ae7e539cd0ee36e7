"""How much waits for a person on the bank pages, cheap enough to be asked with every page."""

from __future__ import annotations

import functools

from django.db.models import Count, Model, OuterRef, Q, QuerySet, Subquery

from amiable.apps.audit.models import Event
from amiable.apps.banking.models import Rest, StatementLine
from amiable.apps.payments.models import CreditDecision
from amiable.apps.payments.queries import unseen_entries
from amiable.apps.tenants.models import Organization


def bank_waits(organization_id: int) -> int:
    """Proposals to confirm, rests to approve, money to settle and refunds to order.

    One query; another two when something has happened in the organization since the last time.
    """
    latest = Event.objects.filter(organization_id=OuterRef("pk")).order_by("-id").values("hash")[:1]
    found = (
        Organization.objects.filter(pk=organization_id)
        .annotate(
            lines=_counted(StatementLine.objects.filter(state=StatementLine.State.PROPOSED)),
            rests=_counted(Rest.objects.filter(state=Rest.State.WAITING)),
            mark=Subquery(latest),
        )
        .values_list("lines", "rests", "mark")
    )
    lines, rests, mark = found.first() or (0, 0, "")
    return (lines or 0) + (rests or 0) + _money_to_settle(organization_id, mark or "")


@functools.lru_cache(maxsize=256)
def _money_to_settle(organization_id: int, mark: str) -> int:  # noqa: ARG001  # until it changes
    """Money that pays nothing and refunds to order. Whatever moves them leaves an event: they are
    counted anew when `mark`, the hash of the latest one, is another."""
    refunds = CreditDecision.objects.filter(
        organization_id=organization_id, kind=CreditDecision.Kind.REFUND, undone_on__isnull=True
    )
    waiting = refunds.filter(
        Q(made_on__isnull=True, settled_on__isnull=True) | Q(credit__reversed_by__isnull=False)
    )
    return unseen_entries(organization_id).count() + waiting.count()


def _counted(rows: QuerySet[Model]) -> Subquery:
    own = rows.filter(organization_id=OuterRef("pk")).order_by().values("organization_id")
    return Subquery(own.annotate(count=Count("id")).values("count"))
