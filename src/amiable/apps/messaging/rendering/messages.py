"""From a Draft to the bytes of a message: email, letter or SMS. Pure but for the layout files.

Nothing raises for what a draft holds: a draft that cannot be rendered yields a Sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from amiable.apps.messaging.rendering.branding import PLAIN, Brand
from amiable.apps.messaging.rendering.letters import letter_of
from amiable.apps.messaging.rendering.redirecting import as_text_message, redirected
from amiable.apps.messaging.rendering.statements import has_statement, statement_file, statement_of
from amiable.apps.messaging.writing.composing import composed
from amiable.apps.messaging.writing.mandates import mandate_problem
from amiable.apps.messaging.writing.paying import asked_minor, main_lines
from amiable.apps.messaging.writing.texts import OwnText, TextError
from amiable.core import sms
from amiable.core.drafts import Draft, Recipient
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.sms_rules import revealing_problem, sender_problem, sender_text
from amiable.plugins.documents.address import address_problem
from amiable.plugins.documents.content import Document, clean, plain, text_of
from amiable.plugins.documents.enclosures import enclosed
from amiable.plugins.documents.html import cid_of, html_of
from amiable.plugins.documents.letter import Letter, letters_pdf
from amiable.plugins.documents.mime import (
    Attachment,
    Mail,
    mail_address,
    mail_bytes,
    message_id,
)
from amiable.plugins.documents.statement import statements_pdf

declare(
    {
        "message.no_email": gettext_noop("{address} is not an email address mail can be sent to"),
        "message.no_mobile": gettext_noop("{phone} is not a French mobile number"),
        "message.no_sender": gettext_noop("The creditor {name} has no valid email address"),
        "message.nothing_due": gettext_noop("Nothing is due: there is nothing to ask for"),
        "message.sms_too_long": gettext_noop(
            "The text message would need {segments} parts; at most {limit} are sent"
        ),
        "message.meant_for": gettext_noop("Without test mode it would go to: {people}"),
        "message.medium": gettext_noop("No message can be made for the medium {medium}"),
    }
)

LETTERS = frozenset({"letter", "registered_letter"})
# Mail servers commonly refuse messages above 10 MB; base64 adds a third.
LARGEST_ATTACHMENTS = 6_000_000  # bytes
# A link is worth a second part of a text message, never a third.
LINKED_SEGMENTS = 2


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message about to be frozen. `recipients` = everybody it goes to, the first one first;
    `is_test` = to the organization's own address, and `notes` say whom it was for; `sender` = of a
    text message."""

    recipient: str
    subject: str
    text: str
    content: bytes
    content_type: str
    language: str
    message_id: str = ""
    thread_id: str = ""
    recipients: tuple[Recipient, ...] = ()
    is_test: bool = False
    sender: str = ""
    notes: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class Material:
    """What rendering needs beside the draft: the invoices' PDFs, the conversation it goes on with
    (its first subject and its message ids, oldest first), the text that the organization has
    written for it (None = the shipped one), the creditor's brand, and the address of its case in
    the mailbox that is read ("" = answers go to the creditor); the statement is made here."""

    attachments: tuple[Attachment, ...] = ()
    thread_subject: str = ""
    references: tuple[str, ...] = ()
    statement: Attachment | None = None
    own: OwnText | None = None
    brand: Brand = PLAIN
    answers_to: str = ""


def recipient_problem(draft: Draft) -> Sentence | None:
    """Why this draft's medium cannot reach its recipient; None when it can."""
    if draft.medium in LETTERS:
        return address_problem(draft.customer)
    if draft.medium == "email":
        return _email_problem(draft)
    if draft.medium != "sms":
        return Sentence("message.medium", {"medium": draft.medium})
    if sms.mobile_number(draft.recipient) is None:
        return Sentence("message.no_mobile", {"phone": clean(draft.recipient)[:60]})
    return None


def _email_problem(draft: Draft) -> Sentence | None:
    if mail_address(draft.recipient) is None:
        return Sentence("message.no_email", {"address": clean(draft.recipient)[:200]})
    if mail_address(sending_address(draft)) is None:
        return Sentence("message.no_sender", {"name": clean(draft.sender.name)})
    return None


def sending_address(draft: Draft) -> str:
    """The From of an email: the address kept for sending, else the one that answers come to."""
    return draft.sender.sender_email or draft.sender.email


