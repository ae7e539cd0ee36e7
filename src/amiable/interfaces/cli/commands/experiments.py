"""`amiable experiment`: plan, start, follow and stop a comparison of two scenarios."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from amiable.interfaces.cli.common import OK, REJECTED, counted, emit, tenant_command

if TYPE_CHECKING:
    from amiable.apps.dunning.experiment.changes import Design
    from amiable.apps.dunning.experiment.draws import ScenarioName
    from amiable.apps.dunning.experiment.results import Comparison, ExperimentReport, Plan
    from amiable.apps.tenants.models import Organization

ACTOR = "command line"


@click.group("experiment")
def experiment_command() -> None:
    """Champion and challenger: two scenarios compared on payers drawn at random."""


@experiment_command.command("start")
@click.argument("name")
@click.option("--challenger", default="", help="Scenario to try (none: hold-out only).")
@click.option("--challenger-percent", type=int, help="Share of the payers (default: 45).")
@click.option("--holdout-percent", type=int, default=10, show_default=True)
@click.option("--holdout-days", type=int, default=5, show_default=True, help="Reminders later.")
@click.option("--effect-days", type=int, default=2, show_default=True, help="What one expects.")
@click.option(
    "--exclude-kind",
    "excluded",
    multiple=True,
    type=click.Choice(["company", "consumer", "public"]),
    help="Customer kind not to draw.",
)
@click.option("--with-running", is_flag=True, help="Draw cases that run on the champion too.")
@click.option("--dry-run", is_flag=True, help="Only say what it would need.")
@tenant_command
def start_command(
    *, organization: Organization, on: date, as_json: bool, dry_run: bool, **options: Any
) -> int:
    """Start comparing; the champion is the default scenario."""
    from amiable.apps.dunning.experiment import changes
    from amiable.apps.dunning.experiment.results import experiment_plan

    _known(organization, options["challenger"])
    design = _design(**options)
    try:
        plan = experiment_plan(organization.id, design, on=on)
        document = {"design": design.name, **_plan_document(plan)}
        if not dry_run:
            document["experiment"] = changes.experiment_start(
                organization.id, design, on=on, actor=ACTOR
            )
    except changes.ExperimentError as error:
        emit({"error": str(error)}, as_json=as_json, text=f"Refused: {error}")
        return REJECTED
    emit(document, as_json=as_json, text=_plan_text(plan, started=not dry_run))
    return OK


@experiment_command.command("show")
@click.argument("experiment", type=int, required=False)
@tenant_command
def show_command(
    *, organization: Organization, on: date, as_json: bool, experiment: int | None
) -> int:
    """What an experiment found (default: the newest), the conclusion first."""
    from amiable.apps.dunning.experiment.results import experiment_report

    try:
        report = experiment_report(organization.id, experiment, on=on)
    except LookupError as error:
        emit({"error": str(error)}, as_json=as_json, text=str(error))
        return REJECTED
    emit(_report_document(report), as_json=as_json, text=_report_text(report))
    return OK


@experiment_command.command("stop")
@click.option("--reason", required=True, help="Why it ends.")
@click.option("--move-to", type=click.Choice(["champion", "challenger"]), default=None)
@tenant_command
def stop_command(
    *, organization: Organization, on: date, as_json: bool, reason: str, move_to: str | None
) -> int:
    """End the running experiment; its cases stay where they are, or all move to one scenario."""
    from amiable.apps.dunning.experiment import changes

    try:
        moved = changes.experiment_stop(
            organization.id, reason=reason, on=on, actor=ACTOR, move_to=move_to or ""
        )
    except changes.ExperimentError as error:
        emit({"error": str(error)}, as_json=as_json, text=f"Refused: {error}")
        return REJECTED
    emit({"moved": moved}, as_json=as_json, text=f"Stopped; {counted(moved, 'case')} moved.")
    return OK


def _design(
    *, name: str, challenger_percent: int | None, excluded: tuple[str, ...], **options: Any
) -> Design:
    from amiable.apps.dunning.experiment.changes import Design

    if challenger_percent is None:
        challenger_percent = 45 if options["challenger"] else 0
    return Design(name, challenger_percent=challenger_percent, excluded_kinds=excluded, **options)


def _known(organization: Organization, code: str) -> None:
    """A challenger that does not exist is wrong use of the command."""
    from amiable.apps.dunning.experiment.changes import challengers

    codes = [each for each, _ in challengers(organization.id)]
    if code and code not in codes:
        raise click.UsageError(f"no scenario {code!r} to try; there are: {', '.join(codes)}")


def _named(name: ScenarioName | None) -> str:
    return f"{name.name} ({name.version})" if name else ""


def _plan_document(plan: Plan) -> dict[str, Any]:
    return {
        "champion": _named(plan.champion),
        "payers_per_arm": plan.forecast.payers,
        "payers_per_arm_watched": plan.forecast.payers_watched,
        "not_decidable_before": plan.forecast.earliest_on,
        "likely_on": plan.forecast.likely_on,
        "payers_now": plan.supply.stock,
        "payers_per_week": round(plan.supply.per_week, 2),
        "sd_days": round(plan.sd_days, 2),
        "sd_payers": plan.sd_payers,
    }


def _plan_text(plan: Plan, *, started: bool) -> str:
    found = plan.forecast
    earliest = found.earliest_on
    source = f"measured on {plan.sd_payers} payers" if plan.sd_payers else "assumed"
    return "\n".join(
        [
            f"Champion: {_named(plan.champion)}",
            f"Not decidable before {earliest}" if earliest else "Not decidable: too few payers",
            f"{found.payers} payers per arm ({found.payers_watched} when watched every day); "
            f"{plan.supply.stock} now, {plan.supply.per_week:.1f} a week",
            f"Spread {plan.sd_days:.1f} days, {source}",
            "The experiment runs." if started else "Nothing was started.",
        ]
    )


def _report_document(report: ExperimentReport) -> dict[str, Any]:
    experiment = report.experiment
    return {
        "id": experiment.pk,
        "name": experiment.name,
        "started_on": experiment.started_on,
        "ended_on": experiment.ended_on,
        "stop_reason": experiment.stop_reason,
        "as_of": report.as_of,
        "is_evenly_drawn": report.is_evenly_drawn,
        "arms": [
            {
                "arm": arm.arm,
                "scenario": _named(arm.scenario),
                "percent": arm.percent,
                "payers": arm.payers,
                "followed": arm.followed,
                "days": arm.days,
                "days_by_amount": arm.days_by_amount,
                "so_far_days": arm.so_far_days,
                "paid_percent": dict(arm.paid),
            }
            for arm in report.arms
        ],
        "comparisons": [_comparison_document(found) for found in report.comparisons],
        "balance": [
            {
                "property": row.code,
                "means": dict(row.means),
                "differences": dict(row.differences),
                "even": row.even,
            }
            for row in report.balance
        ],
    }


def _comparison_document(found: Comparison) -> dict[str, Any]:
    look = found.look
    return {
        "arm": found.arm,
        "state": found.verdict.state,
        "conclusion": str(found.verdict.sentence),
        "difference_days": look.difference if look else None,
        "low": look.low if look else None,
        "high": look.high if look else None,
        "p_value": look.p_value if look else None,
        "payers_needed": found.needed,
        "payers_needed_watched": found.needed_watched,
        "guardrails": [
            {
                "guardrail": row.code,
                "champion": row.champion,
                "other": row.other,
                "low": row.low,
                "high": row.high,
                "is_worse": row.is_worse,
            }
            for row in found.guardrails
        ],
    }


def _report_text(report: ExperimentReport) -> str:
    ran = report.experiment
    lines = [f"{ran.name}, on {report.as_of}"]
    if ran.ended_on:
        lines.append(f"Stopped on {ran.ended_on}: {ran.stop_reason}")
    lines += [f"{found.arm}: {found.verdict.sentence}" for found in report.comparisons]
    lines += [
        f"{arm.arm:11}{_named(arm.scenario):32}{arm.payers:7} payers, {arm.followed:6} followed"
        f"{'' if arm.days is None else f', {arm.days:.1f} days'}"
        for arm in report.arms
    ]
    return "\n".join(lines)
