"""The services that a user's commands call, as the demo calls them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from amiable.plugins.base import FileKind

ACTOR = "demo"

# Whatever the installation is configured for, the demo's messages stay in the built-in outbox.
OUTBOX: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    medium: ("outbox", {}) for medium in ("email", "letter", "registered_letter", "sms")
}


class DemoError(Exception):
    """A file of the demo was refused: the generator and the readers disagree."""


def local(moment: datetime) -> datetime:
    """A naive local time as an aware one."""
    from django.utils import timezone

    return timezone.make_aware(moment)


def match(organization_id: int, *, on: date) -> None:
    """Match the bank lines that wait."""
    from amiable.apps.banking import services

    services.lines_match(organization_id, on=on)


def about_to_be_reminded(organization_id: int, *, on: date) -> set[str]:
    """Codes of the customers to whom something leaves with the next sending tick."""
    from amiable.apps.dunning import queries, services

    services.plan_tick(organization_id, on=on)
    lines = queries.agenda(organization_id, on=on, tab="automatic", limit=1000)
    return {line.customer_code for line in lines}


def replan(organization_id: int, *, on: date) -> None:
    """Drop what was planned and is paid since, as the console does after a statement."""
    from amiable.apps.dunning import services

    services.cases_replan(organization_id, on=on)


def tick(organization_id: int, *, now: datetime) -> None:
    """Direct debits, plan and send, as `amiable day` does after matching."""
    from amiable.apps.dunning import services
    from amiable.apps.dunning.debiting.daily import debits_tick

    debits_tick(organization_id, now=now)
    services.plan_tick(organization_id, on=now.date())
    services.send_tick(organization_id, now=now, routes=OUTBOX)


def snapshot(organization_id: int, *, on: date) -> None:
    """Keep the figures of the day."""
    from amiable.apps.insights import services

    services.snapshot_take(organization_id, on=on)


def receive(organization_id: int, kind: FileKind, path: Path, *, on: date) -> None:
    """Import a file as `amiable import` does. Raises DemoError when it is not taken whole."""
    from amiable.apps.insights.intake import file_import
    from amiable.apps.tenants.queries import organization_by_id

    now = local(datetime.combine(on, time(7)))
    result = file_import(
        organization_by_id(organization_id), kind, source=path, filename=path.name, now=now,
        actor=ACTOR,
    )  # fmt: skip
    if result.state != "done":
        raise DemoError(f"{path}: {result.state}: {[str(e.sentence) for e in result.errors[:3]]}")


def receive_documents(organization_id: int, paths: Sequence[Path], *, on: date) -> None:
    """Attach invoice PDFs as `amiable import documents` does."""
    from amiable.apps.receivables.documents import documents_attach

    result = documents_attach(organization_id, paths)
    if result.errors:
        raise DemoError(f"{on}: {[str(error.sentence) for error in result.errors[:3]]}")
