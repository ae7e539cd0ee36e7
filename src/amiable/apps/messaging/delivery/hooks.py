"""Calls of providers to a channel: verified and read by its plug-in, then recorded."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amiable.apps.messaging.delivery.events import events_record
from amiable.apps.messaging.delivery.letters_asked import letters_ask_soon, proofs_keep
from amiable.apps.messaging.replies.receiving import reply_receive
from amiable.apps.messaging.replies.texts import text_receive
from amiable.apps.messaging.sending.routes import configured_routes
from amiable.apps.tenants.queries import organization_ids
from amiable.plugins.inbound import CustomerReply, HookAnswer, HookRefusedError, HookRequest
from amiable.plugins.registry import plugins

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recorded:
    """How much of what was told was new."""

    events: int
    replies: int
    papers: int
    messages: frozenset[int]  # those that something new is known of


class HookUnknownError(LookupError):
    """No channel of this code is configured, or its provider tells nothing."""


def channel_called(code: str, request: HookRequest, *, now: datetime) -> HookAnswer:
    """Record what a provider told and return what to answer; told again, it changes nothing.

    Raises HookUnknownError, and HookRefusedError when the request does not prove where it comes
    from or cannot be read: then nothing is recorded.
    """
    channel = plugins("channels").get(code)
    configs = _configs(code)
    if not configs or not hasattr(channel, "hook"):
        raise HookUnknownError(code)
    answer = _answer(channel, configs, request, code)
    messages = answer_record(code, answer, now=now).messages
    if messages and hasattr(channel, "told_of"):
        letters_ask_soon(messages)
    return answer


def answer_record(code: str, answer: HookAnswer, *, now: datetime) -> Recorded:
    """Record what a channel's provider told, whether it called or was asked."""
    recorded = events_record(answer.events, channel=code, now=now)
    replies = _replies(answer.replies, code, now=now)
    papers = proofs_keep(answer.proofs, code, now=now)
    return Recorded(recorded.recorded, replies, papers, frozenset(recorded.messages))


def _configs(code: str) -> list[Mapping[str, Any]]:
    """The configurations under which a channel carries something, each once."""
    found: list[Mapping[str, Any]] = []
    for used, config in configured_routes().values():
        if used == code and config not in found:
            found.append(config)
    return found


def _answer(
    channel: Any, configs: Iterable[Mapping[str, Any]], request: HookRequest, code: str
) -> HookAnswer:
    """What the plug-in reads with the first configuration that proves the request."""
    refusals = []
    for config in configs:
        try:
            answer: HookAnswer = channel.hook(request, config)
        except HookRefusedError as refusal:
            refusals.append(refusal)
        else:
            return answer
    # The reason is the plug-in's own sentence: neither address, header nor body is logged.
    logger.warning("a call to channel %s is refused: %s", code, refusals[0])
    raise refusals[0]


def _replies(replies: Iterable[CustomerReply], code: str, *, now: datetime) -> int:
    """Hand answers of customers on; which organization one is for is found from its words or its
    number. Returns how many are new."""
    everybody = organization_ids()
    if not everybody:
        return 0
    told: dict[str, Any] = {"source": code[:30], "received_at": now, "among": everybody}
    return sum(
        (
            text_receive(everybody[0], reply, **told)
            if reply.medium == "sms"
            else reply_receive(everybody[0], reply.content, **told)
        ).is_new
        for reply in replies
    )
