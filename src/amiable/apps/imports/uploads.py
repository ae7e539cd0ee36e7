"""Files handed in on screen, kept a while: until the worker has read them, or a person has said
what their columns are. They lie below VAR/uploads, under names of ours."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from amiable.apps.imports.models import Upload

KEPT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Kept:
    """An upload. `path` = its file; None once it is gone."""

    id: int
    kind: str
    filename: str
    path: Path | None
    size: int
    options: Mapping[str, Any]
    actor: str
    job_id: int | None
    run_id: int | None


def upload_keep(
    organization_id: int, kind: str, chunks: Iterable[bytes], *, filename: str,
    options: Mapping[str, Any], actor: str, now: datetime,
) -> Kept:  # fmt: skip
    """Keep a file as it comes in; older ones that nobody asked for again are thrown away."""
    uploads_prune(now)
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The ending tells a workbook from other archives; nothing else of the name is used.
    suffix = Path(filename).suffix[:10]
    stored = secrets.token_hex(16) + (suffix if suffix[1:].isalnum() and suffix.isascii() else "")
    size = 0
    with (folder / stored).open("xb") as file:
        for chunk in chunks:
            file.write(chunk)
            size += len(chunk)
    row = Upload.objects.create(
        organization_id=organization_id, kind=kind, filename=Path(filename).name[:255],
        stored=stored, size=size, options=dict(options), actor=actor[:120],
    )  # fmt: skip
    return _kept(row)


def upload(organization_id: int, upload_id: int) -> Kept:
    """An upload of the organization. Raises LookupError."""
    row = Upload.objects.filter(organization_id=organization_id, id=upload_id).first()
    if row is None:
        raise LookupError(f"no upload {upload_id}")
    return _kept(row)


def upload_note(
    upload_id: int, *, job_id: int | None = None, run_id: int | None = None,
    options: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Keep what became of an upload: its job, its run, or how it is to be let in now."""
    said = {"job_id": job_id, "run_id": run_id, "options": options}
    Upload.objects.filter(id=upload_id).update(**{k: v for k, v in said.items() if v is not None})


def upload_forget(upload_id: int) -> None:
    """Throw the file of an upload away: it is in."""
    for row in Upload.objects.filter(id=upload_id).exclude(stored=""):
        _throw_away(row)


def uploads_prune(now: datetime) -> None:
    """Throw away files that nobody asked for during KEPT."""
    for row in Upload.objects.filter(at__lt=now - KEPT).exclude(stored=""):
        _throw_away(row)


def _throw_away(row: Upload) -> None:
    (_folder() / row.stored).unlink(missing_ok=True)
    row.stored = ""
    row.save(update_fields=["stored"])


def _folder() -> Path:
    return Path(settings.VAR_DIR) / "uploads"


def _kept(row: Upload) -> Kept:
    path = _folder() / row.stored if row.stored else None
    return Kept(
        row.pk, row.kind, row.filename, path if path and path.exists() else None, row.size,
        row.options, row.actor, row.job_id, row.run_id,
    )  # fmt: skip
