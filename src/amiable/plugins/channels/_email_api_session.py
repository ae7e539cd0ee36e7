"""Handing emails to a provider: over its API, or over its relay as they were frozen.

A message that cannot have reached the provider is tried again. Once it may have been read and no
answer says yes or no, the outcome is `unknown`: no provider promises to send a request once.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from amiable.plugins.base import Outcome, Outgoing
from amiable.plugins.channels._email_api_frozen import (
    NotCarriedError,
    frozen,
    key_given,
    with_references,
)
from amiable.plugins.channels._email_api_providers import METADATA, PROVIDERS, without_secrets
from amiable.plugins.channels._retry_after import seconds_asked
from amiable.plugins.channels._smtp_session import SmtpSession

if TYPE_CHECKING:
    from amiable.plugins.channels._email_api_bridge.sending import Handed

UNREACHABLE_SECONDS, MISCONFIGURED_SECONDS = 300, 900
LARGEST_DETAIL = 500
# anymail's words for an address the message was not taken for.
_REFUSED = frozenset({"invalid", "rejected", "failed"})
_LATER = frozenset({429, 503})
# The key, the address of the API or the account is wrong: nothing is wrong with the message.
_MISCONFIGURED = frozenset({401, 402, 403, 404, 405, 407, *range(300, 400)})
_OURS = re.compile(
    r"\b(?:sender|credits?|quota|api.?key|token|permission|unauthori[sz]ed|suspended|trial|"
    r"sandbox|account|not (?:been )?(?:confirmed|verified|validated|activated|approved))\b",
    re.IGNORECASE,
)


class ApiSession:
    """A session with a provider's API; see base.Session."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        # Loaded when it is used: Django's mail and requests take a while.
        from amiable.plugins.channels._email_api_bridge.sending import Api

        self.config = config
        self.provider = PROVIDERS[config["scheme"]]
        self.api = Api(self.provider, config)
        self.down: Outcome | None = None

    def close(self) -> None:
        self.api.close()

    def send(self, message: Outgoing) -> Outcome:
        """Hand a message over; a provider that is down is asked once a session."""
        if self.down:
            return self.down
        try:
            handed = self.api.hand_over(frozen(message, self.provider))
        except NotCarriedError as error:
            # The message is right; another way out of the same house can carry it.
            return Outcome("retry", "", self._shown(str(error)), MISCONFIGURED_SECONDS)
        except ValueError as error:
            return Outcome("failed", detail=self._shown(str(error)))
        detail = self._shown(f"{handed.status or ''} {handed.said}")
        outcome = _outcome(message, handed, detail)
        if outcome.state == "unknown":
            # One message to look into is enough: the rest of the batch waits.
            words = self._shown("stopped answering clearly")
            self.down = Outcome("retry", "", words, UNREACHABLE_SECONDS)
        elif outcome.state == "retry":
            self.down = outcome
        return outcome

    def _shown(self, words: str) -> str:
        """What to say of the provider, without any of our secrets."""
        shown = " ".join(without_secrets(words, self.config).split())
        return f"{self.provider.label}: {shown}"[:LARGEST_DETAIL]


class RelaySession(SmtpSession):
    """A session with a provider's relay: what leaves is what was frozen, behind lines that tell the
    provider which message it is and that it takes away."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config["smtp"])
        self.ours = config

    def send(self, message: Outgoing) -> Outcome:
        """Deliver; `provider_id` = the id in the relay's last answer."""
        lines = relay_lines(message, self.ours)
        outcome = super().send(with_references(message, lines))
        outcome = replace(outcome, detail=without_secrets(outcome.detail, self.ours))
        if outcome.state != "sent":
            return outcome
        # "250 Ok 0102018f..." of Amazon, "250 2.0.0 OK: queued as <...>" of Brevo.
        last = outcome.detail.split()[-1:] or [""]
        return replace(outcome, provider_id=last[0][:200])


def relay_lines(message: Outgoing, config: Mapping[str, Any]) -> str:
    """Header lines for the relay alone. Amazon's tags hold letters, figures, _ and - only."""
    lines = []
    if config["provider"] == "ses":
        tag = base64.urlsafe_b64encode(message.key.encode(errors="replace")).decode().rstrip("=")
        if config["configuration_set"]:
            lines.append(f"X-SES-CONFIGURATION-SET: {config['configuration_set']}")
        if tag and len(tag) <= 256:
            lines.append(f"X-SES-MESSAGE-TAGS: {METADATA}={tag}")
    elif key := key_given(message.key):
        lines.append(f"X-Mailin-custom: {json.dumps({METADATA: key})}")
    return "".join(f"{line}\r\n" for line in lines)


def _outcome(message: Outgoing, handed: Handed, detail: str) -> Outcome:
    """What an answer means. 5xx but 503 come from a provider that may have taken the message."""
    if not handed.left:
        return Outcome("retry", "", detail, UNREACHABLE_SECONDS)
    if 200 <= handed.status < 300:
        return _taken(message, handed, detail)
    refused = {
        address: detail
        for address in message.envelope
        if _status(handed, address)[0] in {"invalid", "rejected"}
    }
    wait = 0 if refused else _wait(handed)
    if wait:
        return Outcome("retry", "", detail, wait)
    if handed.status == 408 or not 400 <= handed.status < 500:
        return Outcome("unknown", detail=detail)
    return Outcome("failed", detail=detail, refused=refused)


def _wait(handed: Handed) -> int:
    """Seconds until a message that was not taken may be; 0 when waiting does not help."""
    if handed.status in _LATER:
        return seconds_asked(handed.retry_after)
    ours = 400 <= handed.status < 500 and _OURS.search(handed.said)
    return MISCONFIGURED_SECONDS if handed.status in _MISCONFIGURED or ours else 0


def _taken(message: Outgoing, handed: Handed, detail: str) -> Outcome:
    if handed.statuses is None:
        return Outcome("unknown", detail=detail)
    answers = {address: _status(handed, address) for address in message.envelope}
    refused = {address: status for address, (status, _) in answers.items() if status in _REFUSED}
    if len(refused) == len(answers):
        return Outcome("failed", detail=detail, refused=dict.fromkeys(refused, detail))
    ids = [answers.get(message.recipient, ("", ""))[1], *(one for _, one in answers.values())]
    found = next(filter(None, ids), "")
    # All of them name what they take.
    return Outcome("sent" if found else "unknown", found[:200], detail, 0, refused)


def _status(handed: Handed, address: str) -> tuple[str, str]:
    """Status and id of an address; one that the provider does not tell apart was taken."""
    return (handed.statuses or {}).get(address.casefold(), ("unknown", ""))
