"""Portfolios of open invoices for the benchmarks, loaded in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
BATCH = 20_000


def load(invoices: int, cases: int) -> int:
    """Open invoices due from 120 days ago to 60 days ahead, spread over cases; the organization."""
    from amiable.apps.cases.models import Case
    from amiable.apps.customers.models import ContactPoint, Customer
    from amiable.apps.tenants.models import Creditor, Organization

    org = Organization.objects.create(slug=f"bench-{invoices}", name="Bench")
    owner = Creditor.objects.create(organization=org, code="main", name="Bench")
    customer = insert(
        Customer,
        ("organization_id", "creditor_id", "code", "name", "kind", "siren", "vat_number",
         "language", "segment", "sales_owner", "payment_term", "address_lines", "postcode",
         "city", "country", "payer_group", "address_invalid_reason", "created_at"),
        cases,
        lambda i: (org.id, owner.id, f"C{i}", f"Customer {i}", "company", "", "", "fr", "", "",
                   "", ["1 rue du Port"], f"{10000 + i % 80000}", "Nantes", "FR", "", "", NOW),
    )  # fmt: skip
    for kind, value in (("email", "c{:d}@c.example"), ("phone", "+336{:08d}")):
        insert(
            ContactPoint,
            ("organization_id", "customer_id", "kind", "value", "position", "invalid_reason"),
            cases,
            lambda i, kind=kind, value=value: (
                org.id, customer + i, kind, value.format(customer + i), 0, ""),
        )  # fmt: skip
    insert(
        Case,
        ("organization_id", "customer_id", "currency", "next_plan_on", "created_at"),
        cases,
        lambda i: (org.id, customer + i, "EUR", TODAY, NOW),
    )
    invoices_of(org.id, customer, cases, count=invoices)
    return org.id


def invoices_of(
    org: int, customer: int, cases: int, *, count: int, prefix: str = "B", settled: bool = False
) -> tuple[int, int]:
    """`count` invoices of `cases` customers in turn; their first one and its installment."""
    from amiable.apps.receivables.models import Entry, Installment, Invoice

    invoice = insert(
        Invoice,
        ("organization_id", "customer_id", "number", "kind", "issue_date", "due_date",
         "currency", "total_minor", "order_reference", "payment_reference", "label",
         "created_at"),
        count,
        lambda i: (org, customer + i % cases, f"{prefix}{i}", "invoice", due(i) - timedelta(30),
                   due(i), "EUR", amount(i), "", "", "", NOW),
    )  # fmt: skip
    installment = insert(
        Installment,
        ("organization_id", "invoice_id", "customer_id", "sequence", "due_date", "currency",
         "settled_on"),
        count,
        lambda i: (org, invoice + i, customer + i % cases, 1, due(i), "EUR",
                   due(i) if settled else None),
    )  # fmt: skip
    insert(
        Entry,
        ("organization_id", "customer_id", "installment_id", "invoice_id", "kind",
         "amount_minor", "currency", "on_date", "recorded_at", "source"),
        count,
        lambda i: (org, customer + i % cases, installment + i, invoice + i, "invoice",
                   amount(i), "EUR", due(i) - timedelta(30), NOW, "bench"),
    )  # fmt: skip
    return invoice, installment


def amount(index: int) -> int:
    """Of that invoice, minor units."""
    return 10_000 + index % 90_000


def due(index: int) -> date:
    """Of that invoice."""
    # 7919 is prime to 180: the due dates of one case are spread over the window.
    return TODAY + timedelta(days=index * 7919 % 180 - 120)


def insert(
    model: Any, names: tuple[str, ...], count: int, row: Callable[[int], tuple[Any, ...]]
) -> int:
    """`count` rows made by number; the first primary key (the others follow it)."""
    from django.db import transaction

    from amiable.apps.work.bulk import ids_reserve, rows_insert

    first = None
    for start in range(0, count, BATCH):
        size = min(BATCH, count - start)
        with transaction.atomic():
            ids = ids_reserve(model, size)
            first = ids[0] if first is None else first
            rows = _rows(ids, start, row)
            rows_insert(model, ("id", *names), rows=rows)
    return first or 0


def _rows(ids: Any, start: int, row: Callable[[int], tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    for offset, key in enumerate(ids):
        yield (key, *row(start + offset))
