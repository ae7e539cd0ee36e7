"""Reads of money that pays no invoice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from django.db.models import Exists, OuterRef, QuerySet

from amiable.apps.payments.models import CreditDecision
from amiable.apps.receivables.models import Entry
from amiable.apps.receivables.queries import credit_left, credits_open

# Credits that are money, unlike a credit note.
MONEY = (Entry.Kind.PAYMENT, Entry.Kind.TRANSFER)


class Unseen(NamedTuple):
    """Money of a customer about which nobody has decided anything, and since when it is there."""

    amount_minor: int
    since: date


def open_money(organization_id: int) -> QuerySet[Entry]:
    """Entries of money received with something `left` (annotated) that pays nothing."""
    rows = credits_open(organization_id).filter(kind__in=MONEY, reversed_by__isnull=True)
    return rows.annotate(left=credit_left()).filter(left__gt=0)


def unseen_entries(organization_id: int) -> QuerySet[Entry]:
    """Those of `open_money` that nobody kept on purpose."""
    kept = CreditDecision.objects.filter(
        credit_id=OuterRef("id"), kind=CreditDecision.Kind.KEPT, undone_on__isnull=True
    )
    return open_money(organization_id).filter(~Exists(kept))


def unseen_money(
    organization_id: int, customer_ids: Collection[int]
) -> dict[tuple[int, str], Unseen]:
    """Per (customer, currency): what of their money pays no invoice and was not kept on purpose."""
    found: dict[tuple[int, str], Unseen] = {}
    theirs = unseen_entries(organization_id).filter(opened__customer_id__among=customer_ids)
    # Added up here: a database that groups by walking along the customers reads all they ever paid.
    for customer_id, currency, left, on in theirs.values_list(
        "customer_id", "currency", "left", "on_date"
    ):
        before = found.get((customer_id, currency), Unseen(0, on))
        total = before.amount_minor + left
        found[customer_id, currency] = Unseen(total, min(before.since, on))
    return found
