"""Pictures that stand on messages (logo, signature): PNG or JPEG, checked and rewritten.

What is kept holds nothing but the picture: a PNG is unpacked within the size it announces and
packed again, a JPEG loses every segment that draws nothing. Formats: ISO/IEC 15948, 10918-1.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from amiable.core.sentences import Sentence, declare, gettext_noop

# Every email carries the logo and is kept for years.
LARGEST_BYTES = 60_000
LARGEST_SIDE, LARGEST_PIXELS = 4_000, 2_000_000
_INPUT = 2_000_000
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"

declare(
    {
        "picture.kind": gettext_noop("Only pictures in PNG or JPEG are taken."),
        "picture.broken": gettext_noop("This picture is damaged: save it again as PNG or JPEG."),
        "picture.interlaced": gettext_noop("Save this picture without interlacing."),
        "picture.colors": gettext_noop("Save this picture in RGB or grey: print colours differ."),
        "picture.pixels": gettext_noop(
            "This picture has {width} x {height} pixels: make it smaller, {side} at most each way."
        ),
        "picture.bytes": gettext_noop(
            "This picture has {size} kB: make it smaller, {limit} at most."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A checked picture: its bytes, and its size in pixels."""

    content: bytes
    kind: Literal["png", "jpeg"]
    width_px: int
    height_px: int

    @property
    def name(self) -> str:
        """A name that stands for its content."""
        return f"{sha256(self.content).hexdigest()[:24]}.{self.kind}"

    def fitted(self, width: float, height: float) -> tuple[float, float]:
        """Its width and height within a frame, proportions kept; never beyond the frame."""
        scale = min(width / self.width_px, height / self.height_px)
        return self.width_px * scale, self.height_px * scale


class PictureError(ValueError):
    """A picture that cannot be taken; `sentence` says why."""

    def __init__(self, code: str, **params: int) -> None:
        self.sentence = Sentence(code, params)
        super().__init__(str(self.sentence))


def picture_checked(content: bytes) -> Picture:
    """A picture from outside, rewritten. Raises PictureError."""
    if len(content) > _INPUT:
        raise _too_heavy(len(content))
    if content.startswith(_PNG):
        found = _png(content)
    elif content.startswith(_JPEG):
        found = _jpeg(content)
    else:
        raise PictureError("picture.kind")
    if len(found.content) > LARGEST_BYTES:
        raise _too_heavy(len(found.content))
    return found


def picture_of(content: bytes | None) -> Picture | None:
    """A picture that was checked when it was taken in; None for none."""
    if not content:
        return None
    if content.startswith(_PNG):
        width, height = struct.unpack(">II", content[16:24])
        return Picture(content, "png", width, height)
    return _jpeg(content)


def _too_heavy(size: int) -> PictureError:
    return PictureError("picture.bytes", size=-(-size // 1000), limit=LARGEST_BYTES // 1000)


def _measured(width: int, height: int) -> None:
    if not (width and height):
        raise PictureError("picture.broken")
    if max(width, height) > LARGEST_SIDE or width * height > LARGEST_PIXELS:
        side = min(LARGEST_SIDE, int(LARGEST_PIXELS**0.5))
        raise PictureError("picture.pixels", width=width, height=height, side=side)


# PNG: color type -> samples a pixel, and the depths it may have (ISO/IEC 15948 table 11.1).
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}


def _png(content: bytes) -> Picture:
    chunks = _chunks(content)
    header = chunks.get(b"IHDR", b"")
    if len(header) != 13:
        raise PictureError("picture.broken")
    width, height, depth, color, packing, filtering, interlaced = struct.unpack(">IIBBBBB", header)
    _measured(width, height)
    if depth not in _DEPTHS.get(color, ()) or packing or filtering:
        raise PictureError("picture.broken")
    if interlaced:
        raise PictureError("picture.interlaced")
    if color == 3 and not 3 <= len(chunks.get(b"PLTE", b"")) <= 768:
        raise PictureError("picture.broken")
    line = 1 + (width * depth * _SAMPLES[color] + 7) // 8
    pixels = _unpacked(chunks.get(b"IDAT", b""), line * height)
    if max(pixels[::line]) > 4:  # the filter each line begins with
        raise PictureError("picture.broken")
    kept = [(b"IHDR", header)]
    kept += [(name, chunks[name]) for name in (b"PLTE", b"tRNS") if name in chunks]
    kept += [(b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b"")]
    return Picture(_PNG + b"".join(_chunk(*each) for each in kept), "png", width, height)


def _chunks(content: bytes) -> dict[bytes, bytes]:
    """Chunks by name, the pieces of IDAT joined; their check sums hold."""
    found: dict[bytes, bytes] = {}
    pieces: list[bytes] = []
    at = len(_PNG)
    while at + 12 <= len(content) and b"IEND" not in found:
        (size,) = struct.unpack(">I", content[at : at + 4])
        name, data = content[at + 4 : at + 8], content[at + 8 : at + 8 + size]
        check = content[at + 8 + size : at + 12 + size]
        if len(data) != size or check != struct.pack(">I", zlib.crc32(name + data)):
            raise PictureError("picture.broken")
        if name == b"IDAT":
            pieces.append(data)
        found[name] = data
        at += 12 + size
    if b"IEND" not in found:
        raise PictureError("picture.broken")
    return {**found, b"IDAT": b"".join(pieces)}


def _unpacked(packed: bytes, size: int) -> bytes:
    """Exactly `size` bytes; what would unpack to more is never unpacked."""
    unpacker = zlib.decompressobj()
    try:
        pixels = unpacker.decompress(packed, size + 1)
    except zlib.error as error:
        raise PictureError("picture.broken") from error
    if len(pixels) != size:
        raise PictureError("picture.broken")
    return pixels


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


# JPEG markers (ISO/IEC 10918-1 table B.1): frames that viewers draw, and segments that draw nothing
# (APP1 to APP13 and APP15, comments). APP0 and APP14 say how colors are coded.
_FRAMES = {0xC0, 0xC1, 0xC2}
_DRAWN = {0xC0, 0xC1, 0xC2, 0xC4, 0xDB, 0xDD, 0xE0, 0xEE}


def _jpeg(content: bytes) -> Picture:
    kept, size, at = [b"\xff\xd8"], (0, 0), 2
    while True:
        if content[at : at + 1] != b"\xff" or at + 4 > len(content):
            raise PictureError("picture.broken")
        marker = content[at + 1]
        length = struct.unpack(">H", content[at + 2 : at + 4])[0]
        segment = content[at : at + 2 + length]
        if length < 2 or len(segment) != 2 + length:
            raise PictureError("picture.broken")
        if marker in _FRAMES and len(segment) > 9:
            height, width = struct.unpack(">HH", segment[5:9])
            size = (width, height)
            if segment[9] not in {1, 3}:
                raise PictureError("picture.colors")
        if marker == 0xDA:
            break
        if marker in _DRAWN:
            kept.append(segment)
        at += 2 + length
    _measured(*size)
    end = content.rfind(b"\xff\xd9")
    if end < at:
        raise PictureError("picture.broken")
    return Picture(b"".join(kept) + content[at : end + 2], "jpeg", *size)
