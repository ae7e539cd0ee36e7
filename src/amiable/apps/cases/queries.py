"""Reads of cases: whose they are."""

from __future__ import annotations

from typing import Literal

from amiable.apps.cases.models import Case

Noted = Literal["holds", "disputes", "promises"]


def noted_customers(organization_id: int, noted: Noted, note_id: int) -> set[int]:
    """The customer whose case has this hold, dispute or promise; empty when it is not there."""
    rows = Case.objects.filter(organization_id=organization_id, **{noted: note_id})
    return set(rows.values_list("customer_id", flat=True))
