"""The whole database in one file: a zip with manifest.json and the engine's own copy.

SQLite is copied with its online backup while others work; PostgreSQL through pg_dump. A restore
verifies the sha256 first and never overwrites data unless told to. Secrets and spools are not in.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from amiable.apps.tenants.models import Organization

FORMAT = 1
MANIFEST = "manifest.json"
CONTENT = {"sqlite": "amiable.sqlite3", "postgresql": "amiable.pgdump"}
BLOCK = 1 << 20


class BackupError(Exception):
    """The backup or restore cannot be done; the text says why and what to do."""


def backup_write(target: Path, *, now: datetime) -> dict[str, Any]:
    """Write the database to `target`, which must not exist; returns the manifest."""
    if target.exists():
        raise BackupError(f"{target} exists already")
    with tempfile.TemporaryDirectory(dir=target.resolve().parent) as folder:
        copy = Path(folder) / CONTENT[connection.vendor]
        _sqlite_copy(copy) if connection.vendor == "sqlite" else _pg_dump(copy)
        manifest = {
            "format": FORMAT,
            "engine": connection.vendor,
            "created_at": now.isoformat(),
            "migrations": _migrations(),
            "organizations": Organization.objects.count(),
            "content": copy.name,
            "bytes": copy.stat().st_size,
            "sha256": _sha256(copy),
        }
        archive = Path(folder) / "archive"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as file:
            file.writestr(MANIFEST, json.dumps(manifest, indent=2))
            file.write(copy, copy.name)
        archive.chmod(0o600)
        archive.replace(target)  # a half-written backup never bears the name of a whole one
    return manifest


def backup_restore(source: Path, *, force: bool = False) -> dict[str, Any]:
    """Replace the database by a backup; returns its manifest.

    Raises BackupError when the file is damaged, of another engine, or the database holds an
    organization and `force` is not set.
    """
    with tempfile.TemporaryDirectory() as folder:
        manifest, copy = _unpack(source, Path(folder))
        if manifest["engine"] != connection.vendor:
            raise BackupError(
                f"this is a backup of {manifest['engine']}, the database is {connection.vendor}"
            )
        if not force and _is_in_use():
            raise BackupError("the database holds data already; --force replaces it")
        _sqlite_load(copy) if connection.vendor == "sqlite" else _pg_restore(copy)
    return manifest


def _unpack(source: Path, folder: Path) -> tuple[dict[str, Any], Path]:
    try:
        with zipfile.ZipFile(source) as file:
            manifest = json.loads(file.read(MANIFEST))
            name, size = manifest["content"], manifest["bytes"]
            if manifest["format"] != FORMAT or name != CONTENT.get(manifest["engine"]):
                raise BackupError(f"{source} is a backup of a format this version cannot read")
            if file.getinfo(name).file_size != size or shutil.disk_usage(folder).free < size:
                raise BackupError(f"{source} is damaged, or there is no room to unpack it")
            with file.open(name) as packed, (folder / name).open("wb") as plain:
                shutil.copyfileobj(packed, plain, BLOCK)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise BackupError(f"{source} is not a backup: {error}") from error
    if _sha256(folder / name) != manifest["sha256"]:
        raise BackupError(f"{source} is damaged: its content does not match its sha256")
    return manifest, folder / name


def _is_in_use() -> bool:
    if Organization._meta.db_table not in connection.introspection.table_names():
        return False
    return Organization.objects.exists()


def _migrations() -> list[str]:
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in applied)


def _sqlite_copy(target: Path) -> None:
    connection.ensure_connection()
    copy = sqlite3.connect(target)
    try:
        connection.connection.backup(copy)
    finally:
        copy.close()


def _sqlite_load(source: Path) -> None:
    copy = sqlite3.connect(f"file:{source}?mode=ro", uri=True)
    try:
        if copy.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise BackupError("the copy in the backup is not a sound SQLite database")
        connection.ensure_connection()
        copy.backup(connection.connection)
    except sqlite3.DatabaseError as error:
        raise BackupError(f"the copy cannot be loaded: {error}") from error
    finally:
        copy.close()
        connection.close()


def _pg_dump(target: Path) -> None:
    _pg_tool(["pg_dump", "--format=custom", "--no-owner", "--file", str(target)])


def _pg_restore(source: Path) -> None:
    connection.close()
    options = ["--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error"]
    database = str(connection.settings_dict["NAME"])
    _pg_tool(["pg_restore", *options, "--dbname", database, str(source)])


def _pg_tool(command: list[str]) -> None:
    """Run a PostgreSQL client; the password travels in the environment, not in the arguments."""
    if shutil.which(command[0]) is None:
        raise BackupError(
            f"{command[0]} is not on this machine: install postgresql-client, or run it where "
            "the server is"
        )
    settings = connection.settings_dict
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
    given = {name: str(settings[key]) for name, key in names.items() if settings[key]}
    done = subprocess.run(  # noqa: S603  # fixed commands, no shell
        command,
        env={**os.environ, **given, "PGDATABASE": str(settings["NAME"])},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BackupError(f"{command[0]}: {done.stderr.strip()[:2000]}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
