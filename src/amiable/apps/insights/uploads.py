"""Uploaded files let in: small ones at once, large ones by the worker, with progress inside.

The entering of a file is one transaction, in which nobody sees progress: it is told in a file
beside the upload, which is on this machine anyway. The matching that follows commits as it goes:
it is a job of its own, which the upload points to from then on.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from django_tasks import task

from amiable.apps.imports.services import ImportResult
from amiable.apps.imports.uploads import Kept, upload, upload_forget, upload_note
from amiable.apps.insights.intake import FOLLOWED, file_import, imports_follow
from amiable.apps.tenants.queries import organization_by_id
from amiable.apps.work.queries import JobView, job_view
from amiable.apps.work.services import PROGRESS_EVERY_SECONDS, job_queue

# What is read and entered while the page waits: a few seconds.
AT_ONCE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an upload is. `step` = reading, entering or matching; `percent` None while unknown.

    `job` is the one that reads and enters, then the one that matches.
    """

    upload: Kept
    job: JobView | None
    step: str
    percent: int | None

    @property
    def state(self) -> str:
        """done = in, with all that follows; queued, running or failed; "" = no longer here."""
        state = self.job.state if self.job else ""
        if state != "done" or self.upload.run_id:
            return state
        return "running" if self.upload.path else ""  # read, and about to say what became of it


def upload_import(organization_id: int, kept: Kept, *, now: datetime) -> ImportResult:
    """Let an upload in now; what follows from it is done too. Raises LookupError."""
    return _enter(organization_id, kept, now=now, job_id=None)


def upload_start(organization_id: int, kept: Kept, *, on: date) -> int:
    """Hand an upload to the worker; returns the job's id."""
    with transaction.atomic():
        job_id = job_queue(organization_id, "import", on=on)
        upload_note(kept.id, job_id=job_id)
        upload_task.enqueue(organization_id, kept.id, job_id)
    return job_id


@task()
def upload_task(organization_id: int, upload_id: int, job_id: int) -> None:
    """Let an upload in; again changes nothing. One whose file is gone is in already, or too old:
    then only a matching that was cut goes on."""
    kept, now = upload(organization_id, upload_id), timezone.localtime()
    if kept.path is not None:
        _enter(organization_id, kept, now=now, job_id=job_id)
        return
    follows = job_view(organization_id, kept.job_id) if kept.job_id not in {None, job_id} else None
    if follows and not follows.finished_at:
        imports_follow(organization_id, now=now, job_id=follows.id)


def upload_standing(organization_id: int, upload_id: int) -> Standing:
    """How far an upload is. Raises LookupError."""
    kept = upload(organization_id, upload_id)
    found = job_view(organization_id, kept.job_id) if kept.job_id else None
    if found and found.kind == "match":
        return Standing(kept, found, "matching", found.percent)
    try:
        told = json.loads(_told_in(kept).read_text("utf-8")) if kept.path else {}
    except (OSError, ValueError):  # not begun, or just being written
        told = {}
    total = told.get("total", 0)
    percent = 100 * told["done"] // total if total else None
    return Standing(kept, found, told.get("step", "reading"), percent)


def _enter(organization_id: int, kept: Kept, *, now: datetime, job_id: int | None) -> ImportResult:
    if kept.path is None:
        raise LookupError("the file is no longer here: hand it in again")
    told = _Told(_told_in(kept))
    try:
        result = file_import(
            organization_by_id(organization_id), kept.kind,  # type: ignore[arg-type]  # a FileKind
            source=kept.path, filename=kept.filename, now=now, actor=kept.actor, progress=told,
            job_id=job_id, **kept.options,
        )  # fmt: skip
    finally:
        told.path.unlink(missing_ok=True)
    entered = result.state != "refused"
    follows = None
    if entered and kept.kind in FOLLOWED:
        follows = job_queue(organization_id, "match", on=timezone.localtime(now).date())
    upload_note(kept.id, run_id=result.run_id, job_id=follows)
    if entered:
        upload_forget(kept.id)
    if follows:
        imports_follow(organization_id, now=now, job_id=follows)
    return result


def _told_in(kept: Kept) -> Path:
    """Where the progress of an upload is told."""
    return (kept.path or Path(kept.filename)).with_suffix(".progress")


class _Told:
    """Callable `progress(done, total)`: first of the reading, then of the entering."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.total = 0
        self.steps = 0
        self.at = 0.0

    def __call__(self, done: int, total: int) -> None:
        self.steps += total != self.total
        self.total = total
        if time.monotonic() - self.at < PROGRESS_EVERY_SECONDS:
            return
        self.at = time.monotonic()
        step = "reading" if self.steps < 2 else "entering"
        told = {"step": step, "done": done, "total": total}
        self.path.write_text(json.dumps(told), "utf-8")
