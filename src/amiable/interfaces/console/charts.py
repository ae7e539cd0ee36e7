"""Figures as charts: plain data for static/console/charts.js, every number already written out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from babel.dates import format_date
from django.utils.translation import get_language, gettext

from amiable.apps.insights.dispute_report import Counts
from amiable.apps.insights.queries import HistoryPoint
from amiable.core.disputes import OUTCOMES
from amiable.core.kpi import Aging
from amiable.interfaces.console import formats, labels


def aging(balance: Aging, currency: str) -> dict[str, Any]:
    """The aged balance as one stacked bar; each part leads to its items."""
    total = balance.total_minor
    return {
        "kind": "aging",
        "parts": [
            {
                "code": bucket.code,
                "label": str(labels.look("bucket", bucket.code).label),
                "value": bucket.amount_minor,
                "text": formats.money(bucket.amount_minor, currency),
                "count": bucket.count,
                "share": formats.number(round(100 * bucket.amount_minor / total)) if total else "0",
            }
            for bucket in balance.buckets
        ],
    }


def dso(points: Sequence[HistoryPoint]) -> dict[str, Any]:
    """Twelve months of DSO beside the best possible DSO."""
    language = (get_language() or "fr")[:2]
    return {
        "kind": "lines",
        "labels": [format_date(point.on, "MMM yy", locale=language) for point in points],
        "unit": gettext("days"),
        "series": [
            {"label": gettext("DSO"), "values": [_days(point.dso.shown) for point in points]},
            {
                "label": gettext("Best possible DSO"),
                "values": [_days(point.best_possible_dso.shown) for point in points],
            },
        ],
    }


def disputes(found: Sequence[Counts]) -> dict[str, Any]:
    """One bar for each reason, its parts by how the disputes ended; the most frequent first."""
    labelled: dict[str, Counter[str]] = {}
    for each in found:
        counts = labelled.setdefault(each.label, Counter())
        counts.update(each.ended)
        counts["open"] += each.still_open
    codes = ["open", *OUTCOMES, "other"]
    words = {"open": gettext("Still open"), "other": gettext("Other")}
    return {
        "kind": "bars",
        "across": True,
        "labels": list(labelled),
        "series": [
            {
                "code": code,
                "label": words.get(code) or str(labels.look("dispute_outcome", code).label),
                "values": [counts[code] for counts in labelled.values()],
            }
            for code in codes
            if any(counts[code] for counts in labelled.values())
        ],
    }


def requests(counts: Mapping[str, int]) -> dict[str, Any]:
    """One bar for each place where requests for payment stand, in payers."""
    return {
        "kind": "bars",
        "across": True,
        "labels": [str(labels.look("request", name).label) for name in counts],
        "series": [{"code": "payers", "label": gettext("Payers"), "values": [*counts.values()]}],
    }


def satisfaction(spread: Sequence[int]) -> dict[str, Any]:
    """One bar for each mark from 1 to 5: how many gave it."""
    return {
        "kind": "bars",
        "labels": [f"{mark} : {count}" for mark, count in enumerate(spread, 1)],
        "series": [{"code": "payers", "label": gettext("Answers"), "values": list(spread)}],
    }


def _days(value: Any) -> float | None:
    """A drawn height only: figures shown as text keep their exact decimals."""
    return None if value is None else float(value)
