"""Text of bytes whose declared charset may be absent, unknown or a lie."""

from __future__ import annotations

import codecs
import re

_UNSAFE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\ud800-\udfff]")
# Codecs of Python that are no charsets or that cost without bound.
_REFUSED = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
_TWICE = re.compile("Ã[\x80-\xbf€ƒ„†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ ]|â€[™œ¦“”\x9d\x99\x9c]|Â[\xa0«»°]")


def decode(raw: bytes, charset: str = "") -> str:
    """Text of `raw`: by its byte-order mark, as UTF-8 if valid, as declared, else windows-1252.

    Valid UTF-8 with accents wins over a declared Latin charset: nobody writes the bytes of UTF-8
    by accident. Text encoded twice is repaired. Characters that control a terminal are removed.
    """
    text = _decoded(raw, _codec(charset))
    if _TWICE.search(text):
        text = _repaired(text)
    return _UNSAFE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _decoded(raw: bytes, name: str) -> str:
    for mark, codec in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
                        (codecs.BOM_UTF16_BE, "utf-16")):  # fmt: skip
        if raw.startswith(mark):
            return raw.decode(codec, "replace")
    if name in {"utf-16", "utf-16-le", "utf-16-be", "utf-7", "iso2022_jp", "utf-32"}:
        return raw.decode(name, "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if name in {"", "utf-8", "ascii", "iso8859-1"}:
        name = "cp1252"  # what those who say Latin-1 nearly always mean (WHATWG encoding standard)
    return raw.decode(name, "replace")


def _codec(charset: str) -> str:
    try:
        found = codecs.lookup(charset.strip().strip("\"'")[:40])
    except (LookupError, ValueError):
        return ""
    is_text = getattr(found, "_is_text_encoding", True)
    return found.name if is_text and found.name.replace("-", "_") not in _REFUSED else ""


def _repaired(text: str) -> str:
    """UTF-8 read as windows-1252 and encoded again, made whole; unchanged when it is not that."""
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text
