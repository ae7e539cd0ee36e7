"""How to reach customers, and the accounts they pay from: added from files, never removed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime, time
from typing import Literal

from django.utils import timezone

from amiable.apps.customers.models import Contact, ContactPoint, Customer, CustomerIban
from amiable.apps.work.bulk import ids_reserve, rows_insert
from amiable.core.records import CustomerRow

Mark = Literal["valid", "invalid", "opted_out"]
_CHUNK = 5000
SOURCE = "file"


def details_add(
    organization_id: int, rows: Mapping[int, CustomerRow], *, new: Collection[int], on: date
) -> set[int]:
    """Add emails, phones, IBANs and contacts that rows (by customer id) state and we lack.

    `new` customers are known to have none yet, so nothing is read for them. Returns the customers
    that can be reached otherwise than before.
    """
    old = sorted(set(rows) - set(new))
    contacts, changed = _contacts_add(organization_id, rows, old)
    changed |= _points_add(organization_id, rows, old, contacts)
    _ibans_add(organization_id, rows, old, on)
    return changed


def _points_add(
    organization_id: int,
    rows: Mapping[int, CustomerRow],
    old: list[int],
    contacts: Mapping[int, int],
) -> set[int]:
    """`contacts` = the person of a row, by customer id: its addresses are that person's.

    Returns the customers with a new address or one that is now somebody's.
    """
    known: dict[tuple[int, str, str], int] = {}
    counts: dict[tuple[int, str], int] = defaultdict(int)
    nobodys: set[int] = set()
    for ids in _slices(old):
        points = ContactPoint.objects.filter(organization_id=organization_id, customer_id__in=ids)
        for point_id, contact_id, *key in points.values_list(
            "id", "contact_id", "customer_id", "kind", "value"
        ):
            known[key[0], key[1], key[2]] = point_id
            counts[key[0], key[1]] += 1
            if contact_id is None:
                nobodys.add(point_id)
    stated = [
        (customer_id, kind, value)
        for customer_id, row in rows.items()
        for kind, value in (("email", row.email), ("phone", row.phone))
        if value
    ]
    wanted = [key for key in stated if key not in known]
    rows_insert(
        ContactPoint,
        (
            "organization_id", "customer_id", "contact_id", "kind", "value", "position",
            "invalid_reason",
        ),
        rows=(
            (
                organization_id, customer_id, contacts.get(customer_id), kind, value,
                counts.get((customer_id, kind), 0), "",
            )
            for customer_id, kind, value in wanted
        ),
    )  # fmt: skip
    owned = [key for key in stated if known.get(key) in nobodys and key[0] in contacts]
    points_owned = [ContactPoint(id=known[key], contact_id=contacts[key[0]]) for key in owned]
    ContactPoint.objects.bulk_update(points_owned, ["contact"], batch_size=500)
    return {key[0] for key in (*wanted, *owned)}


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


def _contacts_add(
    organization_id: int, rows: Mapping[int, CustomerRow], old: list[int]
) -> tuple[dict[int, int], set[int]]:
    """Add the persons that rows name, with their roles.

    Returns the person of each row by customer id, and the customers in whom something changed.
    """
    known: dict[tuple[int, str], tuple[int, str]] = {}
    for ids in _slices([i for i in old if rows[i].contact_name]):
        contacts = Contact.objects.filter(organization_id=organization_id, customer_id__in=ids)
        for contact_id, role, customer_id, name in contacts.values_list(
            "id", "role", "customer_id", "name"
        ):
            known[customer_id, name] = (contact_id, role)
    named = {i: row for i, row in rows.items() if row.contact_name}
    found = {
        i: known[i, row.contact_name] for i, row in named.items() if (i, row.contact_name) in known
    }
    renamed = {
        i: Contact(id=contact_id, role=named[i].contact_role)
        for i, (contact_id, role) in found.items()
        if named[i].contact_role not in ("", role)
    }
    Contact.objects.bulk_update(renamed.values(), ["role"], batch_size=500)
    new = [i for i in named if i not in found]
    people = dict(zip(new, ids_reserve(Contact, len(new)), strict=True))
    rows_insert(
        Contact,
        ("id", "organization_id", "customer_id", "name", "role"),
        rows=(
            (contact_id, organization_id, i, named[i].contact_name, named[i].contact_role)
            for i, contact_id in people.items()
        ),
    )
    everyone = people | {i: contact_id for i, (contact_id, _) in found.items()}
    return everyone, {*new, *renamed}


def _slices(ids: list[int]) -> list[list[int]]:
    return [ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK)]


def contact_add(
    customer: Customer, name: str, *, role: str, values: tuple[str, str]
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
