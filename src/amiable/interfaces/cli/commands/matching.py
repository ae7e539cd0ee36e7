"""`amiable match`: decide on the bank lines that wait."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import click

from amiable.interfaces.cli.common import emit, seen_job, tenant_command

if TYPE_CHECKING:
    from amiable.apps.tenants.models import Organization


@click.command("match")
@tenant_command
def match_command(*, organization: Organization, on: date, as_json: bool) -> None:
    """Match bank lines to what customers owe: post, propose or leave, each with its evidence.

    What was about to leave for a customer who has paid is cancelled at once.
    """
    from amiable.apps.banking import queries, services
    from amiable.apps.dunning.services import cases_replan

    with seen_job(organization.id, "match", on) as (progress, seen):
        counts = services.lines_match(organization.id, on=on, progress=progress)
        cancelled = cases_replan(organization.id, on=on).cancelled
        seen.result = {**counts, "actions_cancelled": cancelled}
    states = queries.state_counts(organization.id)
    text = (
        f"{counts['lines']} lines: {counts['posted']} posted, {counts['returned']} returned, "
        f"{counts['proposed']} to confirm, {counts['left']} left, {counts['ignored']} set aside; "
        f"{cancelled} actions cancelled"
    )
    document = {**counts, "actions_cancelled": cancelled, "states": states}
    emit({"on": on.isoformat(), **document}, as_json=as_json, text=text)
