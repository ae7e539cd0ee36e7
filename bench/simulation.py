"""Thirty days simulated on a portfolio, ahead and on past facts; seconds, queries, peak memory.

The reference is one dry run of the same portfolio, the plan of a single day: living through the
days one by one would cost thirty of them, and twice that to compare two scenarios.
"""

from __future__ import annotations

import resource
import time
from datetime import timedelta
from typing import Any

from bench.portfolio import TODAY, load

SIZES = ((10_000, 1_000), (100_000, 10_000), (1_000_000, 100_000))
LARGE = 1_000_000  # from here on only the days ahead: a comparison takes as long again
DAYS = timedelta(days=29)


def run(sizes: tuple[tuple[int, int], ...] = SIZES) -> list[dict[str, Any]]:
    """Load each portfolio into the default database and simulate on it."""
    rows: list[dict[str, Any]] = []
    _simulated(load(1_000, 100), "warm-up", 1_000, 1.0, scenario="risky")
    for invoices, cases in sizes:
        organization_id = load(invoices, cases)
        dry = _dry_run(organization_id)
        asked = (
            ("30 days ahead", {}),
            ("30 days ahead, compared with another scenario", {"scenario": "key-accounts"}),
            ("30 past days", {"ago": 31}),
        )
        for name, options in asked[: 1 if invoices >= LARGE else None]:
            rows.append(_simulated(organization_id, name, invoices, dry, **options))
    return rows


def _dry_run(organization_id: int) -> float:
    """Seconds to plan one day of the portfolio without writing."""
    from amiable.apps.dunning.planning import plan_preview

    started = time.perf_counter()
    for _ in plan_preview(organization_id, on=TODAY):
        pass
    return time.perf_counter() - started


def _simulated(
    organization_id: int, name: str, invoices: int, dry: float, *, scenario: str = "", ago: int = 0
) -> dict[str, Any]:
    from django.db import connection

    from amiable.apps.dunning.simulation.runs import Asked, simulation_run

    first = TODAY - timedelta(days=ago)
    asked = Asked(first, first + DAYS, scenario=scenario, keep=2000)
    queries = _Counter()
    started = time.perf_counter()
    with connection.execute_wrapper(queries):
        found = simulation_run(organization_id, asked, on=TODAY)
    seconds = time.perf_counter() - started
    total = found.work.total
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {
        "name": f"simulate {name}: {invoices:,} invoices of {found.cases:,} cases, "
        f"{total.contacts + total.tasks:,} actions, {round(invoices / seconds):,} invoices a "
        f"second, {queries.count} queries, peak {peak} MiB",
        "value": round(seconds, 3),
        "unit": "s",
        "reference": f"dry run of one day: {dry:.3f} s",
        "ratio": round(seconds / dry, 1),
    }


class _Counter:
    """Counts the statements sent to the database."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Any, *arguments: Any) -> Any:
        self.count += 1
        return execute(*arguments)
