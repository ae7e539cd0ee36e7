"""Copies of a sent message that a mail server would not take yet: tried again, alone.

A copy is marked as being tried, in a committed transaction, before it is handed over: whatever
happens then, nobody gets the message twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from amiable.apps.messaging.models import DeliveryEvent, Message
from amiable.apps.messaging.sending.modes import fits, test_recipient
from amiable.apps.messaging.sending.routes import Routes
from amiable.apps.messaging.services import MAX_ATTEMPTS, outgoing
from amiable.plugins.base import Channel, Outcome
from amiable.plugins.registry import plugins

BATCH = 200
_KINDS = {
    "deferred": DeliveryEvent.Kind.DEFERRED,
    "refused": DeliveryEvent.Kind.FAILED,
    "unknown": DeliveryEvent.Kind.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Due:
    """A message with copies to try again."""

    id: int
    addresses: tuple[str, ...]


def copies_due(organization_id: int, *, now: datetime) -> list[Due]:
    """Messages that reached somebody and wait to reach the others."""
    rows = Message.objects.filter(
        organization_id=organization_id, state=Message.State.SENT, retry_at__lte=now
    ).order_by("retry_at", "id")[:BATCH]
    return [
        Due(row_id, tuple(_addresses(recipients, "deferred")))
        for row_id, recipients in rows.values_list("id", "recipients")
    ]


def copies_drop(organization_id: int, unwanted: Mapping[int, Collection[str]]) -> None:
    """Give up these copies, by message: what they say, or their address, is out of date."""
    with transaction.atomic():
        rows = list(_locked(organization_id, unwanted))
        for message in rows:
            _mark(message, unwanted[message.pk], "deferred", "dropped")
            if not _addresses(message.recipients, "deferred"):
                message.retry_at = None
        Message.objects.bulk_update(rows, ["recipients", "retry_at"], batch_size=BATCH)


def copies_send(
    organization_id: int, message_ids: Collection[int], *, now: datetime, routes: Routes
) -> int:
    """Hand the waiting copies over; returns how many arrived. Not inside another transaction."""
    code, config = routes["email"]
    channel: Channel = plugins("channels")[code]
    with transaction.atomic(durable=True):
        messages = _claim(organization_id, message_ids)
    if not messages:
        return 0
    with channel.session(config) as session:
        outcomes = [(message, session.send(outgoing(message))) for message in messages]
    with transaction.atomic(durable=True):
        events = [_record(organization_id, *each, now) for each in outcomes]
        Message.objects.bulk_update(messages, ["recipients", "retry_at", "error"], batch_size=BATCH)
        DeliveryEvent.objects.bulk_create(event for some in events for event in some)
    return sum(len(_addresses(message.recipients, "copied")) for message in messages)


def _claim(organization_id: int, message_ids: Collection[int]) -> list[Message]:
    """Mark the copies as being tried; those of another mode than today's are given up."""
    test = test_recipient(organization_id)
    rows = [m for m in _locked(organization_id, message_ids) if m.retry_at is not None]
    for message in rows:
        after = "trying" if fits(message, test) else "dropped"
        _mark(message, _addresses(message.recipients, "deferred"), "deferred", after)
        message.retry_at = None
        message.attempts += 1
    Message.objects.bulk_update(rows, ["recipients", "retry_at", "attempts"], batch_size=BATCH)
    return [message for message in rows if _addresses(message.recipients, "trying")]


def _record(
    organization_id: int, message: Message, outcome: Outcome, now: datetime
) -> list[DeliveryEvent]:
    """Note what became of each copy; returns the events of those that did not arrive."""
    events = []
    for address in _addresses(message.recipients, "trying"):
        state = _verdict(outcome, address, message.attempts)
        _mark(message, [address], "trying", state)
        if state == "deferred":
            message.retry_at = now + timedelta(seconds=outcome.retry_after_seconds or 900)
        if state in _KINDS:
            detail = f"{address}: {outcome.detail}"[:500]
            event = DeliveryEvent(
                organization_id=organization_id, message_id=message.pk,
                kind=_KINDS[state], at=now, recipient=address, detail=detail,
            )  # fmt: skip
            events.append(event)
            message.error = detail
    if not events:
        message.error = ""
    return events


def _verdict(outcome: Outcome, address: str, attempts: int) -> str:
    if outcome.state == "unknown":
        return "unknown"
    if address in outcome.refused or outcome.state == "failed":
        return "refused"
    if address in outcome.deferred or outcome.state == "retry":
        return "deferred" if attempts < MAX_ATTEMPTS else "refused"
    return "copied"


def _locked(organization_id: int, message_ids: Collection[int]) -> list[Message]:
    return list(
        Message.objects.filter(
            organization_id=organization_id, id__in=message_ids, state=Message.State.SENT
        )
        .select_for_update(no_key=True)
        .defer("text")
        .order_by("id")
    )


def _addresses(recipients: Collection[Mapping[str, str]], state: str) -> list[str]:
    return [each["address"] for each in recipients if each["state"] == state]


def _mark(message: Message, addresses: Collection[str], before: str, after: str) -> None:
    message.recipients = [
        {**each, "state": after}
        if each["address"] in addresses and each["state"] == before
        else each
        for each in message.recipients
    ]
