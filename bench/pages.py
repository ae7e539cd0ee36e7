"""What the heaviest pages of the console cost on 100,000 open items, against one bare GROUP BY."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from bench.portfolio import NOW, TODAY, amount, due, insert, invoices_of, load

OPEN = 100_000
PAID = 100_000
CUSTOMERS = 5_000
OF_ONE = 2_000
UNUSED = 300
LINES = 50_000
ROUNDS = 3
BARE = """
SELECT installment_id, SUM(amount_minor) FROM receivables_entry
WHERE organization_id = %s AND on_date <= %s GROUP BY installment_id
"""


def run(items: int = OPEN) -> list[dict[str, Any]]:
    """Load a portfolio into the default database (an empty one) and time its pages."""
    from django.db import connection

    organization_id = prepare(items)
    bare, _ = _best(lambda: _bare(organization_id))
    rows = []
    for name, seconds, queries in measure(organization_id):
        rows.append(
            {
                "name": f"page {name}, {items} open items: {queries} queries",
                "value": round(seconds, 3),
                "unit": "s",
                "reference": f"bare GROUP BY over the entries: {bare:.3f} s",
                "ratio": round(seconds / bare, 1),
            }
        )
    connection.close()
    return rows


def prepare(items: int) -> int:
    """Open items, as many paid ones, money that pays nothing and bank lines; the organization."""
    from django.db import connection

    from amiable.apps.customers.models import Customer
    from amiable.apps.tenants.models import Membership, User

    org = load(items, CUSTOMERS)
    first = Customer.objects.filter(organization_id=org).order_by("id").values_list("id", flat=True)
    customer = first[0]
    invoices_of(org, customer, 1, count=OF_ONE, prefix="L")
    _, paid = invoices_of(org, customer, CUSTOMERS, count=PAID, prefix="P", settled=True)
    _payments(org, customer, paid)
    _lines(org)
    _happened(org)
    user = User.objects.create_user(username="bench", email="bench@bench.example")
    Membership.objects.create(organization_id=org, user=user, role=Membership.Role.MANAGER)
    # A database in use has statistics; a freshly loaded one has none yet.
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return org


def _payments(org: int, customer: int, installment: int) -> None:
    """One for each paid invoice, and some of which nothing is known."""
    from amiable.apps.payments.models import Payment
    from amiable.apps.receivables.models import Allocation, Entry, OpenCredit

    def day(i: int) -> Any:
        return min(due(i), TODAY)

    entry = insert(
        Entry,
        ("organization_id", "customer_id", "kind", "amount_minor", "currency", "on_date",
         "recorded_at", "source"),
        PAID + UNUSED,
        lambda i: (org, customer + i % CUSTOMERS, "payment", -amount(i), "EUR", day(i), NOW,
                   f"bench:{i}"),
    )  # fmt: skip
    insert(
        Payment,
        ("organization_id", "customer_id", "entry_id", "method", "amount_minor", "currency",
         "received_on", "external_id", "payer_name", "payer_iban", "reference", "recorded_at"),
        PAID + UNUSED,
        lambda i: (org, customer + i % CUSTOMERS, entry + i, "transfer", amount(i), "EUR", day(i),
                   f"bench:{i}", f"Customer {i % CUSTOMERS}", "", "", NOW),
    )  # fmt: skip
    insert(
        Allocation,
        ("organization_id", "credit_id", "installment_id", "amount_minor", "on_date",
         "recorded_at", "source"),
        PAID,
        lambda i: (org, entry + i, installment + i, amount(i), day(i), NOW, f"bench:{i}"),
    )  # fmt: skip
    insert(
        OpenCredit,
        ("organization_id", "credit_id", "customer_id"),
        UNUSED,
        lambda i: (org, entry + PAID + i, customer + (PAID + i) % CUSTOMERS),
    )


def _happened(org: int) -> None:
    """Something happens: what a process keeps of the figures is no longer true."""
    from amiable.apps.audit.services import Happening, event_record

    event_record(org, Happening(kind="import_run", on_date=TODAY, actor="bench"))


def _lines(org: int) -> None:
    """Bank lines, one in a hundred waiting for a person."""
    from amiable.apps.banking.models import BankAccount, Statement, StatementLine
    from amiable.apps.tenants.models import Creditor

    owner = Creditor.objects.get(organization_id=org)
    account = BankAccount.objects.create(
        organization_id=org, creditor=owner, identifier="FR7630006000011234567890189"
    )
    statement = Statement.objects.create(
        organization_id=org, account=account, closing_on=TODAY, fingerprint="bench", source="bench"
    )
    insert(
        StatementLine,
        ("organization_id", "statement_id", "fingerprint", "booked_on", "amount_minor", "currency",
         "label", "record", "state", "evidence"),
        LINES,
        lambda i: (org, statement.pk, f"bench:{i}", TODAY - timedelta(days=i % 180), amount(i),
                   "EUR", f"VIR B{i}", {"payer_name": f"Customer {i % CUSTOMERS}"},
                   "left" if i % 100 == 0 else "posted", []),
    )  # fmt: skip


def measure(organization_id: int) -> list[tuple[str, float, int]]:
    """(address, seconds, queries) of each page, by the same way a browser takes."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from amiable.apps.customers.models import Customer
    from amiable.apps.tenants.models import Membership

    client = Client(SERVER_NAME="localhost")
    client.force_login(Membership.objects.get(organization_id=organization_id).user)
    heavy = Customer.objects.filter(organization_id=organization_id).order_by("id")[0].pk
    found = []
    for name, address in (
        ("dashboard", "/"),
        ("money to settle", "/bank/money/"),
        (f"customer with {OF_ONE} items", f"/customers/{heavy}/"),
        ("bank", "/bank/"),
        ("customers", "/customers/"),
    ):
        with CaptureQueriesContext(connection) as queries:
            status = client.get(address).status_code
            count = len(queries)
        if status != 200:
            raise AssertionError(f"{address} answers {status}")
        seconds, _ = _best(lambda address=address: client.get(address))
        found.append((name, seconds, count))
        if address == "/":
            start = time.perf_counter()
            _happened(organization_id)
            client.get(address)
            found.append(("dashboard after a change", time.perf_counter() - start, count))
    return found


def _bare(organization_id: int) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(BARE, [organization_id, TODAY.isoformat()])
        return len(cursor.fetchall())


def _best(work: Any) -> tuple[float, float]:
    """Best of a few rounds, in seconds: elapsed, and of this process alone."""
    rounds = []
    for _ in range(ROUNDS):
        start, own = time.perf_counter(), time.process_time()
        work()
        rounds.append((time.perf_counter() - start, time.process_time() - own))
    return min(rounds)
