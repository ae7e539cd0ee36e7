"""`amiable report aged-balance|dso|kpi|calls|disputes|satisfaction`: figures as of any date, on
screen or in a file."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from amiable.interfaces.cli.common import OK, REJECTED, tenant_command
from amiable.plugins.registry import plugins

if TYPE_CHECKING:
    from amiable.apps.insights.reports import Report
    from amiable.apps.tenants.models import Organization

FORMATS = ("table", "json", "csv", "xlsx", "pdf")


@click.group("report")
def report_command() -> None:
    """Figures as of --on, the same for a past date whenever they are asked."""


def report_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --format, --output and --currency to what every tenant command takes."""
    options: list[Callable[[Callable[..., Any]], Callable[..., Any]]] = [
        click.option("--currency", default="", help="Only this currency (ISO 4217)."),
        click.option(
            "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file."
        ),
        click.option(
            "--format", "form", type=click.Choice(FORMATS), default="table", show_default=True
        ),
    ]
    for option in options:
        command = option(command)
    return tenant_command(command)


def days_option(about: str, *, default: int = 90) -> Callable[..., Any]:
    """Add --days, the length of the period up to --on that the figures are about."""
    return click.option(
        "--days", type=click.IntRange(1, 3660), default=default, show_default=True, help=about
    )


period_option = days_option(
    "Period of the simple DSO, payment delays and collection effectiveness."
)


@report_command.command("aged-balance")
@report_options
def aged_balance_command(
    *, organization: Organization, on: date, currency: str, **output: Any
) -> int:
    """What is open per customer, by days late."""
    from amiable.apps.insights import reports

    return deliver(reports.aged_balance(organization, on, currency=currency), **output)


@report_command.command("dso")
@period_option
@report_options
def dso_command(
    *, organization: Organization, on: date, currency: str, days: int, **output: Any
) -> int:
    """Days sales outstanding by count-back and simple method, with best possible."""
    from amiable.apps.insights import reports

    return deliver(reports.dso(organization, on, currency=currency, days=days), **output)


@report_command.command("kpi")
@period_option
@report_options
def kpi_command(
    *, organization: Organization, on: date, currency: str, days: int, **output: Any
) -> int:
    """Every figure, with its method and perimeter."""
    from amiable.apps.insights import reports

    return deliver(reports.kpi(organization, on, currency=currency, days=days), **output)


@report_command.command("calls")
@days_option("Calls of this many days, up to --on.", default=30)
@report_options
def calls_command(
    *, organization: Organization, on: date, currency: str, days: int, **output: Any
) -> int:
    """Calls made, reached, promises obtained and kept, by collector and scenario."""
    from amiable.apps.insights.call_report import calls

    return deliver(calls(organization, on, currency=currency, days=days), **output)


@report_command.command("disputes")
@days_option("Disputes opened in this many days, up to --on.", default=365)
@report_options
def disputes_command(
    *, organization: Organization, on: date, currency: str, days: int, **output: Any
) -> int:
    """Why customers contest, how it ends, how long it takes and how much it is about."""
    from amiable.apps.insights.dispute_report import disputes

    return deliver(disputes(organization, on, currency=currency, days=days), **output)


@report_command.command("satisfaction")
@days_option("Customers asked in this many days, up to --on.", default=365)
@report_options
def satisfaction_command(
    *, organization: Organization, on: date, currency: str, days: int, **output: Any
) -> int:
    """How satisfied customers were once all was settled, by scenario, last step and collector."""
    from amiable.apps.insights.satisfaction import satisfaction

    return deliver(satisfaction(organization, on, currency=currency, days=days), **output)


def deliver(report: Report, *, form: str, as_json: bool, output: Path | None) -> int:
    """Write the report in its format to the file, or to standard output."""
    from amiable.plugins.exports._base import TableTooLargeError

    content = io.BytesIO()
    if as_json or form == "json":
        text = json.dumps(report.document, ensure_ascii=False, indent=2)
        content.write(f"{text}\n".encode())
    else:
        exporter = plugins("exports")[form]
        if output is None and not exporter.is_text and sys.stdout.isatty():
            raise click.UsageError(f"{form} is not for a terminal: say --output FILE")
        try:
            exporter.write(report.table, content)
        except TableTooLargeError as error:
            click.echo(str(error), err=True)
            return REJECTED
    if output is None:
        sys.stdout.buffer.write(content.getvalue())
        return OK
    try:
        output.write_bytes(content.getvalue())
    except OSError as error:
        raise click.UsageError(f"{output} cannot be written: {error.strerror}") from error
    return OK
