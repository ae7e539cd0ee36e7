"""Writes about work: the progress of jobs, the heartbeat of workers, tasks taken up again.

Progress is written in the caller's transaction: work that wants to be seen commits one chunk
per transaction and reports between chunks. Inside one long transaction nobody sees anything,
on any database, and on SQLite nobody else can write.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from amiable.apps.work.models import Job, Worker

# A worker signs every HEARTBEAT; one that has not for LEASE is held for dead.
HEARTBEAT = timedelta(seconds=10)
LEASE = timedelta(seconds=120)
# A job that reports nothing for this long is shown as failed; one that lives after all says so.
SILENCE = timedelta(minutes=60)
# A task that ended this many workers is not given to another one.
MAX_ATTEMPTS = 5
PROGRESS_EVERY_SECONDS = 0.5


class Progress:
    """Callable `progress(done, total)`; writes at most twice a second, and always the last step.

    `result` is what the job leaves behind: plain JSON counts, set by the work itself.
    """

    def __init__(self, job_id: int) -> None:
        self.job_id = job_id
        self.result: dict[str, Any] = {}
        self._written_at = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if done < total and now - self._written_at < PROGRESS_EVERY_SECONDS:
            return
        self._written_at = now
        job_progress(self.job_id, done=done, total=total)


def job_queue(organization_id: int, kind: str, *, on: date) -> int:
    """Announce a job that a worker will start; returns its id."""
    return Job.objects.create(organization_id=organization_id, kind=kind, on_date=on).id


def job_start(organization_id: int, kind: str, *, on: date, job_id: int | None = None) -> int:
    """Start a job, or a queued one (or one whose worker died) by its id; returns its id."""
    now = timezone.now()
    if job_id is None:
        job_id = job_queue(organization_id, kind, on=on)
    Job.objects.filter(id=job_id, organization_id=organization_id).update(
        state=Job.State.RUNNING, started_at=now, heartbeat_at=now, finished_at=None, error=""
    )
    return job_id


def job_progress(job_id: int, *, done: int, total: int) -> None:
    """Record how far a job is; also its sign of life."""
    Job.objects.filter(id=job_id).update(done=done, total=total, heartbeat_at=timezone.now())


def job_finish(job_id: int, result: Mapping[str, Any]) -> None:
    """The job is done; `result` is plain JSON."""
    now = timezone.now()
    Job.objects.filter(id=job_id).update(
        state=Job.State.DONE, result=dict(result), finished_at=now, heartbeat_at=now
    )


def job_fail(job_id: int, error: str) -> None:
    """The job ended with an error, said in one line."""
    now = timezone.now()
    Job.objects.filter(id=job_id).update(
        state=Job.State.FAILED, error=error[:2000], finished_at=now, heartbeat_at=now
    )


@contextmanager
def job(
    organization_id: int, kind: str, *, on: date, job_id: int | None = None
) -> Iterator[Progress]:
    """Run a block as a job: started, progress shown, finished or failed with its error."""
    progress = Progress(job_start(organization_id, kind, on=on, job_id=job_id))
    try:
        yield progress
    except BaseException as error:
        job_fail(progress.job_id, f"{type(error).__name__}: {error}")
        raise
    job_finish(progress.job_id, progress.result)


def worker_register(code: str) -> None:
    """A worker process says that it exists."""
    now = timezone.now()
    Worker.objects.create(
        code=code, host=socket.gethostname(), pid=os.getpid(), started_at=now, heartbeat_at=now
    )


def worker_heartbeat(code: str) -> None:
    """A worker says that it is alive."""
    Worker.objects.filter(code=code).update(heartbeat_at=timezone.now())


def worker_leave(code: str) -> None:
    """A worker ends; a task it still holds is taken up by another one at once."""
    Worker.objects.filter(code=code).delete()


def tasks_reap(now: datetime) -> int:
    """Queue again the tasks whose worker died; returns how many. Safe to run everywhere, often.

    Dead = unknown, without a heartbeat for LEASE, or on this machine without a process.
    After MAX_ATTEMPTS the task fails, so that one poisoned task cannot end worker after worker.
    """
    alive = {
        worker.code
        for worker in Worker.objects.filter(heartbeat_at__gte=now - LEASE)
        if not _process_is_gone(worker)
    }
    reaped = 0
    with transaction.atomic():
        running = DBTaskResult.objects.select_for_update(skip_locked=True).filter(
            status=TaskResultStatus.RUNNING
        )
        for task in running:
            if task.worker_ids and task.worker_ids[-1] in alive:
                continue
            reaped += 1
            if len(task.worker_ids) >= MAX_ATTEMPTS:
                task.status = TaskResultStatus.FAILED
                task.finished_at = now
                task.exception_class_path = "builtins.RuntimeError"
                task.traceback = f"given up: {len(task.worker_ids)} workers died running it"
            else:
                task.status = TaskResultStatus.READY
            task.save(update_fields=["status", "finished_at", "exception_class_path", "traceback"])
        Worker.objects.filter(heartbeat_at__lt=now - 10 * LEASE).delete()
        Job.objects.filter(state=Job.State.RUNNING, heartbeat_at__lt=now - SILENCE).update(
            state=Job.State.FAILED, error="no sign of life", finished_at=now
        )
    return reaped


def work_prune(now: datetime, *, keep_days: int = 30) -> None:
    """Forget finished tasks and jobs older than `keep_days`; the facts they left stay."""
    limit = now - timedelta(days=keep_days)
    DBTaskResult.objects.finished().filter(finished_at__lt=limit).delete()
    Job.objects.filter(finished_at__lt=limit).delete()


def _process_is_gone(worker: Worker) -> bool:
    """Whether a worker of this machine has no process any more (kill -9 shows at once)."""
    if worker.host != socket.gethostname():
        return False
    try:
        os.kill(worker.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
