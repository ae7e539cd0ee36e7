"""Reads of customers."""

from __future__ import annotations

from collections import Counter
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


def names_known(organization_id: int, creditor_id: int, names: Collection[str]) -> set[str]:
    """Which of these names a customer of the creditor bears."""
    rows = Customer.objects.filter(
        organization_id=organization_id, creditor_id=creditor_id, name__in=sorted(names)
    )
    return set(rows.values_list("name", flat=True))


def codes_by_siren(
    organization_id: int, creditor_id: int, sirens: Collection[str]
) -> dict[str, str]:
    """The code of the creditor's customer by its SIREN, where just one bears it."""
    rows = Customer.objects.filter(
        organization_id=organization_id, creditor_id=creditor_id, siren__in=sorted(sirens)
    )
    found = list(rows.values_list("siren", "code"))
    borne = Counter(siren for siren, _ in found)
    return {siren: code for siren, code in found if borne[siren] == 1}
