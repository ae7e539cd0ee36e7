"""`read_mail`: bytes of an incoming email into an IncomingMail. Never raises on content."""

from __future__ import annotations

import re

from amiable.core.replies import attachments, headers, html_text
from amiable.core.replies.charsets import decode
from amiable.core.replies.kinds import sort
from amiable.core.replies.mail import IncomingMail
from amiable.core.replies.mime import MAX_BYTES, Part, parse
from amiable.core.replies.quoting import own_words
from amiable.core.sentences import Sentence

MAX_TEXT = 200_000
_TRANSPORT = {"message/delivery-status", "message/feedback-report", "text/rfc822-headers",
              "message/disposition-notification", "message/global-delivery-status",
              "message/rfc822-headers", "application/pgp-signature", "application/pkcs7-signature",
              "application/x-pkcs7-signature"}  # fmt: skip


def read_mail(content: bytes) -> IncomingMail:
    """Read the raw bytes of an email (RFC 5322). Work is proportional to its size, which is cut.

    Anything can be given: what is no email becomes a mail of kind "other" or a reply with that
    text. What was left out is said in `problems`.
    """
    root = parse(content)
    body = body_text(root)
    full = body[:MAX_TEXT]
    own, quoted = own_words(full)
    files = attachments.collect(_files(root))
    found = sort(root, text=own, full_text=full, has_files=bool(files.kept))
    return IncomingMail(
        message_id=next(iter(headers.message_ids(root.get("message-id"))), ""),
        in_reply_to=headers.message_ids(root.get("in-reply-to")),
        references=headers.message_ids(root.get("references")),
        from_address=next(iter(headers.addresses(root.get_all("from"))), headers.NOBODY),
        reply_to=headers.addresses(root.get_all("reply-to")),
        to=headers.addresses(root.get_all("to")),
        cc=headers.addresses(root.get_all("cc")),
        envelope_to=headers.addresses(_envelope(root)),
        date=headers.moment(root.get("date")),
        subject=headers.decoded(root.get("subject"))[:500],
        text=own,
        quoted=quoted,
        full_text=full.replace(html_text.QUOTE_MARK + "\n", "").strip(),
        attachments=tuple(files.kept),
        kind=found.kind,
        detail=found.detail,
        evidence=tuple(found.evidence),
        recipients=tuple(found.recipients),
        returned_id=found.returned_id,
        problems=(*_cuts(content, root, body), *files.problems),
    )


def body_text(root: Part) -> str:
    """Text of the message's own text parts: plain where there is one, else from HTML."""
    return "\n\n".join(piece for piece in _texts(root) if piece.strip()).strip("\n")


def _texts(part: Part) -> list[str]:
    if part.content_type == "multipart/alternative":
        return _best([_texts(child) for child in part.children])
    if part.children and part.content_type != "message/rfc822":
        return [text for child in part.children for text in _texts(child)]
    if _is_file(part) or not _is_text(part):
        return []
    text = decode(part.decoded(), part.parameters.get("charset", ""))
    return [html_text.text_of(text) if _is_html(part, text) else text]


def _best(versions: list[list[str]]) -> list[str]:
    """The first version that says something: plain text comes first (RFC 2046, 5.1.4)."""
    return next((one for one in versions if any(text.strip() for text in one)), [])


def _is_text(part: Part) -> bool:
    main = part.content_type.partition("/")[0]
    if part.content_type in _TRANSPORT:
        return False
    # A multipart whose boundary never comes is shown as the text that it is.
    return main in {"text", "multipart"} or "/" not in part.content_type


def _is_html(part: Part, text: str) -> bool:
    if part.content_type == "text/html":
        return True
    return re.match(r"\s{0,100}<(?:!doctype html|html)[\s>]", text, re.I) is not None


def _is_file(part: Part) -> bool:
    if part.content_type in _TRANSPORT:
        return False
    named = bool(part.file_name) and part.disposition != ""
    is_text = part.content_type in {"text/plain", "text/html"}
    return part.disposition == "attachment" or named or (bool(part.file_name) and not is_text)


def _files(root: Part) -> list[Part]:
    """Parts kept as attachments: files, attached messages, and whatever is no text."""
    found = []
    for part in root.walk():
        main = part.content_type.partition("/")[0]
        if part is root and main in {"text", "multipart"} and not _is_file(part):
            continue
        if main == "multipart" or part.content_type in _TRANSPORT:
            continue
        if _is_file(part) or part.content_type not in {"text/plain", "text/html"}:
            found.append(part)
    return [part for part in found if "/" in part.content_type]


def _envelope(root: Part) -> list[str]:
    names = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to")
    return [value for name in names for value in root.get_all(name)[:3]]


def _cuts(content: bytes, root: Part, body: str) -> list[Sentence]:
    problems = []
    if len(content) > MAX_BYTES:
        problems.append(Sentence("mail.too_large", {"limit": MAX_BYTES // 2**20}))
    if len(body) > MAX_TEXT:
        problems.append(Sentence("mail.text_cut", {"limit": MAX_TEXT}))
    if any(part.is_cut for part in root.walk()):
        problems.append(Sentence("mail.nested_too_deep"))
    return problems
