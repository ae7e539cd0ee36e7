"""Text messages as they are counted and billed: alphabet, units, parts, numbers.

GSM 7-bit default alphabet and its extension table: 3GPP TS 23.038 section 6.2.1. Parts of a long
message carry a header of 6 octets: TS 23.040 section 9.2.3.24.1. Numbers: E.164, ARCEP's plan.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Encoding = Literal["gsm7", "ucs2"]

ESCAPE = "\x1b"
# By code: position 0x1B escapes to the extension table and is no sign of its own.
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E,
    "|": 0x40, "€": 0x65,
}  # fmt: skip
_CODES = {sign: code for code, sign in enumerate(BASIC) if sign != ESCAPE}
_EXTENDED = {code: sign for sign, code in EXTENSION.items()}
_UNITS = {**dict.fromkeys(_CODES, 1), **dict.fromkeys(EXTENSION, 2)}
# Signs that have a nearest one in the alphabet which Unicode does not know as such.
_NEAREST = {
    "’": "'", "‘": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‹": "'",
    "›": "'", "–": "-", "—": "-", "‑": "-", "−": "-", "•": "-", "·": "-", "…": "...", "œ": "oe",
    "Œ": "OE", "\t": " ", "×": "x", "÷": "/", "°": "o", "№": "No",
}  # fmt: skip

# Units a message has room for when it is whole, and in each part when it is not.
ROOM: dict[Encoding, tuple[int, int]] = {"gsm7": (160, 153), "ucs2": (70, 67)}
LARGEST_SEGMENTS = 3


@dataclass(frozen=True, slots=True)
class Foreign:
    """A sign outside the plain alphabet, and what may stand for it; None = nothing may."""

    sign: str
    nearest: str | None


@dataclass(frozen=True, slots=True)
class Size:
    """How a text travels. `units` = septets of GSM-7 or 16-bit units of UCS-2; `parts` = messages
    billed; `left` = units left before one part more; `foreign` = the signs that cost it GSM-7."""

    encoding: Encoding
    units: int
    parts: int
    left: int
    foreign: tuple[Foreign, ...] = ()


def size_of(text: str) -> Size:
    """Alphabet, length and number of parts of a text."""
    encoding = encoding_of(text)
    whole, part = ROOM[encoding]
    units = sum(_units(sign, encoding) for sign in text)
    pieces = parts_of(text)
    last = sum(_units(sign, encoding) for sign in pieces[-1])
    signs = dict.fromkeys(sign for sign in text if sign not in _UNITS)
    return Size(
        encoding=encoding,
        units=units,
        parts=len(pieces),
        left=(whole if len(pieces) == 1 else part) - last,
        foreign=tuple(Foreign(sign, nearest(sign)) for sign in signs),
    )


def segments(text: str) -> int:
    """How many messages are billed."""
    return len(parts_of(text))


def encoding_of(text: str) -> Encoding:
    """The narrowest alphabet that holds every sign: one sign outside GSM-7 costs it for all."""
    return "gsm7" if all(sign in _UNITS for sign in text) else "ucs2"


def parts_of(text: str) -> tuple[str, ...]:
    """The text cut as it travels: no sign is cut in two, so that a part may stay a unit short."""
    encoding = encoding_of(text)
    whole, part = ROOM[encoding]
    if sum(_units(sign, encoding) for sign in text) <= whole:
        return (text,)
    pieces, start, used = [], 0, 0
    for index, sign in enumerate(text):
        units = _units(sign, encoding)
        if used + units > part:
            pieces.append(text[start:index])
            start, used = index, 0
        used += units
    return (*pieces, text[start:])


def encoded(text: str, encoding: Encoding) -> bytes:
    """The octets of a text: one septet an octet in GSM-7, as SMPP carries it; UTF-16-BE in UCS-2.

    Raises ValueError for a sign that GSM-7 does not hold.
    """
    if encoding == "ucs2":
        return text.encode("utf-16-be", "replace")
    octets = bytearray()
    for sign in text:
        if sign in EXTENSION:
            octets += bytes((0x1B, EXTENSION[sign]))
        elif sign in _CODES:
            octets.append(_CODES[sign])
        else:
            raise ValueError(f"{sign!r} is not in the GSM 7-bit alphabet")
    return bytes(octets)


def decoded(octets: bytes) -> str:
    """The text of GSM-7 octets, one septet an octet; what has no sign becomes a space."""
    found, escaped = [], False
    for octet in octets:
        if octet == 0x1B and not escaped:
            escaped = True
            continue
        basic = BASIC[octet] if octet < 128 and octet != 0x1B else " "
        # A code that is not in the extension shows its basic sign (section 6.2.1.1).
        found.append(_EXTENDED.get(octet, basic) if escaped else basic)
        escaped = False
    return "".join(found)


def joined(parts: Iterable[bytes]) -> str:
    """The words of parts (UTF-8; a sign cut in two is written as its halves) as one text."""
    words = "".join(_halves(part) for part in parts)
    whole = words.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")
    return whole.replace("\0", "").strip()


def _halves(part: bytes) -> str:
    try:
        return part.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return part.decode("utf-8", "replace")


def nearest(sign: str) -> str | None:
    """What may stand for a sign in the plain alphabet: itself, "" for what is not seen anyway, its
    letter without the accent (ê -> e), or None."""
    if sign in _UNITS:
        return sign
    if sign in _NEAREST:
        return _NEAREST[sign]
    if unicodedata.category(sign) in {"Cc", "Cf", "Mn"}:
        return ""
    if unicodedata.category(sign) == "Zs":
        return " "
    plain = "".join(
        each for each in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(each)
    )
    return plain if plain and all(each in _UNITS for each in plain) else None


def gsm_text(text: str) -> str:
    """The text with signs outside GSM-7 replaced by their nearest, where there is one."""
    found = []
    for sign in unicodedata.normalize("NFC", text):
        other = nearest(sign)
        found.append(sign if other is None else other)
    return "".join(found)


# The mobile ranges of the departments overseas have country codes of their own (ARCEP's numbering
# plan): 0692 dialled in France is +262 692.
_OVERSEAS = {"639": "262", "690": "590", "691": "590", "692": "262", "693": "262", "694": "594",
             "696": "596", "697": "596"}  # fmt: skip
_ABROAD = re.compile(r"(?:\+|00)(262|590|594|596)0?(6\d{8})")


def mobile_number(phone: str) -> str | None:
    """A French mobile in E.164 ("+33612345678"), or None when it is not one."""
    digits = re.sub(r"[\s().\-\u00a0\u202f]", "", phone)
    if overseas := _ABROAD.fullmatch(digits):
        code, number = overseas.groups()
        return f"+{code}{number}" if _OVERSEAS.get(number[:3]) == code else None
    match = re.fullmatch(r"(?:(?:\+33|0033)0?|0)([67]\d{8})", digits)
    return f"+{_OVERSEAS.get(match[1][:3], '33')}{match[1]}" if match else None


def _units(sign: str, encoding: Encoding) -> int:
    if encoding == "gsm7":
        return _UNITS[sign]
    return 2 if ord(sign) > 0xFFFF else 1
