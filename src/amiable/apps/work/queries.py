"""Reads of work: what runs, how far, and what waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Min
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from amiable.apps.work.models import Job, Worker
from amiable.apps.work.services import LEASE, SILENCE


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as shown. `percent` 0..100, None while its size is unknown."""

    id: int
    kind: str
    on_date: date
    state: str
    done: int
    total: int
    percent: int | None
    result: dict[str, Any]
    error: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


def recent_jobs(organization_id: int, limit: int = 20) -> list[JobView]:
    """The newest jobs of an organization, newest first."""
    jobs = Job.objects.filter(organization_id=organization_id).order_by("-id")[:limit]
    return [_view(job) for job in jobs]


def job_view(organization_id: int, job_id: int) -> JobView | None:
    """One job, or None."""
    found = Job.objects.filter(organization_id=organization_id, id=job_id).first()
    return _view(found) if found else None


def running_jobs(organization_id: int, now: datetime) -> list[JobView]:
    """Jobs that wait or run, oldest first; a silent one (its process died) is left out."""
    jobs = Job.objects.filter(organization_id=organization_id, state__in=["queued", "running"])
    alive = [
        job
        for job in jobs.order_by("id")
        if job.heartbeat_at is None or now - job.heartbeat_at < SILENCE
    ]
    return [_view(job) for job in alive]


def last_job_at(organization_id: int, kind: str, on: date) -> datetime | None:
    """When the last job of that kind and business date was announced."""
    jobs = Job.objects.filter(organization_id=organization_id, kind=kind, on_date=on)
    newest = jobs.order_by("-id").first()
    return newest.created_at if newest else None


def last_result(organization_id: int, kind: str, on: date) -> dict[str, Any]:
    """What the last job of that kind and business date that is done left behind."""
    jobs = Job.objects.filter(organization_id=organization_id, kind=kind, on_date=on)
    done = jobs.filter(state=Job.State.DONE).order_by("-id")
    return done.values_list("result", flat=True).first() or {}


def job_waits(organization_id: int, kind: str, now: datetime) -> bool:
    """Whether a job of that kind is queued or really running."""
    return any(job.kind == kind for job in running_jobs(organization_id, now))


def job_counts() -> dict[str, int]:
    """Jobs by state, over all organizations."""
    return dict(Job.objects.values_list("state").annotate(Count("id")).order_by())


def task_counts() -> dict[str, int]:
    """Tasks of the queue by status (READY, RUNNING, SUCCESSFUL, FAILED)."""
    return dict(DBTaskResult.objects.values_list("status").annotate(Count("id")).order_by())


def oldest_ready_task_seconds(now: datetime) -> float:
    """Age of the oldest task that waits; 0 when none does."""
    ready = DBTaskResult.objects.filter(status=TaskResultStatus.READY)
    oldest = ready.aggregate(at=Min("enqueued_at"))["at"]
    return (now - oldest).total_seconds() if oldest else 0.0


def workers_alive(now: datetime) -> int:
    """Worker processes that gave a sign of life within their lease."""
    return Worker.objects.filter(heartbeat_at__gte=now - LEASE).count()


def _view(job: Job) -> JobView:
    return JobView(
        id=job.id,
        kind=job.kind,
        on_date=job.on_date,
        state=job.state,
        done=job.done,
        total=job.total,
        percent=min(100, 100 * job.done // job.total) if job.total else None,
        result=job.result,
        error=job.error,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )
