"""A frozen email taken apart for providers that want its fields instead of its bytes.

What has no field for it is refused: nothing of a message is left out in silence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from email.message import Message
from typing import Any
from urllib.parse import quote

from amiable.plugins.base import Outgoing
from amiable.plugins.channels._email_api_providers import Provider

# Fields of their own in every API, or written by the provider: Date is when it leaves.
_FIELDS = {"from", "to", "cc", "bcc", "reply-to", "subject", "date", "message-id", "mime-version"}
_MULTIPART = {"multipart/mixed", "multipart/alternative", "multipart/related"}
# Postmark keeps 80 characters of a value, the least of all.
LONGEST_KEY = 80


class NotCarriedError(ValueError):
    """A message has a part that this provider's API cannot carry."""


@dataclass(frozen=True, slots=True)
class File:
    """An attachment, or a picture that the HTML calls by `cid` ("" = an attachment)."""

    name: str
    kind: str
    content: bytes
    cid: str


@dataclass(frozen=True, slots=True)
class Frozen:
    """A message in fields. Addresses as headers show them; `files` = attachments and pictures;
    `headers` = the others; `key` = what the provider gives back in reports."""

    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    reply_to: tuple[str, ...]
    subject: str
    text: str
    html: str
    files: tuple[File, ...]
    headers: Mapping[str, str]
    key: str


def frozen(message: Outgoing, provider: Provider) -> Frozen:
    """The fields of a message for this provider. Raises NotCarriedError, and ValueError when the
    bytes are no email."""
    # The plain parser: the one that understands every header takes eight times as long.
    mail = message_from_bytes(message.content)
    leaves = list(_leaves(mail))
    texts = {kind: [part for part in leaves if _is_text(part, kind)] for kind in ("plain", "html")}
    if max(map(len, texts.values())) > 1 or not any(texts.values()):
        raise NotCarriedError("the message has not one text, or not one HTML")
    rest = [part for part in leaves if not any(part in same for same in texts.values())]
    files = tuple(map(_file, rest))
    if not provider.pictures and any(each.cid for each in files):
        raise NotCarriedError("its API carries no pictures inside a message: use its relay (SMTP)")
    plain, html = ("".join(map(_text, texts[kind])) for kind in ("plain", "html"))
    subject = _line(_read(mail, "Subject"))
    if provider.fills_in and any(provider.fills_in in words for words in (subject, plain, html)):
        raise NotCarriedError(f"its API would fill in what stands behind {provider.fills_in}")
    to, cc, bcc = _shown(mail, message.envelope)
    return Frozen(
        "".join(_addresses(mail, "From")), to, cc, bcc, tuple(_addresses(mail, "Reply-To")),
        subject, plain, html, files, _headers(mail, provider), key_given(message.key)
    )  # fmt: skip


def key_given(key: str) -> str:
    """A message's key as it travels with it; "" for one that is too long to."""
    shown = quote(key, safe="/:~")
    return shown if len(shown) <= LONGEST_KEY else ""


def with_references(message: Outgoing, lines: str = "") -> Outgoing:
    """The message with its own id in References, and with header `lines` before its own: for
    relays that take our bytes and write a Message-ID of theirs."""
    head, mark, body = message.content.partition(b"\r\n\r\n")
    rows = head.split(b"\r\n")
    own = message.message_id.encode("ascii", "ignore")
    named = [i for i, row in enumerate(rows) if row[:11].lower() == b"references:"]
    if own and named:
        last = named[0] + 1
        while last < len(rows) and rows[last][:1] in {b" ", b"\t"}:
            last += 1
        rows.insert(last, b" " + own)
    elif own:
        rows.append(b"References: " + own)
    return replace(message, content=lines.encode("ascii") + b"\r\n".join(rows) + mark + body)


def _headers(mail: Message, provider: Provider) -> dict[str, str]:
    """Every header that no field is for; what keeps the conversation together in any case."""
    headers = {
        name: _line(_read(mail, name))
        for name in mail.keys()  # noqa: SIM118 - a message is no mapping
        if name.lower() not in _FIELDS and not name.lower().startswith("content-")
    }
    own = _line(mail["Message-ID"])
    if own and provider.keeps_id is not None:
        headers |= {"Message-ID": own, **provider.keeps_id}
    elif own:
        headers["References"] = f"{headers.get('References', '')} {own}".strip()
    if provider.headers is not None:
        return {name: value for name, value in headers.items() if name.lower() in provider.headers}
    return headers


def _shown(
    mail: Message, envelope: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Who the message shows in To and in Cc, of those it goes to now, and who is shown in neither.
    Somebody has to stand in To."""
    wanted = {address.casefold(): address for address in envelope}
    rows: list[tuple[str, ...]] = []
    for header in ("To", "Cc"):
        found = [
            shown
            for shown, address in _pairs(mail, header)
            if wanted.pop(address.casefold(), None) is not None
        ]
        rows.append(tuple(found))
    to, cc, others = rows[0], rows[1], tuple(wanted.values())
    if to:
        return to, cc, others
    return (cc, (), others) if cc else (others, (), ())


def _read(mail: Message, header: str) -> Any:
    """A header as the whole parser understands it."""
    value = mail[header]
    if value is None:
        return ""
    text = re.sub(r"[\r\n]+", "", str(value))
    plain = header.lower() not in _FIELDS and "=?" not in text
    return text if plain else policy.default.header_factory(header, text)


def _pairs(mail: Message, header: str) -> list[tuple[str, str]]:
    """(as shown, bare address) of everybody in a header."""
    found = _read(mail, header)
    return [(str(one), one.addr_spec) for one in found.addresses] if found else []


def _addresses(mail: Message, header: str) -> list[str]:
    return [shown for shown, _ in _pairs(mail, header)]


def _leaves(part: Message) -> list[Message]:
    kind = part.get_content_type()
    if not part.is_multipart():
        return [part]
    if kind not in _MULTIPART:
        raise NotCarriedError(f"it carries no {kind}")
    inner: Any = part.get_payload()
    return [leaf for each in inner for leaf in _leaves(each)]


def _is_text(part: Message, kind: str) -> bool:
    return part.get_content_type() == f"text/{kind}" and not (
        part.get_content_disposition() or part.get_filename()
    )


def _file(part: Message) -> File:
    inline = part.get_content_disposition() != "attachment"
    cid = _line(part["Content-ID"]).strip("<>") if inline else ""
    return File(part.get_filename() or "", part.get_content_type(), _octets(part), cid)


def _text(part: Message) -> str:
    """Text of a part. Raises ValueError when it is not what its charset says."""
    try:
        text = _octets(part).decode(str(part.get_content_charset("utf-8")))
    except LookupError as error:
        raise ValueError("its charset is unknown") from error
    return text.replace("\r\n", "\n")


def _octets(part: Message) -> bytes:
    octets: Any = part.get_payload(decode=True)
    return bytes(octets or b"")


def _line(value: object) -> str:
    """A header's value in one line; its own blanks stay."""
    return re.sub(r"[\x00-\x1f\x7f]+", " ", str(value or "")).strip(" ")
