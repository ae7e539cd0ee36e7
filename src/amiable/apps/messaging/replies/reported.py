"""What mail servers and filters report in the mailbox, as events of the messages they are about."""

from __future__ import annotations

from datetime import datetime

from amiable.apps.messaging.delivery.events import events_record
from amiable.apps.messaging.models import Message, Reply
from amiable.core.delivery import EventKind, ReportedEvent
from amiable.core.replies import IncomingMail

_KINDS: dict[str, EventKind] = {
    "hard": "bounced", "soft": "failed", "delayed": "deferred", "delivered": "delivered",
}  # fmt: skip


def reports_record(reply: Reply, mail: IncomingMail, *, source: str, now: datetime) -> int:
    """Record what a mail reports of the message it was matched to; returns how many are new.

    Only a report that holds the message, or came to the address it gave, is believed by itself:
    anybody can write that an address does not exist. The others are left to a person.
    """
    if reply.message_id is None:
        return 0
    message = Message.objects.only("id", "key", "organization_id").get(id=reply.message_id)
    key = f"{message.organization_id}:{message.key}:{message.pk}"
    events = [
        ReportedEvent(
            kind=_KINDS[report.outcome],
            event_id=f"{reply.external_id}:{report.recipient}",
            at=now,
            key=key,
            recipient=report.recipient,
            detail=" ".join(filter(None, (report.status, report.diagnostic))),
        )
        for report in mail.recipients
        if report.outcome in _KINDS
    ]
    if mail.detail == "complaint":
        events.append(ReportedEvent("complained", f"{reply.external_id}:complaint", now, key))
    done = events_record(events, channel=source, now=now, organization_id=message.organization_id)
    return done.recorded
