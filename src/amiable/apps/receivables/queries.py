"""Balances: always a query over entries and allocations, never a stored number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from django.db.models import (
    BigIntegerField,
    Case,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from amiable.apps.receivables.models import Allocation, Entry, Installment
from amiable.core.facts import Receipt

# SQLite accepts 32,766 variables a statement since 3.32; stay well below on both databases.
CHUNK = 5000


class OpenItem(NamedTuple):
    """An installment with a balance. Amounts in minor units."""

    id: int
    customer_id: int
    invoice_id: int
    number: str
    kind: str
    issue_date: date
    due_date: date
    currency: str
    total_minor: int
    open_minor: int
    order_reference: str
    payment_reference: str
    missing_since: date | None


def chunks(ids: Collection[int]) -> Iterator[Sequence[int]]:
    """The ids in slices that both databases accept as parameters."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]


def installment_balances(
    organization_id: int, installment_ids: Collection[int], as_of: date | None = None
) -> dict[int, int]:
    """Open amount per installment: its entries minus what is allocated to it, up to `as_of`."""
    balances: dict[int, int] = defaultdict(int)
    scope: dict[str, object] = {
        "organization_id": organization_id,
        "installment_id__among": installment_ids,
    }
    if as_of is not None:
        scope["on_date__lte"] = as_of
    for rows, sign in ((Entry.objects, 1), (Allocation.objects, -1)):
        sums = rows.filter(**scope).values_list("installment_id").annotate(Sum("amount_minor"))
        for installment_id, amount in sums.order_by():
            balances[installment_id] += sign * amount
    return {i: balances[i] for i in installment_ids}


def open_items(organization_id: int, customer_ids: Collection[int] | None = None) -> list[OpenItem]:
    """Open installments (of some customers, or all), oldest due first: one query."""
    installments = Installment.objects.filter(
        organization_id=organization_id, settled_on__isnull=True
    )
    if customer_ids is not None:
        installments = installments.filter(customer_id__among=customer_ids)
    rows = with_sums(installments).values_list(
        "id", "customer_id", "invoice_id", "invoice__number", "invoice__kind",
        "invoice__issue_date", "due_date", "currency", "invoice__total_minor",
        "invoice__order_reference", "invoice__payment_reference", "invoice__missing_since",
        "entered", "allocated",
    )  # fmt: skip
    items = [OpenItem(*row[:9], row[12] - row[13], *row[9:12]) for row in rows.iterator(CHUNK)]
    return sorted(items, key=lambda item: (item.due_date, item.id))


def with_sums(installments: QuerySet[Installment]) -> QuerySet[Installment]:
    """Installments with what was `entered` and what is `allocated`: open is the difference."""
    return installments.annotate(entered=_sum_of(Entry), allocated=_sum_of(Allocation))


def _sum_of(model: type[Entry] | type[Allocation]) -> Coalesce:
    """Correlated sum over an installment's rows: an index look-up each, no long list of ids."""
    rows = model.objects.filter(installment_id=OuterRef("id")).order_by()
    total = rows.values("installment_id").annotate(total=Sum("amount_minor")).values("total")
    return Coalesce(Subquery(total), 0)


def credit_left() -> Combinable:
    """What is left of a credit entry, to annotate entries with: an index look-up each.

    Of a credit note, what the accounts already used elsewhere is gone too, as in
    `allocations.credit_remainders`; such an entry of the accounts is no credit by itself.
    """
    in_books = Entry.objects.filter(
        invoice_id=OuterRef("invoice_id"), installment__isnull=True, kind=Entry.Kind.BOOKS
    ).order_by()
    elsewhere = in_books.values("invoice_id").annotate(total=Sum("amount_minor")).values("total")
    left = -F("amount_minor") - _taken(Allocation, "credit_id") - _taken(Entry, "draws_on_id")
    return Case(
        When(kind=Entry.Kind.BOOKS, then=Value(0)),
        default=left - Coalesce(Subquery(elsewhere), 0),
        output_field=BigIntegerField(),
    )


def credit_rest() -> Combinable:
    """As `credit_left`, also of a credit that was reversed: what had left it otherwise is owed."""
    return credit_left() - _taken(Entry, "reverses_id")


def credits_open(organization_id: int) -> QuerySet[Entry]:
    """Credits with something left, found by the kept fact and nothing else."""
    return Entry.objects.filter(opened__organization_id=organization_id)


def _taken(model: type[Entry] | type[Allocation], column: str) -> Coalesce:
    rows = model.objects.filter(**{column: OuterRef("id")}).order_by()
    total = rows.values(column).annotate(total=Sum("amount_minor")).values("total")
    return Coalesce(Subquery(total), 0)


def unallocated_credits(
    organization_id: int, customer_ids: Collection[int], as_of: date | None = None
) -> dict[tuple[int, str], int]:
    """Credit not yet used on any installment, positive minor units, per (customer, currency).

    As of now it is read from what is open; as of a date, from all there ever was.
    """
    totals: dict[tuple[int, str], int] = defaultdict(int)
    if as_of is None:
        rests = credits_open(organization_id).filter(opened__customer_id__among=customer_ids)
        rows = rests.annotate(rest=credit_rest()).values_list("customer_id", "currency", "rest")
        for customer_id, currency, rest in rows:
            totals[customer_id, currency] += rest
        return {key: amount for key, amount in totals.items() if amount}
    given = Entry.objects.filter(
        organization_id=organization_id, customer_id__among=customer_ids, installment__isnull=True
    )
    credits_given = given.filter(on_date__lte=as_of).values_list("customer_id", "currency")
    used = Allocation.objects.filter(
        credit_id__in=given.values("id"), on_date__lte=as_of
    ).values_list("credit__customer_id", "credit__currency")
    for sums in (credits_given, used):
        for customer_id, currency, amount in sums.annotate(Sum("amount_minor")).order_by():
            totals[customer_id, currency] -= amount
    return {key: amount for key, amount in totals.items() if amount}


def receipts(
    organization_id: int, since: Mapping[int, date]
) -> dict[tuple[int, str], list[Receipt]]:
    """Debt that went away, per (customer, currency) and day, since a day of each customer.

    Money received, credits and settlements learned from the accounts, less what was taken back;
    everything but new invoices.
    """
    found: dict[tuple[int, str], list[Receipt]] = defaultdict(list)
    if not since:
        return found
    rows = (
        Entry.objects.filter(
            organization_id=organization_id,
            customer_id__among=since.keys(),
            on_date__gte=min(since.values()),
        )
        .exclude(kind=Entry.Kind.INVOICE)
        .values_list("customer_id", "currency", "on_date")
        .annotate(Sum("amount_minor"))
        .order_by("on_date")
    )
    for customer_id, currency, on, amount in rows:
        if on >= since[customer_id] and amount:
            found[customer_id, currency].append(Receipt(on, -amount))
    return found
