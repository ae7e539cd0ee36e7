"""Reads of customers."""

from __future__ import annotations

from collections.abc import Collection

from amiable.apps.customers.models import ContactPoint, Customer


def ids_by_code(organization_id: int, codes: Collection[str]) -> dict[str, int]:
    """Customer ids by code; of several creditors' customers of one code, the first."""
    rows = Customer.objects.filter(organization_id=organization_id, code__in=codes)
    return dict(rows.order_by("-id").values_list("code", "id"))


def point_customers(organization_id: int, point_id: int) -> set[int]:
    """The customer whose address or number this is; empty when it is not there."""
    rows = ContactPoint.objects.filter(organization_id=organization_id, id=point_id)
    return set(rows.values_list("customer_id", flat=True))
