"""How to reach customers, and the accounts they pay from: added from files, never removed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from django.db.models import Count

from amiable.apps.customers.models import Contact, ContactPoint, CustomerIban
from amiable.apps.work.bulk import rows_insert
from amiable.core.records import CustomerRow

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
