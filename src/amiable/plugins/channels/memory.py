"""Keeps messages in memory, once per key, and fails when it is told to: what tests read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from amiable.plugins.base import Outcome, Outgoing

MEDIA = frozenset({"email", "letter", "registered_letter", "registered_email", "sms"})


class MemoryChannel:
    """Config: `box`, a dict the messages are put in by key; `answer`, a function that may give
    another outcome for a message (None = it is taken)."""

    code = "memory"
    label = "Memory (tests)"
    media = MEDIA
    resend_safe = True
    schemes: frozenset[str] = frozenset()

    def configure(self, url: str) -> dict[str, Any]:
        """Only code can hand the box over."""
        raise ValueError(f"no address stands for memory: {url}")

    @contextmanager
    def session(self, config: Mapping[str, Any]) -> Iterator[_MemorySession]:
        yield _MemorySession(config["box"], config.get("answer"))


class _MemorySession:
    def __init__(
        self, box: dict[str, Outgoing], answer: Callable[[Outgoing], Outcome | None] | None
    ) -> None:
        self.box = box
        self.answer = answer

    def send(self, message: Outgoing) -> Outcome:
        other = self.answer(message) if self.answer else None
        if other is not None:
            return other
        self.box.setdefault(message.key, message)
        return Outcome("sent")


PLUGIN = MemoryChannel()
