"""Figures as of any date: aged balance, DSO and what a dashboard shows. Never across currencies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from amiable.apps.customers.models import Customer
from amiable.apps.insights import balances
from amiable.apps.insights.balances import Residual
from amiable.apps.insights.figures import PERIOD_DAYS, Facts, Figures, figures, perimeter
from amiable.apps.insights.models import Snapshot
from amiable.apps.receivables.queries import chunks
from amiable.core import kpi
from amiable.core.kpi import Aging, DueBalance, Figure

HISTORY_MONTHS = 12
TOP_CUSTOMERS = 10
DEFAULT_CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class CustomerAging:
    """The aged balance of one customer in one currency; unallocated credit stands apart."""

    customer_id: int
    code: str
    name: str
    currency: str
    aging: Aging
    unallocated_minor: int

    @property
    def net_minor(self) -> int:
        return self.aging.total_minor - self.unallocated_minor


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """Figures at the end of one day of the past. Amounts in minor units."""

    on: date
    outstanding_minor: int
    overdue_minor: int
    dso: Figure
    best_possible_dso: Figure


@dataclass(frozen=True, slots=True)
class TopCustomer:
    """A customer with overdue items. Amounts in minor units, days late of the oldest item."""

    customer_id: int
    code: str
    name: str
    currency: str
    overdue_minor: int
    outstanding_minor: int
    days_late: int


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What a manager sees first. `currencies[0]` is the main currency (most open items).

    History, top customers, cash and counts are of the main currency.
    """

    on: date
    currencies: tuple[Figures, ...]
    history: tuple[HistoryPoint, ...]
    top_overdue: tuple[TopCustomer, ...]
    week_starts_on: date
    cash_in_week_minor: int
    customers_count: int
    overdue_customers_count: int

    @property
    def main(self) -> Figures:
        return self.currencies[0]


def figures_as_of(
    organization_id: int, on: date, *, days: int = PERIOD_DAYS
) -> tuple[Figures, ...]:
    """All figures per currency, main currency first; one of zeros when there is nothing."""
    return _figures(organization_id, on, balances.residuals(organization_id, on), days)


def aged_balance(organization_id: int, on: date) -> list[CustomerAging]:
    """Aged balance per customer and currency, largest overdue first. Unallocated credits apart."""
    due: dict[tuple[int, str], list[DueBalance]] = defaultdict(list)
    for row in balances.residuals(organization_id, on):
        due[row.customer_id, row.currency].append(_due_balance(row))
    unused = balances.unallocated(organization_id, on)
    keys = {*due, *unused}
    names = _customers(organization_id, {customer_id for customer_id, _ in keys})
    rows = [
        CustomerAging(
            customer_id,
            *names[customer_id],
            currency,
            kpi.aged_balance(due.get((customer_id, currency), ()), on),
            unused.get((customer_id, currency), 0),
        )
        for customer_id, currency in keys
    ]
    return sorted(
        rows, key=lambda r: (r.currency, -r.aging.overdue_minor, -r.aging.total_minor, r.code)
    )


def dashboard(organization_id: int, on: date) -> Dashboard:
    """Everything of the first page in a fixed number of queries."""
    rows = balances.residuals(organization_id, on)
    currencies = _figures(organization_id, on, rows, PERIOD_DAYS)
    main = currencies[0].currency
    mine = [row for row in rows if row.currency == main]
    monday = on - timedelta(days=on.weekday())
    cash = balances.cash_in(organization_id, monday, on)
    return Dashboard(
        on=on,
        currencies=currencies,
        history=history(organization_id, on, currency=main),
        top_overdue=_top(organization_id, mine, on),
        week_starts_on=monday,
        cash_in_week_minor=cash.get(main, 0),
        customers_count=len({row.customer_id for row in mine}),
        overdue_customers_count=len({row.customer_id for row in mine if row.due_date < on}),
    )


