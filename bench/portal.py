"""The payment page of customers among a million invoices: server time of its pages.

Each page is asked by the links of many cases, once each, through the whole web application; the
first requests of a process are not counted. The reference is the page of an unknown link, which
runs through the same application and asks the database once.
"""

from __future__ import annotations

import io
import logging
import time
from typing import Any
from wsgiref.util import setup_testing_defaults

from bench.portfolio import TODAY, load

SIZES = ((100_000, 10_000), (1_000_000, 100_000))
LINKS = 400  # visits of each page; one in twenty may be slower than what is told
WARM_UP = 20
PAGES = {"first page": "", "cannot pay now": "later/", "disagree": "disagree/", "paid": "paid/"}


def run(sizes: tuple[tuple[int, int], ...] = SIZES) -> list[dict[str, Any]]:
    """Load each portfolio into the default database and visit the pages of some of its cases."""
    from amiable.project.wsgi import application

    # Unknown links are asked on purpose.
    logging.getLogger("django.request").setLevel(logging.ERROR)
    rows: list[dict[str, Any]] = []
    for invoices, cases in sizes:
        tokens = _tokens(load(invoices, cases))
        unknown = [token[::-1] for token in tokens]
        _visit(application, tokens[:WARM_UP], "")
        nothing = _slowest_but_one_in_twenty(_visit(application, unknown, "", status="404"))
        for name, page in PAGES.items():
            slow = _slowest_but_one_in_twenty(_visit(application, tokens, page))
            rows.append(
                {
                    "name": f"payment page, {name}, of {cases:,} cases with {invoices:,} invoices, "
                    "95th percentile",
                    "value": round(slow * 1000, 1),
                    "unit": "ms",
                    "reference": f"the page of an unknown link: {nothing * 1000:.1f} ms",
                    "ratio": round(slow / nothing, 1),
                }
            )
    return rows


def _tokens(organization_id: int) -> list[str]:
    """A link of each of so many cases, spread over the portfolio."""
    from amiable.apps.cases.links import link_make
    from amiable.apps.cases.models import Case
    from amiable.apps.tenants.models import Creditor

    Creditor.objects.filter(organization_id=organization_id).update(
        iban="FR7630006000011234567890189", email="compta@bench.example", siren="732829320"
    )
    ids = list(Case.objects.filter(organization_id=organization_id).values_list("id", flat=True))
    chosen = ids[:: len(ids) // LINKS][:LINKS]
    made = (link_make(organization_id, case_id, on=TODAY, actor="bench") for case_id in chosen)
    return [url.rstrip("/").rpartition("/")[2] for url in made]


def _visit(application: Any, tokens: list[str], page: str, *, status: str = "200") -> list[float]:
    """Seconds of each visit, every one from an address of its own: limits are not measured."""
    return [
        _seconds(application, f"/p/{token}/{page}", f"10.1.{number // 250}.{number % 250}", status)
        for number, token in enumerate(tokens)
    ]


def _seconds(application: Any, path: str, address: str, status: str) -> float:
    environ: dict[str, Any] = {
        "PATH_INFO": path,
        "REMOTE_ADDR": address,
        "HTTP_HOST": "localhost",
        "HTTP_ACCEPT_LANGUAGE": "fr",
        "wsgi.input": io.BytesIO(),
    }
    setup_testing_defaults(environ)
    told: list[str] = []
    started = time.perf_counter()
    answer = application(environ, lambda line, *_: told.append(line))
    for _ in answer:
        pass
    answer.close()
    seconds = time.perf_counter() - started
    if not told[0].startswith(status):
        raise RuntimeError(f"{path} answered {told[0]}")
    return seconds


def _slowest_but_one_in_twenty(seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) * 19 // 20]
