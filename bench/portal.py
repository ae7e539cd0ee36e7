"""The payment page of customers among a million invoices: server time of its pages.

Each page is asked by the links of many cases, once each, through the whole web application; the
first requests of a process are not counted. The reference is the same page among a thousand
invoices. Times are of the clock; what the process itself spent stands beside them, and how many
processes the machine had to share its cores among.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.util import setup_testing_defaults

from bench.portfolio import TODAY, invoices_of, load

SIZES = ((1_000, 100), (1_000_000, 100_000))
VISITS = 100  # of each page, of which five may be slower than what is told
WARM_UP = 10
OF_ONE = 300  # invoices of the heaviest debtor
PAGES = {
    "first page": "",
    "invoices chosen": "?chosen=1&i={item}",
    "cannot pay now": "later/",
    "plan": "plan/",
    "disagree": "disagree/",
    "paid": "paid/",
    "other contact": "contact/",
    "direct debit": "mandate/",
    "statement PDF": "statement.pdf",
    "statement XLSX": "statement.xlsx",
}
HEAVY = ("first page", "disagree", "plan", "statement PDF", "statement XLSX")

Found = dict[str, dict[str, Any]]


def run(sizes: tuple[tuple[int, int], ...] = SIZES) -> list[dict[str, Any]]:
    """Load each portfolio into the default database and visit the pages of some of its cases."""
    found: list[tuple[int, Found]] = []
    for invoices, cases in sizes:
        with _loading():
            organization_id = load(invoices, cases)
            heavy = _heavy(organization_id)
        found.append((invoices, measure(_links(organization_id), heavy)))
    return [row for invoices, pages in found[1:] for row in _rows(found[0], (invoices, pages))]


def measure(links: list[tuple[str, int]], heavy: list[tuple[str, int]]) -> Found:
    """Each page by name: queries, and milliseconds at the 50th, 95th and 99th percentile.
    `links` = tokens, each with an item of its case; `heavy` = of the heaviest debtor."""
    from amiable.project.wsgi import application

    found = {name: _measure(application, links, page) for name, page in PAGES.items()}
    for name in HEAVY:
        found[f"{name} of {OF_ONE} invoices"] = _measure(application, heavy, PAGES[name])
    return found


def _measure(application: Any, links: list[tuple[str, int]], page: str) -> dict[str, Any]:
    """Each visit comes from an address of its own: limits are not what is measured."""
    times, own = [], []
    for number, (token, item) in enumerate(links[:WARM_UP] + links):
        path = f"/p/{token}/{page.format(item=item)}"
        address = f"10.1.{number // 250}.{number % 250}"
        started, spent = time.perf_counter(), time.process_time()
        _ask(application, path, address)
        times.append(time.perf_counter() - started)
        own.append(time.process_time() - spent)
    times, own = sorted(times[WARM_UP:]), sorted(own[WARM_UP:])
    path = f"/p/{links[0][0]}/{page.format(item=links[0][1])}"
    return {
        "queries": _queries(lambda: _ask(application, path, "10.2.0.1")),
        **{f"p{share}": _percentile(times, share) for share in (50, 95, 99)},
        "own": _percentile(own, 95),
    }


def _rows(small: tuple[int, Found], large: tuple[int, Found]) -> Iterator[dict[str, Any]]:
    invoices, pages = large
    load_average = os.getloadavg()[1]
    for name, page in pages.items():
        before = small[1][name]
        yield {
            "name": f"payment page, {name}, among {invoices:,} invoices, 95th percentile: "
            f"{page['queries']} queries, half below {page['p50']:.1f} ms, 99 % below "
            f"{page['p99']:.1f} ms; of the process itself {page['own']:.1f} ms "
            f"(load of the machine {load_average:.1f})",
            "value": round(page["p95"], 1),
            "unit": "ms",
            "reference": f"the same page among {small[0]:,} invoices: {before['p95']:.1f} ms, "
            f"of the process itself {before['own']:.1f} ms",
            "ratio": round(page["p95"] / before["p95"], 2),
        }


@contextmanager
def _loading() -> Iterator[None]:
    """A database that is loaded for this only: SQLite waits for no disk, its indexes are built
    once the rows are there, and statistics are taken as in a database in use."""
    from django.db import connection

    indexes: list[tuple[str, str]] = []
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA synchronous = OFF")
            cursor.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL "
                "AND tbl_name LIKE 'receivables_%' AND sql NOT LIKE 'CREATE UNIQUE%'"
            )
            indexes = cursor.fetchall()
            for name, _ in indexes:
                cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _, statement in indexes:
            cursor.execute(statement)
        cursor.execute("ANALYZE")


def _heavy(organization_id: int) -> list[tuple[str, int]]:
    """Give one customer many invoices; links of its case."""
    from amiable.apps.cases.models import Case

    case = Case.objects.filter(organization_id=organization_id).order_by("id")[0]
    _, item = invoices_of(organization_id, case.customer_id, 1, count=OF_ONE, prefix="H")
    return [(_token(organization_id, case.pk), item) for _ in range(VISITS)]


def _links(organization_id: int) -> list[tuple[str, int]]:
    """A link of each of so many cases, spread over the portfolio, and an item of the case. The
    creditor offers all that a page can show."""
    from amiable.apps.cases.models import Case
    from amiable.apps.cases.policies import policy_set
    from amiable.apps.receivables.models import Installment
    from amiable.apps.tenants.models import Creditor
    from amiable.core.plans import Policy

    Creditor.objects.filter(organization_id=organization_id).update(
        iban="FR7630006000011234567890189", email="compta@bench.example", siren="732829320",
        ics="FR72ZZZ123456",
    )  # fmt: skip
    policy_set(
        organization_id,
        Policy(mode="automatic"),
        creditor_id=None,
        segment="",
        on=TODAY,
        actor="bench",
    )
    cases = Case.objects.filter(organization_id=organization_id).order_by("id")
    known = list(cases.values_list("id", "customer_id"))[1:]
    chosen = [known[index * len(known) // VISITS] for index in range(VISITS)]
    items = dict(
        Installment.objects.filter(
            organization_id=organization_id, customer_id__in=[each[1] for each in chosen]
        ).values_list("customer_id", "id")
    )
    return [(_token(organization_id, case), items[customer]) for case, customer in chosen]


def _token(organization_id: int, case_id: int) -> str:
    from amiable.apps.cases.links import link_make

    url = link_make(organization_id, case_id, on=TODAY, actor="bench")
    return url.rstrip("/").rpartition("/")[2]


def _ask(application: Any, path: str, address: str) -> None:
    where, _, query = path.partition("?")
    environ: dict[str, Any] = {
        "PATH_INFO": where,
        "QUERY_STRING": query,
        "REMOTE_ADDR": address,
        "HTTP_HOST": "localhost",
        "HTTP_ACCEPT_LANGUAGE": "fr",
        "wsgi.input": io.BytesIO(),
    }
    setup_testing_defaults(environ)
    told: list[str] = []
    answer = application(environ, lambda line, *_: told.append(line))
    for _ in answer:
        pass
    answer.close()
    if not told[0].startswith("200"):
        raise RuntimeError(f"{path} answered {told[0]}")


def _queries(work: Callable[[], None]) -> int:
    from django.db import connection

    count = 0

    def counted(execute: Any, *asked: Any) -> Any:
        nonlocal count
        count += 1
        return execute(*asked)

    with connection.execute_wrapper(counted):
        work()
    return count


def _percentile(sorted_seconds: list[float], share: int) -> float:
    """In milliseconds: so many percent are at most as slow."""
    return sorted_seconds[-(-len(sorted_seconds) * share // 100) - 1] * 1000
