"""Facts behind the figures, as of any date, from dated entries and allocations only.

Nothing cached is read (not even `settled_on`), so that a past date gives what it gave then. One
query each, grouped in the database; amounts in minor units.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db import connection
from django.db.models import Case, F, Q, Sum, Value, When

from amiable.apps.cases.models import Dispute
from amiable.apps.receivables.models import Allocation, Entry
from amiable.apps.receivables.queries import installment_balances
from amiable.core.kpi import Paid

# The only union of the project: the ORM cannot group over one. Standard SQL, no parameter of it
# comes from a user's text.
_RESIDUALS = """
SELECT i.customer_id, i.currency, i.due_date, COUNT(*), SUM(open_items.amount_minor)
FROM (
    SELECT moves.installment_id, SUM(moves.amount_minor) AS amount_minor
    FROM (
        SELECT installment_id, amount_minor FROM receivables_entry
        WHERE organization_id = %s AND installment_id IS NOT NULL AND on_date <= %s
        UNION ALL
        SELECT installment_id, -amount_minor FROM receivables_allocation
        WHERE organization_id = %s AND on_date <= %s
    ) moves
    GROUP BY moves.installment_id
    HAVING SUM(moves.amount_minor) <> 0
) open_items
JOIN receivables_installment i ON i.id = open_items.installment_id
GROUP BY i.customer_id, i.currency, i.due_date
"""

SALES = (Entry.Kind.INVOICE, Entry.Kind.CREDIT_NOTE)
CASH = (Entry.Kind.PAYMENT, Entry.Kind.RETURN)


@dataclass(frozen=True, slots=True)
class Residual:
    """Open items of one customer that fall due on one day: how many, and what is left."""

    customer_id: int
    currency: str
    due_date: date
    count: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Level:
    """The balance at the end of a day: all open items, and those not yet due."""

    total_minor: int
    not_due_minor: int


@dataclass(slots=True)
class Movements:
    """Movements of a currency up to a day. `net_minor` = all entries: what is owed less credits."""

    net_minor: int = 0
    sales_by_day: dict[date, int] = field(default_factory=dict)
    cash_by_day: dict[date, int] = field(default_factory=dict)


def residuals(organization_id: int, as_of: date) -> list[Residual]:
    """What is left to pay per customer, currency and due date. One query."""
    day = as_of.isoformat()
    with connection.cursor() as cursor:
        cursor.execute(_RESIDUALS, [organization_id, day, organization_id, day])
        return [
            Residual(customer_id, currency, _as_date(due), count, int(amount))
            for customer_id, currency, due, count, amount in cursor.fetchall()
        ]


def unallocated(organization_id: int, as_of: date) -> dict[tuple[int, str], int]:
    """Credit not used on any item, positive, per (customer, currency). Two queries."""
    left: dict[tuple[int, str], int] = defaultdict(int)
    scope = {"organization_id": organization_id, "on_date__lte": as_of}
    account = Entry.objects.filter(installment__isnull=True, **scope)
    used = Allocation.objects.filter(**scope).annotate(
        customer_id=F("credit__customer_id"), currency=F("credit__currency")
    )
    for rows in (account, used):
        sums = rows.values_list("customer_id", "currency").annotate(Sum("amount_minor"))
        for customer_id, currency, amount in sums.order_by():
            left[customer_id, currency] -= amount
    return {key: amount for key, amount in left.items() if amount}


def movements(organization_id: int, as_of: date) -> dict[str, Movements]:
    """Sales, cash and net of every day up to `as_of`, per currency. One query, one scan."""
    rows = (
        Entry.objects.filter(organization_id=organization_id, on_date__lte=as_of)
        .values_list("currency", "on_date")
        .annotate(
            net=Sum("amount_minor"),
            sales=Sum("amount_minor", filter=Q(kind__in=SALES), default=0),
            cash=Sum("amount_minor", filter=Q(kind__in=CASH), default=0),
        )
    )
    found: dict[str, Movements] = defaultdict(Movements)
    for currency, day, net, sales, cash in rows.order_by():
        movement = found[currency]
        movement.net_minor += net
        if sales:
            movement.sales_by_day[day] = sales
        if cash:
            movement.cash_by_day[day] = -cash
    return dict(found)


def levels(organization_id: int, days: Collection[date]) -> dict[str, dict[date, Level]]:
    """Balances at the end of several days, per currency. Two queries for any number of days."""
    ordered = sorted(set(days))
    # Each movement belongs to the first of the days that sees it; later days see it too.
    first_seen = Case(*[When(on_date__lte=day, then=Value(i)) for i, day in enumerate(ordered)])
    scope = {"organization_id": organization_id, "on_date__lte": ordered[-1]}
    entries = Entry.objects.filter(installment__isnull=False, **scope)
    found: dict[str, list[list[int]]] = defaultdict(lambda: [[0, 0] for _ in ordered])
    for rows, sign in ((entries, 1), (Allocation.objects.filter(**scope), -1)):
        sums = (
            rows.annotate(seen=first_seen)
            .values_list("installment__currency", "seen", "installment__due_date")
            .annotate(Sum("amount_minor"))
        )
        for currency, seen, due, amount in sums.order_by():
            for index in range(seen, len(ordered)):
                level = found[currency][index]
                level[0] += sign * amount
                level[1] += sign * amount if due >= ordered[index] else 0
    return {
        currency: {day: Level(*amounts[index]) for index, day in enumerate(ordered)}
        for currency, amounts in found.items()
    }


def paid(organization_id: int, as_of: date, days: int) -> dict[str, list[Paid]]:
    """Payments of the last `days` days that settle items, per currency. One query.

    A payment counts on the day it was received, on each item it pays; what was taken back by
    `as_of` does not count. Credit notes and settlements learned from the books are no payments.
    """
    scope = {"organization_id": organization_id, "on_date__lte": as_of}
    # A list computed once, not a join: where nearly no row reverses another, SQLite's statistics
    # make it scan the whole table for each row of such a join.
    taken_back = Allocation.objects.filter(reverses__isnull=False, **scope).values("reverses_id")
    rows = (
        Allocation.objects.filter(
            **scope,
            reverses__isnull=True,
            credit__kind=Entry.Kind.PAYMENT,
            credit__on_date__lte=as_of,
            credit__on_date__gt=as_of - timedelta(days=days),
        )
        .exclude(id__in=taken_back)
        .values_list(
            "installment__currency",
            "installment__invoice__issue_date",
            "installment__due_date",
            "credit__on_date",
        )
        .annotate(Sum("amount_minor"))
    )
    found: dict[str, list[Paid]] = defaultdict(list)
    for currency, issued, due, received, amount in rows.order_by():
        found[currency].append(Paid(amount, issued, due, received))
    return dict(found)


def disputed(organization_id: int, as_of: date) -> dict[str, int]:
    """What is in dispute and still open, per currency; never more than an item's balance."""
    still_open = Q(closed_on__isnull=True) | Q(closed_on__gt=as_of)
    rows = Dispute.objects.filter(
        still_open, organization_id=organization_id, opened_on__lte=as_of
    ).values_list("installment_id", "installment__currency", "amount_minor")
    claims: dict[int, tuple[str, int | None]] = {
        item: (currency, amount) for item, currency, amount in rows
    }
    balances = installment_balances(organization_id, claims, as_of)
    totals: dict[str, int] = defaultdict(int)
    for item, (currency, amount) in claims.items():
        balance = max(0, balances[item])
        totals[currency] += balance if amount is None else min(amount, balance)
    return dict(totals)


def _as_date(value: date | str) -> date:
    """A date as a raw cursor gives it: text on SQLite, a date on PostgreSQL."""
    return value if isinstance(value, date) else date.fromisoformat(value)
