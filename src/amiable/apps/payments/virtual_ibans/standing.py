"""Whom virtual IBANs stood for, as matching asks: of the accounts that lines bear, few queries."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from amiable.apps.payments.models import VirtualIban, VirtualIbanAssignment
from amiable.core.matching.facts import Virtual


def virtual_facts(organization_id: int, ibans: Collection[str]) -> Iterator[Virtual]:
    """Whom the IBANs among these that are virtual stand and stood for: two queries."""
    if not ibans:
        return
    rows = VirtualIban.objects.filter(organization_id=organization_id, iban__among=ibans)
    known = {row.pk: row for row in rows.order_by("id")}
    if not known:
        return
    held = VirtualIbanAssignment.objects.filter(virtual_iban_id__among=known).order_by("id")
    fields = ("virtual_iban_id", "customer_id", "invoice__number", "since_on", "until_on")
    for iban_id, customer_id, number, since_on, until_on in held.values_list(*fields):
        row = known[iban_id]
        is_closed = row.closed_on is not None
        yield Virtual(row.iban, customer_id, number or "", since_on, until_on, closed=is_closed)
    yield from (Virtual(row.iban, closed=row.closed_on is not None) for row in known.values())


def virtual_among(organization_id: int, ibans: Collection[str]) -> set[str]:
    """Those that are virtual IBANs of ours: nobody pays from them."""
    rows = VirtualIban.objects.filter(organization_id=organization_id, iban__among=ibans)
    return set(rows.values_list("iban", flat=True)) if ibans else set()


def is_virtual(organization_id: int, account: str) -> bool:
    """Whether a statement's account, an IBAN or the 21 signs of a French one, is virtual."""
    rows = VirtualIban.objects.filter(organization_id=organization_id)
    return len(account) > 14 and rows.filter(iban__contains=account).exists()
