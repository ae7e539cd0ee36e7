"""What Amazon SES tells of emails, in our words, and the answers of customers it received (SES
developer guide, "Contents of event publishing", "Notification contents for receiving")."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from amiable.core.delivery import EventKind, ReportedEvent
from amiable.plugins.channels._email_api_events import is_gone, made
from amiable.plugins.channels._email_api_providers import METADATA
from amiable.plugins.inbound import CustomerReply, HookAnswer

# A permanent bounce that the address is to blame for (SES developer guide, "bounce types").
_GONE = frozenset({"General", "NoEmail", "Suppressed", "OnAccountSuppressionList"})
Found = tuple[EventKind, str, str]  # kind, recipient, words


def ses_answer(event: Mapping[str, Any]) -> HookAnswer:
    """Events of a notification of SES, or the message of a customer that it received.

    Raises what reading a wrong shape raises."""
    kind = event.get("eventType") or event.get("notificationType")
    if kind == "Received":
        return HookAnswer(replies=(CustomerReply(_received(event)),))
    mail = event["mail"]
    found = _FOUND[kind](event) if kind in _FOUND else []
    about = event.get(str(kind).lower()) or event.get("deliveryDelay") or {}
    return HookAnswer(events=tuple(_event(each, mail, about) for each in found))


def _received(event: Mapping[str, Any]) -> bytes:
    encoding = event["receipt"]["action"].get("encoding", "UTF8")
    content: str = event["content"]
    return base64.b64decode(content) if encoding == "BASE64" else content.encode()


def _event(found: Found, mail: Mapping[str, Any], about: Mapping[str, Any]) -> ReportedEvent:
    kind, recipient, words = found
    stamp = about.get("timestamp") or mail["timestamp"]
    return made(
        "ses",
        kind,
        at=datetime.fromisoformat(stamp),
        key=_tagged(mail.get("tags")),
        provider_id=str(mail["messageId"]),
        recipient=recipient,
        detail=words,
    )


def _tagged(tags: Any) -> str:
    """Our key in the tags of a message, "" when it is not there."""
    values = tags.get(METADATA) if isinstance(tags, dict) else None
    if not values:
        return ""
    tag = str(values[0])
    return base64.urlsafe_b64decode(tag + "=" * (-len(tag) % 4)).decode()


def _bounce(event: Mapping[str, Any]) -> list[Found]:
    about = event["bounce"]
    hard = about["bounceType"] == "Permanent" and about["bounceSubType"] in _GONE
    rows = [
        (one["emailAddress"], str(one.get("diagnosticCode") or ""))
        for one in about["bouncedRecipients"]
    ]
    return [("bounced" if hard and is_gone(said) else "failed", to, said) for to, said in rows]


def _delivery(event: Mapping[str, Any]) -> list[Found]:
    about = event["delivery"]
    return [("delivered", to, str(about.get("smtpResponse", ""))) for to in about["recipients"]]


def _delayed(event: Mapping[str, Any]) -> list[Found]:
    about = event["deliveryDelay"]
    return [
        ("deferred", one["emailAddress"], str(one.get("diagnosticCode", "")))
        for one in about["delayedRecipients"]
    ]


def _complaint(event: Mapping[str, Any]) -> list[Found]:
    about = event["complaint"]
    said = str(about.get("complaintFeedbackType", ""))
    return [("complained", one["emailAddress"], said) for one in about["complainedRecipients"]]


def _nobody(event: Mapping[str, Any]) -> list[Found]:
    return [("failed", "", str(event.get("reject", {}).get("reason", "")))]


_FOUND = {
    "Bounce": _bounce,
    "Delivery": _delivery,
    "DeliveryDelay": _delayed,
    "Complaint": _complaint,
    "Reject": _nobody,
}
