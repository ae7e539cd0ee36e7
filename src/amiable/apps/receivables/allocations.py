"""Credits of a customer's account and what they pay: append-only, never above either side.

Rows are locked in id order, credits before installments, so that two writers of one credit wait
for each other instead of spending it twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Sum

from amiable.apps.receivables.models import Allocation, Entry, Installment
from amiable.apps.receivables.queries import chunks, installment_balances
from amiable.apps.receivables.services import (
    credits_forget,
    credits_note,
    credits_settle,
    installments_settle,
)
from amiable.core.money import Money
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "allocation.credit_exceeded": gettext_noop(
            "{wanted} is more than the {available} left of the credit"
        ),
        "allocation.item_exceeded": gettext_noop(
            "{wanted} is more than the {available} still open on the invoice"
        ),
        "allocation.unknown": gettext_noop("the credit or the invoice does not exist here"),
        "allocation.other_customer": gettext_noop(
            "the credit and the invoice are of different customers or currencies"
        ),
        "allocation.bad_amount": gettext_noop("an allocation must be of more than zero"),
    }
)


class AllocationError(ValueError):
    """An allocation that would spend money that is not there; `sentence` says why."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit to enter: `amount_minor` > 0 as received; the entry carries its opposite."""

    customer_id: int
    amount_minor: int
    currency: str
    on: date
    source: str
    kind: str = Entry.Kind.PAYMENT
    invoice_id: int | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """`amount_minor` > 0 of a credit entry used on an installment."""

    credit_id: int
    installment_id: int
    amount_minor: int
    on: date
    source: str


def credits_record(organization_id: int, credits_: Iterable[Credit]) -> list[Entry]:
    """Enter credits on their customers' accounts, in their order. Nothing is allocated."""
    entries = Entry.objects.bulk_create(
        [
            Entry(
                organization_id=organization_id,
                customer_id=credit.customer_id,
                invoice_id=credit.invoice_id,
                kind=credit.kind,
                amount_minor=-credit.amount_minor,
                currency=credit.currency,
                on_date=credit.on,
                source=credit.source[:120],
            )
            for credit in credits_
        ],
        batch_size=1000,
    )
    credits_note(organization_id, {entry.pk: entry.customer_id for entry in entries})
    return entries


def credit_record(organization_id: int, credit: Credit) -> Entry:
    """Enter one credit."""
    return credits_record(organization_id, [credit])[0]


def allocations_make(
    organization_id: int,
    credit_entry_id: int,
    parts: Iterable[tuple[int, int]],
    *,
    on: date,
    source: str,
) -> list[Allocation]:
    """Use a credit on installments [(installment_id, amount_minor)]; see `uses_record`."""
    uses = [Use(credit_entry_id, i, amount, on, source) for i, amount in parts]
    return uses_record(organization_id, uses, on=on)


@transaction.atomic
def uses_record(organization_id: int, uses: Sequence[Use], *, on: date) -> list[Allocation]:
    """Record allocations of any number of credits, all or none, and settle what they pay.

    Raises AllocationError when a credit or an installment has less left than asked for.
    """
    credits_ = credits_lock(organization_id, {use.credit_id for use in uses})
    items = installments_lock(organization_id, {use.installment_id for use in uses})
    left_of_credit = credit_remainders(organization_id, credits_)
    left_of_item = installment_balances(organization_id, items)
    for use in uses:
        _check(use, credits_.get(use.credit_id), items.get(use.installment_id))
        currency = credits_[use.credit_id][1]
        for left, key, code in (
            (left_of_credit, use.credit_id, "allocation.credit_exceeded"),
            (left_of_item, use.installment_id, "allocation.item_exceeded"),
        ):
            if use.amount_minor > left[key]:
                raise AllocationError(
                    Sentence(
                        code,
                        {
                            "wanted": Money(use.amount_minor, currency),
                            "available": Money(max(left[key], 0), currency),
                        },
                    )
                )
            left[key] -= use.amount_minor
    rows = Allocation.objects.bulk_create(
        [
            Allocation(
                organization_id=organization_id,
                credit_id=use.credit_id,
                installment_id=use.installment_id,
                amount_minor=use.amount_minor,
                on_date=use.on,
                source=use.source[:120],
            )
            for use in uses
        ],
        batch_size=1000,
    )
    credits_forget(organization_id, {i for i, left in left_of_credit.items() if not left})
    installments_settle(organization_id, list(items), on=on)
    return rows