def drafts_render(
    drafts: Sequence[Draft],
    materials: Mapping[str, Material],
    *,
    organization_id: int,
    now: datetime,
    test_recipient: str = "",
) -> dict[str, Rendered | Sentence]:
    """Each draft by key, rendered or explained. Letters are compiled together, in parallel.

    With a `test_recipient` each is rendered as it would leave, and goes there as an email instead.
    """
    problems = {draft.key: problem for draft in drafts if (problem := _problem(draft))}
    done: dict[str, Rendered | Sentence] = {**problems}
    letters: list[tuple[Draft, Letter]] = []
    documents: dict[str, Document] = {}
    prepared = _prepared([draft for draft in drafts if draft.key not in problems], materials)
    for key, (draft, material) in prepared.items():
        try:
            document = composed(draft, attached=len(material.attachments),
                                thread_subject=material.thread_subject,
                                own=material.own)  # fmt: skip
        except TextError as error:
            done[key] = Sentence("text.broken", {"reason": error.reason})
            continue
        documents[key] = document
        if draft.medium in LETTERS:
            letters.append((draft, letter_of(draft, document, brand=material.brand)))
        elif draft.medium == "sms":
            done[key] = _sms(draft, document)
        else:
            done[key] = _email(draft, document, material, organization_id, now)
    done |= _printed(
        letters, {key: material.attachments for key, (_, material) in prepared.items()}
    )
    if not test_recipient:
        return done
    return {
        key: _as_test(
            *prepared[key],
            rendered,
            documents[key],
            to=test_recipient,
            key=f"{organization_id}:{key}",
            now=now,
        )
        if isinstance(rendered, Rendered)
        else rendered
        for key, rendered in done.items()
    }


def _printed(
    letters: Sequence[tuple[Draft, Letter]], files: Mapping[str, tuple[Attachment, ...]]
) -> dict[str, Rendered | Sentence]:
    """Letters as PDF, each with its files behind it."""
    done: dict[str, Rendered | Sentence] = {}
    pages = letters_pdf(letter for _, letter in letters)
    for (draft, letter), page in zip(letters, pages, strict=True):
        behind = files[draft.key]
        pdf = enclosed(page, behind) if behind and isinstance(page, bytes) else page
        done[draft.key] = pdf if isinstance(pdf, Sentence) else _posted(draft, letter, pdf)
    return done


def _as_test(
    draft: Draft,
    material: Material,
    rendered: Rendered,
    document: Document,
    *,
    to: str,
    key: str,
    now: datetime,
) -> Rendered:
    """The same message as an email to the test address: a letter attached, a text as its words."""
    attachments, lines = _files(material), [_person(each) for each in rendered.recipients]
    if draft.medium in LETTERS:
        attachments, lines = (
            (Attachment("letter.pdf", rendered.content),),
            rendered.recipient.split("\n"),
        )
    elif draft.medium == "sms":
        document = as_text_message(document, rendered.text)
    test = redirected(
        draft, document, to=to, lines=lines, attachments=attachments, key=key, now=now,
        logo=material.brand.logo,
    )  # fmt: skip
    return Rendered(
        to, test.subject, test.text, test.content, "message/rfc822", rendered.language,
        test.message_id, test.message_id[:200], (Recipient(to),), is_test=True,
        notes=(Sentence("message.meant_for", {"people": ", ".join(lines)}),),
    )  # fmt: skip


def _person(recipient: Recipient) -> str:
    return f"{recipient.name} <{recipient.address}>" if recipient.name else recipient.address


def _problem(draft: Draft) -> Sentence | None:
    return mandate_problem(draft) or recipient_problem(draft) or _claim_problem(draft)


def _claim_problem(draft: Draft) -> Sentence | None:
    """A reminder asks for something due; only a preventive message may come before, and one that
    confirms a call asks for nothing."""
    if draft.confirms:
        return None
    if draft.stage == "preventive" and main_lines(draft) and asked_minor(draft) > 0:
        return None
    due = any(line.group == "due" for line in draft.lines)
    return None if due and draft.due_minor > 0 else Sentence("message.nothing_due")


def _prepared(
    drafts: Sequence[Draft], materials: Mapping[str, Material]
) -> dict[str, tuple[Draft, Material]]:
    """Each draft by key with what goes along: its statement made, attachments too heavy left out.

    A statement that cannot be printed does not go with its email, which then does not name it.
    """
    emails = [draft for draft in drafts if draft.medium == "email" and has_statement(draft)]
    pages = statements_pdf(
        statement_of(draft, materials.get(draft.key, Material()).brand.logo) for draft in emails
    )
    files = {
        draft.key: Attachment(statement_file(draft), pdf)
        for draft, pdf in zip(emails, pages, strict=True)
        if isinstance(pdf, bytes)
    }
    found = {}
    for draft in drafts:
        material = replace(materials.get(draft.key, Material()), statement=files.get(draft.key))
        mailed = draft.medium not in LETTERS
        if mailed and sum(len(item.content) for item in _files(material)) > LARGEST_ATTACHMENTS:
            material = replace(material, attachments=())
        missing = draft.medium == "email" and material.statement is None
        found[draft.key] = (replace(draft, account=()) if missing else draft, material)
    return found


