"""The first page's figures, kept by each process until something happens in the organization."""

from __future__ import annotations

from datetime import date

from amiable.apps.insights.keeping import Kept, mark_of
from amiable.apps.insights.queries import Dashboard, dashboard

_dashboard: Kept[Dashboard] = Kept(dashboard)


def board(organization_id: int, on: date) -> Dashboard:
    """`dashboard` of a day: one query while nothing has happened since it was last added up."""
    return _dashboard(organization_id, on, mark=mark_of(organization_id))
