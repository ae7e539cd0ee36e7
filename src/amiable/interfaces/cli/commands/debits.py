"""`amiable debits`: mandates and direct debits, looked at, listed, put into files for the bank."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from amiable.interfaces.cli.common import OK, REJECTED, IsoDate, counted, emit, tenant_command

if TYPE_CHECKING:
    from amiable.apps.payments.debits.queries import DebitRow
    from amiable.apps.tenants.models import Organization

ACTOR = "command line"
_SHOWN = 10_000
_creditor = click.option("--creditor", default="", help="Code of the creditor (if several).")


@click.group("debits")
def debits_command() -> None:
    """SEPA direct debits: announce, make the file for the bank, follow, mandates."""


@debits_command.command("look")
@tenant_command
def look(*, organization: Organization, on: date, as_json: bool) -> int:
    """Read what the bank said, withdraw what may not be collected any more, announce what is due.

    The day does it too; announcements leave with the next `amiable send`.
    """
    from amiable.apps.dunning.debiting.daily import debits_tick
    from amiable.interfaces.cli.commands.ticks import business_time

    done = debits_tick(organization.id, now=business_time(on))
    text = ", ".join(f"{count} {what}" for what, count in done.items() if count)
    emit({"on": on.isoformat(), **done}, as_json=as_json, text=text or "nothing to do")
    return OK


@debits_command.command("list")
@click.option("--tab", default="", help="announced, sent, asks, planned, collected, failed...")
@tenant_command
def listed(*, organization: Organization, on: date, as_json: bool, tab: str) -> int:  # noqa: ARG001
    """List collections, each with its state and what its reason asks for."""
    from amiable.apps.payments.debits.queries import TABS, debits_page

    if tab and tab not in TABS:
        raise click.UsageError(f"there is no tab {tab!r}: {', '.join(TABS)}")
    rows = [_debit(row) for row in debits_page(organization.id, tab=tab, limit=_SHOWN)]
    lines = [
        f"{row['collect_on']}  {row['amount']:>12} {row['state']:<10} {row['customer']} "
        f"({', '.join(row['invoices'])}){' plan' if row['of_plan'] else ''} {row['why']}".rstrip()
        for row in rows
    ]
    lines.append(counted(len(rows), "direct debit"))
    emit({"debits": rows}, as_json=as_json, text="\n".join(lines))
    return OK


@debits_command.command("file")
@_creditor
@click.option(
    "--to", type=click.Path(path_type=Path, writable=True), default=Path(),
    help="Folder, or file, to write it to (default: here).",
)  # fmt: skip
@tenant_command
def file_command(
    *, organization: Organization, on: date, as_json: bool, creditor: str, to: Path
) -> int:
    """Make the pain.008 file of what is to be handed to the bank now."""
    from amiable.apps.cases.services import CaseError
    from amiable.apps.dunning.debiting.filing import debit_file_make
    from amiable.apps.payments.debits.queries import debit_file
    from amiable.interfaces.cli.commands.ticks import business_time

    owner = _owner(organization.id, creditor)
    try:
        made = debit_file_make(organization.id, owner, now=business_time(on), actor=ACTOR)
    except CaseError as error:
        emit({"error": str(error.sentence)}, as_json=as_json, text=str(error.sentence))
        return REJECTED
    name, content = debit_file(organization.id, made.file.pk) or ("", b"")
    path = to / name if to.is_dir() else to
    path.write_bytes(content)
    document = {
        "file": str(path), "name": made.file.name, "count": made.file.count,
        "withdrawn": made.withdrawn,
        "waiting": [str(sentence) for sentence in made.waiting.values()],
    }  # fmt: skip
    text = f"{path}: {counted(made.file.count, 'direct debit')}, {made.withdrawn} withdrawn"
    emit(document, as_json=as_json, text=text)
    return OK


@debits_command.command("mandates")
@tenant_command
def mandates(*, organization: Organization, on: date, as_json: bool) -> int:
    """List mandates, and whether each may be used."""
    from amiable.apps.payments.debits.queries import mandate_rows

    rows = [
        {
            "reference": row.reference, "customer": row.customer, "scheme": row.scheme,
            "account": row.account, "signed_on": row.signed_on.isoformat(), "state": row.standing,
            "lapses_on": row.lapses_on.isoformat(),
        }
        for row in mandate_rows(organization.id, on=on, limit=_SHOWN)
    ]  # fmt: skip
    lines = [f"{row['reference']}  {row['state']:<8} {row['customer']}" for row in rows]
    lines.append(counted(len(rows), "mandate"))
    emit({"mandates": rows}, as_json=as_json, text="\n".join(lines))
    return OK


@debits_command.command("sign")
@click.option("--customer", required=True, help="Code of the customer.")
@click.option("--name", required=True, help="Holder of the account.")
@click.option("--iban", required=True)
@click.option("--scheme", type=click.Choice(["CORE", "B2B"]), default="CORE")
@click.option("--reference", default="", help="Its reference (RUM); default: the next free one.")
@click.option("--signed-on", type=IsoDate(), required=True)
@_creditor
@tenant_command
def sign(*, organization: Organization, on: date, as_json: bool, **given: Any) -> int:
    """Enter a mandate that was signed on paper."""
    from amiable.apps.payments.debits.mandates import MandateIn, customer_named, mandate_sign
    from amiable.apps.payments.telling import PaymentError

    customer_id = customer_named(
        organization.id, given["customer"], _owner(organization.id, given["creditor"])
    )
    if customer_id is None:
        raise click.UsageError(f"no customer has the code {given['customer']!r}")
    signed = MandateIn(
        customer_id, given["name"], given["iban"], given["signed_on"], "paper",
        scheme=given["scheme"], rum=given["reference"],
    )  # fmt: skip
    try:
        row = mandate_sign(organization.id, signed, on=on, actor=ACTOR, case_id=None)
    except PaymentError as error:
        emit({"error": str(error.sentence)}, as_json=as_json, text=str(error.sentence))
        return REJECTED
    emit({"reference": row.rum}, as_json=as_json, text=f"mandate {row.rum}")
    return OK


def _owner(organization_id: int, code: str) -> int:
    """The creditor of a code, or the only one that collects. Raises UsageError."""
    from amiable.apps.payments.debits.queries import collecting_creditors

    known = collecting_creditors(organization_id)
    found = [row for row in known if not code or code in row[1:]]
    if len(found) != 1:
        names = ", ".join(each for _, each, _ in known) or "none has a creditor identifier (ICS)"
        raise click.UsageError(f"name the creditor by --creditor: {names}")
    return found[0][0]


def _debit(row: DebitRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "customer": row.customer,
        "invoices": list(row.numbers),
        "amount": str(row.amount),
        "currency": row.amount.currency,
        "collect_on": row.collect_on.isoformat(),
        "submit_by": row.submit_by.isoformat(),
        "state": row.state,
        "scheme": row.scheme,
        "sequence": row.sequence,
        "reference": row.reference,
        "mandate": row.mandate,
        "attempt": row.attempt,
        "reason": row.reason_code,
        "why": str(row.why) if row.why else "",
        "asks": row.asks,
        "of_plan": row.is_part,
        "file": row.file,
    }
