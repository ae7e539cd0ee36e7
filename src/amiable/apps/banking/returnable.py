"""Payments that the bank may take back, as the engine looks through them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

from django.db.models import Q, Sum

from amiable.apps.banking.models import Match
from amiable.apps.banking.open_book import MEMORY
from amiable.apps.banking.posting import SHARED
from amiable.apps.payments.models import CreditDecision, Payment
from amiable.apps.receivables.models import Allocation
from amiable.apps.receivables.queries import chunks
from amiable.core.matching.facts import Paid


def payments_returnable(organization_id: int, amounts: Collection[int], on: date) -> Iterator[Paid]:
    """Payments of these amounts that may still be taken back, and all those of lines of these
    amounts that were shared, what was taken back of them since too."""
    rows: dict[int, tuple[Any, ...]] = {}
    scope = Payment.objects.filter(organization_id=organization_id, received_on__gte=on - MEMORY)
    shared = Q(match__kind=SHARED, match__state=Match.State.POSTED)
    for some in chunks(amounts):
        single = Q(amount_minor__in=some, entry__reversed_by__isnull=True)
        for where in (single, shared & Q(match__line__amount_minor__in=some)):
            found = scope.filter(where).order_by("received_on", "id")
            rows |= {row[0]: row for row in found.values_list(*_FIELDS)}
    parts = _parts([row[1] for row in rows.values()])
    left = _given_back([row[1] for row in rows.values() if row[-2] == SHARED])
    for row in rows.values():
        yield _paid(row, tuple(parts[row[1]].items()), is_given_back=row[1] in left)


_FIELDS = (
    "id", "entry_id", "customer_id", "amount_minor", "currency", "received_on", "payer_name",
    "payer_iban", "reference", "match__line__record", "match__line_id",
    "match__line__amount_minor", "match__kind", "entry__reversed_by",
)  # fmt: skip


def _paid(row: tuple[Any, ...], parts: tuple[tuple[int, int], ...], *, is_given_back: bool) -> Paid:
    """The values of _FIELDS for the engine; the line counts only of one that was shared."""
    i, _, customer_id, amount, currency, received_on, name, iban, reference, said, *more = row
    line_id, whole, kind, reversed_by = more
    record, is_shared = said or {}, kind == SHARED
    return Paid(
        customer_id=customer_id,
        amount_minor=amount,
        currency=currency,
        received_on=received_on,
        parts=parts,
        payment_id=i,
        line_id=line_id if is_shared else None,
        end_to_end_id=record.get("end_to_end_id", "") or reference,
        mandate_id=record.get("mandate_id", ""),
        payer_name=name,
        payer_iban=iban,
        whole_minor=whole if is_shared else 0,
        spent="returned" if reversed_by else "refunded" if is_given_back else "",
    )


def _given_back(entry_ids: Collection[int]) -> set[int]:
    """Credits of which money was given back, or shall be."""
    found: set[int] = set()
    refunds = CreditDecision.objects.filter(kind=CreditDecision.Kind.REFUND, undone_on__isnull=True)
    for ids in chunks(entry_ids):
        found |= set(refunds.filter(credit_id__in=ids).values_list("credit_id", flat=True))
    return found


def _parts(entry_ids: Collection[int]) -> dict[int, dict[int, int]]:
    parts: dict[int, dict[int, int]] = defaultdict(dict)
    for ids in chunks(entry_ids):
        rows = (
            Allocation.objects.filter(credit_id__in=ids)
            .values_list("credit_id", "installment_id")
            .annotate(used=Sum("amount_minor"))
            .filter(used__gt=0)
            .order_by("credit_id", "installment_id")
        )
        for credit_id, installment_id, used in rows:
            parts[credit_id][installment_id] = used
    return parts
