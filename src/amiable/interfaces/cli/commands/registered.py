"""`amiable registered list`: where each registered letter stands, and what to do next."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from amiable.core.registered import STATES
from amiable.interfaces.cli.common import OK, emit, tenant_command

if TYPE_CHECKING:
    from amiable.apps.messaging.delivery.registered_queries import LetterRow
    from amiable.apps.tenants.models import Organization

_MANY = 100_000


@click.group("registered")
def registered_command() -> None:
    """Registered letters."""


@registered_command.command("list")
@click.option("--state", type=click.Choice(["overdue", *STATES]), help="Only those in this state.")
@tenant_command
def list_command(*, organization: Organization, on: date, as_json: bool, state: str | None) -> int:
    """List registered letters, those that need a hand first.

    overdue = presented more than 15 days ago and not said to be collected.
    """
    from amiable.apps.messaging.delivery.registered_queries import registered_letters

    found = registered_letters(organization.id, on=on, state=state or "", size=_MANY)
    document = {"counts": found.counts, "letters": [_json(row) for row in found.rows]}
    lines = [
        f"{row.number or '-':<20} {row.standing.state:<11} {row.standing.since or '-'!s:<10}  "
        f"{row.customer}: {row.next_step}"
        for row in found.rows
    ]
    emit(document, as_json=as_json, text="\n".join(lines) or "no registered letter")
    return OK


def _json(row: LetterRow) -> dict[str, Any]:
    standing = row.standing
    return {
        "message": row.id,
        "customer": row.customer,
        "number": row.number,
        "written_on": row.on_date.isoformat(),
        "state": standing.state,
        "since": standing.since.isoformat() if standing.since else None,
        "presented_on": standing.presented_on.isoformat() if standing.presented_on else None,
        "overdue": row.is_overdue,
        "next": str(row.next_step),
        "papers": row.proofs,
    }
