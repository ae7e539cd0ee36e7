"""Pictures for the tests, made here: a checkered PNG, and a JPEG of one grey block."""

from __future__ import annotations

import struct
import zlib


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *, color: int = 2, depth: int = 8, extra: bytes = b"",
        interlaced: int = 0) -> bytes:  # fmt: skip
    """A checkered picture; `color` as in IHDR (2 = RGB, 6 = RGBA, 0 = grey, 3 = palette)."""
    samples = {0: 1, 2: 3, 3: 1, 6: 4}[color]

    def dot(x, y):
        dark = (x // 8 + y // 8) % 2
        tone = (1 if dark else 0,) if color == 3 else ((31, 78, 121, 255) if dark else
                                                       (232, 119, 34, 120))[:samples]  # fmt: skip
        return bytes(tone) * (depth // 8)

    rows = b"".join(b"\0" + b"".join(dot(x, y) for x in range(width)) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced)
    palette = chunk(b"PLTE", bytes((31, 78, 121, 232, 119, 34))) if color == 3 else b""
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + palette + extra
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))  # fmt: skip


def _segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def jpeg(width: int = 8, height: int = 8, *, components: int = 1, extra: bytes = b"") -> bytes:
    """Grey blocks of 8 x 8 pixels (ISO/IEC 10918-1): each is a zero difference and an end."""
    frame = struct.pack(">BHHB", 8, height, width, components)
    frame += b"".join(bytes((i + 1, 0x11, 0)) for i in range(components))
    # One code of one bit for the difference 0, one for the end of a block.
    tables = b"\x00" + bytes([1] + [0] * 15) + b"\0" + b"\x10" + bytes([1] + [0] * 15) + b"\0"
    scan = bytes([components]) + b"".join(bytes((i + 1, 0)) for i in range(components))
    scan += b"\x00\x3f\x00"
    blocks = -(-width // 8) * -(-height // 8) * components
    bits = "0" * (2 * blocks)
    bits += "1" * (-len(bits) % 8)
    data = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
    return (b"\xff\xd8" + _segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0") + extra
            + _segment(0xDB, b"\0" + bytes([16] * 64)) + _segment(0xC0, frame)
            + _segment(0xC4, tables) + _segment(0xDA, scan) + data + b"\xff\xd9")  # fmt: skip
