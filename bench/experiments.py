"""What looking every day costs in truth: two equal arms, or one faster, looked at 60 times.

No database is needed; the figures are shares of simulated experiments with fixed seeds.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

RUNS = 2_000
LOOKS = 60
PAYERS_PER_LOOK = 20  # in each arm
PAYERS_FORECAST = 18  # 60 times that is the size that core.experiment.sizes forecasts, 1,095
EFFECT_DAYS = 2.0
SD_DAYS = 12.0


@dataclass(slots=True)
class Found:
    """Experiments that named a winner, by rule, and when the sequential test did."""

    peeking: int = 0
    once: int = 0
    sequential: int = 0
    looks: int = 0


def run(runs: int = RUNS) -> list[dict[str, Any]]:
    """The A/A table, the power at the forecast size, and what a look costs."""
    equal = simulated(runs, effect_days=0.0, seed=60)
    faster = simulated(runs // 2, effect_days=EFFECT_DAYS, seed=61, payers=PAYERS_FORECAST)
    setting = f"{LOOKS} looks, {PAYERS_PER_LOOK} payers an arm each, sd {SD_DAYS:g} days"
    payers = LOOKS * PAYERS_FORECAST
    found = f"true difference of {EFFECT_DAYS:g} days found"
    rows = [
        _row(f"false winners, peeking at p < 0.05 ({setting})", equal.peeking, runs=runs),
        _row("false winners, one look at the end", equal.once, runs=runs),
        _row("false winners, sequential test at every look", equal.sequential, runs=runs),
        _row(f"{found} by {payers:,} payers", faster.sequential, runs=runs // 2, nominal=80),
    ]
    mean = faster.looks * PAYERS_FORECAST / max(1, faster.sequential)
    rows.append(
        {
            "name": "payers an arm when it is found, mean",
            "value": round(mean),
            "unit": "payers",
            "reference": "565 for one look planned in advance",
            "ratio": round(mean / 565, 2),
        }
    )
    return [*rows, _speed()]


def simulated(runs: int, *, effect_days: float, seed: int, payers: int = PAYERS_PER_LOOK) -> Found:
    """Live `runs` experiments to the last look."""
    dice = random.Random(seed)
    found = Found()
    for _ in range(runs):
        _live(found, lambda: dice.gauss(20, SD_DAYS), effect_days, payers)
    return found


def _live(found: Found, draw: Callable[[], float], effect_days: float, payers: int) -> None:
    from amiable.core.experiment.sequential import ALPHA, Tally, compared, p_value

    tallies = Tally(), Tally()
    peeked, decided = False, 0
    for look in range(1, LOOKS + 1):
        for _ in range(payers):
            tallies[0].add(draw())
            tallies[1].add(draw() - effect_days)
        difference, variance, _ = compared(tallies)
        is_far = abs(difference) > 1.96 * math.sqrt(variance)
        peeked = peeked or is_far
        if not decided and p_value(difference, variance, mixing=EFFECT_DAYS) < ALPHA:
            decided = look
    found.peeking += peeked
    found.once += is_far
    found.sequential += bool(decided)
    found.looks += decided


def _row(name: str, count: int, *, runs: int, nominal: int = 5) -> dict[str, Any]:
    share = 100 * count / runs
    return {
        "name": name,
        "value": round(share, 1),
        "unit": "%",
        "reference": f"meant: {nominal} %",
        "ratio": round(share / nominal, 2),
    }


def _speed() -> dict[str, Any]:
    """Every look of an experiment with 20,000 payers, against adding up their days once."""
    from datetime import date, timedelta

    from amiable.core.experiment.sequential import Measure, looks

    dice, first = random.Random(7), date(2026, 1, 1)
    arms = [
        [
            Measure(first + timedelta(days=i % 365), dice.gauss(20, 12), dice.gauss(9, 5))
            for i in range(10_000)
        ]
        for _ in range(2)
    ]
    started = time.perf_counter()
    found = looks(*arms, until=date(2027, 1, 1), mixing=EFFECT_DAYS)
    seconds = time.perf_counter() - started
    started = time.perf_counter()
    sum(measure.value for measures in arms for measure in measures)
    bare = time.perf_counter() - started
    return {
        "name": f"{len(found)} looks at 20,000 payers",
        "value": round(seconds, 3),
        "unit": "s",
        "reference": f"one sum of their days: {bare:.4f} s",
        "ratio": round(seconds / bare, 1),
    }
