"""Photographs of telephones in HEIF (.heic): as they came, with zeros where they tell of the place,
the person and the camera. Nothing is decoded.

Format: ISO/IEC 23008-12 and 14496-12 (boxes ftyp, meta, iinf, iloc).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from amiable.plugins.documents.received_pictures import DamagedError, measured

HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1"})
# The boxes a still picture is made of; another one becomes free space of the same length.
_HEIF_KEPT = {b"ftyp", b"meta", b"mdat", b"free", b"skip"}
_HEIF_TELLS = {b"Exif", b"mime", b"uri "}


def heif_cleaned(content: bytes) -> bytes:
    """With zeros in the place of Exif and XMP: the picture refers to its parts by their offsets."""
    found = bytearray(content)
    names: dict[bytes, tuple[int, int]] = {}
    for name, start, end in _boxes(content, 0, len(content)):
        names[name] = (start, end)
        if name not in _HEIF_KEPT:
            found[start:end] = bytes(end - start)
            head = start - 4 if content[start - 4 : start] == name else start - 12
            found[head : head + 4] = b"free"
    if not {b"ftyp", b"meta", b"mdat"} <= set(names):
        raise DamagedError
    start, end = names[b"meta"]
    parts = {name: (a, b) for name, a, b in _boxes(content, start + 4, end)}
    if b"iinf" not in parts or b"iloc" not in parts:
        raise DamagedError
    for width, height in _sizes(content, *parts.get(b"iprp", (0, 0))):
        measured(width, height)
    try:
        tells = _telling(content, *parts[b"iinf"])
        base = parts.get(b"idat", (0, 0))[0]
        for item, method, offset, length in _places(content, parts[b"iloc"][0]):
            if item in tells:
                first = offset + (base if method == 1 else 0)
                last = min(first + (length or len(found)), len(found))
                found[first:last] = bytes(max(0, last - first))
    except (struct.error, KeyError) as error:
        raise DamagedError from error
    return bytes(found)


def _boxes(content: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(name, start, end) of what each box holds."""
    while at + 8 <= end:
        size, head = struct.unpack_from(">I", content, at)[0], 8
        if size == 1 and at + 16 <= end:
            size, head = struct.unpack_from(">Q", content, at + 8)[0], 16
        size = size or end - at
        if size < head or at + size > end:
            raise DamagedError
        yield content[at + 4 : at + 8], at + head, at + size
        at += size


def _telling(content: bytes, start: int, end: int) -> set[int]:
    """Numbers of the items that hold Exif or XMP (box infe, versions 2 and 3)."""
    wide = content[start] > 0
    found = set()
    for name, at, _ in _boxes(content, start + (8 if wide else 6), end):
        if name != b"infe" or content[at] < 2:
            continue
        form, length = (">I", 4) if content[at] >= 3 else (">H", 2)
        (item,) = struct.unpack_from(form, content, at + 4)
        if content[at + 6 + length : at + 10 + length] in _HEIF_TELLS:
            found.add(item)
    return found


def _sizes(content: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Width and height of each picture that the properties tell (box ispe in ipco)."""
    for name, at, until in _boxes(content, start, end):
        for each, first, last in _boxes(content, at, until) if name == b"ipco" else ():
            if each == b"ispe" and last - first >= 12:
                yield struct.unpack_from(">II", content, first + 4)


_WIDTHS = {0: "", 4: "I", 8: "Q"}


def _places(content: bytes, at: int) -> Iterator[tuple[int, int, int, int]]:
    """(item, method, offset, length) of each extent (box iloc, versions 0 to 2)."""
    version, sizes = content[at], struct.unpack_from(">BB", content, at + 4)
    offset_of, length_of = _WIDTHS[sizes[0] >> 4], _WIDTHS[sizes[0] & 15]
    base_of, index_of = _WIDTHS[sizes[1] >> 4], _WIDTHS[sizes[1] & 15] if version else ""
    at += 6
    number = ">I" if version == 2 else ">H"
    (count,) = struct.unpack_from(number, content, at)
    at += struct.calcsize(number)
    head = f"{number}{'H' if version else ''}H{base_of}H"
    each = f">{index_of}{offset_of}{length_of}"
    for _ in range(count):
        item, *rest, extents = struct.unpack_from(head, content, at)
        at += struct.calcsize(head)
        method = rest[0] & 15 if version else 0
        base = rest[-1] if base_of else 0
        for _ in range(extents):
            values = struct.unpack_from(each, content, at)
            at += struct.calcsize(each)
            length = values[-1] if length_of else 0
            yield item, method, base + (values[1 if index_of else 0] if offset_of else 0), length
