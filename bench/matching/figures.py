"""What a run is worth: rates with Wilson bounds, human touches, learning, speed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from bench.matching.profiles import CLASSES, RECEIVABLE
from bench.matching.replay import Judged

REPAIR, SEARCH, LOOK = 8, 3, 1
STEPS = (500, 2_000)  # the learning curve: before, between and after so many lines


@dataclass(frozen=True)
class Share:
    """`part` of `whole`, with the 95 % bounds of Wilson's score interval."""

    part: int
    whole: int

    @property
    def percent(self) -> float:
        return 100 * self.part / self.whole if self.whole else 0.0

    @property
    def bounds(self) -> tuple[float, float]:
        """(p + z²/2n -+ z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n), z = 1.96, in percent."""
        if not self.whole:
            return 0.0, 100.0
        n, p, z = self.whole, self.part / self.whole, 1.959964
        middle = p + z * z / (2 * n)
        half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        below, above = ((middle + sign * half) / (1 + z * z / n) for sign in (-1, 1))
        return max(0.0, 100 * below), min(100.0, 100 * above)

    def to_json(self) -> dict[str, Any]:
        """{"percent", "low", "high", "part", "whole"}, bounds of 95 %."""
        low, high = self.bounds
        return {
            "percent": round(self.percent, 3), "low": round(low, 3), "high": round(high, 3),
            "part": self.part, "whole": self.whole,
        }  # fmt: skip


def touches(one: Judged) -> int:
    """Human touches of a line: 0 right and automatic, 1 right among those shown, 3 to search
    (1 when it is no receivable), 8 to repair what was done wrongly."""
    if one.automatic:
        return 0 if one.right else REPAIR
    if one.rank:
        return LOOK
    return LOOK if one.gold.action == "aside" else SEARCH


def figures(rows: Sequence[Judged]) -> dict[str, Any]:
    """Everything a table shows of one run. Rates are Shares as JSON, money in cents."""
    posts = [row for row in rows if row.answer.action == "post"]
    asides = [row for row in rows if row.answer.action == "aside"]
    receivable = [row for row in rows if row.gold.kind in RECEIVABLE]
    asked = [row for row in rows if not row.automatic and row.gold.action != "aside"]
    posted_minor = sum(abs(row.line.amount) for row in posts)
    right_minor = sum(abs(row.line.amount) for row in posts if row.right)
    seconds = sorted(row.seconds for row in rows)
    return {
        "lines": len(rows),
        "automatic": _share(rows, [r for r in rows if r.automatic]),
        "posted_of_lines": _share(rows, posts),
        "posted_of_receivable": _share(
            receivable, [r for r in receivable if r.answer.action == "post"]
        ),
        "recall": _share(
            receivable, [r for r in receivable if r.answer.action == "post" and r.right]
        ),
        "precision": _share(posts, [r for r in posts if r.right]),
        "precision_by_amount": round(100 * right_minor / posted_minor, 4) if posted_minor else 0,
        "set_aside_right": _share(asides, [r for r in asides if r.right]),
        "top_1": _share(asked, [r for r in asked if r.rank == 1]),
        "top_3": _share(asked, [r for r in asked if r.rank]),
        "touches": round(1000 * sum(map(touches, rows)) / len(rows), 1),
        "wrong_customer": sum(row.wrong_customer for row in rows),
        "without_reason": sum(not row.answer.reasons for row in rows),
        "learning": _learning(rows),
        "classes": _classes(rows),
        "lines_per_second": round(len(rows) / sum(seconds)),
        "p99_ms": round(1000 * seconds[len(seconds) * 99 // 100], 3),
        "digest": digest(rows),
    }


def digest(rows: Sequence[Judged]) -> str:
    """A short sum of every answer, reasons in words included: the same answers, the same sum."""
    found = hashlib.sha256()
    for row in rows:
        readings = [(r.customer_id, sorted(r.parts), sorted(r.notes)) for r in row.answer.readings]
        reasons = [str(reason) for reason in row.answer.reasons]
        found.update(repr((row.line.id, row.answer.action, readings, reasons)).encode())
    return found.hexdigest()[:16]


def _classes(rows: Sequence[Judged]) -> dict[str, Any]:
    found = {}
    for kind in CLASSES:
        of_kind = [row for row in rows if row.gold.kind == kind]
        done = [row for row in of_kind if row.automatic]
        if of_kind:
            found[kind] = {
                "lines": len(of_kind),
                "automatic": _share(of_kind, done),
                "precision": _share(done, [row for row in done if row.right]),
                "touches": round(1000 * sum(map(touches, of_kind)) / len(of_kind)),
            }
    return found


def _learning(rows: Sequence[Judged]) -> list[dict[str, Any]]:
    """Rates among the lines up to, between and after the steps, in order."""
    edges = [0, *(step for step in STEPS if step < len(rows)), len(rows)]
    found = []
    for start, end in pairwise(edges):
        part = rows[start:end]
        posts = [row for row in part if row.answer.action == "post"]
        found.append(
            {
                "from": start,
                "to": end,
                "automatic": _share(part, [r for r in part if r.automatic]),
                "precision": _share(posts, [r for r in posts if r.right]),
                "touches": round(1000 * sum(map(touches, part)) / len(part), 1),
            }
        )
    return found


def _share(whole: Sequence[Judged], part: Sequence[Judged]) -> dict[str, Any]:
    return Share(len(part), len(whole)).to_json()
