"""`amiable request`: ask the payers of a file of invoices to pay, and follow what became of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from amiable.interfaces.cli.common import (
    OK,
    REJECTED,
    counted,
    emit,
    progress_bar,
    tenant_command,
)

if TYPE_CHECKING:
    from amiable.apps.dunning.requesting.following import CampaignRow, RequestRow
    from amiable.apps.dunning.requesting.sums import Payer
    from amiable.apps.imports.services import ImportResult
    from amiable.apps.tenants.models import Organization

ACTOR = "command line"
_BY = {"email,sms": ("email", "sms"), "email": ("email",), "sms": ("sms",)}


@click.command("request")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, readable=True))
@click.option("--by", type=click.Choice(list(_BY)), default="email,sms", show_default=True,
              help="How to write: the first that reaches a payer is taken.")  # fmt: skip
@click.option("--partial", is_flag=True, help="Let the good rows in; leave the others out.")
@click.option("--mapping", default="", help="Saved mapping of column names.")
@click.option("--creditor", default="", help="Creditor of rows that name none.")
@click.option("--confirm", is_flag=True, help="Let the requests leave with the next sending.")
@click.option("--cancel", is_flag=True, help="Keep what has not left from leaving.")
@tenant_command
def request_command(
    *,
    organization: Organization,
    on: date,
    as_json: bool,
    file: Path,
    by: str,
    confirm: bool,
    cancel: bool,
    **options: Any,
) -> int:
    """Import a file of invoices and draw up one request for payment for each of its payers.

    Nothing leaves without --confirm; `amiable send` sends. The same file again is the same
    campaign: it tells where each payer stands.
    """
    from amiable.apps.dunning.requesting.campaigns import RequestError, campaign_confirm
    from amiable.apps.dunning.requesting.campaigns import campaign_cancel as campaign_stop
    from amiable.apps.dunning.requesting.following import campaign, campaign_of_run, requests
    from amiable.apps.dunning.requesting.sums import payers
    from amiable.interfaces.cli.commands.ticks import business_time

    if confirm and cancel:
        raise click.UsageError("--confirm or --cancel, not both")
    now = business_time(on)
    result = _import(organization, file, now=now, ask_by=_BY[by], **options)
    found = campaign_of_run(organization.id, result.run_id or 0)
    if found is None:
        emit(_document(result, None, []), as_json=as_json, text=_told(result))
        return REJECTED
    try:
        for wanted, gesture in ((confirm, campaign_confirm), (cancel, campaign_stop)):
            if wanted:
                gesture(organization.id, found, now=now, actor=ACTOR)
    except RequestError as error:
        raise click.UsageError(str(error.sentence)) from error
    row, rows = campaign(organization.id, found), requests(organization.id, found, on=on)
    text = _followed(row, payers(organization.id, found, on=on))
    emit(_document(result, row, rows), as_json=as_json, text=text)
    return REJECTED if result.errors else OK


def _import(organization: Organization, file: Path, **options: Any) -> ImportResult:
    from amiable.apps.insights.intake import file_import

    with progress_bar("import") as progress:
        try:
            return file_import(
                organization, "invoices", source=file, filename=file.name, actor=ACTOR,
                progress=progress, **options,
            )  # fmt: skip
        except LookupError as error:
            raise click.UsageError(str(error)) from error


def _document(
    result: ImportResult, row: CampaignRow | None, rows: list[RequestRow]
) -> dict[str, Any]:
    from amiable.interfaces.cli.records import error_json

    return {
        "file": result.filename,
        "state": result.state,
        "counts": result.counts,
        "errors": [error_json(error) for error in result.errors],
        "campaign": row
        and {
            "id": row.id,
            "confirmed_at": row.confirmed_at and row.confirmed_at.isoformat(),
            "cancelled_at": row.cancelled_at and row.cancelled_at.isoformat(),
            "is_test": row.is_test,
            "states": row.states,
        },
        "requests": [_payer(each) for each in rows],
    }


def _payer(row: RequestRow) -> dict[str, Any]:
    return {
        "customer_code": row.code,
        "customer": row.customer,
        "creditor": row.creditor,
        "standing": row.standing,
        "medium": row.medium,
        "recipient": row.recipient,
        "invoices": row.invoices,
        "asked": str(row.asked),
        "paid": str(row.paid),
        "currency": row.asked.currency,
        "sent_on": row.sent_on and row.sent_on.isoformat(),
        "opened_on": row.opened_on and row.opened_on.isoformat(),
        "promised": row.is_promised,
        "disputed": row.is_disputed,
        "outcome": list(row.outcome),
    }


def _told(result: ImportResult) -> str:
    lines = [f"{result.filename}: {result.state}, nothing to ask for"]
    lines += [f"  line {error.line}: {error.sentence}" for error in result.errors[:20]]
    return "\n".join(lines)


def _followed(row: CampaignRow, rows: list[Payer]) -> str:
    from amiable.apps.dunning.requesting.sums import totals

    state = "cancelled" if row.cancelled_at else "confirmed" if row.confirmed_at else "to confirm"
    lines = [f"{row.name}: {counted(row.total, 'payer')}, {state}"]
    for name, each in sorted(totals(rows, "standing").items()):
        asked = ", ".join(f"{amount} {amount.currency}" for amount in each.asked)
        lines.append(f"  {name}: {each.count}, {asked}")
    return "\n".join(lines)
