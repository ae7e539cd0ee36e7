"""Channels whose provider keeps what it has to tell until it is asked: asked, and recorded."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from amiable.apps.messaging.delivery.hooks import answer_record
from amiable.apps.messaging.delivery.letters_asked import letters_due
from amiable.apps.messaging.sending.routes import Route, configured_routes
from amiable.plugins.inbound import HookAnswer
from amiable.plugins.registry import plugins

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class AskCounts:
    """What was told: `recorded` new reports, new `replies`, new papers; all by channel in
    `sources`, and `errors` by channel."""

    recorded: int = 0
    replies: int = 0
    sources: dict[str, dict[str, int]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def asked_routes() -> list[Route]:
    """The channels in use that tell on asking, each address once."""
    found: list[Route] = []
    for code, config in configured_routes().values():
        channel = plugins("channels")[code]
        tells = hasattr(channel, "pending") or hasattr(channel, "told_of")
        if tells and (code, config) not in found:
            found.append((code, config))
    return found


def channels_ask(*, now: datetime) -> AskCounts:
    """Ask every channel of the installation that keeps reports, and record each before the next:
    what is not recorded will be told again."""
    counts = AskCounts()
    for code, config in asked_routes():
        told = counts.sources.setdefault(code, {"received": 0, "reports": 0, "papers": 0})
        try:
            for answer in _answers(code, config, now):
                new = answer_record(code, answer, now=now)
                told["reports"] += new.events
                told["received"] += new.replies
                told["papers"] += new.papers
        except OSError as problem:
            counts.errors[code] = str(problem)[:500] or type(problem).__name__
            logger.warning("the channel %s cannot be asked: %s", code, counts.errors[code])
    counts.recorded = sum(each["reports"] for each in counts.sources.values())
    counts.replies = sum(each["received"] for each in counts.sources.values())
    return counts


def _answers(code: str, config: Mapping[str, Any], now: datetime) -> Iterator[HookAnswer]:
    """What a channel keeps, and what it knows of the letters that are under way."""
    channel = plugins("channels")[code]
    if hasattr(channel, "pending"):
        yield from channel.pending(config)
    if hasattr(channel, "told_of"):
        letters = letters_due(code, now=now)
        if letters:
            yield from channel.told_of(config, letters)
