"""The public benchmark of bank matching: a seeded generator, references, one table of figures."""

from __future__ import annotations

from typing import Any

LINES = 2_000


def run() -> list[dict[str, Any]]:
    """Rows for docs/benchmarks.md: each rate beside the better of two rules in use, speed, and
    what it costs to load what matching knows."""
    from bench.matching import opening
    from bench.matching.profiles import TYPICAL
    from bench.matching.report import MATCHERS, measured
    from bench.matching.speed import speeds

    ours, *others = (measured(name, TYPICAL, seed=7, lines=LINES, mode="gold") for name in MATCHERS)
    rows = []
    for key, name, best in (
        ("posted_of_receivable", "receivable lines posted without a person", max),
        ("precision", "of posts right to the invoice", max),
    ):
        rate, other = ours[key]["percent"], best(run[key]["percent"] for run in others)
        rows.append(_row(f"{name}, {LINES} lines", rate, "%", other=other))
    other = min(run["touches"] for run in others)
    rows.append(_row("human touches of 1,000 lines", ours["touches"], "touches", other=other))
    slowest = max(run["lines_per_second"] for run in others)
    for found in speeds():
        size, engine = found["open_items"], found["engine"]
        name = f"match over {size} open items, {engine}, 99 % of lines within {found['p99_ms']} ms"
        rows.append(_row(name, found["lines_per_second"], "lines a second", other=slowest))
    return rows + opening.rows()


def _row(name: str, value: float, unit: str, *, other: float) -> dict[str, Any]:
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "reference": f"the better of two rules in use: {other:g} {unit}",
        "ratio": round(value / other, 3) if other else None,
    }
