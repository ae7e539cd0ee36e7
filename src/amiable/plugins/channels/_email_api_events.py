"""What providers' reports of emails mean, in our words (django-anymail's events, and those of
Amazon SES)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import unquote

from amiable.core.delivery import EventKind, ReportedEvent
from amiable.core.replies.bounce_reasons import outcome_of, reason_of, status_in
from amiable.plugins.channels._email_api_providers import METADATA

LARGEST_DETAIL = 500
# Being queued or sent says nothing new; openings and clicks are not ours to know.
_KINDS: Mapping[str, EventKind] = {
    "delivered": "delivered", "deferred": "deferred", "failed": "failed",
    "complained": "complained", "unsubscribed": "opted_out",
    "bounced": "failed", "rejected": "failed",  # unless the address is to blame
}  # fmt: skip
# A provider that keeps a list of whom it writes to no more says why somebody is on it.
_LISTED: Mapping[str, EventKind] = {"spam": "complained", "unsubscribed": "opted_out"}
_MAILGUN_LISTED: Mapping[str, EventKind] = {
    "suppress-complaint": "complained", "suppress-unsubscribe": "opted_out"
}  # fmt: skip
_MAILJET_GONE = frozenset({"user unknown", "mailbox inactive", "invalid domain", "no mail host"})


def _mailgun(event: Any) -> Mapping[str, Any]:
    data: Mapping[str, Any] = event["event-data"]
    return data


def _sparkpost(event: Any) -> Mapping[str, Any]:
    (inner,) = event["msys"].values()
    whole: Mapping[str, Any] = inner
    return whole


def _mailjet_is_hard(event: Mapping[str, Any]) -> bool:
    return event.get("hard_bounce") is True or event.get("error") in _MAILJET_GONE


# Whether the provider calls it permanent, and a fault of the address.
_IS_HARD: Mapping[str, Callable[[Any], bool]] = {
    "brevo": lambda e: e.get("event") in {"hard_bounce", "invalid_email"},
    "mailjet": _mailjet_is_hard,
    "postmark": lambda e: (
        e.get("Type") in {"HardBounce", "BadEmailAddress"}
        or e.get("SuppressionReason") == "HardBounce"
    ),
    "mailgun": lambda e: (
        _mailgun(e).get("reason") in {"bounce", "suppress-bounce"}
        and _mailgun(e).get("severity") != "temporary"
    ),
    # Invalid recipient, and no such mailbox.
    "sparkpost": lambda e: str(_sparkpost(e).get("bounce_class")) in {"10", "30"},
    "mailersend": lambda e: e["data"].get("type") == "hard_bounced",
}


def reported(provider: str, events: Iterable[Any]) -> tuple[ReportedEvent, ...]:
    """The events that say something of a message. Raises what reading a wrong shape raises."""
    return tuple(
        each for event in events if (each := _reported(provider, event)) is not None
    )  # fmt: skip


def _reported(provider: str, event: Any) -> ReportedEvent | None:
    whole = event.esp_event if isinstance(event.esp_event, Mapping) else {}
    words = str(event.mta_response or whole.get("comment") or "")
    kind = _KINDS.get(str(event.event_type))
    if event.event_type in {"bounced", "rejected"}:
        kind = _refusal(provider, event, words)
    elif provider == "postmark" and event.esp_event.get("Type") == "SpamNotification":
        kind = "failed"  # a filter called it spam, not its reader
    if kind is None:
        return None
    told = (event.description, words or whole.get("error") or event.reject_reason)
    return made(
        provider,
        kind,
        at=event.timestamp,
        key=unquoted(event.metadata),
        provider_id=str(event.message_id or ""),
        recipient=str(event.recipient or ""),
        detail=" · ".join(str(each) for each in told if each),
    )


def _refusal(provider: str, event: Any, words: str) -> EventKind:
    if provider == "mailgun":
        listed = _MAILGUN_LISTED.get(str(_mailgun(event.esp_event).get("reason")))
    else:
        rejected = event.event_type == "rejected"
        listed = _LISTED.get(str(event.reject_reason)) if rejected else None
    if listed is not None:
        return listed
    return "bounced" if _IS_HARD[provider](event.esp_event) and is_gone(words) else "failed"


def is_gone(words: str) -> bool:
    """Whether the mail server's words blame the address, or tell nothing else: providers also call
    a refusal by a filter permanent."""
    status, reason = status_in(words), reason_of(words)
    outcome = outcome_of(status, reason, words=words)
    is_silent = not reason and not status.startswith("4")
    return outcome == "hard" or (outcome == "soft" and is_silent)


def made(
    provider: str,
    kind: EventKind,
    *,
    at: datetime | None,
    key: str,
    provider_id: str,
    recipient: str,
    detail: str,
) -> ReportedEvent:
    """A report whose id is the same whenever it is told: providers name a call, not an event."""
    moment = at.astimezone(UTC) if at is not None else None
    unique = "\0".join((provider, kind, provider_id, key, recipient.casefold(), str(moment)))
    return ReportedEvent(
        kind,
        event_id=sha256(unique.encode(errors="replace")).hexdigest()[:40],
        at=moment,
        key=key,
        provider_id=provider_id[:200],
        recipient=recipient,
        detail=" ".join(detail.split())[:LARGEST_DETAIL],
    )


def unquoted(metadata: Any) -> str:
    """Our key in what a provider gives back, "" when it is not there."""
    given = metadata.get(METADATA) if isinstance(metadata, Mapping) else None
    return unquote(given) if isinstance(given, str) else ""
