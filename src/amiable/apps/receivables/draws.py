"""What leaves a credit without paying an invoice: given back, or moved to another customer.

Each is a debit of the account that names its credit, never above what is left of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import transaction

from amiable.apps.receivables.allocations import (
    AllocationError,
    credit_remainders,
    credits_lock,
)
from amiable.apps.receivables.models import Entry
from amiable.apps.receivables.services import credits_forget
from amiable.core.money import Money
from amiable.core.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Draw:
    """`amount_minor` > 0 taken from a credit entry, for a `kind` of Entry (refund, transfer)."""

    credit_id: int
    amount_minor: int
    kind: str
    on: date
    source: str


@transaction.atomic
def draw_record(organization_id: int, draw: Draw) -> Entry:
    """Enter it. Raises AllocationError when the credit has less left, or is not there."""
    account = credits_lock(organization_id, [draw.credit_id]).get(draw.credit_id)
    if account is None:
        raise AllocationError(Sentence("allocation.unknown"))
    customer_id, currency = account
    left = credit_remainders(organization_id, [draw.credit_id])[draw.credit_id]
    if not 0 < draw.amount_minor <= left:
        values = {
            "wanted": Money(draw.amount_minor, currency),
            "available": Money(max(left, 0), currency),
        }
        raise AllocationError(Sentence("allocation.credit_exceeded", values))
    drawn = Entry.objects.create(
        organization_id=organization_id,
        customer_id=customer_id,
        kind=draw.kind,
        amount_minor=draw.amount_minor,
        currency=currency,
        on_date=draw.on,
        source=draw.source[:120],
        draws_on_id=draw.credit_id,
    )
    if draw.amount_minor == left:
        credits_forget(organization_id, [draw.credit_id])
    return drawn
