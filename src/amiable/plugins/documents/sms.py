"""Text messages: GSM-7 alphabet, segments, French mobile numbers (3GPP TS 23.038, E.164)."""

from __future__ import annotations

import re
import unicodedata

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€")
_SUBSTITUTES = str.maketrans({
    "’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"', "–": "-", "—": "-", "…": "...",
    "œ": "oe", "Œ": "OE", "\u00a0": " ", "\u202f": " ", "\t": " ", "−": "-",
})  # fmt: skip

LARGEST_SEGMENTS = 3


def gsm_text(text: str) -> str:
    """The text with signs outside GSM-7 replaced by their nearest (ê -> e), where one exists.

    One sign outside the alphabet would cut the room from 160 to 70 characters.
    """
    return "".join(_nearest(sign) for sign in text.translate(_SUBSTITUTES))


def segments(text: str) -> int:
    """How many messages are billed: 160/153 units in GSM-7, 70/67 in UCS-2."""
    if all(sign in _BASIC or sign in _EXTENDED for sign in text):
        units, single, part = sum(1 + (sign in _EXTENDED) for sign in text), 160, 153
    else:
        units, single, part = len(text.encode("utf-16-be")) // 2, 70, 67
    return 1 if units <= single else -(-units // part)


def mobile_number(phone: str) -> str | None:
    """A French mobile in E.164 ("+33612345678"), or None when it is not one."""
    digits = re.sub(r"[\s().\-\u00a0\u202f]", "", phone)
    match = re.fullmatch(r"(?:(?:\+33|0033)0?|0)([67]\d{8})", digits)
    return f"+33{match[1]}" if match else None


def _nearest(sign: str) -> str:
    if sign in _BASIC or sign in _EXTENDED:
        return sign
    if unicodedata.category(sign) in {"Cc", "Cf"}:
        return ""
    plain = unicodedata.normalize("NFKD", sign)[0]
    return plain if plain in _BASIC else sign
