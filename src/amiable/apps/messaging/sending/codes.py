"""A code leaves at once, in the gesture that asks for it, and is handed over one time.

What is kept of its message says MASK in the place of the code; nothing can send it again, so that
what failed is asked for anew. The built-in outbox is the exception: there what is kept is all that
there is to read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from amiable.apps.messaging.models import DeliveryEvent, Message
from amiable.apps.messaging.rendering.branding import PLAIN, brands
from amiable.apps.messaging.rendering.codes import MASK, code_rendered
from amiable.apps.messaging.rendering.messages import Rendered
from amiable.apps.messaging.sending.modes import test_recipient
from amiable.apps.messaging.sending.routes import Routes
from amiable.apps.messaging.services import outgoing
from amiable.core.drafts import Draft
from amiable.core.sentences import Sentence
from amiable.plugins.base import Outcome
from amiable.plugins.registry import plugins

# Somebody waits for the page meanwhile.
PATIENCE = 10  # seconds
_BUILT_IN = "outbox"
State, Kind = Message.State, DeliveryEvent.Kind


def code_media(routes: Routes, *, is_test: bool) -> frozenset[str]:
    """The media by which a code reaches somebody on this installation: not those that are only
    written to the folder because others are configured."""
    urls = settings.CHANNEL_URLS
    bare = not any(urls.values())
    ways = {medium: "email" if is_test else medium for medium in ("email", "sms")}
    return frozenset(
        medium for medium, way in ways.items() if way in routes and (bare or urls[way])
    )


def code_hand_over(
    organization_id: int,
    draft: Draft,
    code: str,
    *,
    minutes: int,
    now: datetime,
    routes: Routes,
) -> Outcome | Sentence:
    """Keep the message of a code, then hand it over once; what the channel answered, or why it
    cannot be written. RuntimeError inside a transaction: it would be held while a server answers.

    Until the answer is written down the message is of unknown fate, as it is when we die meanwhile.
    """
    test = test_recipient(organization_id)
    channel_code, config = routes["email" if test else draft.medium]
    brand = brands(organization_id, [draft.creditor_id]).get(draft.creditor_id, PLAIN)

    def written(shown: str) -> Rendered | Sentence:
        return code_rendered(
            draft, shown, minutes=minutes, organization_id=organization_id, brand=brand,
            test_recipient=test, now=now,
        )  # fmt: skip

    real, kept = written(code), written(code if channel_code == _BUILT_IN else MASK)
    if isinstance(real, Sentence):
        return real
    if isinstance(kept, Sentence):
        return kept
    with transaction.atomic(durable=True):
        row = _row(organization_id, draft, kept, channel_code, now)
        row.save()
    row.content = real.content
    with plugins("channels")[channel_code].session(_impatient(config)) as session:
        outcome = session.send(outgoing(row))
    with transaction.atomic(durable=True):
        _record(row, outcome, now)
    return outcome


def _row(
    organization_id: int, draft: Draft, kept: Rendered, channel_code: str, now: datetime
) -> Message:
    return Message(
        organization_id=organization_id,
        case_id=draft.case_id,
        key=draft.key,
        medium=draft.medium,
        channel=channel_code,
        recipient=kept.recipient,
        recipients=[{**asdict(each), "state": ""} for each in kept.recipients],
        notes=[note.to_json() for note in kept.notes],
        sender=kept.sender,
        subject=kept.subject,
        text=kept.text,
        content=kept.content,
        content_type=kept.content_type,
        sha256=hashlib.sha256(kept.content).hexdigest(),
        message_id=kept.message_id,
        thread_id=kept.thread_id,
        language=kept.language,
        on_date=draft.on_date,
        frozen_at=now,
        state=State.UNKNOWN,
        attempts=1,
        is_test=kept.is_test,
    )


def _impatient(config: Mapping[str, Any]) -> dict[str, Any]:
    waits = min(float(config.get("timeout", PATIENCE)), PATIENCE)
    return {**config, "timeout": waits} if "timeout" in config else dict(config)


def _record(row: Message, outcome: Outcome, now: datetime) -> None:
    """What waits at a server for another try never gets one: it failed."""
    state, kind = {
        "sent": (State.SENT, Kind.SENT), "unknown": (State.UNKNOWN, Kind.UNKNOWN),
    }.get(outcome.state, (State.FAILED, Kind.FAILED))  # fmt: skip
    sent = state == State.SENT
    Message.objects.filter(id=row.pk).update(
        state=state,
        sent_at=now if sent else None,
        provider_id=outcome.provider_id[:200],
        error="" if sent else outcome.detail,
    )
    DeliveryEvent.objects.create(
        organization_id=row.organization_id, message=row, kind=kind, at=now,
        detail=outcome.detail[:500],
    )  # fmt: skip
