"""`amiable virtual-ibans`: the pool, asked of its provider, listed, given and ended."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import click

from amiable.interfaces.cli.common import OK, REJECTED, counted, emit, tenant_command

if TYPE_CHECKING:
    from amiable.apps.tenants.models import Organization

ACTOR = "command line"
_SHOWN = 10_000


@click.group("virtual-ibans")
def virtual_ibans_command() -> None:
    """Virtual IBANs: fetch them from the provider, list the pool."""


@virtual_ibans_command.command("fetch")
@tenant_command
def fetch(*, organization: Organization, on: date, as_json: bool) -> int:
    """Ask the providers of AMIABLE_VIRTUAL_IBAN_URLS for their virtual IBANs.

    What a provider says enters whole or not at all; asking again changes nothing.
    """
    from amiable.apps.banking.iban_providers import virtual_ibans_fetch

    counts = virtual_ibans_fetch(organization.id, on=on, actor=ACTOR)
    lines = [
        f"{counted(counts.providers, 'provider')}: {counts.created} new, {counts.updated} updated, "
        f"{counts.closed} closed, {counts.reopened} opened again, {counts.unchanged} unchanged",
        *(f"{name}: {line}" for name, told in counts.errors.items() for line in told),
    ]
    if not counts.providers and not counts.errors:
        lines = ["no provider is configured: set AMIABLE_VIRTUAL_IBAN_URLS, or import a file"]
    emit({"on": on.isoformat(), **counts.to_json()}, as_json=as_json, text="\n".join(lines))
    return REJECTED if counts.errors else OK


@virtual_ibans_command.command("list")
@click.option("--state", type=click.Choice(["assigned", "free", "resting", "closed"]), default=None)
@tenant_command
def listed(*, organization: Organization, on: date, as_json: bool, state: str | None) -> int:
    """List the pool: each IBAN with its state and whom it stands for."""
    from amiable.apps.payments.virtual_ibans.reading import pool_page

    rows, total = pool_page(organization.id, on=on, state=state or "", limit=_SHOWN)
    documents = [
        {
            "iban": row.iban,
            "bic": row.bic,
            "currency": row.currency,
            "creditor": row.creditor,
            "state": row.state,
            "free_on": row.free_on,
            "customer": row.holder.code if row.holder else "",
            "invoice": row.holder.number if row.holder else "",
            "since": row.holder.since_on if row.holder else None,
            "until": row.holder.until_on if row.holder else None,
        }
        for row in rows
    ]
    lines = [
        f"{row['iban']}  {row['state']:<9} {row['customer']} {row['invoice']}".rstrip()
        for row in documents
    ]
    lines.append(counted(total, "virtual IBAN"))
    emit({"total": total, "virtual_ibans": documents}, as_json=as_json, text="\n".join(lines))
    return OK
