"""Reads that prove: every app's invariants, and the hash chain of the evidence.

An app proves itself in its `invariants.py`: `INVARIANTS` maps a name to SQL that must return no
row on either database; `CHECKS` maps a name to a function that yields one line per defect, for
what SQL cannot say (hashes).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from typing import Any

from django.apps import apps
from django.db import connection

from amiable.apps.audit.models import Event
from amiable.apps.audit.services import event_hash

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class BrokenInvariant:
    """An invariant that does not hold, with its first offending rows as text."""

    app: str
    name: str
    examples: tuple[str, ...]


def invariants() -> Iterator[tuple[str, str, str | Callable[[], Iterable[str]]]]:
    """Every invariant of every installed app: (app, name, SQL or function)."""
    for config in apps.get_app_configs():
        module_name = f"{config.name}.invariants"
        if not config.name.startswith("amiable.apps.") or find_spec(module_name) is None:
            continue
        module = import_module(module_name)
        for name, sql in getattr(module, "INVARIANTS", {}).items():
            yield config.label, name, sql
        for name, function in getattr(module, "CHECKS", {}).items():
            yield config.label, name, function


def broken_invariants() -> list[BrokenInvariant]:
    """Run every invariant; returns those that do not hold, empty when all do."""
    broken = []
    for app, name, rule in invariants():
        examples = _rows(rule) if isinstance(rule, str) else tuple(islice(rule(), EXAMPLES))
        if examples:
            broken.append(BrokenInvariant(app, name, examples))
    return broken


def last_payload(organization_id: int, kind: str) -> dict[str, Any] | None:
    """Payload of the newest event of a kind that concerns the organization as a whole."""
    events = Event.objects.filter(organization_id=organization_id, case_id=None, kind=kind)
    return events.order_by("-id").values_list("payload", flat=True).first()


def chain_breaks() -> Iterator[str]:
    """Events whose hash or link is wrong: one pass in order, one event in memory at a time."""
    chain: tuple[int, int | None] | None = None
    last = ""
    events = Event.objects.order_by("organization_id", "case_id", "id")
    for event in events.iterator(chunk_size=2000):
        if chain != (event.organization_id, event.case_id):
            chain, last = (event.organization_id, event.case_id), ""
        if event.prev_hash != last:
            yield f"event {event.id}: does not follow the event before it"
        elif event.hash != event_hash(event):
            yield f"event {event.id}: its content is not what was recorded"
        last = event.hash


def _rows(sql: str) -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        names = [column[0] for column in cursor.description]
        rows = cursor.fetchmany(EXAMPLES)
    return tuple(
        ", ".join(f"{name}={value}" for name, value in zip(names, row, strict=True)) for row in rows
    )
