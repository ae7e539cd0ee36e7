"""Bytes of an email into parts, by RFC 5322 and 2045, forgiving and bounded.

Own code and not the `email` package: that one recurses with hostile nesting and looks at every
open boundary for every line. Here each level is one pass over its bytes, levels and parts are
limited, and nothing raises on content.
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_BYTES = 30 * 1024 * 1024
MAX_DEPTH = 8
MAX_PARTS = 200
_MAX_HEADER_BYTES = 256 * 1024
_MAX_VALUE = 20_000  # characters of one header
_FIELD = re.compile(rb"^([!-9;-~]{1,100})[ \t]*:[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)", re.M)
_PARAMETER = re.compile(r';\s*([\w!#$%&\'*+.^`|~-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', re.A)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # no database stores the first of them in a text
# The first delimiter, where the header that names it was torn: a field follows it.
_FIRST_LINE = re.compile(rb"^--([^\n]{1,70}?)[ \t]*\nContent-", re.M | re.I)
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")


@dataclass(slots=True)
class Part:
    """One part of a message: `headers` in order (names in lower case, values unfolded)."""

    headers: list[tuple[str, str]]
    body: bytes
    content_type: str = "text/plain"
    parameters: dict[str, str] = field(default_factory=dict)
    children: list[Part] = field(default_factory=list)
    is_cut: bool = False  # deeper or further parts were not read

    def get(self, name: str) -> str:
        """First value of a header, "" when absent."""
        return next((value for key, value in self.headers if key == name), "")

    def get_all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers if key == name]

    def walk(self) -> Iterator[Part]:
        """This part and those inside it, not those inside an attached message."""
        yield self
        if self.content_type != "message/rfc822":
            for child in self.children:
                yield from child.walk()

    def decoded(self) -> bytes:
        """Body without its transfer encoding; damaged encodings give what can be had."""
        encoding = self.get("content-transfer-encoding").split(";")[0].strip().lower()
        if encoding == "base64":
            return _base64(self.body)
        if encoding == "quoted-printable":
            return quopri.decodestring(self.body)
        return self.body

    @property
    def disposition(self) -> str:
        """ "attachment", "inline" or ""."""
        return self.get("content-disposition").split(";")[0].strip().lower()

    @property
    def file_name(self) -> str:
        """Name given by the sender, raw ("" when none): clean it before use."""
        given = parameters(self.get("content-disposition"))
        return given.get("filename") or self.parameters.get("name", "")


def parse(content: bytes) -> Part:
    """The message as a tree of parts. What is beyond MAX_BYTES is not looked at."""
    content = content[:MAX_BYTES].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return _part(content.lstrip(b"\n"), _Budget(), 0)


def parameters(value: str) -> dict[str, str]:
    """Parameters of a structured header, RFC 2231 continuations and encodings joined."""
    found: dict[str, str] = {}
    for name, raw in _PARAMETER.findall(value[:_MAX_VALUE]):
        plain = raw.strip()
        if plain.startswith('"'):
            plain = re.sub(r"\\(.)", r"\1", plain[1:-1])
        found.setdefault(name.lower(), plain)
    return {**found, **_continued(found)}


def header_fields(block: bytes) -> list[tuple[str, str]]:
    """Fields of a header block; lines that are none are passed over."""
    return [
        (name.decode("ascii").lower(), _unfolded(value))
        for name, value in _FIELD.findall(block[:_MAX_HEADER_BYTES])
    ]


@dataclass(slots=True)
class _Budget:
    parts: int = MAX_PARTS


def _part(content: bytes, budget: _Budget, depth: int) -> Part:
    budget.parts -= 1
    block, body = _split_headers(content)
    part = Part(headers=header_fields(block), body=body)
    declared = part.get("content-type")
    part.content_type = declared.split(";")[0].strip().lower() or "text/plain"
    part.parameters = parameters(declared)
    main = part.content_type.partition("/")[0]
    if main != "multipart" and part.content_type != "message/rfc822":
        return part
    if depth >= MAX_DEPTH:
        part.is_cut = True
        return part
    inner = [part.decoded()] if main == "message" else _pieces(part)
    if not inner:  # no line parts it: what it says is not lost
        part.content_type = "text/plain"
    for piece in inner:
        if budget.parts <= 0:
            part.is_cut = True
            break
        part.children.append(_part(piece, budget, depth + 1))
    return part


def _split_headers(content: bytes) -> tuple[bytes, bytes]:
    if content.startswith(b"\n"):
        return b"", content[1:]
    block, _, body = content.partition(b"\n\n")
    if not _FIELD.search(block[:_MAX_HEADER_BYTES]):
        return b"", content  # a text without any header
    return block, body


def _pieces(part: Part) -> list[bytes]:
    """What stands between the delimiter lines of a multipart."""
    boundary = part.parameters.get("boundary", "").rstrip().encode("latin-1", "replace")
    if not boundary:
        first = _FIRST_LINE.search(part.body)
        if first is None:
            return []
        boundary = first[1]
    delimiter = re.escape(boundary)
    marks = list(re.finditer(rb"^--" + delimiter + rb"(--)?[ \t]*$\n?", part.body, re.M))
    pieces = []
    ends = [*(mark.start() for mark in marks[1:]), len(part.body)]
    for mark, end in zip(marks, ends, strict=False):
        if mark[1]:
            break
        pieces.append(part.body[mark.end() : end])
    return pieces


def _base64(body: bytes) -> bytes:
    clean = _NOT_BASE64.sub(b"", body)
    clean = clean[: len(clean) - (len(clean) % 4 == 1)]
    return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))


def _unfolded(value: bytes) -> str:
    """One line without control characters. Eight-bit headers are UTF-8 when they can be, else
    windows-1252.
    """
    raw = value[:_MAX_VALUE].replace(b"\n", b"")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    return _CONTROL.sub("", text.replace("\t", " ")).strip()


def _continued(found: dict[str, str]) -> dict[str, str]:
    """RFC 2231: name*0, name*1*, name*=charset'language'percent-encoded."""
    joined: dict[str, list[tuple[int, str, bool]]] = {}
    for name, value in found.items():
        base, star, rest = name.partition("*")
        index = rest.rstrip("*")
        if star and (not index or (index.isascii() and index.isdigit() and len(index) < 4)):
            joined.setdefault(base, []).append((int(index or 0), value, rest in {"", index + "*"}))
    return {base: _decoded_2231(sorted(pieces)) for base, pieces in joined.items()}


def _decoded_2231(pieces: list[tuple[int, str, bool]]) -> str:
    charset, out = "utf-8", b""
    for position, (_, value, is_encoded) in enumerate(pieces):
        if is_encoded and position == 0 and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)  # noqa: PLW2901 - the value follows the charset
        raw = value.encode("utf-8", "replace")
        out += re.sub(rb"%([0-9A-Fa-f]{2})", _byte, raw) if is_encoded else raw
    try:
        return out.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        return out.decode("utf-8", "replace")


def _byte(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 16)])
