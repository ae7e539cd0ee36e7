"""The built-in outbox: the frozen message is the delivery; nothing leaves the house."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from amiable.plugins.base import Outcome, Outgoing


class OutboxChannel:
    """No config."""

    code = "outbox"
    label = "Built-in outbox"
    media = frozenset({"email", "letter", "registered_letter", "registered_email", "sms"})
    resend_safe = True
    schemes = frozenset({"outbox"})

    def configure(self, url: str) -> dict[str, Any]:  # noqa: ARG002
        """Nothing to say: outbox://"""
        return {}

    @contextmanager
    def session(self, config: Mapping[str, Any]) -> Iterator[_OutboxSession]:  # noqa: ARG002
        yield _OutboxSession()


class _OutboxSession:
    def send(self, message: Outgoing) -> Outcome:  # noqa: ARG002
        return Outcome("sent")


PLUGIN = OutboxChannel()
