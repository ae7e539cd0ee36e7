"""Aged balance and DSO on 100,000 invoices, against one bare GROUP BY over the same rows."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
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
    from amiable.apps.tenants.models import Creditor, Organization

    dice = random.Random(7)
    org = Organization.objects.create(slug="bench-figures", name="Bench")
    owner = Creditor.objects.create(organization=org, code="main", name="Bench")
    customers = Customer.objects.bulk_create(
        Customer(organization=org, creditor=owner, code=f"C{i}", name=f"Customer {i}")
        for i in range(CUSTOMERS)
    )
    _pay(org.pk, _owe(org.pk, customers, invoices, dice), dice)
    # A database in use has statistics; a freshly loaded one has none yet.
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return int(org.pk)


def _owe(
    organization_id: int, customers: list[Any], count: int, dice: random.Random
) -> dict[int, Any]:
    """Invoices with one installment and one entry each; invoice by installment id."""
    from amiable.apps.receivables.models import Entry, Installment

    invoices = batches(
        _invoice(organization_id, dice.choice(customers).pk, i, dice) for i in range(count)
    )
    items = batches(
        Installment(
            organization_id=organization_id,
            invoice_id=invoice.pk,
            customer_id=invoice.customer_id,
            due_date=invoice.due_date,
        )
        for invoice in invoices
    )
    owed = dict(zip((item.pk for item in items), invoices, strict=True))
    batches(
        Entry(
            organization_id=organization_id,
            customer_id=invoice.customer_id,
            installment_id=item,
            invoice_id=invoice.pk,
            kind="invoice",
            amount_minor=invoice.total_minor,
            on_date=invoice.issue_date,
            source="bench",
        )
        for item, invoice in owed.items()
    )
    return owed


def _pay(organization_id: int, owed: dict[int, Any], dice: random.Random) -> None:
    """Nine in ten are paid in full, from ten days early to 45 days late."""
    from amiable.apps.receivables.models import Allocation, Entry

    paid = [
        (item, invoice, invoice.due_date + timedelta(days=dice.randint(-10, 45)))
        for item, invoice in owed.items()
        if dice.random() < 0.9
    ]
    payments = batches(
        Entry(
            organization_id=organization_id,
            customer_id=invoice.customer_id,
            kind="payment",
            amount_minor=-invoice.total_minor,
            on_date=on,
            source="bench",
        )
        for _, invoice, on in paid
    )
    batches(
        Allocation(
            organization_id=organization_id,
            credit_id=payment.pk,
            installment_id=item,
            amount_minor=invoice.total_minor,
            on_date=on,
            source="bench",
        )
        for payment, (item, invoice, on) in zip(payments, paid, strict=True)
    )


def _invoice(organization_id: int, customer_id: int, index: int, dice: random.Random) -> Any:
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


def batches(rows: Iterable[Any], size: int = 5_000) -> list[Any]:
    """Enter rows of one model, so many at a time; returns them with their ids."""
    created: list[Any] = []
    source = iter(rows)
    while batch := list(islice(source, size)):
        created += type(batch[0]).objects.bulk_create(batch, batch_size=size)
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
