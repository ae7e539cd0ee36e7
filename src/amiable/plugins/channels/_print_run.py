"""Runs of letters on disk: kept letter by letter, handed over as a whole folder or not at all.

    <folder>/.open/<run>/<position>.pdf, .json   letters taken, not yet handed over
    <folder>/.keys/<name>                         one per key: which run holds it
    <folder>/<run>/manifest.csv, *.pdf            a run that may be printed

A letter counts once its key points to it. A run is built beside, then renamed into the folder; what
a killed process left is handed over by the next one, which finds it without an owner.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter of a run. `lines` = the address as it shows in the window."""

    key: str
    medium: str
    lines: tuple[str, ...]
    pages: int
    position: int = 0


Builder = Callable[[Path, list[tuple[Letter, Path]]], None]


class Run:
    """The open run of a process. `build` writes what is handed over into an empty folder."""

    def __init__(self, folder: Path, build: Builder, *, most: int, most_bytes: int) -> None:
        self.folder, self.build = folder, build
        self.most, self.most_bytes = most, most_bytes
        self.path: Path | None = None
        self.lock: int | None = None
        self.count = self.size = 0

    def add(self, letter: Letter, content: bytes) -> str:
        """Take a letter; returns where it is. A key that is known is taken no second time."""
        marker = self.folder / ".keys" / _name(letter.key)
        if marker.exists():
            return marker.read_text("utf-8")
        if self.count >= self.most or (self.count and self.size + len(content) > self.most_bytes):
            self.close()
        path = self._opened()
        self.count += 1
        self.size += len(content)
        facts = {**asdict(letter), "position": self.count}
        written(path / f"{self.count:05d}.pdf", content)
        written(path / f"{self.count:05d}.json", json.dumps(facts).encode())
        place = f"{path.name}/{self.count:05d}"
        written(marker, place.encode())
        return place

    def close(self) -> None:
        """Hand the run over."""
        if self.path is not None and self.lock is not None:
            _hand_over(self.folder, self.path, self.build)
            os.close(self.lock)
            self.path = self.lock = None
            self.count = self.size = 0

    def recover(self) -> int:
        """Hand over what processes that died have left; returns how many runs."""
        done = 0
        for path in sorted((self.folder / ".open").glob("*")):
            with _owned(path) as ours:
                if ours:
                    _hand_over(self.folder, path, self.build)
                    done += 1
        return done

    def _opened(self) -> Path:
        if self.path is None:
            stamp = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
            path = self.folder / ".open" / f"{stamp}-{secrets.token_hex(3)}"
            for each in (self.folder / ".keys", path):
                each.mkdir(parents=True, exist_ok=True)
            self.lock = os.open(path / ".lock", os.O_CREAT | os.O_RDWR)
            fcntl.flock(self.lock, fcntl.LOCK_EX)
            self.path = path
        return self.path


def written(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, and onto the disk."""
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)


@contextmanager
def _owned(path: Path) -> Iterator[bool]:
    """Whether a run has no living owner; it is ours until the end of the block."""
    try:
        handle = os.open(path / ".lock", os.O_RDWR)
    except FileNotFoundError:  # its owner is about to make it, or has just handed it over
        yield False
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(handle)


def _hand_over(folder: Path, path: Path, build: Builder) -> None:
    """Build, note that it is built, rename, clear: each step is done once, whoever does it."""
    out, built = path / "out", path / "built"
    if not built.exists():
        letters = list(_letters(folder, path))
        if letters:
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir()
            build(out, letters)
        written(built, b"")
    if out.exists():
        out.rename(folder / path.name)
    # Away in one step: a folder half cleared would look like a run that nobody has built.
    away = folder / ".done"
    away.mkdir(exist_ok=True)
    path.rename(away / path.name)
    shutil.rmtree(away / path.name)


def _letters(folder: Path, path: Path) -> Iterator[tuple[Letter, Path]]:
    """The letters of a run in order; one whose key points elsewhere was never taken."""
    for facts in sorted(path.glob("*.json")):
        letter = Letter(**json.loads(facts.read_bytes()))
        marker = folder / ".keys" / _name(letter.key)
        if marker.exists() and marker.read_text("utf-8") == f"{path.name}/{facts.stem}":
            yield letter, facts.with_suffix(".pdf")


def _name(key: str) -> str:
    """A file name for a key: hostile characters never reach the disk."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", key)[:60].strip("-")
    return f"{readable}.{sha256(key.encode()).hexdigest()[:16]}"