def history(
    organization_id: int, on: date, *, currency: str, months: int = HISTORY_MONTHS
) -> tuple[HistoryPoint, ...]:
    """Balance and DSO at the last `months` month ends before `on`, then on `on`; from facts."""
    days = _month_ends(on, months)
    levels = balances.levels(organization_id, days).get(currency, {})
    sales = balances.sales_by_day(organization_id, on).get(currency, {})
    gross, not_due = perimeter("gross", currency), perimeter("not_due", currency)
    points = []
    for day in days:
        level = levels.get(day, balances.Level(0, 0))
        points.append(
            HistoryPoint(
                on=day,
                outstanding_minor=level.total_minor,
                overdue_minor=level.total_minor - level.not_due_minor,
                dso=kpi.dso_count_back(level.total_minor, sales, day, perimeter=gross),
                best_possible_dso=kpi.dso_count_back(
                    level.not_due_minor,
                    sales,
                    day,
                    perimeter=not_due,
                    code="best_possible_dso",
                ),
            )
        )
    return tuple(points)


def snapshots(organization_id: int, currency: str, *, since: date) -> list[Snapshot]:
    """The figures as they were computed each night, oldest first."""
    return list(
        Snapshot.objects.filter(
            organization_id=organization_id, currency=currency, on_date__gte=since
        ).order_by("on_date")
    )


def _figures(
    organization_id: int, on: date, rows: Iterable[Residual], days: int
) -> tuple[Figures, ...]:
    due: dict[str, list[DueBalance]] = defaultdict(list)
    for row in rows:
        due[row.currency].append(_due_balance(row))
    unused: dict[str, int] = defaultdict(int)
    for (_, currency), amount in balances.unallocated(organization_id, on).items():
        unused[currency] += amount
    sales = balances.sales_by_day(organization_id, on)
    opening_day = on - timedelta(days=days)
    openings = balances.levels(organization_id, [opening_day])
    paid = balances.paid(organization_id, on, days)
    disputed = balances.disputed(organization_id, on)
    currencies = {*due, *unused, *sales} or {DEFAULT_CURRENCY}
    found = [
        figures(
            Facts(
                currency=currency,
                as_of=on,
                balances=due.get(currency, ()),
                unallocated_minor=unused.get(currency, 0),
                disputed_minor=disputed.get(currency, 0),
                opening_minor=openings[currency][opening_day].total_minor
                if currency in openings
                else 0,
                sales_by_day=sales.get(currency, {}),
                paid=paid.get(currency, ()),
            ),
            days=days,
        )
        for currency in currencies
    ]
    return tuple(sorted(found, key=lambda f: (-f.aging.count, f.currency)))


def _top(organization_id: int, rows: Iterable[Residual], on: date) -> tuple[TopCustomer, ...]:
    overdue: dict[int, int] = defaultdict(int)
    total: dict[int, int] = defaultdict(int)
    oldest: dict[int, date] = {}
    currency = DEFAULT_CURRENCY
    for row in rows:
        currency = row.currency
        total[row.customer_id] += row.amount_minor
        if row.due_date < on:
            overdue[row.customer_id] += row.amount_minor
            oldest[row.customer_id] = min(row.due_date, oldest.get(row.customer_id, on))
    first = sorted(overdue, key=lambda i: (-overdue[i], i))[:TOP_CUSTOMERS]
    names = _customers(organization_id, set(first))
    return tuple(
        TopCustomer(i, *names[i], currency, overdue[i], total[i], (on - oldest[i]).days)
        for i in first
    )


def _customers(organization_id: int, ids: set[int]) -> dict[int, tuple[str, str]]:
    """Code and name by id."""
    found: dict[int, tuple[str, str]] = {}
    for part in chunks(ids):
        rows = Customer.objects.filter(organization_id=organization_id, id__in=part)
        for customer_id, code, name in rows.values_list("id", "code", "name"):
            found[customer_id] = (code, name)
    return found


def _due_balance(row: Residual) -> DueBalance:
    return DueBalance(row.due_date, row.count, row.amount_minor)


def _month_ends(on: date, months: int) -> list[date]:
    """The last `months` month ends before `on`, oldest first, then `on` itself."""
    days = [on]
    for _ in range(months):
        days.append(days[-1].replace(day=1) - timedelta(days=1))
    return days[::-1]
