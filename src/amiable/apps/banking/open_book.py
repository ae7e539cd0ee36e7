"""The installments that a bank line may pay or name, as the matching engine takes them.

Every open one, whatever the lines: whether a reading is the only one shows in the whole book.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from django.db.models import Sum

from amiable.apps.receivables.models import Entry, Installment
from amiable.apps.receivables.queries import CHUNK, chunks, with_sums
from amiable.apps.receivables.write_offs import written_off
from amiable.core.matching.facts import Item, Line
from amiable.core.matching.labels import number_forms, numbers_in

# A settled invoice may be cited again, and a debit returned, for 13 months (EPC rulebook).
MEMORY = timedelta(days=400)
# Whatever was settled so lately is known; older items only when a line may name them.
LATELY = timedelta(days=60)

_FIELDS = (
    "id", "customer_id", "invoice__number", "currency", "due_date",
    "invoice__payment_reference", "invoice__order_reference", "invoice__issue_date",
)  # fmt: skip


def items_known(organization_id: int, lines: Sequence[Line], on: date) -> Iterator[Item]:
    """Open installments; those settled of late; older ones when a line may name them."""
    books = _books(organization_id)
    rows = Installment.objects.filter(organization_id=organization_id)
    numbers: list[str] = []
    # No more columns than the engine asks for: a hundred thousand rows are read each time.
    opened = with_sums(rows.filter(settled_on__isnull=True)).order_by()
    for row in opened.values_list(*_FIELDS, "entered", "allocated").iterator(CHUNK):
        i, customer_id, number, currency, due, *told_apart, entered, used = row
        numbers.append(number)
        left, told = entered - used, books.get(i, 0)
        yield Item(i, customer_id, number, currency, due, left, told, *told_apart)
    settled = set(rows.filter(settled_on__gte=on - LATELY).values_list(*_FIELDS))
    for some in chunks(written_off(organization_id)):
        settled.update(rows.filter(id__in=some, settled_on__isnull=False).values_list(*_FIELDS))
    for some in chunks(_named(lines, numbers, settled)):
        older = rows.filter(
            settled_on__gte=on - MEMORY,
            invoice__organization_id=organization_id,
            invoice__number__in=some,
        )
        settled.update(older.values_list(*_FIELDS))
    for i, customer_id, number, currency, due, *told_apart in sorted(settled):
        yield Item(i, customer_id, number, currency, due, 0, books.get(i, 0), *told_apart)


def _named(
    lines: Sequence[Line], numbers: Iterable[str], settled: Iterable[tuple[Any, ...]]
) -> set[str]:
    """Numbers, written as ours are, that the texts of the lines may name."""
    forms = number_forms([*numbers, *(row[2] for row in settled)])
    return {
        number
        for line in lines
        for text in (line.label, line.end_to_end_id, line.structured_reference)
        if text
        for number in numbers_in(text, forms)
    }


def _books(organization_id: int) -> dict[int, int]:
    """What the accounts alone say was settled, per installment, positive."""
    rows = (
        Entry.objects.filter(
            organization_id=organization_id,
            kind=Entry.Kind.BOOKS,
            amount_minor__lt=0,
            reversed_by__isnull=True,
            installment__isnull=False,
        )
        .values_list("installment_id")
        .annotate(Sum("amount_minor"))
        .order_by()
    )
    return {i: -amount for i, amount in rows}
