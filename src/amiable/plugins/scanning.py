"""A virus scanner on the network: clamd's INSTREAM (man clamd, section COMMANDS).

The file is streamed and never stored by the scanner. Whatever is not a clear "OK" is no pass.
"""

from __future__ import annotations

import socket
import struct
from typing import Literal
from urllib.parse import urlsplit

SECONDS = 20.0
_CHUNK = 64 * 1024
_LONGEST_ANSWER = 4096
Verdict = Literal["clean", "infected"]


class ScannerError(Exception):
    """The scanner cannot be reached, or did not answer what it should."""


def scanner_of(url: str) -> str | tuple[str, int]:
    """Where a scanner listens: the path of a socket, or host and port. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme == "unix" and parts.path:
        return parts.path
    if parts.scheme == "tcp" and parts.hostname and parts.port:
        return parts.hostname, parts.port
    raise ValueError("tcp://host:3310 or unix:///run/clamav/clamd.ctl is expected")


def scan(url: str, content: bytes, *, seconds: float = SECONDS) -> Verdict:
    """Have a file looked at, within `seconds` for each answer. Raises ScannerError."""
    try:
        with _connected(scanner_of(url), seconds) as link:
            link.sendall(b"zINSTREAM\0")
            for at in range(0, len(content), _CHUNK):
                piece = content[at : at + _CHUNK]
                link.sendall(struct.pack(">I", len(piece)) + piece)
            link.sendall(struct.pack(">I", 0))
            answer = _answer(link)
    except (OSError, ValueError) as error:
        raise ScannerError(str(error)) from error
    if answer == "stream: OK":
        return "clean"
    if answer.endswith(" FOUND"):
        return "infected"
    raise ScannerError(answer[:200] or "no answer")


def _connected(where: str | tuple[str, int], seconds: float) -> socket.socket:
    if isinstance(where, tuple):
        return socket.create_connection(where, timeout=seconds)
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(seconds)
    link.connect(where)
    return link


def _answer(link: socket.socket) -> str:
    found = b""
    while not found.endswith(b"\0") and len(found) < _LONGEST_ANSWER:
        piece = link.recv(1024)
        if not piece:
            break
        found += piece
    return found.rstrip(b"\0\n").decode("utf-8", "replace")
