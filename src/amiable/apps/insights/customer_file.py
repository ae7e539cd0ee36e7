"""Everything on one customer's page: what is open and in which state, habits, and the history."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Q

from amiable.apps.cases.models import Case, Dispute, Hold
from amiable.apps.cases.queries import Claimable, Given, words_given
from amiable.apps.customers.models import Contact, ContactPoint, Customer, CustomerIban
from amiable.apps.insights.case_decision import CaseDecision, ItemDecision, decisions
from amiable.apps.insights.timeline import TimelineEntry, timeline
from amiable.apps.receivables.models import Installment
from amiable.apps.receivables.queries import OpenItem, open_items, unallocated_credits

HABIT_DAYS = 365


@dataclass(slots=True)
class FileItem:
    """An open item and what holds it. `state`: upcoming, overdue, disputed, held, missing,
    promised or planned; `decision` = where it stands in the scenario, once positions_decide ran."""

    item: OpenItem
    days_late: int
    state: str
    dispute: Dispute | None = None
    hold: Hold | None = None
    decision: ItemDecision | None = None

    @property
    def disputed_part_minor(self) -> int:
        """What is disputed of it, when the rest is still asked for; else 0."""
        amount = self.dispute.amount_minor if self.dispute else None
        return amount if amount is not None and amount < self.item.open_minor else 0


@dataclass(slots=True)
class Position:
    """What a customer owes in one currency. Amounts in minor units; credit is positive.

    `given` = what was promised, and what came of it. `decision` = what happens next, once
    positions_decide ran.
    """

    currency: str
    case_id: int | None
    items: list[FileItem] = field(default_factory=list)
    open_minor: int = 0
    overdue_minor: int = 0
    disputed_minor: int = 0
    credit_minor: int = 0
    holds: list[Hold] = field(default_factory=list)
    given: Given = field(default_factory=Given)
    decision: CaseDecision | None = None

    @property
    def claimable(self) -> Claimable:
        """What may still be promised, or paid in parts."""
        running = (s.remaining_minor for s in self.given.standings if s.state == "running")
        return Claimable(self.open_minor, self.disputed_minor, self.credit_minor, sum(running))


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
    points: list[ContactPoint]  # with their contacts, the usual ones first
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
    case_ids = [case.id for case in cases.values()]
    given = words_given(organization_id, case_ids, on=on)
    broken = [each for words in given.values() for each in words.broken]
    points = ContactPoint.objects.filter(customer=customer).order_by("kind", "position", "id")
    return CustomerFile(
        customer=customer,
        contacts=list(Contact.objects.filter(customer=customer).order_by("id")),
        points=list(points),
        ibans=list(CustomerIban.objects.filter(customer=customer).values_list("iban", flat=True)),
        positions=_positions(organization_id, customer_id, cases, given, on),
        habit=_habit(customer, on),
        history=timeline(organization_id, customer_id, case_ids, broken=broken),
    )


def positions_decide(organization_id: int, file: CustomerFile, *, on: date) -> None:
    """Add to the file what the planner decides for each case and item, as of now."""
    decided = decisions(organization_id, file.case_ids, on=on)
    for position in file.positions:
        position.decision = decided.get(position.case_id or 0)
        if position.decision is None:
            continue
        for row in position.items:
            row.decision = position.decision.items.get(row.item.id)
            if row.decision and row.decision.is_covered and row.state in {"overdue", "upcoming"}:
                row.state = "planned" if row.decision.in_plan else "promised"


def _positions(
    organization_id: int,
    customer_id: int,
    cases: dict[str, Case],
    given: dict[int, Given],
    on: date,
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
        currency: Position(
            currency,
            case.id,
            holds=[h for h in holds if h.case_id == case.id],
            given=given.get(case.id, Given()),
        )
        for currency, case in sorted(cases.items())
    }
    for item in items:
        position = positions.setdefault(item.currency, Position(item.currency, None))
        position.items.append(file_item(item, dispute=disputes.get(item.id), holds=holds, on=on))
    for (_, currency), credit in unused.items():
        positions.setdefault(currency, Position(currency, None)).credit_minor = credit
    for position in positions.values():
        _sum_up(position)
    return list(positions.values()) or [Position("EUR", None)]


def file_item(item: OpenItem, *, dispute: Dispute | None, holds: list[Hold], on: date) -> FileItem:
    """An open item with what holds it on a day."""
    days = (on - item.due_date).days
    hold = next((h for h in holds if h.installment_id == item.id and h.starts_on <= on), None)
    state = "overdue" if days > 0 else "upcoming"
    if item.missing_since:
        state = "missing"
    elif dispute and (dispute.amount_minor is None or dispute.amount_minor >= item.open_minor):
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
