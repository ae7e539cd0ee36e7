"""What it costs to load what matching must know of 100,000 open items: time, queries, memory.

The same open items read by one bare SELECT stand beside it, in the same run.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from amiable.core.matching.book import Book
from bench.figures import batches
from bench.matching.engine import facts_of
from bench.matching.profiles import TYPICAL
from bench.matching.stream import Stream
from bench.matching.world import Invoice, Note

OPEN_ITEMS = 100_000
STATEMENTS = (20, 10_000)  # lines
ROUNDS = 2
BARE = """
SELECT i.id, i.customer_id, v.number, i.due_date, i.currency,
       (SELECT SUM(e.amount_minor) FROM receivables_entry e WHERE e.installment_id = i.id)
FROM receivables_installment i JOIN receivables_invoice v ON v.id = i.invoice_id
WHERE i.organization_id = %s AND i.settled_on IS NULL
"""


def rows(open_items: int = OPEN_ITEMS) -> list[dict[str, Any]]:
    """Rows for docs/benchmarks.md, from an empty database."""
    from amiable.apps.banking.opening import opening

    organization_id, stream = load(open_items)
    lines = [
        facts_of(each[0]) for each in stream.events(max(STATEMENTS)) if isinstance(each, tuple)
    ]
    day = lines[0].booked_on
    bare = _best(lambda: _bare(organization_id))
    found = []
    for count in STATEMENTS:
        some = lines[:count]
        measured = _measured(lambda some=some: opening(organization_id, some, on=day))
        said = f"{measured['queries']} queries, {measured['mebibytes']} MiB"
        name = f"load what matching knows, {open_items} open items, {count} lines: {said}"
        found.append(_row(name, measured["seconds"], bare))
    state = opening(organization_id, lines[: STATEMENTS[0]], on=day)
    name = f"index {open_items} open items for matching"
    found.append(_row(name, _best(lambda: Book(state)), bare))
    return found


def load(open_items: int) -> tuple[int, Stream]:
    """An organization that is owed so many invoices, and the stream that they come from."""
    from django.db import connection

    from amiable.apps.customers.models import Customer
    from amiable.apps.tenants.models import Creditor, Organization

    stream = Stream(replace(TYPICAL, customers=open_items // 7, invoices=open_items), 5)
    org = Organization.objects.create(slug="bench-opening", name="Bench")
    owner = Creditor.objects.create(organization=org, code="main", name="Bench")
    customers = batches(
        Customer(organization=org, creditor=owner, code=c.code, name=c.name)
        for c in stream.world.customers
    )
    ids = {c.id: row.pk for c, row in zip(stream.world.customers, customers, strict=True)}
    owed = [event for event in stream.opening() if not isinstance(event, Note)]
    _owe(int(org.pk), owed, ids)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return int(org.pk), stream


def _owe(organization_id: int, owed: Sequence[Invoice], ids: dict[int, int]) -> None:
    """One invoice, installment and entry each."""
    from amiable.apps.receivables.models import Entry, Installment
    from amiable.apps.receivables.models import Invoice as InvoiceRow

    scope = {"organization_id": organization_id}
    invoices = batches(
        InvoiceRow(
            **scope,
            customer_id=ids[each.customer_id],
            number=each.number,
            order_reference=each.order,
            issue_date=each.issued_on,
            due_date=each.due_on,
            total_minor=each.total,
        )
        for each in owed
    )
    items = batches(
        Installment(**scope, invoice_id=row.pk, customer_id=row.customer_id, due_date=row.due_date)
        for row in invoices
    )
    batches(
        Entry(
            **scope,
            customer_id=row.customer_id,
            installment_id=item.pk,
            invoice_id=row.pk,
            kind="invoice",
            amount_minor=row.total_minor,
            on_date=row.issue_date,
            source="bench",
        )
        for item, row in zip(items, invoices, strict=True)
    )


def _measured(work: Callable[[], Any]) -> dict[str, Any]:
    """Seconds (the best of some), queries, and MiB that the answer holds at its peak."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    seconds = _best(work)
    tracemalloc.start()
    with CaptureQueriesContext(connection) as captured:
        work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {"queries": len(captured), "seconds": seconds, "mebibytes": round(peak / 2**20)}


def _bare(organization_id: int) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(BARE, [organization_id])
        return len(cursor.fetchall())


def _best(work: Callable[[], Any]) -> float:
    seconds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def _row(name: str, seconds: float, bare: float) -> dict[str, Any]:
    return {
        "name": name,
        "value": round(seconds, 3),
        "unit": "s",
        "reference": f"bare SELECT of the open items: {bare:.3f} s",
        "ratio": round(seconds / bare, 1),
    }
