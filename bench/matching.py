"""Deciding bank lines over a few thousand open items, against a bare look-up of digit tokens.

The reference is the simplest rule in use: the numbers of a label looked up in a dictionary. It
decides nothing safely; it is the least any matcher must do.
"""

from __future__ import annotations

import re
import time
from typing import Any

_TOKEN = re.compile(r"[0-9]{4,}")


def run(customers: int = 600) -> list[dict[str, Any]]:
    """Replay a week of lines over the open items of that many customers, in memory."""
    from tests.core.matching_replay import Replay

    from amiable.core.matching.engine import decide_all

    opening, lines = list(Replay(5, customers=customers).weeks(10))[-1]
    rows = [line for line, _ in lines]
    by_digits = {"".join(filter(str.isdigit, item.number)): item for item in opening.items}
    started = time.perf_counter()
    found = [[by_digits.get(token) for token in _TOKEN.findall(row.label)] for row in rows]
    bare = time.perf_counter() - started
    started = time.perf_counter()
    posted = sum(decision.action == "post" for decision in decide_all(opening, rows))
    seconds = time.perf_counter() - started
    return [
        {
            "name": f"match {len(found)} lines over {len(opening.items)} open items, "
            f"{posted} posted",
            "value": round(len(rows) / seconds),
            "unit": "lines a second",
            "reference": f"bare token look-up: {len(rows) / bare:.0f} lines a second",
            "ratio": round(bare / seconds, 4),
        }
    ]
