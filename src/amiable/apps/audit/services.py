"""Writes of the audit trail."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Max
from django.utils import timezone

from amiable.apps.audit.models import Event


@dataclass(frozen=True, slots=True)
class Happening:
    """An event to record. `case_id` None = it concerns the organization as a whole."""

    kind: str
    on_date: date
    actor: str
    case_id: int | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)


def events_record(organization_id: int, happenings: Iterable[Happening]) -> None:
    """Append events, chaining each to the last one of its case, in two queries for any number.

    Call inside the transaction that writes the fact itself, so that both or neither exist.
    """
    happenings = list(happenings)
    if not happenings:
        return
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
            event.on_date.isoformat(),
            event.actor,
            event.payload,
        ],
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return hashlib.sha256(body.encode()).hexdigest()


def _last_hashes(organization_id: int, case_ids: set[int | None]) -> dict[int | None, str]:
    events = Event.objects.filter(organization_id=organization_id)
    wanted = [case_id for case_id in case_ids if case_id is not None]
    last_ids = list(
        events.filter(case_id__in=wanted)
        .values("case_id")
        .annotate(last=Max("id"))
        .values_list("last", flat=True)
    )
    if None in case_ids:
        newest = events.filter(case_id__isnull=True).aggregate(last=Max("id"))["last"]
        last_ids += [newest] if newest else []
    rows = Event.objects.filter(id__in=last_ids).values_list("case_id", "hash")
    return dict(rows)
