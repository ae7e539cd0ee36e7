"""A private PostgreSQL server: loopback, a free port, a temporary folder; ended by its own id."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def binaries() -> Path | None:
    """Folder of the newest installed PostgreSQL server, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    return found[-1].parent if found else None


@contextmanager
def postgres_server() -> Iterator[str]:
    """Start a server; yields a URL with superuser rights. Raises RuntimeError without binaries."""
    folder = binaries()
    if folder is None:
        raise RuntimeError("PostgreSQL is not installed: apt-get install postgresql")
    data = Path(tempfile.mkdtemp(prefix="amiable-pg-"))
    as_user = _unprivileged(data)
    port = _free_port()
    try:
        subprocess.run(
            [*as_user, folder / "initdb", "-D", data / "d", "-U", "amiable", "--auth=trust",
             "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        options = (
            f"-h 127.0.0.1 -p {port} -k {data} -c fsync=off -c synchronous_commit=off "
            "-c full_page_writes=off -c shared_buffers=256MB -c max_connections=60"
        )
        pg_ctl = [*as_user, folder / "pg_ctl", "-D", data / "d"]
        subprocess.run(
            [*pg_ctl, "-w", "-l", data / "log", "-o", options, "start"],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield f"postgresql://amiable@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run(
                [*pg_ctl, "-m", "immediate", "stop"], check=False, stdout=subprocess.DEVNULL
            )
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _unprivileged(data: Path) -> list[str]:
    """PostgreSQL refuses to run as root: step down to the user of the Debian package."""
    if os.geteuid() != 0:
        return []
    shutil.chown(data, "postgres")
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _version(path: Path) -> int:
    return int(path.parts[4])
