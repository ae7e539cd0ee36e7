"""Photographs that strangers send: what draws the picture is kept, what tells of the place, the
person and the camera is not. Nothing is decoded, so that no size of picture costs anything here;
one that would cost too much where it is looked at is refused.

Formats: ISO/IEC 10918-1 (JPEG), CIPA DC-008 (Exif), ISO/IEC 15948 (PNG), RFC 9649 (WebP).
"""

from __future__ import annotations

import re
import struct
import zlib

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"


# The largest sensors of telephones take 200 million; unpacked, each is four bytes.
MOST_PIXELS = 250_000_000


class DamagedError(ValueError):
    """A picture that is not whole."""


class TooManyPixelsError(ValueError):
    """A picture that would take the memory of whoever looks at it."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__(f"{width} x {height} pixels")
        self.width, self.height = width, height


def measured(width: int, height: int) -> None:
    """Raises TooManyPixelsError."""
    if width * height > MOST_PIXELS:
        raise TooManyPixelsError(width, height)


# JPEG: what follows the data of a scan; two zeros and restarts belong to it.
_MARK = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
_ORIENTATION = 0x0112
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # they tell height and width


def jpeg_cleaned(content: bytes) -> bytes:
    """Without Exif (but for how the camera was held), XMP, comments, and any second picture."""
    kept: list[bytes] = []
    at, is_drawn, turned = 2, False, 1
    while True:
        found = _MARK.match(content, at)
        if found is None:
            raise DamagedError
        at = found.end() - 2
        marker = content[at + 1]
        if marker == 0xD9:
            break
        segment = content[at : at + 2 + _size(content, at + 2)]
        at += len(segment)
        if segment[4:10] == b"Exif\0\0":
            turned = _orientation(segment[10:])
        elif _draws(marker, segment):
            kept.append(segment)
        if marker in _FRAMES and len(segment) > 9:
            height, width = struct.unpack_from(">HH", segment, 5)
            measured(width, height)
        if marker == 0xDA:
            is_drawn, end = True, _MARK.search(content, at)
            if end is None:
                raise DamagedError
            kept.append(content[at : end.start()])
            at = end.start()
    if not is_drawn:
        raise DamagedError
    return b"\xff\xd8" + _exif(turned) + b"".join(kept) + b"\xff\xd9"


def _size(content: bytes, at: int) -> int:
    """The length of a segment, which counts itself."""
    if at + 2 > len(content):
        raise DamagedError
    size: int = struct.unpack_from(">H", content, at)[0]
    if size < 2 or at + size > len(content):
        raise DamagedError
    return size


def _draws(marker: int, segment: bytes) -> bool:
    """APP0 and APP14 say how colors are coded, and so does an ICC profile in APP2."""
    if marker == 0xE2:
        return segment[4:16] == b"ICC_PROFILE\0"
    return marker != 0xFE and (not 0xE0 <= marker <= 0xEF or marker in {0xE0, 0xEE})


def _orientation(tiff: bytes) -> int:
    """How the camera was held, 1 to 8; 1 when it is not said."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    try:
        if order is None:
            return 1
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for number in range(min(count, 200)):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, start + 2 + 12 * number)
            if tag == _ORIENTATION:
                return value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def _exif(turned: int) -> bytes:
    """An Exif segment that says how the camera was held, and nothing else."""
    if turned == 1:
        return b""
    entry = struct.pack(">HHIHH", _ORIENTATION, 3, 1, turned, 0)
    body = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + b"\0\0\0\0"
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


_PNG_KEPT = {
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT",
    b"pHYs", b"bKGD",
}  # fmt: skip


def png_cleaned(content: bytes) -> bytes:
    """Without texts, Exif and time; nothing behind its end."""
    kept, at, names = [PNG], len(PNG), set()
    while b"IEND" not in names:
        if at + 12 > len(content):
            raise DamagedError
        (size,) = struct.unpack_from(">I", content, at)
        chunk = content[at : at + 12 + size]
        name = chunk[4:8]
        if len(chunk) != 12 + size or chunk[-4:] != struct.pack(">I", zlib.crc32(chunk[4:-4])):
            raise DamagedError
        if name in _PNG_KEPT:
            kept.append(chunk)
        if name == b"IHDR" and size >= 8:
            measured(*struct.unpack_from(">II", chunk, 8))
        names.add(name)
        at += len(chunk)
    if not {b"IHDR", b"IDAT"} <= names:
        raise DamagedError
    return b"".join(kept)


_WEBP_KEPT = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP", b"ANIM", b"ANMF"}
_WEBP_TELLS = 0x08 | 0x04  # flags of VP8X: Exif, XMP


def webp_cleaned(content: bytes) -> bytes:
    """Without Exif and XMP; the header no longer announces them."""
    end, at, kept, names = 8 + struct.unpack_from("<I", content, 4)[0], 12, [], set()
    if end > len(content):
        raise DamagedError
    while at + 8 <= end:
        name, size = content[at : at + 4], struct.unpack_from("<I", content, at + 4)[0]
        chunk = content[at : at + 8 + size]
        if len(chunk) != 8 + size:
            raise DamagedError
        if name == b"VP8X" and size >= 10:
            chunk = chunk[:8] + bytes([chunk[8] & ~_WEBP_TELLS]) + chunk[9:]
        measured(*_webp_size(name, chunk[8:]))
        if name in _WEBP_KEPT:
            kept.append(chunk + b"\0" * (size % 2))
        names.add(name)
        at += 8 + size + size % 2
    if not names & {b"VP8 ", b"VP8L", b"ANMF"}:
        raise DamagedError
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _webp_size(name: bytes, data: bytes) -> tuple[int, int]:
    """Width and height that a chunk tells; (0, 0) from one that tells none, or no more than 14 bits
    of each."""
    if name == b"VP8X" and len(data) >= 10:
        return 1 + int.from_bytes(data[4:7], "little"), 1 + int.from_bytes(data[7:10], "little")
    if name == b"ANMF" and len(data) >= 12:
        return 1 + int.from_bytes(data[6:9], "little"), 1 + int.from_bytes(data[9:12], "little")
    return 0, 0
