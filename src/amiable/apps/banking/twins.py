"""Open invoices of one customer and one amount, among which a payment does not tell.

They are one choice to a person: one proposal with a list, not one proposal each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from amiable.apps.banking.models import Match
from amiable.apps.receivables.queries import open_items

# The kind of readings that differ in nothing but the invoice.
TWINS = "party_twins"

Equal = tuple[int, str, int]  # customer, currency, amount in minor units


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the open installments of the same amount."""

    installment_id: int
    number: str
    due_on: date


def choices(organization_id: int, equals: Collection[Equal]) -> dict[Equal, tuple[Choice, ...]]:
    """The open installments of each amount, oldest due first: one query, none for nothing."""
    if not equals:
        return {}
    found: dict[Equal, list[Choice]] = defaultdict(list)
    for item in open_items(organization_id, {customer_id for customer_id, _, _ in equals}):
        key = (item.customer_id, item.currency, item.open_minor)
        if key in equals:
            found[key].append(Choice(item.id, item.number, item.due_date))
    return {key: tuple(rows) for key, rows in found.items()}


def twin_choose(match: Match, installment_id: int) -> bool:
    """Let a proposal pay another installment of the same amount; False when it is none.

    The row is not saved here: whoever posts it does.
    """
    (part, *others) = match.allocations or [{}]
    if part.get("installment") == installment_id and not others:
        return True
    if match.kind != TWINS or others or match.customer_id is None:
        return False
    equal = (match.customer_id, match.line.currency, part["amount_minor"])
    open_now = choices(match.organization_id, {equal}).get(equal, ())
    if installment_id not in {choice.installment_id for choice in open_now}:
        return False
    match.allocations = [{**part, "installment": installment_id}]
    return True


def twins_of(match: Match) -> QuerySet[Match]:
    """The other proposals of the line that differ from this one in nothing but the invoice."""
    rows = Match.objects.filter(
        organization_id=match.organization_id,
        line_id=match.line_id,
        customer_id=match.customer_id,
        state=Match.State.PROPOSED,
        kind=match.kind,
    )
    return rows if match.kind == TWINS else rows.none()