def _files(material: Material) -> tuple[Attachment, ...]:
    return (*material.attachments, *filter(None, (material.statement,)))


def _email(
    draft: Draft, document: Document, material: Material, organization_id: int, now: datetime
) -> Rendered:
    # recipient_problem has looked: both are addresses.
    recipient = mail_address(draft.recipient) or ""
    sender = mail_address(sending_address(draft)) or ""
    own_id = message_id(f"{organization_id}:{draft.key}", sender)
    logo = material.brand.logo
    copies = _copies(draft, recipient)
    text = text_of(document)
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
            references=material.references,
            attachments=_files(material),
            copies=tuple(each.address for each in copies),
            reply_to=material.answers_to or mail_address(draft.sender.email) or "",
            pictures=((cid_of(logo), logo),) if logo else (),
        )
    )
    thread_id = material.references[0] if material.references else own_id
    return Rendered(
        recipient, document.subject[:300], text, content, "message/rfc822", document.language,
        own_id, thread_id[:200], (_first(draft, recipient), *copies),
    )  # fmt: skip


def _first(draft: Draft, address: str) -> Recipient:
    """The one whose message it is."""
    return Recipient(address, clean(draft.recipient_name), draft.recipient_role)


def _copies(draft: Draft, recipient: str) -> list[Recipient]:
    """The others an email goes to, each once; what is no address is left out."""
    found: dict[str, Recipient] = {}
    for each in draft.copies:
        address = mail_address(each.address)
        if address and address.lower() != recipient.lower():
            person = Recipient(address, clean(each.name), each.role)
            found.setdefault(address.lower(), person)
    return list(found.values())


def _sms(draft: Draft, document: Document) -> Rendered | Sentence:
    number = sms.mobile_number(draft.recipient) or ""
    blocks = [plain(block.lines) for block in document.blocks if hasattr(block, "lines")]
    words = sms.gsm_text(" ".join(" ".join(blocks).split()))
    text = _linked(draft, words)
    parts = sms.segments(text)
    if parts > sms.LARGEST_SEGMENTS:
        return Sentence("message.sms_too_long", {"segments": parts, "limit": sms.LARGEST_SEGMENTS})
    return _sms_problem(draft, words) or Rendered(
        number, "", text, text.encode(), "text/plain; charset=utf-8", document.language,
        recipients=(_first(draft, number),), sender=sender_text(draft.creditor.sms_sender),
    )  # fmt: skip


def _linked(draft: Draft, text: str) -> str:
    """A text message with its link, where that makes it no longer than two parts, and where the
    address tells nobody who looks over a consumer's shoulder what it is about."""
    link = draft.payment_link
    address = link.rstrip("/").rpartition("/")[0]  # its token is random and says nothing
    if not link or (draft.customer_kind == "consumer" and revealing_problem(address)):
        return text
    longer = f"{text} {link}"
    fits = sms.segments(longer) <= max(LINKED_SEGMENTS, sms.segments(text))
    return longer if fits else text


def _sms_problem(draft: Draft, text: str) -> Sentence | None:
    """What operators would refuse, or others must not read on a consumer's telephone."""
    names = [sms.gsm_text(clean(party.name)) for party in (draft.creditor, draft.sender)]
    consumer = draft.customer_kind == "consumer"
    reveals = revealing_problem(text, names=names) if consumer else None
    return sender_problem(draft.creditor.sms_sender) or reveals


def _posted(draft: Draft, letter: Letter, pdf: bytes) -> Rendered:
    document = letter.document
    person = (Recipient("", draft.attention, draft.recipient_role),) if draft.attention else ()
    electronic = draft.is_electronic
    if electronic:
        person = (Recipient(draft.recipient, draft.recipient_name, draft.recipient_role),)
    heading = [*letter.address, "", letter.date_text, letter.subject_line, "", ""]
    return Rendered(
        draft.recipient if electronic else "\n".join(letter.address),
        document.subject[:300], "\n".join(heading) + text_of(document),
        pdf, "application/pdf", document.language,
        recipients=person,
    )  # fmt: skip