@dataclass(frozen=True, slots=True)
class WriteOff:
    """`amount_minor` > 0 of an installment that is given up with a payment."""

    installment_id: int
    amount_minor: int
    on: date
    source: str


@transaction.atomic
def write_offs_record(
    organization_id: int, write_offs: Sequence[WriteOff], *, on: date
) -> list[Entry]:
    """Enter what is given up of installments, all or none, and settle them.

    Raises AllocationError when an installment has less left than that.
    """
    items = installments_lock(organization_id, {each.installment_id for each in write_offs})
    left = installment_balances(organization_id, items)
    for each in write_offs:
        if each.installment_id not in items:
            raise AllocationError(Sentence("allocation.unknown"))
        currency = items[each.installment_id][1]
        available = left[each.installment_id]
        if not 0 < each.amount_minor <= available:
            values = {
                "wanted": Money(each.amount_minor, currency),
                "available": Money(max(available, 0), currency),
            }
            raise AllocationError(Sentence("allocation.item_exceeded", values))
        left[each.installment_id] -= each.amount_minor
    rows = Entry.objects.bulk_create(
        [
            Entry(
                organization_id=organization_id,
                customer_id=items[each.installment_id][0],
                installment_id=each.installment_id,
                kind=Entry.Kind.WRITE_OFF,
                amount_minor=-each.amount_minor,
                currency=items[each.installment_id][1],
                on_date=each.on,
                source=each.source[:120],
            )
            for each in write_offs
        ],
        batch_size=1000,
    )
    installments_settle(organization_id, list(items), on=on)
    return rows


@transaction.atomic
def allocations_reverse(
    organization_id: int, allocation_ids: Collection[int], *, on: date, source: str
) -> set[int]:
    """Take allocations back by opposite rows; those already taken back are left alone.

    Returns the installments whose balance moved; they are open again.
    """
    credit_ids = set()
    for ids in chunks(allocation_ids):
        scope = Allocation.objects.filter(organization_id=organization_id, id__in=ids)
        credit_ids |= set(scope.values_list("credit_id", flat=True))
    credits_lock(organization_id, credit_ids)
    rows: list[Allocation] = []
    for ids in chunks(allocation_ids):
        rows += Allocation.objects.filter(
            organization_id=organization_id,
            id__in=ids,
            reverses__isnull=True,
            reversed_by__isnull=True,
        ).order_by("id")
    installments_lock(organization_id, {row.installment_id for row in rows})
    Allocation.objects.bulk_create(
        [
            Allocation(
                organization_id=organization_id,
                credit_id=row.credit_id,
                installment_id=row.installment_id,
                amount_minor=-row.amount_minor,
                on_date=on,
                source=source[:120],
                reverses=row,
            )
            for row in rows
        ],
        batch_size=1000,
    )
    credits_settle(organization_id, credit_ids)
    moved = {row.installment_id for row in rows}
    installments_settle(organization_id, moved, on=on)
    return moved


