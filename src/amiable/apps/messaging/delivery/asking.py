"""Channels whose provider keeps what it has to tell until it is asked: asked, and recorded."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime

from amiable.apps.messaging.delivery.hooks import answer_record
from amiable.apps.messaging.sending.routes import configured_routes
from amiable.plugins.registry import plugins

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class AskCounts:
    """What was told: `recorded` new reports, new `replies`; `errors` by channel."""

    recorded: int = 0
    replies: int = 0
    errors: dict[str, str] = field(default_factory=dict)


def channels_ask(*, now: datetime) -> AskCounts:
    """Ask every channel of the installation that keeps reports, and record each before the next:
    what is not recorded will be told again."""
    counts = AskCounts()
    for code, config in configured_routes().values():
        channel = plugins("channels")[code]
        if not hasattr(channel, "pending"):
            continue
        try:
            for answer in channel.pending(config):
                new = answer_record(code, answer, now=now)
                counts.recorded += new.events
                counts.replies += new.replies
        except OSError as problem:
            counts.errors[code] = str(problem)[:500] or type(problem).__name__
            logger.warning("the channel %s cannot be asked: %s", code, counts.errors[code])
    return counts
