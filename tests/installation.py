"""A separate installation with its own database, driven through processes as a user would.

On SQLite a file in a temporary folder; on PostgreSQL a new database of the server under test.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
AMIABLE = [sys.executable, "-c", "from amiable.interfaces.cli.main import run; run()"]


@dataclass(frozen=True, slots=True)
class Installation:
    """Environment of the processes, and shortcuts to run them."""

    folder: Path
    environment: dict[str, str]

    def start(self, *command: str, **options: Any) -> subprocess.Popen[str]:
        """Start a process; the caller ends it."""
        return subprocess.Popen(
            command, env=self.environment, cwd=self.folder, text=True, **options
        )

    def amiable(self, *arguments: str, status: int | None = 0) -> str:
        """Run a command; returns its standard output. `status` None = any."""
        return self._run([*AMIABLE, *arguments], status)

    def json(self, *arguments: str, status: int = 0) -> Any:
        """Run a command with --json; returns its document."""
        return json.loads(self.amiable(*arguments, "--json", status=status))

    def python(self, code: str) -> str:
        """Run code with Django loaded; returns what it prints."""
        return self._run([sys.executable, "-c", f"import django; django.setup()\n{code}"], 0)

    def init(self) -> None:
        """Create the database, an organization and a user."""
        self.amiable("init", "--name", "Vauban", "--email", "a@vauban.example")

    def _run(self, command: list[str], status: int | None) -> str:
        done = subprocess.run(
            command, env=self.environment, cwd=self.folder, text=True, capture_output=True,
            timeout=120, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert status is None or done.returncode == status, done.stdout + done.stderr
        return done.stdout


@contextmanager
def installation(folder: Path) -> Iterator[Installation]:
    """An empty installation; its database is dropped afterwards."""
    server = os.environ.get("AMIABLE_DATABASE_URL", "")
    name = f"inst_{uuid.uuid4().hex[:12]}"
    url = f"sqlite:///{folder}/amiable.sqlite3"
    if server:
        _server(server, f'CREATE DATABASE "{name}"')
        url = urlsplit(server)._replace(path=f"/{name}").geturl()
    environment = {
        **os.environ,
        "AMIABLE_DATABASE_URL": url,
        "AMIABLE_VAR": str(folder),
        "AMIABLE_SECRET_KEY": "k" * 50,
        "DJANGO_SETTINGS_MODULE": "amiable.project.settings",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
    }
    try:
        yield Installation(folder, environment)
    finally:
        if server:
            _server(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def wait_for(condition: Callable[[], Any], seconds: float = 30) -> Any:
    """Poll until the condition is true; returns its value. Fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} seconds")


def _server(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)
