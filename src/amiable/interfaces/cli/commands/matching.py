"""`amiable match`: decide on the bank lines that wait; `amiable lines`: read what was decided."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from amiable.interfaces.cli.common import IsoDate, counted, emit, seen_job, tenant_command

if TYPE_CHECKING:
    from amiable.apps.tenants.models import Organization


# What waits for a decision, or was decided.
_WAITING = ("new", "proposed", "left")
_STATES = (*_WAITING, "posted", "ignored", "split")


@click.command("match")
@click.option("--lines", "with_lines", is_flag=True, help="List each line looked at, as `lines`.")
@tenant_command
def match_command(*, organization: Organization, on: date, as_json: bool, with_lines: bool) -> None:
    """Match bank lines to what customers owe: post, propose or leave, each with its evidence.

    What was about to leave for a customer who has paid is cancelled at once.
    """
    from amiable.apps.banking import listing, queries, services
    from amiable.apps.dunning.services import cases_replan

    ids = listing.line_ids(organization.id, states=_WAITING) if with_lines else []
    with seen_job(organization.id, "match", on) as (progress, seen):
        counts = services.lines_match(organization.id, on=on, progress=progress)
        cancelled = cases_replan(organization.id, on=on).cancelled
        seen.result = {**counts, "actions_cancelled": cancelled}
    states = queries.state_counts(organization.id)
    text = (
        f"{counted(counts['lines'], 'line')}: {counts['posted']} posted, "
        f"{counts['returned']} returned, {counts['proposed']} to confirm, "
        f"{counts['left']} left, {counts['ignored']} set aside; "
        f"{counted(cancelled, 'action')} cancelled"
    )
    document = {**counts, "actions_cancelled": cancelled, "states": states}
    if with_lines:
        decided = list(listing.line_documents(organization.id, ids))
        document["lines_decided"] = decided
        text = "\n".join((*map(_in_words, decided), text))
    emit({"on": on.isoformat(), **document}, as_json=as_json, text=text)


@click.command("lines")
@click.option("--state", "states", type=click.Choice(_STATES), multiple=True, help="Of this state.")
@click.option("--from", "since", type=IsoDate(), help="Booked on this day or later.")
@click.option("--to", "until", type=IsoDate(), help="Booked on this day or earlier.")
@tenant_command
def lines_command(
    *,
    organization: Organization,
    on: date,  # noqa: ARG001
    as_json: bool,
    states: Sequence[str],
    since: date | None,
    until: date | None,
) -> None:
    """List bank lines in booking order: what was decided, which invoices, on what evidence.

    A posted line has one reading; a proposed one up to three, the best first.
    """
    from amiable.apps.banking import listing

    ids = listing.line_ids(organization.id, states=states, since=since, until=until)
    if as_json:
        click.echo(f'{{"count": {len(ids)}, "lines": [')
    # Printed as they are read: a year of lines is never in memory at once.
    for at, document in enumerate(listing.line_documents(organization.id, ids)):
        if as_json:
            click.echo(("," if at else "") + json.dumps(document, ensure_ascii=False))
        else:
            click.echo(_in_words(document))
    if as_json:
        click.echo("]}")


def _whom(reading: dict[str, Any]) -> str:
    """Each customer of a reading with the invoices of theirs that it pays."""
    numbers: dict[str, list[str]] = {}
    for part in reading["invoices"]:
        owned = numbers.setdefault(part["customer_name"], [])
        if part["number"] not in owned:
            owned.append(part["number"])
    owners = numbers or {reading["customer_name"]: []}
    return ", ".join(f"{name} [{', '.join(owned)}]" for name, owned in owners.items())


def _in_words(document: dict[str, Any]) -> str:
    """A line on one line: day, amount, state, and the first reading or why there is none."""
    amount = f"{document['amount']} {document['currency']}"
    said, whom = document["evidence"], ""
    if document["matches"]:
        first = document["matches"][0]
        whom = f"{_whom(first)} "
        said = first["evidence"]
    why = "; ".join(each["text"] for each in said)
    return f"{document['booked_on']} {amount:>16} {document['state']:<9} {whom}{why}".rstrip()
