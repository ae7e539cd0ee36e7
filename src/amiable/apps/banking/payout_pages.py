"""Reads of payouts for people: where each stands, what it is made of, which are late."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, When

from amiable.apps.banking.models import Match
from amiable.apps.banking.payout_doubts import doubts
from amiable.apps.banking.payout_parts import PartReading, part_readings, settled_as
from amiable.apps.banking.payouts import WAITED_FOR
from amiable.apps.banking.queries import LineView, lines
from amiable.apps.payments.models import Payout, PayoutPart
from amiable.core.money import Money
from amiable.core.payouts import provider_label
from amiable.core.workdays import add_workdays

State = Literal["on_its_way", "late", "arrived", "failed"]
STATES: tuple[State, ...] = ("late", "on_its_way", "arrived", "failed")
# A bank shows a transfer within days; after so many workdays somebody should look.
LATE_WORKDAYS = 4
MOST_DOUBTED = 20  # posted lines that may be payouts, shown at once
_RANKS = [When(kind=kind, then=rank) for rank, kind in enumerate(PayoutPart.Kind.values, 1)]
_SUMS = F("gross_minor") - F("back_minor") - F("fees_minor") + F("other_minor")


@dataclass(frozen=True, slots=True)
class PayoutView:
    """A payout as the console shows it. `difference` None = it adds up; `line_id` = the bank line
    that shows it; `unknown` = its payments that are on no account; `told` False = the provider
    does not say what it holds."""

    id: int
    provider: str
    name: str
    arrives_on: date
    state: State
    net: Money
    gross: Money
    back: Money
    fees: Money
    other: Money
    payments: int
    backs: int
    difference: Money | None
    unknown: int
    line_id: int | None
    booked_on: date | None
    source: str

    @property
    def told(self) -> bool:
        amounts = (self.fees.amount_minor, self.other.amount_minor)
        return any((self.payments, self.backs, *amounts))


@dataclass(frozen=True, slots=True)
class PartView:
    """A movement of a payout; `reading` = whose a payment made past us may be; `can_undo` = a
    person entered it from here."""

    id: int
    kind: str
    on: date | None
    label: str
    payer_name: str
    reference: str
    amount: Money
    fee: Money
    net: Money
    customer_id: int | None
    customer: str
    is_reversed: bool
    can_undo: bool
    reading: PartReading | None = None


class Late(NamedTuple):
    """Payouts that no bank line shows although they should have arrived."""

    count: int
    since: date
    amounts: tuple[Money, ...]


def payouts_page(
    organization_id: int, *, on: date, state: str = "", limit: int = 50, offset: int = 0
) -> tuple[list[PayoutView], dict[str, int]]:
    """Payouts, the latest first, and how many there are of each state ("differs" = does not add
    up, whatever its state), in a fixed number of queries."""
    rows = _rows(organization_id)
    tied = Payout.objects.filter(organization_id=organization_id).annotate(line_id=_line("line_id"))
    counts: dict[str, int] = tied.aggregate(
        **{name: Count("id", filter=where) for name, where in _wheres(on).items()}
    )
    shown = rows.filter(_wheres(on)[state]) if state in _wheres(on) else rows
    page = shown.order_by("-arrives_on", "-id")[offset : offset + limit]
    return [_view(row, on) for row in page], counts


def payout_page(organization_id: int, payout_id: int, *, on: date) -> PayoutView | None:
    """One payout, or None."""
    row = _rows(organization_id).filter(id=payout_id).first()
    return _view(row, on) if row else None


def parts_page(
    organization_id: int, payout_id: int, *, on: date, limit: int = 100, offset: int = 0
) -> tuple[list[PartView], int]:
    """Its movements, those to settle first, then by kind, and how many there are."""
    rows = PayoutPart.objects.filter(organization_id=organization_id, payout_id=payout_id)
    unknown = Q(kind=PayoutPart.Kind.PAYMENT, payment=None)
    page = list(
        rows.annotate(rank=Case(When(unknown, then=0), *_RANKS, default=9))
        .select_related("payout", "payment__customer", "payment__entry__reversed_by")
        .order_by("rank", "on_date", "id")[offset : offset + limit]
    )
    open_ = [part for part in page if part.kind == "payment" and part.payment_id is None]
    readings = part_readings(organization_id, open_, on=on) if open_ else {}
    return [_part(part, readings.get(part.pk)) for part in page], rows.count()


def payouts_late(organization_id: int, *, on: date) -> Late | None:
    """Those that should be on the account by now and are on no statement; None = none is."""
    rows = _rows(organization_id).filter(_wheres(on)["late"]).order_by("arrives_on")
    found = list(rows.values_list("arrives_on", "net_minor", "currency"))
    if not found:
        return None
    sums: Counter[str] = Counter()
    for _, net, currency in found:
        sums[currency] += net
    amounts = tuple(Money(sums[currency], currency) for currency in sorted(sums))
    return Late(len(found), found[0][0], amounts)


def doubted_lines(organization_id: int, payout_id: int | None = None) -> list[LineView]:
    """Posted lines that a report says are payouts, or one payout, until a person decides."""
    rows = doubts(organization_id)
    if payout_id is not None:
        rows = rows.filter(payout_id=payout_id)
    ids = list(rows.order_by("-line_id").values_list("line_id", flat=True)[:MOST_DOUBTED])
    return lines(organization_id, line_ids=ids) if ids else []


def _rows(organization_id: int) -> QuerySet[Payout]:
    unknown = Q(parts__kind=PayoutPart.Kind.PAYMENT, parts__payment=None)
    return Payout.objects.filter(organization_id=organization_id).annotate(
        line_id=_line("line_id"),
        booked_on=_line("line__booked_on"),
        unknown=Count("parts", filter=unknown),
    )


def _line(field: str) -> Subquery:
    """Of the bank line that shows a payout."""
    posted = Match.objects.filter(payout=OuterRef("id"), state=Match.State.POSTED)
    return Subquery(posted.values(field)[:1])


def _wheres(on: date) -> dict[str, Q]:
    untied = Q(line_id=None) & ~Q(standing=Payout.Standing.FAILED) & ~Q(net_minor=0)
    due = _due(on)
    return {
        "late": untied & Q(arrives_on__lt=due, arrives_on__gte=on - WAITED_FOR),
        "on_its_way": untied & Q(arrives_on__gte=due),
        "arrived": Q(line_id__isnull=False),
        "failed": Q(standing=Payout.Standing.FAILED, line_id=None),
        "differs": ~Q(net_minor=_SUMS) & ~Q(payments=0, backs=0, fees_minor=0, other_minor=0),
    }


def _due(on: date) -> date:
    """What was to arrive before this day is late."""
    return add_workdays(on, -LATE_WORKDAYS)


def _view(row: Payout, on: date) -> PayoutView:
    def money(amount: int) -> Money:
        return Money(amount, row.currency)

    line_id, booked_on = row.line_id, row.booked_on  # type: ignore[attr-defined]  # annotated
    return PayoutView(
        id=row.pk,
        provider=provider_label(row.provider),
        name=row.name,
        arrives_on=row.arrives_on,
        state=_state(row, line_id, on),
        net=money(row.net_minor),
        gross=money(row.gross_minor),
        back=money(row.back_minor),
        fees=money(row.fees_minor),
        other=money(row.other_minor),
        payments=row.payments,
        backs=row.backs,
        difference=money(row.difference_minor) if row.difference_minor else None,
        unknown=row.unknown,  # type: ignore[attr-defined]
        line_id=line_id,
        booked_on=booked_on,
        source=row.source,
    )


def _state(row: Payout, line_id: int | None, on: date) -> State:
    if line_id:
        return "arrived"
    if row.standing == Payout.Standing.FAILED:
        return "failed"
    return "late" if row.arrives_on < _due(on) and row.net_minor else "on_its_way"


def _part(part: PayoutPart, reading: PartReading | None) -> PartView:
    currency, payment = part.payout.currency, part.payment
    return PartView(
        id=part.pk,
        kind=part.kind,
        on=part.on_date,
        label=part.label,
        payer_name=part.payer_name,
        reference=part.reference,
        amount=Money(part.amount_minor, currency),
        fee=Money(part.fee_minor, currency),
        net=Money(part.amount_minor - part.fee_minor, currency),
        customer_id=payment.customer_id if payment else None,
        customer=payment.customer.name if payment else "",
        is_reversed=payment is not None and hasattr(payment.entry, "reversed_by"),
        can_undo=payment is not None and payment.reference == settled_as(part.payout),
        reading=reading,
    )
