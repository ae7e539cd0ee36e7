"""The ticks as tasks of Django's task interface. Each is idempotent: running it again adds nothing.

Dates travel as ISO text. The truth is in rows and leases, so a task may run twice or be cut
anywhere; the next run decides again from the facts.
"""

from __future__ import annotations

from dataclasses import asdict, is_dataclass
from datetime import date
from typing import Any

from django.utils import timezone
from django_tasks import task

from amiable.apps.banking import services as banking
from amiable.apps.dunning import services as dunning
from amiable.apps.insights import services as insights
from amiable.apps.work.services import Progress, job


@task()
def match_task(organization_id: int, on: str, job_id: int | None = None) -> None:
    """Match the bank lines that wait."""
    with job(organization_id, "match", on=date.fromisoformat(on), job_id=job_id) as progress:
        _match(organization_id, date.fromisoformat(on), progress)


@task()
def plan_task(organization_id: int, on: str, job_id: int | None = None) -> None:
    """Plan the cases that are due to be looked at."""
    with job(organization_id, "plan", on=date.fromisoformat(on), job_id=job_id) as progress:
        _plan(organization_id, date.fromisoformat(on), progress)


@task()
def send_task(organization_id: int, on: str, job_id: int | None = None) -> None:
    """Send what is approved and due; guards decide at the last second."""
    with job(organization_id, "send", on=date.fromisoformat(on), job_id=job_id) as progress:
        _send(organization_id, date.fromisoformat(on), progress)


@task()
def snapshot_task(organization_id: int, on: str, job_id: int | None = None) -> None:
    """Keep the figures of the day."""
    with job(organization_id, "snapshot", on=date.fromisoformat(on), job_id=job_id) as progress:
        _snapshot(organization_id, date.fromisoformat(on), progress)


@task()
def day_task(organization_id: int, on: str, job_id: int | None = None) -> None:
    """The whole day in order: match, plan, send, snapshot."""
    day = date.fromisoformat(on)
    with job(organization_id, "day", on=day, job_id=job_id) as progress:
        for step in (_match, _plan, _send, _snapshot):
            step(organization_id, day, progress)


def _match(organization_id: int, on: date, progress: Progress) -> None:
    progress.result["match"] = _plain(banking.lines_match(organization_id, on=on))


def _plan(organization_id: int, on: date, progress: Progress) -> None:
    progress.result["plan"] = _plain(dunning.plan_tick(organization_id, on=on, progress=progress))


def _send(organization_id: int, on: date, progress: Progress) -> None:
    now = timezone.localtime()
    if now.date() != on:  # a task of yesterday, run late: its send is today's business
        return
    progress.result["send"] = _plain(dunning.send_tick(organization_id, now=now, progress=progress))


def _snapshot(organization_id: int, on: date, progress: Progress) -> None:
    progress.result["snapshot"] = _plain(insights.snapshot_take(organization_id, on=on))


def _plain(result: Any) -> Any:
    """A service's counts as JSON."""
    if is_dataclass(result) and not isinstance(result, type):
        return {key: _plain(value) for key, value in asdict(result).items()}
    if isinstance(result, dict):
        return {str(key): _plain(value) for key, value in result.items()}
    if isinstance(result, list | tuple):
        return [_plain(value) for value in result]
    return result if isinstance(result, int | str | bool | None) else str(result)
