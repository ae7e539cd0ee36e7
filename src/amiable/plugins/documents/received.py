"""Files that strangers send: what they are by their bytes, and as they may be kept.

PDF, photographs (JPEG, PNG, WebP, HEIC), plain text and emails are taken; nothing is taken on the
word of its name. Photographs lose what tells of place and person. PDFs are opened elsewhere, in a
process of their own (plugins.imports._pdf).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from amiable.core.replies import read_mail
from amiable.core.replies.attachments import clean_name, sniffed
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.plugins.documents.received_heif import HEIF_BRANDS, heif_cleaned
from amiable.plugins.documents.received_pictures import (
    DamagedError,
    TooManyPixelsError,
    jpeg_cleaned,
    png_cleaned,
    webp_cleaned,
)

declare(
    {
        "sent_file.empty": gettext_noop("{name} is empty."),
        "sent_file.kind": gettext_noop(
            "{name} cannot be taken: send a PDF, a photograph (JPEG, PNG, WebP, HEIC), a text or "
            "an email (.eml)."
        ),
        "sent_file.damaged": gettext_noop("{name} is damaged: save it again, or photograph it."),
        "sent_file.pixels": gettext_noop(
            "{name} has {width} x {height} pixels, more than any photograph: send a smaller one."
        ),
        "sent_file.mail_dangerous": gettext_noop(
            "{name} holds an attachment that could run something: send what matters as a PDF."
        ),
    }
)

_ENDINGS = {
    "application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp",
    "image/heic": "heic", "text/plain": "txt", "message/rfc822": "eml",
}  # fmt: skip
_ALSO = {"jpg": "jpeg", "heic": "heif"}
_CLEANED: dict[str, Callable[[bytes], bytes]] = {
    "image/jpeg": jpeg_cleaned,
    "image/png": png_cleaned,
    "image/webp": webp_cleaned,
    "image/heic": heif_cleaned,
}
_MAIL = re.compile(
    rb"\A(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*)*?(?:from|received|return-path):", re.I
)
_MAIL_SAYS = re.compile(rb"^(?:from|date|subject|message-id):", re.I | re.M)


class FileRefusedError(ValueError):
    """A file that cannot be taken; `sentence` says why."""

    def __init__(self, code: str, name: str, **params: int | str) -> None:
        self.sentence = Sentence(code, {"name": name, **params})
        super().__init__(str(self.sentence))


@dataclass(frozen=True, slots=True)
class Received:
    """A file as it may be kept: a name that no system takes for something else, ending as its
    content does."""

    name: str
    content_type: str
    content: bytes


def file_read(name: str, content: bytes, *, number: int = 1) -> Received:
    """What a file is, cleaned. Raises FileRefusedError. The inside of a PDF is not looked at."""
    kind = _kind(content)
    if not content:
        raise FileRefusedError("sent_file.empty", clean_name(name, media_type="", number=number))
    shown = _named(name, kind, number)
    if kind not in _ENDINGS:
        raise FileRefusedError("sent_file.kind", shown)
    if kind == "message/rfc822" and any(each.dangerous for each in read_mail(content).attachments):
        raise FileRefusedError("sent_file.mail_dangerous", shown)
    clean = _CLEANED.get(kind)
    try:
        return Received(shown, kind, clean(content) if clean else content)
    except DamagedError as error:
        raise FileRefusedError("sent_file.damaged", shown) from error
    except TooManyPixelsError as error:
        size = {"width": error.width, "height": error.height}
        raise FileRefusedError("sent_file.pixels", shown, **size) from error


def _kind(content: bytes) -> str:
    """The media type, by the bytes."""
    if content[4:8] == b"ftyp" and content[8:12] in HEIF_BRANDS:
        return "image/heic"
    found = sniffed(content)
    if found == "text/plain":
        head = content[:8192].replace(b"\r\n", b"\n")
        if b"\0" in content:
            return "application/octet-stream"
        if _MAIL.match(head) and len(set(_MAIL_SAYS.findall(head))) > 1:
            return "message/rfc822"
    return found


def _named(name: str, kind: str, number: int) -> str:
    """The file's own name, with the ending of what it is."""
    ending = _ENDINGS.get(kind)
    shown = clean_name(name, media_type=kind, number=number)
    if ending is None or shown.lower().endswith((f".{ending}", f".{_ALSO.get(ending, ending)}")):
        return shown
    stem = shown.rpartition(".")[0] or shown
    return f"{stem[:90]}.{ending}"
