"""Attachments: names made safe, types read from the bytes, counts and sizes limited."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from amiable.core.replies.headers import decoded
from amiable.core.replies.mail import Attachment
from amiable.core.replies.mime import Part
from amiable.core.sentences import Sentence

MAX_ATTACHMENTS = 20
MAX_BYTES = 10 * 1024 * 1024

_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"BM", "image/bmp"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"7z\xbc\xaf'\x1c", "application/x-7z-compressed"),
    (b"\x1f\x8b", "application/gzip"),
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-executable"),
    (b"\xca\xfe\xba\xbe", "application/java-vm"),
    (b"#!", "text/x-script"),
    (b"{\\rtf", "application/rtf"),
    (b"x\x9f>\x22", "application/ms-tnef"),
)
_OFFICE = (
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    (b"mimetypeapplication/vnd.oasis.opendocument.text",
     "application/vnd.oasis.opendocument.text"),
    (b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
     "application/vnd.oasis.opendocument.spreadsheet"),
)  # fmt: skip
_HARMLESS = {"application/pdf", "image/png", "image/jpeg", "image/gif", "image/tiff", "image/bmp",
             "image/webp", "text/plain", "text/csv", "message/rfc822", "text/calendar",
             *(media_type for _, media_type in _OFFICE)}  # fmt: skip
_DANGEROUS_NAME = re.compile(
    r"\.(exe|com|scr|pif|bat|cmd|ps1|vb[se]?|jse?|wsf?|hta|msi|jar|lnk|reg|cpl|dll|iso|img|vhdx?|"
    r"html?|xhtml|svg|mht|url|chm|doc[mt]|dotm|xls[mb]|xltm|xla?m|ppt[m]|pps[mx]?|one|sh|py|apk|"
    r"appx?|dmg|ace|cab|z|swf)$",
    re.I,
)
_EXTENSIONS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg",
               "image/gif": "gif", "message/rfc822": "eml", "text/plain": "txt",
               "text/calendar": "ics", "text/csv": "csv"}  # fmt: skip
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.I)


@dataclass(slots=True)
class Collected:
    """Attachments kept, and what was not with its reason."""

    kept: list[Attachment] = field(default_factory=list)
    problems: list[Sentence] = field(default_factory=list)


def collect(parts: list[Part]) -> Collected:
    """Attachments of these parts, the first MAX_ATTACHMENTS of at most MAX_BYTES each."""
    result = Collected()
    for number, part in enumerate(parts[:MAX_ATTACHMENTS], start=1):
        _add(part, number, result)
    if len(parts) > MAX_ATTACHMENTS:
        count = len(parts) - MAX_ATTACHMENTS
        result.problems.append(
            Sentence("mail.attachments_too_many", {"limit": MAX_ATTACHMENTS, "count": count})
        )
    return result


def _add(part: Part, number: int, result: Collected) -> None:
    content = part.decoded()
    media_type = "message/rfc822" if part.children else sniffed(content)
    name = clean_name(decoded(part.file_name), media_type=media_type, number=number)
    if len(content) > MAX_BYTES:
        limit = MAX_BYTES // 2**20
        result.problems.append(
            Sentence("mail.attachment_too_large", {"name": name, "limit": limit})
        )
        return
    dangerous = is_dangerous(name, content, media_type=media_type)
    if dangerous:
        result.problems.append(Sentence("mail.attachment_dangerous", {"name": name}))
    elif _is_disguised(part.content_type, name, media_type):
        found = {"name": name, "found": media_type}
        result.problems.append(Sentence("mail.attachment_disguised", found))
    result.kept.append(
        Attachment(
            name=name,
            media_type=media_type,
            declared_type=part.content_type[:100],
            size=len(content),
            content=content,
            is_inline=bool(part.get("content-id")) and part.disposition != "attachment",
            dangerous=dangerous,
        )
    )


def sniffed(content: bytes) -> str:
    """Media type by the first bytes; "application/octet-stream" when nothing is recognized."""
    for magic, media_type in _MAGIC:
        if content.startswith(magic):
            return media_type
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    if content.startswith(b"PK\x03\x04"):
        # Names of members stand in the local headers and again in the directory at the end.
        names = content[:4096] + content[-65536:]
        return next((kind for mark, kind in _OFFICE if mark in names), "application/zip")
    return _text_type(content[:4096])


def _text_type(head: bytes) -> str:
    if b"\0" in head or not head:
        return "application/octet-stream" if head else "text/plain"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"begin:vcalendar"):
        return "text/calendar"
    if start.startswith(b"<svg") or b"<svg" in start[:500]:
        return "image/svg+xml"
    if re.match(rb"<(!doctype html|html|head|body|script)", start):
        return "text/html"
    if start.startswith(b"<?xml"):
        return "application/xml"
    controls = sum(byte < 32 and byte not in b"\t\n\r\x0c\x1b" for byte in head)
    return "application/octet-stream" if controls else "text/plain"


def is_dangerous(name: str, content: bytes, *, media_type: str) -> bool:
    """Whether opening it could run something: by bytes first, then by the name's ending."""
    if _DANGEROUS_NAME.search(name) or b"vbaProject.bin" in content[-65536:]:
        return True
    if media_type in {"application/zip", "application/vnd.rar", "application/x-7z-compressed",
                      "application/gzip", "application/octet-stream"}:  # fmt: skip
        return True
    if media_type == "application/pdf":
        return re.search(rb"/(?:JavaScript|Launch|EmbeddedFile)\b", content) is not None
    return media_type in {"application/x-msdownload", "application/x-executable", "text/html",
                          "application/java-vm", "text/x-script", "image/svg+xml",
                          "application/x-ole-storage", "application/rtf"}  # fmt: skip


def clean_name(given: str, *, media_type: str, number: int) -> str:
    """One path component of at most 100 characters that no system takes for something else."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", given))[-1]
    visible = "".join(c for c in last if unicodedata.category(c)[0] not in "CZ" or c == " ")
    name = re.sub(r'[<>:"|?*;`$&]', "_", visible).strip(" .~")
    if _RESERVED.match(name):
        name = f"_{name}"
    if not name:
        return f"attachment-{number}.{_EXTENSIONS.get(media_type, 'bin')}"
    if len(name) > 100:
        stem, dot, ending = name.rpartition(".")
        name = f"{stem[: 99 - len(ending)]}.{ending}" if dot and len(ending) < 10 else name[:100]
    return name


def _is_disguised(declared: str, name: str, media_type: str) -> bool:
    """A name or a declaration that promises another type than the bytes are."""
    ending = name.rpartition(".")[2].lower()
    promised = {ending_: kind for kind, ending_ in _EXTENSIONS.items()}.get(ending)
    if promised and promised.partition("/")[0] != "text":
        return promised != media_type
    generic = declared in {"application/octet-stream", "application/x-download", "text/plain"}
    return not generic and declared in _HARMLESS and media_type not in {declared, "text/plain"}
