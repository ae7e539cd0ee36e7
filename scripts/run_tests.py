"""The whole suite on SQLite, then on a real PostgreSQL what asks a database. Extra arguments go to
pytest."""

from __future__ import annotations

import os
import subprocess
import sys

from scripts.postgres import postgres_server


def run(database_url: str, arguments: list[str]) -> int:
    """Run pytest on one database; returns its exit status."""
    environment = {**os.environ, "AMIABLE_DATABASE_URL": database_url}
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "worksteal", *arguments]
    return subprocess.run(command, env=environment, check=False).returncode


def main() -> int:
    """SQLite first, then PostgreSQL: some tests are only asked there."""
    arguments = sys.argv[1:]
    print("== SQLite", flush=True)
    first = run("", arguments)
    with postgres_server() as url:
        print("== PostgreSQL", flush=True)
        second = run(url, ["--again", *arguments])
    return first or second


if __name__ == "__main__":
    sys.exit(main())
