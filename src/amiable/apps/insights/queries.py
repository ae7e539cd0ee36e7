"""Figures as of any date: aged balance, DSO and what a dashboard shows. Never across currencies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from amiable.apps.customers.models import Customer
from amiable.apps.insights import balances
from amiable.apps.insights.balances import Level, Movements, Residual
from amiable.apps.insights.figures import PERIOD_DAYS, Facts, Figures, figures, perimeter
from amiable.apps.insights.models import Snapshot
from amiable.apps.receivables.queries import chunks
from amiable.core import kpi
from amiable.core.kpi import Aging, DueBalance, Figure, Paid

HISTORY_MONTHS = 12
TOP_CUSTOMERS = 10
DEFAULT_CURRENCY = "EUR"
NOTHING = Level(0, 0)


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
    return _figures(_load(organization_id, on, days), days)


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
    known = _load(organization_id, on, PERIOD_DAYS, history_days=_month_ends(on))
    currencies = _figures(known, PERIOD_DAYS)
    main = currencies[0].currency
    mine = [row for row in known.residuals if row.currency == main]
    monday = on - timedelta(days=on.weekday())
    cash = known.movements.get(main, Movements()).cash_by_day
    return Dashboard(
        on=on,
        currencies=currencies,
        history=_history(known, main),
        top_overdue=_top(organization_id, mine, on),
        week_starts_on=monday,
        cash_in_week_minor=sum(amount for day, amount in cash.items() if day >= monday),
        customers_count=len({row.customer_id for row in mine}),
        overdue_customers_count=len({row.customer_id for row in mine if row.due_date < on}),
    )


def snapshots(organization_id: int, currency: str, *, since: date) -> list[Snapshot]:
    """The figures as they were computed each night, oldest first."""
    return list(
        Snapshot.objects.filter(
            organization_id=organization_id, currency=currency, on_date__gte=since
        ).order_by("on_date")
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What was loaded for one day: every query once, all currencies together."""

    on: date
    residuals: list[Residual]
    movements: dict[str, Movements]
    levels: dict[str, dict[date, Level]]
    opening_day: date
    history_days: Sequence[date]
    paid: dict[str, list[Paid]]
    disputed: dict[str, int]


def _load(
    organization_id: int, on: date, days: int, *, history_days: Sequence[date] = ()
) -> _Known:
    opening_day = on - timedelta(days=days)
    return _Known(
        on=on,
        residuals=balances.residuals(organization_id, on),
        movements=balances.movements(organization_id, on),
        levels=balances.levels(organization_id, [opening_day, *history_days]),
        opening_day=opening_day,
        history_days=history_days,
        paid=balances.paid(organization_id, on, days),
        disputed=balances.disputed(organization_id, on),
    )


def _figures(known: _Known, days: int) -> tuple[Figures, ...]:
    due: dict[str, list[DueBalance]] = defaultdict(list)
    gross: dict[str, int] = defaultdict(int)
    for row in known.residuals:
        due[row.currency].append(_due_balance(row))
        gross[row.currency] += row.amount_minor
    found = []
    for currency in {*due, *known.movements} or {DEFAULT_CURRENCY}:
        moved = known.movements.get(currency, Movements())
        levels = known.levels.get(currency, {})
        facts = Facts(
            currency=currency,
            as_of=known.on,
            balances=due.get(currency, ()),
            # Allocations move nothing in or out of a currency: what is not on items is unused.
            unallocated_minor=gross[currency] - moved.net_minor,
            disputed_minor=known.disputed.get(currency, 0),
            opening_minor=levels.get(known.opening_day, NOTHING).total_minor,
            sales_by_day=moved.sales_by_day,
            paid=known.paid.get(currency, ()),
        )
        found.append(figures(facts, days=days))
    return tuple(sorted(found, key=lambda f: (-f.aging.count, f.currency)))


def _history(known: _Known, currency: str) -> tuple[HistoryPoint, ...]:
    """Balance and count-back DSO at the end of each history day, from facts."""
    sales = known.movements.get(currency, Movements()).sales_by_day
    gross, not_due = perimeter("gross", currency), perimeter("not_due", currency)
    points = []
    for day in known.history_days:
        level = known.levels.get(currency, {}).get(day, NOTHING)
        best = kpi.dso_count_back(
            level.not_due_minor, sales, day, perimeter=not_due, code="best_possible_dso"
        )
        points.append(
            HistoryPoint(
                on=day,
                outstanding_minor=level.total_minor,
                overdue_minor=level.total_minor - level.not_due_minor,
                dso=kpi.dso_count_back(level.total_minor, sales, day, perimeter=gross),
                best_possible_dso=best,
            )
        )
    return tuple(points)


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


def _month_ends(on: date) -> list[date]:
    """The last HISTORY_MONTHS month ends before `on`, oldest first, then `on` itself."""
    days = [on]
    for _ in range(HISTORY_MONTHS):
        days.append(days[-1].replace(day=1) - timedelta(days=1))
    return days[::-1]
