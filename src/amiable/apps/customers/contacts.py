"""How to reach customers, and the accounts they pay from: added from files, never removed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, time
from typing import Literal

from django.db.models import Count
from django.utils import timezone

from amiable.apps.customers.models import Contact, ContactPoint, Customer, CustomerIban
from amiable.apps.work.bulk import rows_insert
from amiable.core.records import CustomerRow

Mark = Literal["valid", "invalid", "opted_out"]
_CHUNK = 5000
SOURCE = "file"


def details_add(
    organization_id: int, rows: Mapping[int, CustomerRow], *, new: Collection[int], on: date
) -> None:
    """Add emails, phones, IBANs and contact names that rows (by customer id) state and we lack.

    `new` customers are known to have none yet, so nothing is read for them.
    """
    old = sorted(set(rows) - set(new))
    _points_add(organization_id, rows, old)
    _ibans_add(organization_id, rows, old, on)
    _contacts_add(organization_id, rows, old)


def _points_add(organization_id: int, rows: Mapping[int, CustomerRow], old: list[int]) -> None:
    known: set[tuple[int, str, str]] = set()
    counts: dict[tuple[int, str], int] = {}
    for ids in _slices(old):
        points = ContactPoint.objects.filter(organization_id=organization_id, customer_id__in=ids)
        known.update(points.values_list("customer_id", "kind", "value"))
        for customer_id, kind, count in points.values_list("customer_id", "kind").annotate(
            Count("id")
        ):
            counts[customer_id, kind] = count
    wanted = [
        (customer_id, kind, value)
        for customer_id, row in rows.items()
        for kind, value in (("email", row.email), ("phone", row.phone))
        if value and (customer_id, kind, value) not in known
    ]
    rows_insert(
        ContactPoint,
        (
            "organization_id", "customer_id", "kind", "value", "position", "invalid_reason",
        ),
        rows=(
            (organization_id, customer_id, kind, value, counts.get((customer_id, kind), 0), "")
            for customer_id, kind, value in wanted
        ),
    )  # fmt: skip


def _ibans_add(
    organization_id: int, rows: Mapping[int, CustomerRow], old: list[int], on: date
) -> None:
    known: set[tuple[int, str]] = set()
    for ids in _slices([i for i in old if rows[i].iban]):
        ibans = CustomerIban.objects.filter(organization_id=organization_id, customer_id__in=ids)
        known.update(ibans.values_list("customer_id", "iban"))
    rows_insert(
        CustomerIban,
        ("organization_id", "customer_id", "iban", "source", "since"),
        rows=(
            (organization_id, customer_id, row.iban, SOURCE, on)
            for customer_id, row in rows.items()
            if row.iban and (customer_id, row.iban) not in known
        ),
    )


def _contacts_add(organization_id: int, rows: Mapping[int, CustomerRow], old: list[int]) -> None:
    known: set[tuple[int, str]] = set()
    for ids in _slices([i for i in old if rows[i].contact_name]):
        contacts = Contact.objects.filter(organization_id=organization_id, customer_id__in=ids)
        known.update(contacts.values_list("customer_id", "name"))
    rows_insert(
        Contact,
        ("organization_id", "customer_id", "name", "role"),
        rows=(
            (organization_id, customer_id, row.contact_name, "")
            for customer_id, row in rows.items()
            if row.contact_name and (customer_id, row.contact_name) not in known
        ),
    )


def _slices(ids: list[int]) -> list[list[int]]:
    return [ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK)]


def contact_add(
    customer: Customer, name: str, role: str, values: tuple[str, str]
) -> tuple[int, list[int]]:
    """A person at a customer, with an email address and a phone number ("" = none).

    An address the customer already has becomes the person's. Returns the ids of the contact and
    of the new addresses. Call inside a transaction.
    """
    added: list[int] = []
    contact = Contact.objects.create(
        organization_id=customer.organization_id, customer=customer, name=name, role=role
    )
    for kind, value in zip(("email", "phone"), values, strict=True):
        if value:
            points = ContactPoint.objects.filter(customer=customer, kind=kind)
            point, created = ContactPoint.objects.get_or_create(
                customer=customer,
                kind=kind,
                value=value,
                defaults={
                    "organization_id": customer.organization_id,
                    "position": points.count(),
                },
            )
            point.contact = contact
            point.save(update_fields=["contact"])
            added += [point.id] if created else []
    return contact.id, added


def contact_remove(organization_id: int, contact_id: int, point_ids: Collection[int]) -> int | None:
    """Remove a person, and these of its addresses; its customer's id, or None when not there."""
    contact = Contact.objects.filter(organization_id=organization_id, id=contact_id).first()
    if contact is None:
        return None
    ContactPoint.objects.filter(contact=contact, id__in=point_ids).delete()
    contact.delete()
    return contact.customer_id


def role_set(organization_id: int, contact_id: int, role: str) -> tuple[int, str] | None:
    """(customer id, the role before), or None when the contact is not there."""
    contact = Contact.objects.filter(organization_id=organization_id, id=contact_id).first()
    if contact is None:
        return None
    before, contact.role = contact.role, role
    contact.save(update_fields=["role"])
    return contact.customer_id, before


def point_mark(
    organization_id: int, point_id: int, mark: Mark, *, on: date, reason: str
) -> tuple[int, Mark, str] | None:
    """Mark an address or number; (customer id, its mark before, the address), or None."""
    rows = ContactPoint.objects.filter(organization_id=organization_id, id=point_id)
    point = rows.select_for_update(no_key=True, of=("self",)).first()
    if point is None:
        return None
    before: Mark = "opted_out" if point.opted_out_at else "valid"
    if point.invalid_since:
        before = "invalid"
    if mark != before:
        since = timezone.make_aware(datetime.combine(on, time()))
        point.opted_out_at = since if mark == "opted_out" else None
        point.invalid_since = since if mark == "invalid" else None
        point.invalid_reason = reason[:200] if mark == "invalid" else ""
        point.save(update_fields=["opted_out_at", "invalid_since", "invalid_reason"])
    return point.customer_id, before, point.value


def phone_of(organization_id: int, customer_id: int, value: str) -> int | None:
    """The customer's phone number of this text, else the first that is usable; None = none."""
    phones = ContactPoint.objects.filter(
        organization_id=organization_id, customer_id=customer_id, kind="phone"
    ).order_by("position", "id")
    exact = phones.filter(value=value).first() if value else None
    found = exact or phones.filter(invalid_since__isnull=True).first()
    return found.id if found else None
