"""Electronic registered letters whose provider is asked what became of them, and keeps the papers:
those are fetched and kept here, as it may throw them away after a year."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q

from amiable.apps.messaging.delivery.registered import RegisteredError, proof_add
from amiable.apps.messaging.models import Message, Proof
from amiable.plugins.papers import Asked, ProofFile

logger = logging.getLogger(__name__)

# How often a letter is asked about, how many at a time, and for how long: 15 days of waiting, and
# what comes late.
EVERY, BATCH, UNTIL = timedelta(hours=1), 200, timedelta(days=60)
# The papers that end a letter's way: nothing more will come.
LAST = (Proof.Kind.RECEIPT, Proof.Kind.RETURN)


def letters_due(code: str, *, now: datetime) -> list[Asked]:
    """The letters of a channel that are asked about now, with the papers that are kept: those that
    left within 60 days, have no last paper, and were not asked about within the hour. They count
    as asked, so that one that cannot be told does not keep the others waiting."""
    ended = Proof.objects.filter(message=OuterRef("id"), kind__in=LAST)
    rows = Message.objects.filter(
        Q(asked_at__isnull=True) | Q(asked_at__lte=now - EVERY),
        channel=code, medium="registered_letter", state=Message.State.SENT, is_test=False,
        sent_at__gte=now - UNTIL,
    ).exclude(Q(provider_id="") | Exists(ended))  # fmt: skip
    wanted = rows.order_by(F("asked_at").asc(nulls_first=True), "id")[:BATCH]
    found = dict(wanted.values_list("id", "provider_id"))
    Message.objects.filter(id__in=found).update(asked_at=now)
    kept: dict[int, set[str]] = defaultdict(set)
    papers = Proof.objects.filter(message_id__in=found).values_list("message_id", "filename")
    for message_id, name in papers:
        kept[message_id].add(name)
    return [Asked(number, frozenset(kept[message_id])) for message_id, number in found.items()]


def letters_ask_soon(message_ids: Collection[int]) -> None:
    """Something new is known of these: their papers are fetched with the next question."""
    Message.objects.filter(id__in=message_ids).update(asked_at=None)


def proofs_keep(proofs: Iterable[ProofFile], code: str, *, now: datetime) -> int:
    """Keep papers with their letters; returns how many were new. What cannot be kept is logged."""
    count = 0
    for proof in proofs:
        rows: Any = Message.objects.filter(channel=code, provider_id=proof.provider_id)
        letter = rows.values_list("organization_id", "id").first()
        if letter is None:
            continue
        before = Proof.objects.filter(message_id=letter[1]).count()
        try:
            proof_add(
                *letter, proof.kind, filename=proof.name, content=proof.content, now=now, actor=code
            )
        except RegisteredError as error:
            logger.warning("a paper of %s cannot be kept: %s", code, error)
            continue
        count += Proof.objects.filter(message_id=letter[1]).count() - before
    return count