def entries_reverse(
    organization_id: int,
    entries: Sequence[Entry],
    *,
    kind: str | None,
    on: date | None,
    source: str | Sequence[str],
) -> list[Entry]:
    """Opposite entries (of `kind`, or of each one's own); call in a transaction.

    `source` is one for all or one for each; `on` None = each on its own date, as if it had never
    been. The unique `reverses` makes a second reversal of the same entry fail.
    """
    sources = [source] * len(entries) if isinstance(source, str) else source
    opposites = Entry.objects.bulk_create(
        [
            Entry(
                organization_id=organization_id,
                customer_id=entry.customer_id,
                installment_id=entry.installment_id,
                invoice_id=entry.invoice_id,
                kind=kind or entry.kind,
                amount_minor=-entry.amount_minor,
                currency=entry.currency,
                on_date=on or entry.on_date,
                source=origin[:120],
                reverses=entry,
                draws_on_id=entry.draws_on_id,
            )
            for entry, origin in zip(entries, sources, strict=True)
        ]
    )
    of_accounts = [entry for entry in entries if entry.installment_id is None]
    credits_settle(organization_id, {entry.draws_on_id or entry.pk for entry in of_accounts})
    return opposites


def credit_remainders(organization_id: int, credit_ids: Collection[int]) -> dict[int, int]:
    """What is left of credit entries, positive minor units; 0 for one that was reversed.

    Of a credit note, what the accounts already used elsewhere (its `books` entries) is gone too;
    so is what was given back or moved to another customer.
    """
    left: dict[int, int] = dict.fromkeys(credit_ids, 0)
    rows = Entry.objects.filter(organization_id=organization_id)
    used = Allocation.objects.filter(organization_id=organization_id, credit_id__among=credit_ids)
    notes: dict[int, int] = {}
    reversed_ids = set(
        rows.filter(reverses_id__among=credit_ids).values_list("reverses_id", flat=True)
    )
    found = rows.filter(id__among=credit_ids).values_list("id", "amount_minor", "invoice_id")
    for entry_id, amount, invoice_id in found:
        if entry_id in reversed_ids:
            continue
        left[entry_id] = -amount
        if invoice_id is not None:
            notes[invoice_id] = entry_id
    for entry_id, amount in used.values_list("credit_id").annotate(Sum("amount_minor")).order_by():
        left[entry_id] -= amount
    drawn = rows.filter(draws_on_id__among=set(left) - reversed_ids).values_list("draws_on_id")
    for entry_id, amount in drawn.annotate(Sum("amount_minor")).order_by():
        left[entry_id] -= amount
    in_books = rows.filter(
        invoice_id__among=notes, installment__isnull=True, kind=Entry.Kind.BOOKS
    ).values_list("invoice_id")
    for invoice_id, amount in in_books.annotate(Sum("amount_minor")).order_by():
        left[notes[invoice_id]] -= amount
    return left


def _check(use: Use, credit: tuple[int, str] | None, installment: tuple[int, str] | None) -> None:
    if credit is None or installment is None:
        raise AllocationError(Sentence("allocation.unknown"))
    if credit != installment:
        raise AllocationError(Sentence("allocation.other_customer"))
    if use.amount_minor <= 0:
        raise AllocationError(Sentence("allocation.bad_amount"))


def credits_lock(organization_id: int, ids: Collection[int]) -> dict[int, tuple[int, str]]:
    """Lock credit entries in id order; (customer, currency) of each."""
    rows = Entry.objects.filter(
        organization_id=organization_id,
        installment__isnull=True,
        amount_minor__lt=0,
        draws_on__isnull=True,
    ).order_by("id")
    found: dict[int, tuple[int, str]] = {}
    for part in chunks(ids):
        locked = rows.filter(id__in=part).select_for_update(no_key=True)
        found |= {i: (c, x) for i, c, x in locked.values_list("id", "customer_id", "currency")}
    return found


def installments_lock(organization_id: int, ids: Collection[int]) -> dict[int, tuple[int, str]]:
    """Lock installments in id order; (customer, currency) of each."""
    rows = Installment.objects.filter(organization_id=organization_id).order_by("id")
    found: dict[int, tuple[int, str]] = {}
    for part in chunks(ids):
        locked = rows.filter(id__in=part).select_for_update(no_key=True)
        found |= {i: (c, x) for i, c, x in locked.values_list("id", "customer_id", "currency")}
    return found
