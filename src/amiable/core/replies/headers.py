"""Values of headers: encoded words, addresses, message ids, dates. Bounded, never raising."""

from __future__ import annotations

import binascii
import quopri
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from amiable.core.replies.charsets import decode
from amiable.core.replies.mail import Address

_WORD = re.compile(r"=\?([\w.:()+-]{1,40})(?:\*[\w-]{0,10})?\?([bBqQ])\?([^?]{0,2000})\?=", re.A)
_BETWEEN_WORDS = re.compile(r"\?=\s+(?==\?)")
_MAX_ADDRESSES = 100
_ADDRESS = re.compile(r"[^\s<>()\[\]\",;:@]{1,64}@[^\s<>()\[\]\",;:@]{1,255}")
_ID = re.compile(r"<([^<>\s]{1,500})>")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def decoded(value: str) -> str:
    """A header as people read it: encoded words decoded, control characters gone."""
    joined = _BETWEEN_WORDS.sub("?=", value)
    plain = _WORD.sub(_decoded_word, joined).replace("\xa0", " ")
    return _CONTROL.sub("", plain).strip()


def addresses(values: list[str]) -> tuple[Address, ...]:
    """Mailboxes of address headers; groups give their members, what is no mailbox is passed."""
    found = [
        address
        for value in values[:10]
        for piece in _split(value)
        if (address := _mailbox(piece)).address
    ]
    return tuple(dict.fromkeys(found[:_MAX_ADDRESSES]))


def message_ids(value: str) -> tuple[str, ...]:
    """Message-IDs without brackets; a bare one is taken when it looks like an id."""
    found = _ID.findall(value)
    if not found and re.fullmatch(r"[^\s<>]+@[^\s<>]+", value.strip()):
        found = [value.strip()]
    return tuple(found[:50])


def moment(value: str) -> datetime | None:
    """Aware time of a Date header, None when unreadable or absurd; without zone it is UTC."""
    try:
        parsed = parsedate_to_datetime(value[:200])
        aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
        aware.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None
    return aware if 1980 <= aware.year <= 2099 else None


def first_address(text: str) -> str:
    """First mailbox written in a text, in lower case, "" when none."""
    found = _ADDRESS.search(text)
    return found[0].strip("'`.*").lower() if found else ""


def _decoded_word(found: re.Match[str]) -> str:
    charset, encoding, text = found.groups()
    raw = text.encode("ascii", "replace")
    if encoding in "qQ":
        return decode(quopri.decodestring(raw.replace(b"_", b" ")), charset)
    clean = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
    clean = clean[: len(clean) - (len(clean) % 4 == 1)]
    return decode(binascii.a2b_base64(clean + b"=" * (-len(clean) % 4)), charset)


def _split(value: str) -> list[str]:
    """At commas and semicolons outside quotes, comments and brackets; a group name is dropped."""
    pieces, current = [], ""
    for token in re.findall(
        r'"(?:[^"\\]|\\.)*"|<[^<>]*>|\([^()]*\)|[,;]|[^",;<(]+|.', value[:4000]
    ):
        if token in {",", ";"}:
            pieces.append(current)
            current = ""
        else:
            current += token
    return [*pieces, current][: _MAX_ADDRESSES * 2]


def _mailbox(piece: str) -> Address:
    bracketed = re.search(r"<\s*([^<>]*?)\s*>", piece)
    inner = bracketed[1] if bracketed else piece
    address = first_address(inner)
    if bracketed:
        name = piece[: bracketed.start()]
    else:
        comment = re.search(r"\(([^()]*)\)", piece)
        name = comment[1] if comment else ""
    name = re.sub(r"\\(.)", r"\1", name.strip().strip('"'))
    return Address(address=decoded(address), name=decoded(name)[:200])


NOBODY = Address(address="")
