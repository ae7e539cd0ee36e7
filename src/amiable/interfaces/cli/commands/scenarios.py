"""`amiable scenario`: list, show, export and import scenarios as YAML."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from amiable.interfaces.cli.common import OK, emit, json_option, tenant_command
from amiable.interfaces.cli.problems import FILE, content_of, refused

if TYPE_CHECKING:
    from amiable.apps.tenants.models import Organization
    from amiable.core.scenario import Scenario, Step


@click.group("scenario")
def scenario_command() -> None:
    """What is done when: scenarios, as files that can be read and shared."""


@scenario_command.command("list")
@tenant_command
def list_command(*, organization: Organization, on: date, as_json: bool) -> int:  # noqa: ARG001
    """Every scenario and version with the cases that run on it, and those shipped to copy."""
    from amiable.apps.dunning.library import scenarios

    lines = scenarios.scenario_lines(organization.id)
    shipped = scenarios.shipped_left(organization.id)
    texts = [
        f"{line.code} {line.version}{' (default)' if line.is_default else ''}: {line.name}, "
        f"{line.steps} steps, {line.cases} cases"
        for line in lines
    ]
    texts += [f"{each.code} (shipped): {each.name}, {len(each.steps)} steps" for each in shipped]
    document = [{**asdict(line), "is_shipped": False} for line in lines]
    document += [
        {
            "id": None,
            "code": each.code,
            "version": each.version,
            "name": each.name,
            "steps": len(each.steps),
            "is_default": False,
            "cases": 0,
            "is_shipped": True,
        }
        for each in shipped
    ]
    emit(document, as_json=as_json, text="\n".join(texts))
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
    lines += map(_step_line, definition.steps)
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
    from amiable.apps.dunning.library import scenarios
    from amiable.core.scenario_data import scenario_to_json

    definition = _definition(organization, code, version)
    emit(
        scenario_to_json(definition),
        as_json=as_json,
        text=scenarios.scenario_text(definition).rstrip(),
    )
    return OK


@scenario_command.command("import")
@click.argument("file", required=False, type=FILE)
@click.option("--shipped", metavar="CODE", help="Copy a shipped scenario instead of a file.")
@click.option("--default", "make_default", is_flag=True, help="New cases start on it.")
@tenant_command
def import_command(
    *, organization: Organization, on: date, as_json: bool, file: Path | None,
    shipped: str | None, make_default: bool,
) -> int:  # fmt: skip
    """Read a scenario from YAML; other content than the newest version makes a new version.

    FILE "-" is standard input.
    """
    from amiable.apps.dunning.library import adopting
    from amiable.core.scenario_data import ScenarioError

    wanted: dict[str, Any] = {"make_default": make_default, "on": on, "actor": "amiable"}
    try:
        if file and not shipped:
            found = adopting.scenario_file_import(organization.id, content_of(file), **wanted)
        else:
            definition = _shipped(file, shipped)
            found = adopting.scenario_adopt(organization.id, definition, **wanted)
    except ScenarioError as error:
        return refused(str(file or shipped), error, as_json=as_json)
    said = str(found.sentence(found.name))
    document = {
        "code": found.code,
        "version": found.version,
        "created": found.is_new,
        "equals_version": found.equals,
        "default": found.is_default,
        "message": said,
    }
    emit(document, as_json=as_json, text=f"{found.code} {found.version}: {said}")
    return OK


@scenario_command.command("schema")
@json_option
def schema_command(*, as_json: bool) -> int:  # noqa: ARG001  # a schema is JSON in any case
    """The JSON Schema of a scenario file, for editors that check while one writes."""
    from amiable.core.scenario_data import scenario_schema

    emit(scenario_schema(), as_json=True)
    return OK


def _step_line(step: Step) -> str:
    unit = "working days" if step.days == "working" else "days"
    since = "" if step.anchor == "due_date" else f" after {step.anchor}"
    media = " or ".join((step.medium, *step.fallback))
    notes = [f"with {step.accompanies}"] if step.accompanies else []
    notes += [] if step.approval == "automatic" else [f"approval: {step.approval}"]
    return f"{step.offset_days:+4d} {unit + since:14}  {media:18} {step.stage:12}" + "  ".join(
        [step.code, *notes]
    )


def _shipped(file: Path | None, code: str | None) -> Scenario:
    from amiable.core.shipped import SHIPPED

    if file and code:
        raise click.UsageError("give a file or --shipped CODE, not both")
    if not code:
        raise click.UsageError("give a file, or --shipped CODE")
    if code not in SHIPPED:
        raise click.UsageError(f"no shipped scenario {code!r}; there are: {', '.join(SHIPPED)}")
    return SHIPPED[code]


def _definition(organization: Organization, code: str, version: int | None) -> Scenario:
    from amiable.apps.dunning.library import scenarios

    try:
        return scenarios.scenario_definition(organization.id, code, version=version)
    except LookupError as error:
        raise click.UsageError(str(error)) from error
