"""A folder from which another program prints, posts or texts: one file per message, once per key.

Order of events: the file is staged whole, a marker is created, the file is renamed into the
folder. On a second call the three facts tell what happened before a crash, even when the other
program has already taken the file away.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from amiable.plugins.base import Outcome, Outgoing

_SUFFIXES = {"message/rfc822": ".eml", "application/pdf": ".pdf"}


class SpoolChannel:
    """Config: `folder`, a path; it is created when missing. Messages go to <folder>/<medium>/."""

    code = "spool"
    label = "Folder"
    media = frozenset({"email", "letter", "registered_letter", "registered_email", "sms"})
    resend_safe = True
    schemes = frozenset({"folder"})

    def configure(self, url: str) -> dict[str, Any]:
        """folder:///path"""
        path = unquote(urlsplit(url).path)
        if not path:
            raise ValueError("a folder reads folder:///path")
        return {"folder": path}

    @contextmanager
    def session(self, config: Mapping[str, Any]) -> Iterator[_SpoolSession]:
        yield _SpoolSession(Path(config["folder"]))


class _SpoolSession:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, message: Outgoing) -> Outcome:
        name = file_name(message)
        try:
            return self._deliver(message, name)
        except OSError as error:
            return Outcome("retry", detail=str(error), retry_after_seconds=900)

    def _deliver(self, message: Outgoing, name: str) -> Outcome:
        staged = self.folder / ".staged" / name
        marker = self.folder / ".keys" / name
        target = self.folder / message.medium / name
        for path in (staged, marker, target):
            path.parent.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not marker.exists():
                _write(staged, _body(message))
                _write(marker, b"")
            if staged.exists():
                staged.rename(target)
        return Outcome("sent", provider_id=f"{message.medium}/{name}")


def file_name(message: Outgoing) -> str:
    """A readable name, unique by key: hostile characters in the key never reach the disk."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", message.key)[:60].strip("-")
    digest = sha256(message.key.encode()).hexdigest()[:12]
    suffix = _SUFFIXES.get(message.content_type.partition(";")[0], ".txt")
    return f"{readable}.{digest}{suffix}"


def _body(message: Outgoing) -> bytes:
    """Text messages carry their number on the first line; the others hold their address."""
    if message.medium == "sms":
        return f"To: {message.recipient}\n\n".encode() + message.content
    return message.content


def _write(path: Path, content: bytes) -> None:
    """Write whole or not at all, and onto the disk."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)


PLUGIN = SpoolChannel()
