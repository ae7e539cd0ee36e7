"""Planning a portfolio of 100,000 open invoices: the first night, and the nights after.

The reference is the least any planner must do on this machine: read every open installment with
its two sums, and write one bare row per action and per item, in the same database.
"""

from __future__ import annotations

import time
from datetime import date, timedelta
from itertools import islice
from typing import Any

INVOICES = 100_000
CASES = 10_000
TODAY = date(2026, 11, 20)


def run(invoices: int = INVOICES, cases: int = CASES) -> list[dict[str, Any]]:
    """Load a portfolio into the default database and time the nights."""
    from django.db import connection, reset_queries

    from amiable.apps.dunning.planning import plan_tick

    organization_id = load(invoices, cases)
    rows = []
    nights = {
        "first night": TODAY,
        "second night": TODAY + timedelta(days=3),  # Friday, then Monday
        "the same night again": TODAY + timedelta(days=3),
    }
    reference = None
    for name, on in nights.items():
        connection.force_debug_cursor = True
        reset_queries()
        started = time.perf_counter()
        counts = plan_tick(organization_id, on=on)
        seconds = time.perf_counter() - started
        queries = len(connection.queries)
        connection.force_debug_cursor = False
        if reference is None:
            reference = _bare(organization_id)
        rows.append(
            {
                "name": f"plan, {name}: {counts.cases} cases of {invoices} invoices, "
                f"{counts.added} actions, {queries} queries",
                "value": round(seconds, 3),
                "unit": "s",
                "reference": f"bare read and write of the same rows: {reference:.3f} s",
                "ratio": round(seconds / reference, 2),
            }
        )
        if name == "first night":
            rows.append(
                {
                    "name": "receivables planned in the first night",
                    "value": round(invoices / seconds),
                    "unit": "a second",
                    "reference": "nearest open peer, about 230 a second on such a machine",
                    "ratio": round(invoices / seconds / 230, 1),
                }
            )
    return rows


def load(invoices: int, cases: int) -> int:
    """A portfolio of open invoices, due from 120 days ago to 60 days ahead; its organization."""
    from amiable.apps.cases.models import Case
    from amiable.apps.customers.models import ContactPoint, Customer
    from amiable.apps.receivables.models import Entry, Installment, Invoice
    from amiable.apps.tenants.models import Creditor, Organization

    org = Organization.objects.create(slug=f"bench-plan-{invoices}", name="Bench")
    owner = Creditor.objects.create(organization=org, code="main", name="Bench")
    customers = _batches(
        Customer(
            organization=org, creditor=owner, code=f"C{i}", name=f"Customer {i}",
            address_lines=["1 rue du Port"], postcode=f"{10000 + i % 80000}", city="Nantes",
        )
        for i in range(cases)
    )  # fmt: skip
    _batches(
        ContactPoint(
            organization=org, customer=customer, kind=kind, value=f"{value}{customer.id}{end}"
        )
        for customer in customers
        for kind, value, end in (("email", "c", "@c.example"), ("phone", "+336399", ""))
    )
    _batches(Case(organization=org, customer=c, next_plan_on=TODAY) for c in customers)
    bills = _batches(
        Invoice(
            organization=org, customer=customers[i % cases], number=f"B{i}",
            issue_date=_due(i) - timedelta(days=30), due_date=_due(i), total_minor=10_000 + i,
        )
        for i in range(invoices)
    )  # fmt: skip
    items = _batches(
        Installment(
            organization=org, invoice=bill, customer_id=bill.customer_id, due_date=bill.due_date
        )
        for bill in bills
    )
    _batches(
        Entry(
            organization=org, customer_id=item.customer_id, installment=item, invoice=bill,
            kind="invoice", amount_minor=bill.total_minor, on_date=bill.issue_date, source="bench",
        )
        for item, bill in zip(items, bills, strict=True)
    )  # fmt: skip
    return org.id


def _due(index: int) -> date:
    # 7919 is prime to 180: the due dates of one case are spread over the window.
    return TODAY + timedelta(days=index * 7919 % 180 - 120)


def _batches(rows: Any, size: int = 5_000) -> list[Any]:
    created: list[Any] = []
    rows = iter(rows)
    while batch := list(islice(rows, size)):
        created += type(batch[0]).objects.bulk_create(batch, batch_size=size)
    return created


def _bare(organization_id: int) -> float:
    from django.db import connection

    started = time.perf_counter()
    with connection.cursor() as cursor:
        for table in ("receivables_entry", "receivables_allocation"):
            cursor.execute(
                f"SELECT installment_id, SUM(amount_minor) FROM {table} "
                "WHERE organization_id = %s GROUP BY installment_id",
                [organization_id],
            )
            cursor.fetchall()
        cursor.execute(
            "SELECT t.id, t.due_date, i.number, i.issue_date FROM receivables_installment t "
            "JOIN receivables_invoice i ON i.id = t.invoice_id "
            "WHERE t.organization_id = %s AND t.settled_on IS NULL",
            [organization_id],
        )
        cursor.fetchall()
        cursor.execute("SELECT * FROM dunning_action")
        actions = cursor.fetchall()
        cursor.execute("SELECT * FROM dunning_actionitem")
        items = cursor.fetchall()
        for table, copy in (("dunning_action", actions), ("dunning_actionitem", items)):
            marks = ",".join(["%s"] * len(copy[0]))
            cursor.execute(f"CREATE TEMPORARY TABLE bare_{table} AS SELECT * FROM {table} LIMIT 0")
            cursor.executemany(f"INSERT INTO bare_{table} VALUES ({marks})", copy)
    return time.perf_counter() - started
