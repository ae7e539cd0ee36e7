"""How many lines a second the engine decides, and what one line may take."""

from __future__ import annotations

import gc
import time
from dataclasses import replace
from typing import Any

from amiable.core.matching.engine import decide
from amiable.core.memory import collect_young, collector_paused
from bench.matching.engine import Engine, facts_of
from bench.matching.profiles import TYPICAL
from bench.matching.replay import copy_of
from bench.matching.stream import Stream
from bench.matching.world import Invoice, Note

LINES = 10_000
CHUNK = 500  # lines after which the worker collects what is young


def speed(*, open_items: int, lines: int = LINES) -> dict[str, Any]:
    """Decide lines over that many open items, seven a customer; each moves the accounts.

    Seconds are those of the processor, of this process alone: the machine may be shared. Those of
    the clock stand beside them.
    """
    profile = replace(TYPICAL, customers=max(600, open_items // 7), invoices=open_items)
    stream = Stream(profile, 5)
    opening = [copy_of(event) for event in stream.opening()]
    events = [
        copy_of(event) if isinstance(event, Invoice | Note) else event[0]
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
    seconds: list[float] = []
    clock = 0.0
    with collector_paused():  # as the worker decides, which collects at the end of each chunk
        for event in events:
            if isinstance(event, Invoice | Note):
                engine.take(event)
                continue
            line = facts_of(event)
            started, at = time.process_time(), time.perf_counter()
            engine.book.apply(line, decide(line, engine.book))
            if len(seconds) % CHUNK == CHUNK - 1:
                collect_young()
            seconds.append(time.process_time() - started)
            clock += time.perf_counter() - at
    gc.unfreeze()
    seconds.sort()
    return {
        "open_items": open_items,
        "lines": len(seconds),
        "lines_per_second": round(len(seconds) / sum(seconds)),
        "by_the_clock": round(len(seconds) / clock),
        "p99_ms": round(1000 * seconds[len(seconds) * 99 // 100], 2),
        "start_seconds": round(start_seconds, 2),
    }
