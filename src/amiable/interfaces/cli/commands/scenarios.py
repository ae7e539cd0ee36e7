"""`amiable scenario`: list, show, export and import scenarios as YAML."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amiable.interfaces.cli.common import OK, REJECTED, emit, tenant_command

if TYPE_CHECKING:
    from amiable.apps.tenants.models import Organization
    from amiable.core.scenario import Scenario


@click.group("scenario")
def scenario_command() -> None:
    """What is done when: scenarios, as files that can be read and shared."""


@scenario_command.command("list")
@tenant_command
def list_command(*, organization: Organization, on: date, as_json: bool) -> int:  # noqa: ARG001
    """Every scenario and version, with the number of cases that run on it."""
    from amiable.apps.dunning import scenarios

    lines = scenarios.scenario_lines(organization.id)
    text = "\n".join(
        f"{line.code} {line.version}{' (default)' if line.is_default else ''}: {line.name}, "
        f"{line.steps} steps, {line.cases} cases"
        for line in lines
    )
    emit([asdict(line) for line in lines], as_json=as_json, text=text)
    return OK


@scenario_command.command("show")
@click.argument("code")
@click.option("--version", type=int, help="Version (default: the newest).")
@tenant_command
def show_command(
    *, organization: Organization, on: date, as_json: bool, code: str, version: int | None  # noqa: ARG001
) -> int:  # fmt: skip
    """The steps of a scenario, in order."""
    from amiable.core.scenario_data import scenario_to_json

    definition = _definition(organization, code, version)
    lines = [f"{definition.name} ({definition.code} {definition.version})"]
    lines += [
        f"{step.offset_days:+4d} days  {step.medium:18}{step.stage:12}{step.code}"
        f"{'  after approval' if step.approval == 'manual' else ''}"
        for step in definition.steps
    ]
    emit(scenario_to_json(definition), as_json=as_json, text="\n".join(lines))
    return OK


@scenario_command.command("export")
@click.argument("code")
@click.option("--version", type=int, help="Version (default: the newest).")
@tenant_command
def export_command(
    *, organization: Organization, on: date, as_json: bool, code: str, version: int | None  # noqa: ARG001
) -> int:  # fmt: skip
    """Write a scenario as YAML on standard output."""
    from amiable.apps.dunning import scenarios

    definition = _definition(organization, code, version)
    emit(
        scenario_to_json(definition),
        as_json=as_json,
        text=scenarios.scenario_text(definition).rstrip(),
    )
    return OK


@scenario_command.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--default", "make_default", is_flag=True, help="New cases start on it.")
@tenant_command
def import_command(
    *, organization: Organization, on: date, as_json: bool, file: Path, make_default: bool  # noqa: ARG001
) -> int:  # fmt: skip
    """Read a scenario from YAML; other content than the newest version makes a new version."""
    from amiable.apps.dunning import scenarios
    from amiable.core.scenario_data import ScenarioError

    try:
        definition = scenarios.scenario_parse(file.read_text("utf-8"))
    except (ScenarioError, UnicodeDecodeError) as error:
        emit({"error": str(error)}, as_json=as_json, text=f"Refused: {error}")
        return REJECTED
    version, created = scenarios.scenario_import(
        organization.id, definition, make_default=make_default
    )
    document = {"code": definition.code, "version": version, "created": created}
    text = f"{definition.code} {version} {'is new' if created else 'was there already'}."
    emit(document, as_json=as_json, text=text)
    return OK


def _definition(organization: Organization, code: str, version: int | None) -> Scenario:
    from amiable.apps.dunning import scenarios

    try:
        return scenarios.scenario_definition(organization.id, code, version=version)
    except LookupError as error:
        raise click.UsageError(str(error)) from error
