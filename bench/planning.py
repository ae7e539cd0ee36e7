"""Planning nights of up to a million open invoices: the first, a busy one, an idle one.

The reference is the least any planner must do on this machine: read every open installment with
its two sums, and write one bare row per action and per item, in the same database. The exponent
says how the first night grows with the portfolio: 1 = in proportion.
"""

from __future__ import annotations

import math
import resource
import time
from datetime import timedelta
from typing import Any

from bench.portfolio import TODAY, load

SIZES = ((10_000, 1_000), (100_000, 10_000), (1_000_000, 100_000))
BUSY_SHARE = 5  # one case in five has its day: 20,000 of 100,000
BUSY_ON = TODAY + timedelta(days=17)  # a Monday: most of what was reminded has its next step
# The nearest open peer, measured on such a machine: first night of 10,000 items 40 s, of 30,000
# 230 s; next night at 100,000 items 290 s for 1,666 newly due, 44 s at 30,000 with nothing due.
PEER_FIRST = "nearest open peer: 40 s for 10,000 items, 230 s for 30,000 (exponent 1.56)"
PEER_PER_SECOND = 230


def run(sizes: tuple[tuple[int, int], ...] = SIZES) -> list[dict[str, Any]]:
    """Load each portfolio into the default database and time its nights."""
    rows: list[dict[str, Any]] = []
    firsts: list[tuple[int, float]] = []
    _night(load(1_000, 100), "warm-up", TODAY, 1_000)
    for invoices, cases in sizes:
        organization_id = load(invoices, cases)
        first, seconds = _night(organization_id, "first night", TODAY, invoices)
        firsts.append((invoices, seconds))
        rows.append(first)
        rows.append(_rate(invoices, seconds))
        _carry_out(organization_id, cases // BUSY_SHARE)
        rows.append(_night(organization_id, "busy night", BUSY_ON, invoices)[0])
        rows.append(_night(organization_id, "idle night", BUSY_ON, invoices)[0])
    (small, short), (large, long) = firsts[0], firsts[-1]
    exponent = math.log(long / short) / math.log(large / small)
    rows.append(
        {
            "name": f"growth of the first night from {small:,} to {large:,} invoices",
            "value": round(exponent, 3),
            "unit": "exponent",
            "reference": PEER_FIRST,
            "ratio": round(exponent / 1.56, 2),
        }
    )
    return rows


def _night(organization_id: int, name: str, on: Any, invoices: int) -> tuple[dict[str, Any], float]:
    """One tick: its row of the report and its seconds."""
    from django.db import connection

    from amiable.apps.dunning.planning import plan_tick

    counter = _Counter()
    started = time.perf_counter()
    with connection.execute_wrapper(counter):
        counts = plan_tick(organization_id, on=on)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    reference = _bare(organization_id) if name == "first night" else None
    row = {
        "name": f"plan {invoices:,} invoices, {name}: {counts.cases:,} cases, "
        f"{counts.added:,} actions, {counter.queries:,} queries, peak {peak} MiB",
        "value": round(seconds, 3),
        "unit": "s",
        "reference": f"bare read and write of the same rows: {reference:.3f} s"
        if reference
        else "",
        "ratio": round(seconds / reference, 2) if reference else None,
    }
    return row, seconds


def _rate(invoices: int, seconds: float) -> dict[str, Any]:
    return {
        "name": f"invoices planned in the first night of {invoices:,}",
        "value": round(invoices / seconds),
        "unit": "a second",
        "reference": f"nearest open peer, about {PEER_PER_SECOND} a second on such a machine",
        "ratio": round(invoices / seconds / PEER_PER_SECOND, 1),
    }


class _Counter:
    """Counts statements without keeping them."""

    def __init__(self) -> None:
        self.queries = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.queries += 1
        return execute(sql, params, many, context)


def _carry_out(organization_id: int, cases: int) -> None:
    """What the first night planned has left; exactly so many cases have their day again."""
    from amiable.apps.cases.models import Case
    from amiable.apps.dunning.models import Action

    Action.objects.filter(organization_id=organization_id).update(
        state=Action.State.DONE, closed_on=TODAY
    )
    rows = Case.objects.filter(organization_id=organization_id)
    rows.update(next_plan_on=BUSY_ON + timedelta(days=30))
    ids = list(rows.order_by("id").values_list("id", flat=True)[:cases])
    rows.filter(id__among=ids).update(next_plan_on=BUSY_ON)


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
            _drain(cursor)
        cursor.execute(
            "SELECT t.id, t.due_date, i.number, i.issue_date FROM receivables_installment t "
            "JOIN receivables_invoice i ON i.id = t.invoice_id "
            "WHERE t.organization_id = %s AND t.settled_on IS NULL",
            [organization_id],
        )
        _drain(cursor)
        for table in ("dunning_action", "dunning_actionitem"):
            cursor.execute(f"CREATE TEMPORARY TABLE bare_{table} AS SELECT * FROM {table} LIMIT 0")
            cursor.execute(
                f"INSERT INTO bare_{table} SELECT * FROM {table} WHERE organization_id = %s",
                [organization_id],
            )
            cursor.execute(f"DROP TABLE bare_{table}")
    return time.perf_counter() - started


def _drain(cursor: Any) -> None:
    while cursor.fetchmany(5000):
        pass
