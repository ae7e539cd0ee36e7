"""The items behind a figure of the aged balance: one page of a bucket, oldest due first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from amiable.apps.receivables.models import Installment
from amiable.apps.receivables.queries import installment_balances
from amiable.core.kpi import BUCKET_ENDS, BUCKETS

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An open item with who owes it. Amounts in minor units; `days_late` < 0 = not yet due."""

    customer_id: int
    customer_name: str
    customer_code: str
    number: str
    kind: str
    issue_date: date
    due_date: date
    currency: str
    total_minor: int
    invoice_id: int
    open_minor: int
    days_late: int


@dataclass(frozen=True, slots=True)
class ItemPage:
    """One page of open items."""

    rows: list[ItemRow]
    total: int
    page: int
    pages: int
    first: int
    last: int


def items_page(organization_id: int, on: date, *, bucket: str = "", page: int = 1) -> ItemPage:
    """Open items, oldest due first.

    `bucket` is one of the aged balance, "overdue", or "missing" (from the last full export);
    anything else is all of them.
    """
    rows = Installment.objects.filter(organization_id=organization_id, settled_on__isnull=True)
    rows = rows.filter(**_scope(bucket, on)).order_by("due_date", "id")
    total = rows.count()
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(page, 1), pages)
    start = (page - 1) * PAGE_SIZE
    found = list(
        rows.values_list(
            "id", "customer_id", "customer__name", "customer__code", "invoice__number",
            "invoice__kind", "invoice__issue_date", "due_date", "currency", "invoice__total_minor",
            "invoice_id",
        )[start : start + PAGE_SIZE]
    )  # fmt: skip
    balances = installment_balances(organization_id, [row[0] for row in found])
    return ItemPage(
        rows=[ItemRow(*row[1:], balances[row[0]], (on - row[7]).days) for row in found],
        total=total,
        page=page,
        pages=pages,
        first=start + 1 if found else 0,
        last=start + len(found),
    )


def item_ids(organization_id: int, on: date, *, bucket: str = "") -> set[int]:
    """The ids of all the open items of a page's bucket."""
    rows = Installment.objects.filter(organization_id=organization_id, settled_on__isnull=True)
    return set(rows.filter(**_scope(bucket, on)).values_list("id", flat=True))


def _scope(bucket: str, on: date) -> dict[str, date | bool]:
    """Due dates of a bucket: late by more than the end of the one before, up to its own end."""
    if bucket == "overdue":
        return {"due_date__lt": on}
    if bucket == "missing":
        return {"invoice__missing_since__isnull": False}
    if bucket not in BUCKETS:
        return {}
    index = BUCKETS.index(bucket)
    dates: dict[str, date | bool] = {}
    if index > 0:
        dates["due_date__lt"] = on - timedelta(days=BUCKET_ENDS[index - 1])
    if index < len(BUCKET_ENDS):
        dates["due_date__gte"] = on - timedelta(days=BUCKET_ENDS[index])
    return dates
