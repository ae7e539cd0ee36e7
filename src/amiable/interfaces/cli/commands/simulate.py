"""`amiable simulate`: what a scenario would do in days to come, or would have done in past ones."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from amiable.interfaces.cli.common import (
    IsoDate,
    cents,
    emit,
    progress_bar,
    scenario_parts,
    tenant_command,
)

if TYPE_CHECKING:
    from amiable.apps.dunning.simulation.tally import UnitCosts
    from amiable.apps.tenants.models import Organization

EVERYTHING = sys.maxsize
SHOWN_CASES = 1000


@click.command("simulate")
@click.option("--scenario", "code", required=True, help="Its code, or CODE:VERSION; or `running`.")
@click.option("--from", "first", type=IsoDate(), required=True, help="First day.")
@click.option("--to", "last", type=IsoDate(), required=True, help="Last day, included.")
@click.option("--contacts", is_flag=True, help="Name every contact, with its reasons.")
@click.option("--creditor", default="", help="Only this creditor's customers.")
@click.option(
    "--kind",
    type=click.Choice(["company", "consumer", "public"]),
    default=None,
    help="Only this kind of customer.",
)
@click.option("--segment", default="", help="Only this segment.")
@click.option(
    "--cost",
    "costs",
    multiple=True,
    metavar="MEDIUM=EUROS",
    help="What a contact costs: letter=1.80.",
)
@click.option(
    "--minutes", multiple=True, metavar="MEDIUM=MINUTES", help="How long it takes: phone=6."
)
@tenant_command
def simulate_command(
    *,
    organization: Organization,
    on: date,
    as_json: bool,
    code: str,
    first: date,
    last: date,
    contacts: bool,
    creditor: str,
    kind: str | None,
    segment: str,
    costs: tuple[str, ...],
    minutes: tuple[str, ...],
) -> None:
    """Days to come: what would be done, and what that costs. Past days: a back-test on the facts.

    Nothing is written or sent. It simulates work and never says what would be paid.
    """
    from amiable.apps.dunning.simulation.report import simulation_document
    from amiable.apps.dunning.simulation.runs import Asked, Scope, SimulationError, simulation_run

    name, version = _scenario(code)
    asked = Asked(
        first=first,
        last=last,
        scenario=name,
        version=version,
        scope=Scope(creditor, kind or "", segment),
        costs=_unit_costs(organization.id, costs, minutes),
        keep=EVERYTHING if contacts else SHOWN_CASES,
    )
    try:
        with progress_bar("simulate") as progress:
            found = simulation_run(organization.id, asked, on=on, progress=progress)
    except (LookupError, SimulationError) as error:
        raise click.UsageError(str(error)) from error
    document = simulation_document(found, say=str, contacts=contacts)
    emit(document, as_json=as_json, text="\n".join(_lines(document)))


def _scenario(text: str) -> tuple[str, int | None]:
    """ "running" is each case's own; CODE:VERSION asks for a version."""
    if text == "running":
        return "", None
    code, version = scenario_parts(text)
    if not code or code == "running":
        raise click.UsageError(f"{text!r} names no scenario: write CODE, CODE:NUMBER or running")
    return code, version


def _unit_costs(
    organization_id: int, costs: tuple[str, ...], minutes: tuple[str, ...]
) -> UnitCosts:
    from amiable.apps.dunning.simulation.tally import UnitCosts, usual_costs

    usual = usual_costs(organization_id)
    given = {}
    for medium, text in _pairs(costs):
        try:
            given[medium] = cents(text)
        except ValueError as error:
            raise click.UsageError(f"--cost {medium}: {error}") from error
        if given[medium] < 0:
            raise click.UsageError(f"--cost {medium}: a contact costs nothing or more")
    spent = {}
    for medium, text in _pairs(minutes):
        if not text.isdecimal() or len(text) > 4:
            raise click.UsageError(f"--minutes {medium}: {text!r} is not a number of minutes")
        spent[medium] = int(text)
    return UnitCosts({**usual.cost_minor, **given}, {**usual.minutes, **spent})


def _pairs(texts: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    from amiable.apps.dunning.simulation.tally import MEDIA

    for text in texts:
        medium, given, value = text.partition("=")
        if medium not in MEDIA:
            raise click.UsageError(f"{medium!r} is not one of {', '.join(MEDIA)}")
        if not given:
            raise click.UsageError(f"{text!r} says nothing of it: write {medium}=VALUE")
        yield medium, value


def _lines(document: dict[str, Any]) -> Iterator[str]:
    totals = document["totals"]
    what = "Simulation" if document["kind"] == "forward" else "Back-test"
    under = f"{document['scenario']} {document['version']}" if document["scenario"] else "running"
    yield f"{what} of {under}, {document['from']} to {document['to']}, {document['cases']} cases"
    yield from (f"  {sentence}" for sentence in document["assumptions"])
    yield ""
    yield f"{'day':12}{'contacts':>9}{'tasks':>7}{'cost':>11}{'minutes':>9}  by medium"
    for day in document["days"]:
        yield (
            f"{day['date']:12}{day['contacts']:>9}{day['tasks']:>7}{day['cost']:>11}"
            f"{day['minutes']:>9}  {_counts(day['by_medium'])}"
        )
    yield (
        f"{'total':12}{totals['contacts']:>9}{totals['tasks']:>7}{totals['cost']:>11}"
        f"{totals['minutes']:>9}  {_counts(totals['by_medium'])}"
    )
    yield (
        f"{totals['cases']} cases contacted, about {_amounts(totals)}; "
        f"{_counts(totals['by_stage'])}"
    )
    yield from _compared(document)
    yield from _named(document)


def _amounts(totals: dict[str, Any]) -> str:
    amounts = {totals["currency"]: totals["amount"], **totals["other_amounts"]}
    return ", ".join(f"{amount} {currency}" for currency, amount in amounts.items())


def _compared(document: dict[str, Any]) -> Iterator[str]:
    if difference := document.get("difference"):
        yield (
            f"against the running scenarios: {difference['contacts']:+d} contacts, "
            f"{difference['cost']} EUR, {difference['minutes']:+d} minutes; of "
            f"{difference['compared']} cases {difference['same']} the same, "
            + ", ".join(
                f"{difference[change]} {change}"
                for change in ("more", "fewer", "earlier", "later", "firmer", "gentler")
            )
        )
    if soon := document.get("paid_anyway_7d"):
        yield f"contacts to people who had already paid: {document['had_paid']}"
        yield (
            f"contacts followed by payment of all that was asked within 7 days: "
            f"{soon['contacts']} of {soon['of']}, {soon['calls']} calls among them"
        )
        late = document["first_contact_days_late"]
        yield "first contacts by days late: " + (
            ", ".join(f"{n} {_late(days)}" for days, n in late.items() if n) or "none"
        )


def _late(days: str) -> str:
    return "later than that" if days == "more" else f"at most {days}"


def _named(document: dict[str, Any]) -> Iterator[str]:
    for contact in document.get("contacts", ()):
        yield (
            f"{contact['date']}  {contact['customer']}: {contact['step']} by {contact['medium']}, "
            f"{contact['amount']} {contact['currency']} ({', '.join(contact['invoices'])})"
        )
        yield from (f"    because {reason}" for reason in contact["reasons"])


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "nothing"
