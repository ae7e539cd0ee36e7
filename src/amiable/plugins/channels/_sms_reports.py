"""What comes back of text messages: reports sealed for one message, receipts as operators write
them (SMPP 3.4 appendix B), and the texts of customers."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import parse_qsl, urlencode

from amiable.core.delivery import EventKind
from amiable.core.sms import mobile_number
from amiable.plugins.inbound import CustomerReply, HookRefusedError, HookRequest, Part

LARGEST_TEXT, LARGEST_DETAIL = 2_000, 500
# States of a receipt, in words and as numbers of the parameter message_state (section 5.2.28).
# "accepted" says nothing that its sending did not say: it is left out.
RECEIPT_EVENTS: Mapping[str, EventKind] = {
    "DELIVRD": "delivered", "EXPIRED": "failed", "DELETED": "failed", "UNDELIV": "failed",
    "REJECTD": "failed", "UNKNOWN": "unknown", "ENROUTE": "deferred",
}  # fmt: skip
RECEIPT_STATES = {
    1: "ENROUTE", 2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 6: "ACCEPTD",
    7: "UNKNOWN", 8: "REJECTD",
}  # fmt: skip
_CHARSETS = {"utf-16be": "utf-16-be", "ucs-2": "utf-16-be", "ucs-2be": "utf-16-be",
             "windows-1252": "cp1252", "iso-8859-1": "latin-1"}  # fmt: skip
_FIELD = re.compile(r"\b(id|stat|err):\s?(\S+)", re.IGNORECASE)


def sealed(key: str, secret: str) -> str:
    """A message's key as it travels in the address of its reports: letters, digits, - and _ only,
    so that no gateway takes a part of it for a sign of its own."""
    return urlencode({"key": _plain(key.encode()), "seal": _seal(key, secret)})


def unsealed(query: Mapping[str, str], secret: str) -> str:
    """The key that a report is for. Raises HookRefusedError when its seal is not ours."""
    try:
        padded = query["key"] + "=" * (-len(query["key"]) % 4)
        key = base64.urlsafe_b64decode(padded.encode()).decode()
    except (KeyError, ValueError, binascii.Error) as error:
        raise HookRefusedError("this report is for no message", 400) from error
    if not secret or not hmac.compare_digest(
        query.get("seal", "").encode(), _seal(key, secret).encode()
    ):
        raise HookRefusedError("the seal of this report is not ours")
    return key


def receipt_fields(text: str) -> dict[str, str]:
    """id, stat and err of a receipt's text; what is missing is left out."""
    head = re.split(r"\btext:", text, maxsplit=1, flags=re.IGNORECASE)[0]
    return {name.lower(): value for name, value in _FIELD.findall(head)}


def or_gone(kind: EventKind, error: str, gone: Collection[str]) -> EventKind:
    """A failure, or `bounced` where its error code is one of those by which this provider says that
    the number does not exist."""
    return "bounced" if kind == "failed" and error in gone else kind


def moment(seconds: str) -> datetime | None:
    """Seconds since 1970 as a moment; None when they are none."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def text_reply(
    sender: str,
    to: str,
    text: str,
    *,
    at: datetime,
    reference: str = "",
    part: Part | None = None,
) -> CustomerReply:
    """A customer's text: `sender` as it is told, `to` = ours.

    Without a `reference` of the provider, the same words of a day are one text: it may be told
    twice. Raises HookRefusedError when no number wrote it.
    """
    number = mobile_number(sender) or mobile_number(f"+{sender}") or _one_line(sender)
    if not re.fullmatch(r"\+?\d{3,15}", number):
        raise HookRefusedError("no number wrote this text", 400)
    words = text[:LARGEST_TEXT].encode("utf-8", "surrogatepass")
    place = f"{to} {at.date()} {part.number} {part.index}" if part else f"{to} {at.date()}"
    unique = b"\0".join((number.encode(), place.encode(errors="replace"), words))
    told = reference.encode(errors="replace") or sha256(unique).digest()
    return CustomerReply(
        words, medium="sms", sender=number, reference=_plain(told)[:120], at=at, part=part
    )


def text_of(request: HookRequest, values: Mapping[str, str]) -> str:
    """The words of a customer's text. Kannel writes those outside GSM-7 in UTF-16BE, or in another
    charset that its %C names; all else is UTF-8 (Kannel user guide 1.4.5, table 6-7)."""
    charset = values.get("charset", "").strip().lower()
    if charset not in _CHARSETS or "text" not in request.query:
        return values.get("text", "")
    raw = dict(parse_qsl(request.query_string, encoding="latin-1"))
    octets = raw.get("text", "").encode("latin-1")
    if _CHARSETS[charset] == "utf-16-be":
        octets = octets[: len(octets) & ~1]  # Kannel cuts a last space, which is half a sign
    return octets.decode(_CHARSETS[charset], "replace")


def _one_line(text: str) -> str:
    return re.sub(r"[^\x21-\x7e]", "", text)[:40]


def _seal(key: str, secret: str) -> str:
    spoken = b"sms report\0" + key.encode()
    return hmac.new(secret.encode(), spoken, sha256).hexdigest()[:40]


def _plain(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")
