"""Simulations asked for in the console: run as jobs, and kept with them to be read again.

A small one runs at once, a large one is a task for the worker. What is kept is the document of
simulation_report with the contacts that come first, compressed: lists of jobs stay light.
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django_tasks import task

from amiable.apps.dunning.models import Scenario
from amiable.apps.dunning.simulation.report import simulation_document
from amiable.apps.dunning.simulation.runs import (
    Asked,
    Scope,
    SimulationError,
    cases_count,
    scenario_pick,
    simulation_run,
)
from amiable.apps.dunning.simulation.tally import UnitCosts
from amiable.apps.work.models import Job
from amiable.apps.work.queries import job_waits
from amiable.apps.work.services import job, job_queue
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.shipped import SHIPPED

KIND = "simulate"
# Cases that are lived through while the page waits: about two seconds.
AT_ONCE = 500
KEPT = 2000

declare(
    {
        "simulation.busy": gettext_noop(
            "Another simulation is still running: wait until it has ended."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A scenario to choose: its code, and its name (a gettext message when it is shipped)."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A simulation as kept. `document` is None until it is done; `percent` 0..100 or None."""

    job_id: int
    state: str
    at: datetime
    percent: int | None
    error: str
    summary: dict[str, Any]
    document: dict[str, Any] | None = None


def simulation_start(organization_id: int, asked: Asked, *, on: date) -> int:
    """Run it at once when it is small, else queue it; returns the id of its job.

    Raises SimulationError for a period that cannot be simulated or while another one runs,
    LookupError for an unknown scenario.
    """
    if asked.scenario:
        scenario_pick(organization_id, asked.scenario, version=asked.version)
    size = cases_count(organization_id, asked, on=on)
    if job_waits(organization_id, KIND, timezone.now()):
        raise SimulationError(Sentence("simulation.busy"))
    with transaction.atomic():
        job_id = job_queue(organization_id, KIND, on=on)
        Job.objects.filter(id=job_id).update(result=_asked_json(asked))
        if size > AT_ONCE:
            simulation_task.enqueue(organization_id, on.isoformat(), job_id)
    if size <= AT_ONCE:
        _run(organization_id, on, job_id)
    return job_id


@task()
def simulation_task(organization_id: int, on: str, job_id: int) -> None:
    """Run a queued simulation; running it again replaces what it kept."""
    _run(organization_id, date.fromisoformat(on), job_id)


def simulations_recent(organization_id: int, limit: int = 10) -> list[Kept]:
    """The newest simulations, without their documents."""
    rows = Job.objects.filter(organization_id=organization_id, kind=KIND).order_by("-id")
    return [_kept(row) for row in rows[:limit]]


def simulation_kept(organization_id: int, job_id: int) -> Kept:
    """A simulation with its document. Raises LookupError when it is not there (any more)."""
    row = Job.objects.filter(organization_id=organization_id, kind=KIND, id=job_id).first()
    if row is None:
        raise LookupError(job_id)
    packed = row.result.get("packed") if row.state == Job.State.DONE else None
    return replace(_kept(row), document=_unpacked(packed) if packed else None)


def scenario_choices(organization_id: int) -> list[Choice]:
    """What can be simulated: the organization's scenarios, then shipped ones it has not."""
    rows = Scenario.objects.filter(organization_id=organization_id).order_by("code", "-version")
    own = {}
    for code, name in rows.values_list("code", "name"):
        own.setdefault(code, Choice(code, name))
    shipped = [Choice(each.code, each.name) for each in SHIPPED.values() if each.code not in own]
    return [*own.values(), *shipped]


def _run(organization_id: int, on: date, job_id: int) -> None:
    asked = _asked(Job.objects.get(organization_id=organization_id, id=job_id).result["asked"])
    with job(organization_id, KIND, on=on, job_id=job_id) as progress:
        # A failure leaves a question that can be asked again.
        progress.result = _asked_json(asked)
        found = simulation_run(organization_id, asked, on=on, progress=progress)
        document = simulation_document(found, say=Sentence.to_json, contacts=True)
        summary = {"name": document["name"], "kind": document["kind"], **document["totals"]}
        progress.result |= {"summary": summary, "packed": _packed(document)}


def _asked_json(asked: Asked) -> dict[str, Any]:
    scope, costs = asked.scope, asked.costs
    return {
        "asked": {
            "first": asked.first.isoformat(),
            "last": asked.last.isoformat(),
            "scenario": asked.scenario,
            "version": asked.version,
            "scope": [scope.creditor, scope.kind, scope.segment],
            "cost_minor": dict(costs.cost_minor),
            "minutes": dict(costs.minutes),
        }
    }


def _asked(data: dict[str, Any]) -> Asked:
    return Asked(
        first=date.fromisoformat(data["first"]),
        last=date.fromisoformat(data["last"]),
        scenario=data["scenario"],
        version=data["version"],
        scope=Scope(*data["scope"]),
        costs=UnitCosts(data["cost_minor"], data["minutes"]),
        keep=KEPT,
    )


def _kept(row: Job) -> Kept:
    asked = row.result.get("asked", {})
    period = {key: asked.get(key) for key in ("scenario", "first", "last")}
    return Kept(
        job_id=row.id,
        state=row.state,
        at=row.created_at,
        percent=min(100, 100 * row.done // row.total) if row.total else None,
        error=row.error,
        summary={**period, **row.result.get("summary", {})},
    )


def _packed(document: dict[str, Any]) -> str:
    return base64.b64encode(zlib.compress(json.dumps(document).encode())).decode()


def _unpacked(packed: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(packed)))
    return document
