"""Backup and restore: the whole database in one file, verified, never over data unasked."""

from __future__ import annotations

import json
import zipfile

import pytest

from tests.installation import installation

COUNT = "from amiable.apps.tenants.models import Organization as O; print(O.objects.count())"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """One installation for all: every test leaves one organization in it."""
    with installation(tmp_path_factory.mktemp("place")) as here:
        here.init()
        yield here


def test_backup_comes_back_as_it_was(place):
    manifest = place.json("backup", "first.zip")
    assert manifest["organizations"] == 1
    place.python(
        "from amiable.apps.tenants.services import organization_create as c; c(slug='b', name='B')"
    )
    assert place.python(COUNT).strip() == "2"

    refused = place.json("restore", "first.zip", status=1)
    assert "--force" in refused["error"]
    assert place.python(COUNT).strip() == "2"

    place.amiable("restore", "first.zip", "--force")
    assert place.python(COUNT).strip() == "1"
    assert place.json("check")["broken"] == []


def test_backup_fills_an_empty_database(place, tmp_path_factory):
    place.amiable("backup", "second.zip")
    with installation(tmp_path_factory.mktemp("other")) as other:
        other.amiable("restore", str(place.folder / "second.zip"))
        assert other.python(COUNT).strip() == "1"
        assert other.json("check")["ok"]


def test_append_only_tables_still_refuse_after_a_restore(place):
    place.amiable("backup", "third.zip")
    place.amiable("restore", "third.zip", "--force")
    refused = place.python(
        "from datetime import date\n"
        "from django.db import DatabaseError\n"
        "from amiable.apps.audit.models import Event\n"
        "from amiable.apps.tenants.models import Organization as O\n"
        "from amiable.apps.audit.services import Happening, event_record\n"
        "event_record(O.objects.get().id, Happening('x', date(2026, 11, 20), 'me'))\n"
        "try:\n    Event.objects.update(actor='other')\n"
        "except DatabaseError as error:\n    print(error)\n"
    )
    assert "append-only" in refused


def test_backup_never_overwrites(place):
    (place.folder / "mine.zip").touch()
    assert "exists" in place.json("backup", "mine.zip", status=1)["error"]


def test_damaged_backup_is_refused(place):
    """One process tries every kind of damage: only the message tells them apart."""
    place.amiable("backup", "whole.zip")
    path = place.folder / "whole.zip"
    with zipfile.ZipFile(path) as file:
        manifest = json.loads(file.read("manifest.json"))
        content = file.read(manifest["content"])
    other = "sqlite" if manifest["engine"] == "postgresql" else "postgresql"
    flipped = content[:-1] + bytes([content[-1] ^ 1])
    _pack(place.folder / "content.zip", manifest, flipped)
    _pack(place.folder / "engine.zip", {**manifest, "engine": other}, content)
    _pack(place.folder / "format.zip", {**manifest, "format": 99}, content)
    _pack(place.folder / "manifest.zip", {}, content)
    (place.folder / "truncated.zip").write_bytes(path.read_bytes()[:1000])
    (place.folder / "empty.zip").write_bytes(b"")
    names = ["content", "engine", "format", "manifest", "truncated", "empty"]
    refused = place.python(
        "from pathlib import Path\n"
        "from amiable.apps.work.backups import BackupError, backup_restore\n"
        f"for name in {names}:\n"
        "    try:\n        backup_restore(Path(f'{name}.zip'), force=True)\n"
        "    except BackupError as error:\n        print(name, error)\n"
    )
    assert [line.split()[0] for line in refused.splitlines()] == names
    assert place.python(COUNT).strip() == "1"


def _pack(path, manifest, content) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("amiable.sqlite3" if content[:6] == b"SQLite" else "amiable.pgdump", content)
        if manifest:
            file.writestr("manifest.json", json.dumps(manifest))
