"""Starts and ends the message centre of the tests, and speaks to it through its folder."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.plugins.channels.kannel import end, wait_for

ROOT = Path(__file__).resolve().parents[3]


class Centre:
    """A running message centre: `port`, the rules it follows, what it took."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = int((folder / "port").read_text())

    @property
    def url(self) -> str:
        return f"smpp://ana:s3cret@127.0.0.1:{self.port}"

    def rules(self, **rules) -> None:
        """How it misbehaves, by number without "+" ("every" = all of them)."""
        named = {"*" if name == "every" else name.strip("n"): rule for name, rule in rules.items()}
        self._write("rules.json", named)

    def customers_write(self, *texts: dict) -> None:
        self._write("incoming.json", list(texts))

    def taken(self, count: int = 0) -> list[dict]:
        """What it took so far; waits until there are so many."""
        path = self.folder / "taken.jsonl"

        def found() -> list[dict]:
            lines = path.read_text().splitlines() if path.exists() else []
            return [json.loads(line) for line in lines]

        wait_for(lambda: len(found()) >= count)
        return found()

    def _write(self, name: str, content) -> None:
        part = self.folder / f"{name}.part"
        part.write_text(json.dumps(content))
        part.rename(self.folder / name)


@contextmanager
def centre(folder: Path) -> Iterator[Centre]:
    """A running message centre, ended by its id."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.plugins.channels.smsc", str(folder)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    try:
        wait_for((folder / "port").exists)
        yield Centre(folder)
    finally:
        end(process)
