"""Reads for sharing a line over several customers: who they may be, and what each owes.

A fixed number of queries whatever the number of customers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from amiable.apps.banking.barring import bars
from amiable.apps.banking.models import Match
from amiable.apps.banking.payables import Payable, payable
from amiable.apps.banking.queries import LineView
from amiable.apps.customers.models import Customer
from amiable.apps.payments.models import Payment
from amiable.apps.receivables.queries import open_items

SUGGESTED = 12


@dataclass(frozen=True, slots=True)
class Owing:
    """A customer whom a part of the money may be for, with what it owes in that currency."""

    id: int
    name: str
    code: str
    items: tuple[Payable, ...]


def line_customers(organization_id: int, line_id: int) -> set[int]:
    """Everybody whom a decision on a line touched."""
    rows = Match.objects.filter(organization_id=organization_id, line_id=line_id)
    return set(rows.exclude(customer=None).values_list("customer_id", flat=True))


def owing(organization_id: int, customer_ids: Sequence[int], currency: str) -> list[Owing]:
    """Customers in the order asked for, with their open items, oldest due first."""
    rows = Customer.objects.filter(organization_id=organization_id, id__among=set(customer_ids))
    names = {i: (name, code) for i, name, code in rows.values_list("id", "name", "code")}
    known = {bar.item_id: bar for bar in bars(organization_id)}
    items: dict[int, list[Payable]] = {i: [] for i in names}
    for item in open_items(organization_id, set(names)) if names else ():
        if item.currency == currency:
            items[item.customer_id].append(payable(item, known.get(item.id)))
    return [Owing(i, *names[i], tuple(items[i])) for i in dict.fromkeys(customer_ids) if i in names]


def proposed_parts(organization_id: int, match_id: int) -> Mapping[int, int]:
    """What a proposal puts on each installment, in minor units; {} when it does not stand."""
    match = Match.objects.filter(
        organization_id=organization_id, id=match_id, state=Match.State.PROPOSED
    ).first()
    rows = match.allocations if match else []
    return {part["installment"]: part["amount_minor"] for part in rows if not part.get("credit")}


def owners(organization_id: int, parts: Collection[int]) -> list[int]:
    """The customers of installments, each once."""
    rows = Customer.objects.filter(
        organization_id=organization_id, invoices__installments__in=set(parts)
    )
    return sorted(set(rows.values_list("id", flat=True)))


def likely_customers(organization_id: int, line: LineView) -> list[tuple[int, str]]:
    """(id, name) of customers for whom the payer of a line has paid, and of their payer groups."""
    payer = Q(pk__in=[])
    if line.payer_iban:
        payer |= Q(payer_iban=line.payer_iban)
    if line.payer_name:
        payer |= Q(payer_name=line.payer_name)
    paid = Payment.objects.filter(payer, organization_id=organization_id)
    found = Q(id__in=set(paid.values_list("customer_id", flat=True)))
    rows = Customer.objects.filter(organization_id=organization_id)
    near = found | Q(ibans__iban=line.payer_iban) if line.payer_iban else found
    groups = set(rows.filter(near).exclude(payer_group="").values_list("payer_group", flat=True))
    shown = rows.filter(near | Q(payer_group__in=groups)).distinct().order_by("name", "id")
    return list(shown.values_list("id", "name")[:SUGGESTED])
