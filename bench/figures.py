"""Aged balance and DSO on 100,000 invoices, against one bare GROUP BY over the same rows."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import islice
from typing import Any

INVOICES = 100_000
CUSTOMERS = 5_000
LAST_DAY = date(2026, 11, 20)
SPAN_DAYS = 548
ROUNDS = 3

# What any answer must at least do: add up every dated movement by item, once.
BARE = """
SELECT installment_id, SUM(amount_minor) FROM receivables_entry
WHERE organization_id = %s AND on_date <= %s GROUP BY installment_id
"""


def run(invoices: int = INVOICES) -> list[dict[str, Any]]:
    """Load a portfolio into the default database (an empty one) and time its figures."""
    from amiable.apps.insights import queries

    organization_id = load(invoices)
    bare = _best(lambda: _bare(organization_id))
    cases: dict[str, Callable[[], Any]] = {
        "figures of a day": lambda: queries.figures_as_of(organization_id, LAST_DAY),
        "figures of a day one year ago": lambda: queries.figures_as_of(
            organization_id, LAST_DAY - timedelta(days=365)
        ),
        "aged balance by customer": lambda: queries.aged_balance(organization_id, LAST_DAY),
        "dashboard with 12 months": lambda: queries.dashboard(organization_id, LAST_DAY),
    }
    rows = []
    for name, work in cases.items():
        seconds = _best(work)
        rows.append(
            {
                "name": f"{name}, {invoices} invoices",
                "value": round(seconds, 3),
                "unit": "s",
                "reference": f"bare GROUP BY over the entries: {bare:.3f} s",
                "ratio": round(seconds / bare, 1),
            }
        )
    return rows


def load(invoices: int) -> int:
    """A portfolio of that many invoices, nine in ten paid; returns its organization."""
    from django.db import connection

    from amiable.apps.customers.models import Customer
    from amiable.apps.receivables.models import Allocation, Entry, Installment, Invoice
    from amiable.apps.tenants.models import Creditor, Organization

    dice = random.Random(7)
    org = Organization.objects.create(slug="bench-figures", name="Bench")
    owner = Creditor.objects.create(organization=org, code="main", name="Bench")
    customers = Customer.objects.bulk_create(
        Customer(organization=org, creditor=owner, code=f"C{i}", name=f"Customer {i}")
        for i in range(CUSTOMERS)
    )
    bills = _batches(
        Invoice,
        (_bill(org.id, dice.choice(customers).id, i, dice) for i in range(invoices)),
    )
    items = _batches(
        Installment,
        (
            Installment(
                organization_id=org.id,
                invoice_id=bill.id,
                customer_id=bill.customer_id,
                due_date=bill.due_date,
            )
            for bill in bills
        ),
    )
    owed = dict(zip((item.id for item in items), bills, strict=True))

    def entry(item: int, kind: str, amount: int, on: date) -> Entry:
        bill = owed[item]
        return Entry(
            organization_id=org.id,
            customer_id=bill.customer_id,
            installment_id=item if kind == "invoice" else None,
            invoice_id=bill.id if kind == "invoice" else None,
            kind=kind,
            amount_minor=amount,
            on_date=on,
            source="bench",
        )

    _batches(Entry, (entry(i, "invoice", b.total_minor, b.issue_date) for i, b in owed.items()))
    paid = [
        (item, bill.due_date + timedelta(days=dice.randint(-10, 45)))
        for item, bill in owed.items()
        if dice.random() < 0.9
    ]
    payments = _batches(
        Entry, (entry(item, "payment", -owed[item].total_minor, on) for item, on in paid)
    )
    _batches(
        Allocation,
        (
            Allocation(
                organization_id=org.id,
                credit_id=payment.id,
                installment_id=item,
                amount_minor=owed[item].total_minor,
                on_date=on,
                source="bench",
            )
            for payment, (item, on) in zip(payments, paid, strict=True)
        ),
    )
    # A database in use has statistics; a freshly loaded one has none yet.
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return org.id


def _bill(organization_id: int, customer_id: int, index: int, dice: random.Random) -> Any:
    from amiable.apps.receivables.models import Invoice

    issued = LAST_DAY - timedelta(days=dice.randint(0, SPAN_DAYS))
    return Invoice(
        organization_id=organization_id,
        customer_id=customer_id,
        number=f"B{index}",
        issue_date=issued,
        due_date=issued + timedelta(days=dice.choice((30, 45, 60))),
        total_minor=dice.randint(1_000, 2_000_000),
    )


def _batches(model: Any, rows: Iterator[Any], size: int = 5_000) -> list[Any]:
    created: list[Any] = []
    while batch := list(islice(rows, size)):
        created += model.objects.bulk_create(batch, batch_size=size)
    return created


def _bare(organization_id: int) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(BARE, [organization_id, LAST_DAY.isoformat()])
        return len(cursor.fetchall())


def _best(work: Callable[[], Any]) -> float:
    """Best of a few rounds, in seconds: the least disturbed one."""
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)
