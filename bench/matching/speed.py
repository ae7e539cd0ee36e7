"""How many lines a second the engine decides, and what one line may take.

As written, and as compiled once `make compiled` has been run: the same decisions.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from amiable.core.matching.engine import decide
from amiable.core.memory import collect_young, collector_paused
from bench.matching.engine import Engine, facts_of
from bench.matching.profiles import TYPICAL
from bench.matching.replay import copy_of
from bench.matching.stream import Stream
from bench.matching.world import Invoice, Note

ROOT = Path(__file__).resolve().parent.parent.parent
PLACES = {"as written": ROOT / "src", "compiled": ROOT / ".venv" / "compiled"}
SIZES = (5_000, 100_000)
LINES, RUNS = 10_000, 3
CHUNK = 500  # lines after which the worker collects what is young


def engines() -> list[str]:
    """The engine as written and, where it was made, the compiled one."""
    return [name for name, place in PLACES.items() if (place / "amiable" / "core").is_dir()]


def environment(engine: str) -> dict[str, str]:
    """That of a process that runs this engine."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(PLACES[engine]), str(ROOT)])}


def speeds() -> list[dict[str, Any]]:
    """Each engine over each number of open items: of some runs, each in a process of its own and
    the engines in turn, the quickest. What else the machine does only ever slows a run."""
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for size, _, engine in product(SIZES, range(RUNS), engines()):
        print(f"speed: {engine}, {size} open items ...", file=sys.stderr, flush=True)
        done = subprocess.run(
            [sys.executable, "-m", "bench.matching.speed", str(size)],
            cwd=ROOT, env=environment(engine), stdout=subprocess.PIPE, check=True,
        )  # fmt: skip
        row = {"engine": engine, **json.loads(done.stdout)}
        best = found.setdefault((size, engine), row)
        if row["lines_per_second"] > best["lines_per_second"]:
            found[size, engine] = row
    return list(found.values())


def speed(*, open_items: int, lines: int = LINES) -> dict[str, Any]:
    """Decide lines over that many open items, seven a customer; each moves the accounts.

    Seconds are those of the processor, of this process alone: the machine may be shared. Those of
    the clock stand beside them.
    """
    profile = replace(TYPICAL, customers=max(600, open_items // 7), invoices=open_items)
    stream = Stream(profile, 5)
    opening = [copy_of(event) for event in stream.opening()]
    events = [
        copy_of(event) if isinstance(event, Invoice | Note) else facts_of(event[0])
        for event in stream.events(lines)
    ]
    engine = Engine()
    started = time.process_time()
    with collector_paused():  # as for the book of an opening
        engine.start(stream.world.customers)
        for event in opening:
            engine.take(event)
    gc.freeze()  # what is there at the start stays: the collector need not look through it
    start_seconds = time.process_time() - started
    seconds: list[float] = []  # of the clock, by line
    worked = 0.0  # of the processor
    with collector_paused():  # as the worker decides, which collects at the end of each chunk
        started = time.process_time()
        for event in events:
            if isinstance(event, Invoice | Note):
                worked += time.process_time() - started
                engine.take(event)
                started = time.process_time()
                continue
            at = time.perf_counter()
            engine.book.apply(event, decide(event, engine.book))
            if len(seconds) % CHUNK == CHUNK - 1:
                collect_young()
            seconds.append(time.perf_counter() - at)
        worked += time.process_time() - started
    gc.unfreeze()
    seconds.sort()
    return {
        "open_items": open_items,
        "lines": len(seconds),
        "lines_per_second": round(len(seconds) / worked),
        "by_the_clock": round(len(seconds) / sum(seconds)),
        "p99_ms": round(1000 * seconds[len(seconds) * 99 // 100], 2),
        "start_seconds": round(start_seconds, 2),
    }


if __name__ == "__main__":
    print(json.dumps(speed(open_items=int(sys.argv[1]))))
