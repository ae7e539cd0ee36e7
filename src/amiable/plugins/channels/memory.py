"""Keeps messages in memory, once per key: what tests read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from amiable.plugins.base import Outcome, Outgoing

MEDIA = frozenset({"email", "letter", "registered_letter", "sms"})


class MemoryChannel:
    """Config: `box`, a dict the messages are put in by key."""

    code = "memory"
    label = "Memory (tests)"
    media = MEDIA
    resend_safe = True

    @contextmanager
    def session(self, config: Mapping[str, Any]) -> Iterator[_MemorySession]:
        yield _MemorySession(config["box"])


class _MemorySession:
    def __init__(self, box: dict[str, Outgoing]) -> None:
        self.box = box

    def send(self, message: Outgoing) -> Outcome:
        self.box.setdefault(message.key, message)
        return Outcome("sent")


PLUGIN = MemoryChannel()
