"""Everything that waits to be taken in, in one go: mailboxes, and channels that keep their news."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings

from amiable.apps.messaging.delivery.asking import asked_routes, channels_ask
from amiable.apps.messaging.replies.mailboxes import mailboxes_read


@dataclass(slots=True)
class Incoming:
    """What was taken in. `received` = new answers from anywhere, `known` = mail read before,
    `reports` = new reports on messages; `sources` = the same by mailbox or channel; `errors` by
    the source that could not be read to its end."""

    mailboxes: int = 0
    received: int = 0
    known: int = 0
    reports: int = 0
    sources: dict[str, dict[str, int]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def incoming_read(*, now: datetime, organization_id: int | None = None) -> Incoming:
    """Read the mailboxes (of one organization, or all) and ask every channel of the installation
    that tells on asking. Two at a time may do so."""
    mail, asked = mailboxes_read(now=now, organization_id=organization_id), channels_ask(now=now)
    return Incoming(
        mailboxes=mail.mailboxes,
        received=mail.received + asked.replies,
        known=mail.known,
        reports=asked.recorded,
        sources={**mail.sources, **asked.sources},
        errors={**mail.errors, **asked.errors},
    )


def is_anything_to_read() -> bool:
    """Whether this installation has a mailbox, or a channel that tells on asking."""
    return bool(settings.MAILBOX_URLS) or bool(asked_routes())
