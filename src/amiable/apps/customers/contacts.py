"""How to reach customers, and the accounts they pay from: added from files, never removed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
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
    organization_id: int,
    rows: Mapping[int, Sequence[CustomerRow]],
    *,
    new: Collection[int],
    on: date,
) -> set[int]:
    """Add emails, phones, IBANs and contacts that rows (by customer id) state and we lack.

    An address stands for the person its own row names. `new` customers are known to have none yet,
    so nothing is read for them. Returns the customers that can be reached otherwise than before.
    """
    old = sorted(set(rows) - set(new))
    contacts, changed = _contacts_add(organization_id, rows, old)
    changed |= _points_add(organization_id, rows, old, contacts)
    _ibans_add(organization_id, rows, old, on)
    return changed


def _points_add(
    organization_id: int,
    rows: Mapping[int, Sequence[CustomerRow]],
    old: list[int],
    contacts: Mapping[tuple[int, str], int],
) -> set[int]:
    """`contacts` = the ids of persons, by customer id and name.

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
    stated = _addresses(rows, contacts)
    wanted = []
    for key, contact in stated.items():
        if key not in known:
            wanted.append((organization_id, key[0], contact, *key[1:], counts[key[:2]], ""))
            counts[key[:2]] += 1
    rows_insert(
        ContactPoint,
        (
            "organization_id", "customer_id", "contact_id", "kind", "value", "position",
            "invalid_reason",
        ),
        rows=wanted,
    )  # fmt: skip
    owned = [key for key, contact in stated.items() if contact and known.get(key) in nobodys]
    points_owned = [ContactPoint(id=known[key], contact_id=stated[key]) for key in owned]
    ContactPoint.objects.bulk_update(points_owned, ["contact"], batch_size=500)
    return {row[1] for row in wanted} | {key[0] for key in owned}


def _addresses(
    rows: Mapping[int, Sequence[CustomerRow]], contacts: Mapping[tuple[int, str], int]
) -> dict[tuple[int, str, str], int | None]:
    """Customer id, kind and value of each address stated, with the first person it is stated of."""
    stated: dict[tuple[int, str, str], int | None] = {}
    for customer_id, said in rows.items():
        for row in said:
            contact = contacts.get((customer_id, row.contact_name))
            for kind, value in (("email", row.email), ("phone", row.phone)):
                if value:
                    key = (customer_id, kind, value)
                    stated[key] = stated.get(key) or contact
    return stated


def _ibans_add(
    organization_id: int, rows: Mapping[int, Sequence[CustomerRow]], old: list[int], on: date
) -> None:
    stated = dict.fromkeys((i, row.iban) for i, said in rows.items() for row in said if row.iban)
    stating = {i for i, _ in stated}
    known: set[tuple[int, str]] = set()
    for ids in _slices([i for i in old if i in stating]):
        ibans = CustomerIban.objects.filter(organization_id=organization_id, customer_id__in=ids)
        known.update(ibans.values_list("customer_id", "iban"))
    rows_insert(
        CustomerIban,
        ("organization_id", "customer_id", "iban", "source", "since"),
        rows=((organization_id, *key, SOURCE, on) for key in stated if key not in known),
    )


def _contacts_add(
    organization_id: int, rows: Mapping[int, Sequence[CustomerRow]], old: list[int]
) -> tuple[dict[tuple[int, str], int], set[int]]:
    """Add the persons that rows name, with their roles.

    Returns the persons by customer id and name, and the customers in whom something changed.
    """
    named: dict[tuple[int, str], str] = {}  # with the role stated last
    for i, said in rows.items():
        for row in said:
            if row.contact_name:
                role = row.contact_role or named.get((i, row.contact_name), "")
                named[i, row.contact_name] = role
    naming = {i for i, _ in named}
    found: dict[tuple[int, str], tuple[int, str]] = {}
    for ids in _slices([i for i in old if i in naming]):
        contacts = Contact.objects.filter(organization_id=organization_id, customer_id__in=ids)
        for contact_id, role, *key in contacts.values_list("id", "role", "customer_id", "name"):
            if (key[0], key[1]) in named:
                found[key[0], key[1]] = (contact_id, role)
    renamed = {
        key: Contact(id=contact_id, role=named[key])
        for key, (contact_id, role) in found.items()
        if named[key] not in ("", role)
    }
    Contact.objects.bulk_update(renamed.values(), ["role"], batch_size=500)
    new = [key for key in named if key not in found]
    people = dict(zip(new, ids_reserve(Contact, len(new)), strict=True))
    rows_insert(
        Contact,
        ("id", "organization_id", "customer_id", "name", "role"),
        rows=(
            (contact_id, organization_id, *key, named[key]) for key, contact_id in people.items()
        ),
    )
    everyone = people | {key: contact_id for key, (contact_id, _) in found.items()}
    return everyone, {key[0] for key in (*new, *renamed)}


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


@dataclass(frozen=True, slots=True)
class Marked:
    """An address or number, whose it is, and its mark before."""

    customer_id: int
    before: Mark
    value: str


def points_mark(
    organization_id: int, marks: Mapping[int, tuple[Mark, str]], *, on: date
) -> dict[int, Marked]:
    """Mark addresses or numbers, by id, each with the reason; those that are not there are left
    out of the result."""
    found: dict[int, Marked] = {}
    changed = []
    since = timezone.make_aware(datetime.combine(on, time()))
    rows = ContactPoint.objects.filter(organization_id=organization_id, id__in=marks)
    for point in rows.select_for_update(no_key=True, of=("self",)).order_by("id"):
        mark, reason = marks[point.pk]
        before: Mark = "opted_out" if point.opted_out_at else "valid"
        if point.invalid_since:
            before = "invalid"
        found[point.pk] = Marked(point.customer_id, before, point.value)
        if mark != before:
            point.opted_out_at = since if mark == "opted_out" else None
            point.invalid_since = since if mark == "invalid" else None
            point.invalid_reason = reason[:200] if mark == "invalid" else ""
            changed.append(point)
    ContactPoint.objects.bulk_update(
        changed, ["opted_out_at", "invalid_since", "invalid_reason"], batch_size=200
    )
    return found


def consent_set(
    organization_id: int, point_id: int, consented_on: date | None
) -> tuple[int, date | None, str] | None:
    """Note the consent of an email address's owner to electronic registered letters; (customer id,
    the day known before, the address), or None when it is not there."""
    rows = ContactPoint.objects.filter(organization_id=organization_id, id=point_id, kind="email")
    point = rows.select_for_update(no_key=True, of=("self",)).first()
    if point is None:
        return None
    before, point.registered_consent_on = point.registered_consent_on, consented_on
    point.save(update_fields=["registered_consent_on"])
    return point.customer_id, before, point.value


def phone_of(organization_id: int, customer_id: int, value: str) -> int | None:
    """The customer's phone number of this text, else the first that is usable; None = none."""
    phones = ContactPoint.objects.filter(
        organization_id=organization_id, customer_id=customer_id, kind="phone"
    ).order_by("position", "id")
    exact = phones.filter(value=value).first() if value else None
    found = exact or phones.filter(invalid_since__isnull=True).first()
    return found.id if found else None
