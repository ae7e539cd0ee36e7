"""Requests sent by the worker as soon as they are confirmed, with progress to be seen."""

from __future__ import annotations

from datetime import date, datetime, time

from django.db import transaction
from django.utils import timezone
from django_tasks import task

from amiable.apps.dunning.requesting.sending import requests_tick
from amiable.apps.messaging.sending.routes import configured_routes
from amiable.apps.work.services import job, job_queue

# At night nothing leaves: the sending tick opens with the day (see project.worker).
OPENS, CLOSES = time(8), time(20)


def is_open(now: datetime) -> bool:
    """Whether requests leave at this hour."""
    return OPENS <= timezone.localtime(now).time() < CLOSES


def requests_start(organization_id: int, *, now: datetime) -> int | None:
    """Have the worker send what was confirmed; the job's id, or None at night, when the morning's
    sending takes it up."""
    if not is_open(now):
        return None
    on = timezone.localtime(now).date()
    with transaction.atomic():
        job_id = job_queue(organization_id, "requests", on=on)
        requests_task.enqueue(organization_id, on.isoformat(), job_id)
    return job_id


@task()
def requests_task(organization_id: int, on: str, job_id: int) -> None:
    """Send the requests that wait; again sends nothing twice. What it leaves, the tick takes up."""
    with job(organization_id, "requests", on=date.fromisoformat(on), job_id=job_id) as seen:
        now = timezone.localtime()
        routes = configured_routes()
        seen.result = dict(requests_tick(organization_id, now=now, routes=routes, progress=seen))
