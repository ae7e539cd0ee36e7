"""Reads of messages: the outbox, one message with its parts, a case's conversation."""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any, cast

from django.db.models import Count

from amiable.apps.messaging.models import DeliveryEvent, Message
from amiable.apps.receivables.queries import chunks
from amiable.core.sentences import Sentence

PAGE = 50
OF_CODE = "code/"  # what messages that carry a code are called by
_MEANT_FOR = "message.meant_for"


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message in a list. `recipients` = everybody it goes to, the first one first, each with
    "address", "name", "role" and "state" ("" = as the message)."""

    id: int
    case_id: int
    customer_id: int
    customer: str
    medium: str
    channel: str
    recipient: str
    subject: str
    state: str
    language: str
    on_date: date
    frozen_at: datetime
    sent_at: datetime | None
    retry_at: datetime | None
    error: str
    is_test: bool
    recipients: tuple[Mapping[str, str], ...]
    notes: Sequence[Mapping[str, Any]]

    @property
    def meant_for(self) -> str:
        """Of a test: whom it would have gone to."""
        told = (each for each in self.notes if each["code"] == _MEANT_FOR)
        return next((str(each["params"]["people"]) for each in told), "")

    @property
    def copies(self) -> int:
        """How many others got it too."""
        return max(0, len(self.recipients) - 1)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of messages; `total` counts all pages."""

    rows: list[MessageRow]
    total: int
    number: int
    pages: int


@dataclass(frozen=True, slots=True)
class File:
    """A file of a message."""

    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery event."""

    kind: str
    at: datetime
    detail: str
    recipient: str


@dataclass(frozen=True, slots=True)
class MessageParts:
    """One message in full. `html` is a whole page without scripts; it loads nothing from elsewhere.

    The page carries inline styles: serve it from an address of its own under the policy
    MESSAGE_POLICY, never inside a page of the console.
    """

    row: MessageRow
    key: str
    text: str
    html: str
    pdf: bytes | None
    attachments: list[File]
    events: list[Delivery]
    sha256: str
    content_type: str
    content: bytes
    message_id: str
    attempts: int
    notes: tuple[Sentence, ...]


# Pictures only where they stand in the page itself: nothing is loaded from anywhere.
MESSAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
)

_FIELDS = (
    "id", "case_id", "case__customer_id", "case__customer__name", "medium", "channel", "recipient",
    "subject", "state", "language", "on_date", "frozen_at", "sent_at", "retry_at", "error",
    "is_test", "recipients", "notes",
)  # fmt: skip


def outbox(
    organization_id: int,
    *,
    medium: str = "",
    state: str = "",
    case_id: int | None = None,
    page: int = 1,
    size: int = PAGE,
) -> Page:
    """Messages, newest first, without their content: two queries."""
    rows = Message.objects.filter(organization_id=organization_id)
    chosen = {"medium": medium, "state": state, "case_id": case_id}
    rows = rows.filter(**{name: value for name, value in chosen.items() if value})
    total = rows.count()
    pages = max(1, -(-total // size))
    number = min(max(1, page), pages)
    start = (number - 1) * size
    found = rows.order_by("-id").values_list(*_FIELDS)[start : start + size]
    return Page([MessageRow(*row) for row in found], total, number, pages)


def outbox_counts(organization_id: int) -> dict[str, int]:
    """Number of messages per state."""
    rows = Message.objects.filter(organization_id=organization_id)
    return dict(rows.values_list("state").annotate(Count("id")).order_by())


def message_parts(organization_id: int, message_id: int) -> MessageParts | None:
    """One message with its readable parts, attachments and events; None when it is not theirs."""
    message = (
        Message.objects.filter(organization_id=organization_id, id=message_id)
        .select_related("case__customer")
        .first()
    )
    if message is None:
        return None
    events = DeliveryEvent.objects.filter(message=message).order_by("at", "id")
    content = bytes(message.content)
    html, files = _mail_parts(content) if message.content_type == "message/rfc822" else ("", [])
    return MessageParts(
        row=_row(message),
        key=message.key,
        text=message.text,
        html=html,
        pdf=content if message.content_type == "application/pdf" else None,
        attachments=files,
        events=[Delivery(*e) for e in events.values_list("kind", "at", "detail", "recipient")],
        sha256=message.sha256,
        content_type=message.content_type,
        content=content,
        message_id=message.message_id,
        attempts=message.attempts,
        notes=tuple(
            Sentence.from_json(note) for note in message.notes if note["code"] != _MEANT_FOR
        ),
    )


def file_names(content: bytes) -> list[str]:
    """The names of the files that go with an email, from its bytes."""
    parts = message_from_bytes(content).walk()
    names = (part.get_filename() for part in parts if not part.is_multipart())
    return [_decoded(name) for name in names if name]


def _decoded(name: str) -> str:
    """A file name in clear where it was packed for the way (RFC 2047)."""
    return str(make_header(decode_header(name)))


def case_messages(organization_id: int, case_ids: Collection[int]) -> dict[int, list[MessageRow]]:
    """Messages of each case, oldest first, for the timeline."""
    found: dict[int, list[MessageRow]] = {case_id: [] for case_id in case_ids}
    for ids in chunks(case_ids):
        rows = Message.objects.filter(organization_id=organization_id, case_id__in=ids)
        for row in rows.order_by("id").values_list(*_FIELDS):
            found[row[1]].append(MessageRow(*row))
    return found


def thread_ids(organization_id: int, case_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Message-IDs of the emails each case was sent, oldest first: what Draft.thread_ids wants."""
    found: dict[int, list[str]] = {case_id: [] for case_id in case_ids}
    for ids in chunks(case_ids):
        rows = Message.objects.filter(
            organization_id=organization_id,
            case_id__in=ids,
            medium="email",
            state=Message.State.SENT,
            is_test=False,
        ).exclude(message_id="")
        rows = rows.exclude(key__startswith=OF_CODE)  # a code begins no conversation
        for case_id, message_id in rows.order_by("id").values_list("case_id", "message_id"):
            found[case_id].append(message_id)
    return {case_id: tuple(ids) for case_id, ids in found.items()}


def _row(message: Message) -> MessageRow:
    customer = message.case.customer
    return MessageRow(
        message.id, message.case_id, customer.id, customer.name, message.medium, message.channel,
        message.recipient, message.subject, message.state, message.language, message.on_date,
        message.frozen_at, message.sent_at, message.retry_at, message.error, message.is_test,
        message.recipients, message.notes,
    )  # fmt: skip


def _mail_parts(content: bytes) -> tuple[str, list[File]]:
    """The HTML with its own pictures in place, and the files that go along."""
    mail = cast(EmailMessage, message_from_bytes(content, policy=policy.default))
    body = mail.get_body(("html",))
    html = body.get_content() if body else ""
    for part in mail.walk():
        if part["Content-ID"] and part.get_content_maintype() == "image":
            packed = base64.b64encode(part.get_content()).decode()
            name = str(part["Content-ID"]).strip("<>")
            html = html.replace(f"cid:{name}", f"data:{part.get_content_type()};base64,{packed}")
    files = [
        File(part.get_filename() or "", part.get_content_type(), part.get_content())
        for part in mail.iter_attachments()
        if part.get_content_type() != "multipart/related"
    ]
    return html, files
