"""Pages of statement lines, newest first, at a cost that does not grow with what is decided."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db.models import QuerySet

from amiable.apps.banking.models import StatementLine


def newest(
    rows: QuerySet[StatementLine], states: Collection[str], *, offset: int, limit: int
) -> list[StatementLine]:
    """The rows of a page, newest first. Of several states the newest of each, which an index has in
    order, are put together: a database asked for all walks through those of every other state."""
    if len(states) < 2:
        return list(rows.order_by("-booked_on", "-id")[offset : offset + limit])
    found: list[tuple[date, int]] = []
    for state in states:
        some = rows.filter(state=state).order_by("-booked_on", "-id")
        found += some.values_list("booked_on", "id")[: offset + limit]
    ids = [i for _, i in sorted(found, reverse=True)[offset : offset + limit]]
    by_id = rows.in_bulk(ids)
    return [by_id[i] for i in ids if i in by_id]
