"""The ticks as tasks of Django's task interface. Each is idempotent: running it again adds nothing.

Dates travel as ISO text. The truth is in rows and leases, so a task may run twice or be cut
anywhere; the next run decides again from the facts.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

from django.utils import timezone
from django_tasks import task

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.banking.news import news_mark
from amiable.apps.banking.services import lines_match
from amiable.apps.dunning.debiting.daily import debits_tick
from amiable.apps.dunning.paying import checkouts_look
from amiable.apps.dunning.payouts import payouts_fetch
from amiable.apps.dunning.services import cases_replan, plan_tick, send_tick
from amiable.apps.insights.day import day_run
from amiable.apps.insights.intake import drops_take
from amiable.apps.insights.services import snapshot_take
from amiable.apps.messaging.replies.incoming import incoming_read
from amiable.apps.work.queries import last_result
from amiable.apps.work.services import job


@task()
def mail_task(organization_id: int, on: str, job_id: int | None = None) -> None:
    """Read every mailbox of the installation, and what channels keep for us; the job fails naming
    those that cannot be read."""
    with job(organization_id, "mail", on=date.fromisoformat(on), job_id=job_id) as progress:
        now = timezone.localtime()
        counts = incoming_read(now=now)
        progress.result = asdict(counts)
        if counts.errors:
            raise RuntimeError("; ".join(f"{name}: {e}" for name, e in counts.errors.items()))


@task()
def drops_task(organization_id: int, on: str, job_id: int | None = None) -> None:
    """Take the files that lie in the drops of the installation; the job fails naming those that
    cannot be read."""
    with job(organization_id, "drops", on=date.fromisoformat(on), job_id=job_id) as progress:
        counts = drops_take(now=timezone.localtime())
        progress.result = counts.to_json()
        if counts.errors:
            raise RuntimeError("; ".join(f"{name}: {e}" for name, e in counts.errors.items()))


@task()
def checkouts_task(organization_id: int, on: str, job_id: int | None = None) -> None:
    """Ask the gateways about payments online that are begun and not ended."""
    with job(organization_id, "checkouts", on=date.fromisoformat(on), job_id=job_id) as progress:
        progress.result = checkouts_look(now=timezone.localtime())


@task()
def payouts_task(organization_id: int, on: str, job_id: int | None = None) -> None:
    """Ask the gateways what they transferred to the bank, and what it is made of."""
    day = date.fromisoformat(on)
    with job(organization_id, "payouts", on=day, job_id=job_id) as progress:
        progress.result = payouts_fetch(on=day)


@task()
def match_task(organization_id: int, on: str, job_id: int | None = None) -> None:
    """Match the bank lines that wait; what would chase those who paid is cancelled at once.

    Lines left open are not decided again while nothing is new since the last time that day.
    """
    day = date.fromisoformat(on)
    with job(organization_id, "match", on=day, job_id=job_id) as progress:
        mark, counts = news_mark(organization_id, on=day), {"lines": 0}
        if last_result(organization_id, "match", day).get("mark") != mark:
            counts = lines_match(organization_id, on=day, progress=progress)
        debits_tick(organization_id, now=timezone.localtime())
        cancelled = cases_replan(organization_id, on=day).cancelled
        progress.result = {**counts, "actions_cancelled": cancelled, "mark": mark}


@task()
def plan_task(organization_id: int, on: str, job_id: int | None = None) -> None:
    """Plan the cases that are due to be looked at."""
    day = date.fromisoformat(on)
    with job(organization_id, "plan", on=day, job_id=job_id) as progress:
        progress.result = asdict(plan_tick(organization_id, on=day, progress=progress))


@task()
def send_task(organization_id: int, on: str, job_id: int | None = None) -> None:
    """Send what is approved and due; guards decide at the last second."""
    now = timezone.localtime()
    with job(organization_id, "send", on=date.fromisoformat(on), job_id=job_id) as progress:
        progress.result = asdict(send_tick(organization_id, now=now, progress=progress))


@task()
def snapshot_task(organization_id: int, on: str, job_id: int | None = None) -> None:
    """Keep the figures of the day."""
    day = date.fromisoformat(on)
    with job(organization_id, "snapshot", on=day, job_id=job_id) as progress:
        progress.result = dict(snapshot_take(organization_id, on=day))


@task()
def check_task(organization_id: int, on: str, job_id: int | None = None) -> None:
    """Run every invariant of the installation; the job fails naming those that do not hold."""
    with job(organization_id, "check", on=date.fromisoformat(on), job_id=job_id):
        broken = broken_invariants()
        if broken:
            names = ", ".join(f"{one.app}: {one.name}" for one in broken)
            raise RuntimeError(f"broken invariants: {names}")


@task()
def day_task(organization_id: int, on: str, job_id: int | None = None) -> None:
    """The whole day in order: mail, match, plan, send, snapshot.

    A task of a past day that runs late does the present one: what is due is due today.
    """
    now = timezone.localtime()
    with job(organization_id, "day", on=date.fromisoformat(on), job_id=job_id) as progress:
        counts = day_run(
            organization_id, now=now, progress=lambda _, done, total: progress(done, total)
        )
        progress.result = counts.to_json()
