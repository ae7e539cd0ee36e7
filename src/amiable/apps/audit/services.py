"""Writes of the audit trail."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from amiable.apps.audit.models import Event

CHAIN_LOCKS = 1024
CHUNK = 5000  # parameters of one statement that both databases accept


@dataclass(frozen=True, slots=True)
class Happening:
    """An event to record. `case_id` None = it concerns the organization as a whole."""

    kind: str
    on_date: date
    actor: str
    case_id: int | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)


def events_record(organization_id: int, happenings: Iterable[Happening]) -> None:
    """Append events, chaining each to the last one of its case, in few queries for any number.

    Call inside the transaction that writes the fact itself, so that both or neither exist. Two
    writers of one case wait for each other, else both would follow the same event.
    """
    happenings = list(happenings)
    if not happenings:
        return
    with transaction.atomic():
        _lock_chains(organization_id, {h.case_id for h in happenings})
        _append(organization_id, happenings)


def _append(organization_id: int, happenings: list[Happening]) -> None:
    last = _last_hashes(organization_id, {h.case_id for h in happenings})
    now = timezone.now()
    events = []
    for happening in happenings:
        event = Event(
            organization_id=organization_id,
            case_id=happening.case_id,
            kind=happening.kind,
            at=now,
            on_date=happening.on_date,
            actor=happening.actor,
            payload=dict(happening.payload),
            prev_hash=last.get(happening.case_id, ""),
        )
        event.hash = event_hash(event)
        last[happening.case_id] = event.hash
        events.append(event)
    Event.objects.bulk_create(events, batch_size=500)


def event_record(organization_id: int, happening: Happening) -> None:
    """Append one event."""
    events_record(organization_id, [happening])


def event_hash(event: Event) -> str:
    """sha256 over the previous hash and every field that speaks."""
    body = json.dumps(
        [
            event.prev_hash,
            event.organization_id,
            event.case_id,
            event.kind,
            event.at.astimezone(UTC).isoformat(),
            event.on_date.isoformat(),
            event.actor,
            event.payload,
        ],
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return hashlib.sha256(body.encode()).hexdigest()


def _lock_chains(organization_id: int, case_ids: set[int | None]) -> None:
    """Hold the chains until the transaction ends; SQLite has one writer at a time anyway.

    Cases share CHAIN_LOCKS locks, taken in order, so that any number of cases needs few.
    """
    if connection.vendor != "postgresql":
        return
    keys = sorted({(case_id or 0) % CHAIN_LOCKS for case_id in case_ids})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, k) FROM unnest(%s::int[]) WITH ORDINALITY AS t(k, n) "
            "ORDER BY n",
            [organization_id % 2**31, keys],
        )


def _last_hashes(organization_id: int, case_ids: set[int | None]) -> dict[int | None, str]:
    events = Event.objects.filter(organization_id=organization_id)
    wanted = sorted(case_id for case_id in case_ids if case_id is not None)
    last: dict[int | None, str] = {}
    for start in range(0, len(wanted), CHUNK):
        of_cases = events.filter(case_id__in=wanted[start : start + CHUNK])
        newest = of_cases.values("case_id").annotate(last=Max("id")).values("last").order_by()
        last |= dict(Event.objects.filter(id__in=newest).values_list("case_id", "hash"))
    if None in case_ids:
        newest_of_none = events.filter(case_id__isnull=True).order_by("-id").first()
        if newest_of_none:
            last[None] = newest_of_none.hash
    return last
