"""`amiable demo`: a fictional portfolio, lived up to today and served."""

from __future__ import annotations

import os
import socket
import sys
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from amiable.interfaces.cli.common import (
    OK,
    IsoDate,
    emit,
    json_option,
    progress_bar,
    setup_django,
)

if TYPE_CHECKING:
    from amiable.interfaces.cli.demo.run import Life
    from amiable.interfaces.cli.demo.setup import Settings


@click.command("demo")
@click.option("--serve/--no-serve", default=True, help="Serve the console after the run.")
@click.option("--seed", default=3, show_default=True, help="Another number, another story.")
@click.option("--customers", default=400, show_default=True, type=click.IntRange(20, 5000))
@click.option("--invoices", default=3000, show_default=True, type=click.IntRange(100, 100_000))
@click.option("--on", type=IsoDate(), help="Live the days up to this date (default: today).")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--reset", is_flag=True, help="Start over: an SQLite database of only the demo.")
@json_option
def demo_command(
    *, serve: bool, on: date | None, port: int, reset: bool, as_json: bool, **size: int
) -> int:
    """Create a fictional portfolio, live its days up to today, and serve the console.

    A demo that exists already is kept, and lived up to the date.
    """
    if serve:
        _require_port(port)
    os.environ.setdefault("AMIABLE_BASE_URL", f"http://127.0.0.1:{port}")
    setup_django()
    from django.core.management import call_command

    from amiable.interfaces.cli.demo import summary
    from amiable.interfaces.cli.demo.setup import Settings

    started = time.monotonic()
    _require_silence()
    if reset:
        _reset()
    call_command("migrate", verbosity=0, interactive=False)
    on = on or date.today()
    settings = Settings(size["seed"], on, size["customers"], size["invoices"])
    life, created = _life(settings)
    _live(life, on)
    document: dict[str, Any] = {
        "address": f"http://127.0.0.1:{port}/",
        "created": created,
        **summary.document(life),
        "seconds": round(time.monotonic() - started, 1),
    }
    emit(document, as_json=as_json, text=summary.text(document))
    if life.story.ends < on:
        click.echo(summary.too_old(life, on), err=True)
    if serve:
        sys.stdout.flush()
        _serve(port)
    return OK


def _life(settings: Settings) -> tuple[Life, bool]:
    from django.conf import settings as project

    from amiable.interfaces.cli.demo import run

    folder = Path(project.VAR_DIR) / "demo" / "files"
    return run.open_life(settings, folder)


def _live(life: Life, on: date) -> None:
    with progress_bar("demo") as progress:
        life.live(min(on, life.story.ends), progress)


def _reset() -> None:
    """Delete the SQLite file when nothing but the demo is in it, and the demo's files.

    Raises UsageError otherwise: append-only history is not deleted row by row.
    """
    import shutil

    from django.conf import settings as project
    from django.db import connection

    from amiable.interfaces.cli.demo import setup

    if connection.vendor != "sqlite":
        raise click.UsageError("--reset is for SQLite: create a new database for another demo")
    if not setup.only_demo():
        raise click.UsageError("--reset: this database holds another organization than the demo")
    connection.close()
    name = str(connection.settings_dict["NAME"])
    for path in (name, f"{name}-wal", f"{name}-shm"):
        Path(path).unlink(missing_ok=True)
    shutil.rmtree(Path(project.VAR_DIR) / "demo", ignore_errors=True)


def _require_silence() -> None:
    """The addresses of the demo are nobody's: refuse to mail them. Raises UsageError."""
    from django.conf import settings as project

    if any(project.CHANNEL_URLS.values()):
        raise click.UsageError("unset AMIABLE_*_URL: the demo keeps to the built-in outbox")


def _require_port(port: int) -> None:
    """Say at once, not after the run, that another program has the port. Raises UsageError."""
    with socket.socket() as probe:
        # A port just left by a server may be taken again; one that is listened on may not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise click.UsageError(f"port {port} is in use: choose another with --port") from error


def _serve(port: int) -> None:
    """Serve until it is ended; the project is an outer ring, reached by its setting."""
    from django.conf import settings as project
    from django.utils.module_loading import import_string

    import_string(project.SERVE)("127.0.0.1", port)
