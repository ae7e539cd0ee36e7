"""Test mode: a message as an email to the organization's own address, saying whom it was for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext, override

from amiable.apps.messaging.writing.wording import language_of
from amiable.core.drafts import Draft
from amiable.plugins.documents.content import Document, Paragraph, clean, text_of
from amiable.plugins.documents.html import cid_of, html_of
from amiable.plugins.documents.mime import (
    Attachment,
    Mail,
    mail_address,
    mail_bytes,
    message_id,
)
from amiable.plugins.documents.pictures import Picture


@dataclass(frozen=True, slots=True)
class Redirected:
    """The test email: what is shown of it and its bytes."""

    subject: str
    text: str
    content: bytes
    message_id: str


def redirected(
    draft: Draft,
    document: Document,
    *,
    to: str,
    lines: Sequence[str],
    attachments: tuple[Attachment, ...],
    key: str,
    now: datetime,
    logo: Picture | None = None,
) -> Redirected:
    """The email to `to` in place of a message for `lines` (people or an address).

    It holds no header that names the customer: answering or forwarding it reaches nobody else.
    """
    shown = _marked(draft, document, lines)
    # A creditor that only writes letters may have no address to send from.
    sender = mail_address(draft.sender.email) or to
    own_id = message_id(f"{key}:test:{to}", sender)
    text = text_of(shown)
    content = mail_bytes(
        Mail(
            sender_name=document.sender,
            sender=sender,
            recipient=to,
            subject=shown.subject,
            at=now,
            message_id=own_id,
            text=text,
            html=html_of(shown, logo),
            attachments=attachments,
            pictures=((cid_of(logo), logo),) if logo else (),
        )
    )
    return Redirected(shown.subject[:300], text, content, own_id)


def as_text_message(document: Document, text: str) -> Document:
    """The document of a text message with its words exactly as a phone would show them."""
    lines = tuple(((line, False),) for line in text.split("\n"))
    return replace(document, blocks=(Paragraph(lines),))


def _marked(draft: Draft, document: Document, lines: Sequence[str]) -> Document:
    with override(language_of(draft.language)):
        media = {
            "email": gettext("Email"),
            "letter": gettext("Letter"),
            "registered_letter": gettext("Registered letter"),
            "sms": gettext("Text message"),
        }
        title = gettext("TEST: this message was not sent to the customer.")
        whom = gettext("It was for: {people} ({medium})").format(
            people=", ".join(map(clean, lines)), medium=media[draft.medium]
        )
        prefix = gettext("[TEST]")
    banner = Paragraph((((title, True),), ((whom, True),)))
    name = document.subject or clean(draft.customer.name)
    return replace(document, subject=f"{prefix} {name}", blocks=(banner, *document.blocks))
