"""The message that carries a code: fixed words, no amount, no invoice. What it costs to lose it is
said in it; nobody may write another in its place."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext, override

from amiable.apps.messaging.rendering.branding import Brand
from amiable.apps.messaging.rendering.messages import Rendered, recipient_problem, sending_address
from amiable.apps.messaging.rendering.redirecting import as_text_message, redirected
from amiable.apps.messaging.writing.wording import language_of
from amiable.core import sms
from amiable.core.drafts import Draft, Recipient
from amiable.core.sentences import Sentence
from amiable.core.sms_rules import sender_problem, sender_text
from amiable.plugins.documents.content import Document, Paragraph, clean, text_of
from amiable.plugins.documents.html import cid_of, html_of
from amiable.plugins.documents.mime import Mail, mail_address, mail_bytes, message_id

# What stands in the place of a code where the message is kept.
MASK = "••••••"


def code_rendered(
    draft: Draft,
    code: str,
    *,
    minutes: int,
    organization_id: int,
    brand: Brand,
    test_recipient: str,
    now: datetime,
) -> Rendered | Sentence:
    """The message of a draft (medium email or sms) with a code, or why it cannot be written. In
    test mode an email to the organization's own address, as of any other message."""
    if problem := recipient_problem(draft) or _sender_problem(draft):
        return problem
    document = _document(draft, code, minutes)
    key = f"{organization_id}:{draft.key}"
    if test_recipient:
        return _test(draft, document, key=key, brand=brand, to=test_recipient, now=now)
    if draft.medium == "sms":
        number = sms.mobile_number(draft.recipient) or ""
        text = sms.gsm_text(text_of(document).strip())
        return Rendered(
            number, "", text, text.encode(), "text/plain; charset=utf-8", document.language,
            recipients=(Recipient(number),), sender=sender_text(draft.creditor.sms_sender),
        )  # fmt: skip
    return _email(draft, document, key=key, brand=brand, now=now)


def _sender_problem(draft: Draft) -> Sentence | None:
    return sender_problem(draft.creditor.sms_sender) if draft.medium == "sms" else None


def _document(draft: Draft, code: str, minutes: int) -> Document:
    """A text message is one line: what it is for is read by whoever looks at a locked screen."""
    language, sender = language_of(draft.language), clean(draft.sender.name)
    contact = " / ".join(filter(None, (clean(draft.sender.phone), clean(draft.sender.email))))
    with override(language):
        if draft.medium == "sms":
            said = gettext(
                "{sender}: {code} is your code, good for {minutes} minutes. Give it to nobody."
            )
            lines = [(said.format(sender=sender, code=code, minutes=minutes), False)]
        else:
            good = gettext(
                "It is good for {minutes} minutes and for one use. Type it on the page that is "
                "open."
            )
            other = gettext(
                "If it was not you, do nothing: without this code nothing is signed or shown. "
                "Please tell us: {contact}"
            )
            lines = [
                (gettext("Somebody who has your link asked for this code on our page:"), False),
                (code, True),
                (good.format(minutes=minutes), False),
                (gettext("Give it to nobody: we never ask for it by telephone or email."), False),
                (other.format(contact=contact or sender), False),
            ]
        subject = gettext("{sender}: your code").format(sender=sender)
    return Document(
        language=language,
        subject=clean(subject),
        sender=sender,
        color=draft.creditor.brand_color,
        blocks=tuple(Paragraph(((line,),)) for line in lines),
    )


def _email(draft: Draft, document: Document, *, key: str, brand: Brand, now: datetime) -> Rendered:
    # recipient_problem has looked: both are addresses.
    recipient = mail_address(draft.recipient) or ""
    sender = mail_address(sending_address(draft)) or ""
    own_id, text, logo = message_id(key, sender), text_of(document), brand.logo
    content = mail_bytes(
        Mail(
            sender_name=document.sender,
            sender=sender,
            recipient=recipient,
            subject=document.subject,
            at=now,
            message_id=own_id,
            text=text,
            html=html_of(document, logo),
            reply_to=mail_address(draft.sender.email) or "",
            pictures=((cid_of(logo), logo),) if logo else (),
        )
    )
    return Rendered(
        recipient, document.subject[:300], text, content, "message/rfc822", document.language,
        own_id, own_id[:200], (Recipient(recipient),),
    )  # fmt: skip


def _test(
    draft: Draft, document: Document, *, key: str, brand: Brand, to: str, now: datetime
) -> Rendered:
    if draft.medium == "sms":
        document = as_text_message(document, text_of(document).strip())
    test = redirected(
        draft, document, to=to, lines=[draft.recipient], attachments=(), key=key, now=now,
        logo=brand.logo,
    )  # fmt: skip
    return Rendered(
        to, test.subject, test.text, test.content, "message/rfc822", document.language,
        test.message_id, test.message_id[:200], (Recipient(to),), is_test=True,
        notes=(Sentence("message.meant_for", {"people": draft.recipient}),),
    )  # fmt: skip
