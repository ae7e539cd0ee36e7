"""Everything on one customer's page: what is open and in which state, habits, and the history."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Q, Sum

from amiable.apps.cases.models import Case, Dispute, Hold, Promise
from amiable.apps.customers.models import Contact, ContactPoint, Customer, CustomerIban
from amiable.apps.insights.timeline import TimelineEntry, timeline
from amiable.apps.receivables.models import Entry, Installment
from amiable.apps.receivables.queries import OpenItem, open_items, unallocated_credits

HABIT_DAYS = 365


@dataclass(frozen=True, slots=True)
class FileItem:
    """An open item and what holds it. `state`: upcoming, overdue, disputed, held or missing."""

    item: OpenItem
    days_late: int
    state: str
    dispute: Dispute | None = None
    hold: Hold | None = None


@dataclass(frozen=True, slots=True)
class PromiseView:
    """A promise with its derived state: running, kept, broken or cancelled."""

    promise: Promise
    state: str
    paid_minor: int


@dataclass(slots=True)
class Position:
    """What a customer owes in one currency. Amounts in minor units; credit is positive."""

    currency: str
    case_id: int | None
    items: list[FileItem] = field(default_factory=list)
    open_minor: int = 0
    overdue_minor: int = 0
    disputed_minor: int = 0
    credit_minor: int = 0
    holds: list[Hold] = field(default_factory=list)
    promises: list[PromiseView] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Habit:
    """How the customer paid over a year, weighted by amount. Days; `count` settled invoices."""

    count: int
    days_to_pay: int
    days_late: int
    on_time_percent: int


@dataclass(frozen=True, slots=True)
class CustomerFile:
    """The page of one customer."""

    customer: Customer
    contacts: list[Contact]
    points: list[ContactPoint]
    ibans: list[str]
    positions: list[Position]
    habit: Habit | None
    history: list[TimelineEntry]

    @property
    def case_ids(self) -> list[int]:
        return [position.case_id for position in self.positions if position.case_id is not None]


def customer_file(organization_id: int, customer_id: int, on: date) -> CustomerFile | None:
    """The file of a customer of this organization, or None. A fixed number of queries."""
    customer = (
        Customer.objects.filter(organization_id=organization_id, id=customer_id)
        .select_related("creditor")
        .first()
    )
    if customer is None:
        return None
    cases = {
        case.currency: case
        for case in Case.objects.filter(organization_id=organization_id, customer_id=customer_id)
    }
    return CustomerFile(
        customer=customer,
        contacts=list(Contact.objects.filter(customer=customer).order_by("id")),
        points=list(ContactPoint.objects.filter(customer=customer).order_by("kind", "position")),
        ibans=list(CustomerIban.objects.filter(customer=customer).values_list("iban", flat=True)),
        positions=_positions(organization_id, customer_id, cases, on),
        habit=_habit(customer, on),
        history=timeline(organization_id, customer_id, [case.id for case in cases.values()]),
    )


def _positions(
    organization_id: int, customer_id: int, cases: dict[str, Case], on: date
) -> list[Position]:
    case_ids = [case.id for case in cases.values()]
    items = open_items(organization_id, [customer_id])
    unused = unallocated_credits(organization_id, [customer_id])
    disputes = {
        dispute.installment_id: dispute
        for dispute in Dispute.objects.filter(case_id__in=case_ids, closed_on__isnull=True)
    }
    holds = list(
        Hold.objects.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on), case_id__in=case_ids)
        .select_related("installment__invoice")
        .order_by("starts_on")
    )
    positions = {
        currency: Position(currency, case.id, holds=[h for h in holds if h.case_id == case.id])
        for currency, case in sorted(cases.items())
    }
    for item in items:
        position = positions.setdefault(item.currency, Position(item.currency, None))
        position.items.append(_file_item(item, disputes.get(item.id), holds, on))
    for (_, currency), credit in unused.items():
        positions.setdefault(currency, Position(currency, None)).credit_minor = credit
    for position in positions.values():
        _sum_up(position)
        if position.case_id is not None:
            position.promises = _promises(position.case_id, customer_id, on)
    return list(positions.values()) or [Position("EUR", None)]


def _file_item(item: OpenItem, dispute: Dispute | None, holds: list[Hold], on: date) -> FileItem:
    days = (on - item.due_date).days
    hold = next((h for h in holds if h.installment_id == item.id and h.starts_on <= on), None)
    state = "overdue" if days > 0 else "upcoming"
    if item.missing_since:
        state = "missing"
    elif dispute:
        state = "disputed"
    elif hold:
        state = "held"
    return FileItem(item, days, state, dispute, hold)


def _sum_up(position: Position) -> None:
    position.open_minor = sum(x.item.open_minor for x in position.items)
    position.overdue_minor = sum(x.item.open_minor for x in position.items if x.days_late > 0)
    position.disputed_minor = sum(
        min(x.dispute.amount_minor or x.item.open_minor, x.item.open_minor)
        for x in position.items
        if x.dispute
    )


def _promises(case_id: int, customer_id: int, on: date) -> list[PromiseView]:
    """The promises of a case; each is kept when payments since it was made reach its amount."""
    views = []
    for promise in Promise.objects.filter(case_id=case_id).order_by("-due_on", "-id")[:20]:
        until = promise.due_on + timedelta(days=promise.grace_days)
        paid = -(
            Entry.objects.filter(
                customer_id=customer_id,
                kind__in=[Entry.Kind.PAYMENT, Entry.Kind.RETURN],
                on_date__gte=promise.made_on,
                on_date__lte=until,
            ).aggregate(total=Sum("amount_minor"))["total"]
            or 0
        )
        state = "kept" if paid >= promise.amount_minor else "running" if on <= until else "broken"
        if promise.cancelled_on:
            state = "cancelled"
        views.append(PromiseView(promise, state, max(paid, 0)))
    return views


def _habit(customer: Customer, on: date) -> Habit | None:
    """Settled invoices of the last year: sum(amount x days) / sum(amount)."""
    rows: list[Any] = list(
        Installment.objects.filter(
            customer=customer,
            invoice__kind="invoice",
            settled_on__gt=on - timedelta(days=HABIT_DAYS),
        ).values_list("settled_on", "due_date", "invoice__issue_date", "invoice__total_minor")
    )
    total = sum(row[3] for row in rows)
    if not total:
        return None
    on_time = sum(1 for row in rows if row[0] <= row[1])
    return Habit(
        count=len(rows),
        days_to_pay=round(sum((row[0] - row[2]).days * row[3] for row in rows) / total),
        days_late=round(sum((row[0] - row[1]).days * row[3] for row in rows) / total),
        on_time_percent=100 * on_time // len(rows),
    )
