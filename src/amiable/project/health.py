"""What machines ask: liveness, readiness, and a few gauges in Prometheus' text format."""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from amiable.apps.dunning.models import Action
from amiable.apps.work.queries import (
    job_counts,
    oldest_ready_task_seconds,
    task_counts,
    workers_alive,
)


def missing_migrations() -> list[str]:
    """Migrations of the code that the database has not seen, as app.name."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


@never_cache
@require_safe
def healthz(_: HttpRequest) -> HttpResponse:
    """Liveness: the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(_: HttpRequest) -> HttpResponse:
    """Readiness: the database answers and has every migration; else 503 with the reason."""
    try:
        missing = missing_migrations()
    except DatabaseError as error:
        return HttpResponse(f"database: {error}\n", status=503, content_type="text/plain")
    if missing:
        return HttpResponse(
            f"migrations missing: {', '.join(missing)}\n", status=503, content_type="text/plain"
        )
    return HttpResponse("ready\n", content_type="text/plain")


@never_cache
@require_safe
def metrics(_: HttpRequest) -> HttpResponse:
    """Totals over the installation, without any name or amount."""
    now = timezone.now()
    pending = Action.objects.filter(state__in=[*Action.PENDING, Action.State.UNKNOWN])
    actions = dict(pending.values_list("state").annotate(Count("id")).order_by())
    lines = [
        *_family("amiable_jobs", "Ticks and imports by state", "state", job_counts()),
        *_family("amiable_tasks", "Tasks of the queue by status", "status", task_counts()),
        *_family("amiable_actions", "Actions that are not closed", "state", actions),
        *_gauge("amiable_queue_oldest_seconds", "Age of the oldest waiting task",
                oldest_ready_task_seconds(now)),
        *_gauge("amiable_workers", "Workers alive", workers_alive(now)),
    ]  # fmt: skip
    return HttpResponse(
        "\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8"
    )


def _gauge(name: str, help_text: str, value: float) -> list[str]:
    return [f"# HELP {name} {help_text}", f"# TYPE {name} gauge", f"{name} {value:g}"]


def _family(name: str, help_text: str, label: str, values: dict[str, int]) -> list[str]:
    return [f"# HELP {name} {help_text}", f"# TYPE {name} gauge"] + [
        f'{name}{{{label}="{key}"}} {value}' for key, value in sorted(values.items())
    ]
