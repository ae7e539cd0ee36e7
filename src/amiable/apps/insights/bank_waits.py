"""How much waits for a person on the bank pages, cheap enough to be asked with every page."""

from __future__ import annotations

from django.db.models import Count, Model, OuterRef, Q, QuerySet, Subquery

from amiable.apps.banking.models import Rest, StatementLine
from amiable.apps.insights.keeping import Kept, events_mark
from amiable.apps.payments.models import CreditDecision
from amiable.apps.payments.queries import unseen_entries
from amiable.apps.tenants.models import Organization


def bank_waits(organization_id: int) -> int:
    """Proposals to confirm, rests to approve, money to settle and refunds to order.

    One query; another two when something has happened in the organization since the last time.
    """
    found = (
        Organization.objects.filter(pk=organization_id)
        .annotate(
            lines=_counted(StatementLine.objects.filter(state=StatementLine.State.PROPOSED)),
            rests=_counted(Rest.objects.filter(state=Rest.State.WAITING)),
            mark=events_mark(),
        )
        .values_list("lines", "rests", "mark")
    )
    lines, rests, mark = found.first() or (0, 0, "")
    return (lines or 0) + (rests or 0) + _money_to_settle(organization_id, mark=mark)


def _money(organization_id: int) -> int:
    """Money that pays nothing and refunds to order."""
    refunds = CreditDecision.objects.filter(
        organization_id=organization_id, kind=CreditDecision.Kind.REFUND, undone_on__isnull=True
    )
    waiting = refunds.filter(
        Q(made_on__isnull=True, settled_on__isnull=True) | Q(credit__reversed_by__isnull=False)
    )
    return unseen_entries(organization_id).count() + waiting.count()


_money_to_settle: Kept[int] = Kept(_money)


def _counted(rows: QuerySet[Model]) -> Subquery:
    own = rows.filter(organization_id=OuterRef("pk")).order_by().values("organization_id")
    return Subquery(own.annotate(count=Count("id")).values("count"))
