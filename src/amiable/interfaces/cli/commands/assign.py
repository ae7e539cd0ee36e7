"""`amiable assign`: which scenario new cases start on, and moving running ones on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from amiable.interfaces.cli.common import OK, counted, emit, scenario_parts, tenant_command
from amiable.interfaces.cli.problems import FILE, content_of, refused

if TYPE_CHECKING:
    from amiable.apps.dunning.enrollment.enrollments import CaseFilter
    from amiable.apps.dunning.enrollment.moves import MovePreview
    from amiable.apps.tenants.models import Organization

ACTOR = "amiable assign"
KIND = click.Choice(["company", "consumer", "public"])


@click.group("assign")
def assign_command() -> None:
    """Who follows which scenario: rules for new cases, moves of running ones."""


@assign_command.command("list")
@tenant_command
def list_command(*, organization: Organization, on: date, as_json: bool) -> int:  # noqa: ARG001
    """The rules in order, and how many cases follow each scenario."""
    from amiable.apps.dunning.enrollment import assignment, enrollments, rules

    shares = [asdict(share) for share in enrollments.scenario_shares(organization.id)]
    lines = [
        f"{rule.position}. {rule.scenario_code}: {rule.sentence()}"
        for rule in assignment.rules(organization.id)
    ]
    lines = lines or ["no rule: new cases start on the default scenario"]
    lines += [f"{each['cases']:6} on {each['code']} {each['version']}" for each in shares]
    document = {"rules": rules.rules_data(organization.id), "cases": shares}
    emit(document, as_json=as_json, text="\n".join(lines))
    return OK


@assign_command.command("export")
@tenant_command
def export_command(*, organization: Organization, on: date, as_json: bool) -> int:  # noqa: ARG001
    """Write the rules as YAML on standard output: what `set` reads."""
    from amiable.apps.dunning.enrollment import rules

    text = rules.rules_text(organization.id).rstrip()
    emit(rules.rules_data(organization.id), as_json=as_json, text=text)
    return OK


@assign_command.command("set")
@click.argument("file", type=FILE)
@tenant_command
def set_command(*, organization: Organization, on: date, as_json: bool, file: Path) -> int:
    """Replace the rules by those of a YAML file: a list of {scenario: CODE, when: {...}}.

    FILE "-" is standard input.
    """
    from amiable.apps.dunning.enrollment import rules
    from amiable.core.scenario_data import ScenarioError

    try:
        kept = rules.rules_file_set(organization.id, content_of(file), on=on, actor=ACTOR)
    except ScenarioError as error:
        return refused(str(file), error, as_json=as_json)
    warnings = [str(sentence) for sentence in rules.rules_unmet(organization.id)]
    lines = [f"{counted(len(kept), 'rule')} set", *(f"Warning: {warning}" for warning in warnings)]
    emit({"rules": len(kept), "warnings": warnings}, as_json=as_json, text="\n".join(lines))
    return OK


def _selection(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the target and the options that name the cases."""
    for option in reversed(
        (
            click.option("--to", "target", help="CODE or CODE:VERSION; else what the rules say."),
            click.option("--from", "source", help="Cases on CODE or CODE:VERSION."),
            click.option("--segment", default="", help="Customers of this segment."),
            click.option("--kind", type=KIND, help="Customers of this kind."),
            click.option("--creditor", default="", help="Customers of this creditor (code)."),
            click.option("--rules-give", default="", help="Cases that the rules give this CODE."),
            click.option("--with-manual", is_flag=True, help="Also those chosen by a person."),
        )
    ):
        command = option(command)
    return command


@assign_command.command("preview")
@_selection
@tenant_command
def preview_command(
    *, organization: Organization, on: date, as_json: bool, target: str | None, **asked: Any
) -> int:
    """What a move would change; nothing is written."""
    from amiable.apps.dunning.enrollment.moves import move_preview

    with _wrong_use():
        to = _scenario_id(organization, target)
        preview = move_preview(organization.id, _filter(asked), to=to, on=on)
    emit(_document(preview), as_json=as_json, text="\n".join(_lines(preview)))
    return OK


@assign_command.command("move")
@_selection
@tenant_command
def move_command(
    *, organization: Organization, on: date, as_json: bool, target: str | None, **asked: Any
) -> int:
    """Move running cases to another scenario, or to where the rules say."""
    from amiable.apps.dunning.enrollment.enrollments import enrollments_move

    with _wrong_use():
        to = _scenario_id(organization, target)
        count = enrollments_move(organization.id, _filter(asked), to=to, on=on, actor=ACTOR)
    emit({"moved": count}, as_json=as_json, text=f"{counted(count, 'case')} moved")
    return OK


def _filter(asked: dict[str, Any]) -> CaseFilter:
    from amiable.apps.dunning.enrollment.enrollments import CaseFilter

    code, version = scenario_parts(asked.pop("source") or "")
    kind = asked.pop("kind") or ""
    return CaseFilter(scenario_code=code, version=version, kind=kind, **asked)


def _scenario_id(organization: Organization, target: str | None) -> int | None:
    """The version to move to. Raises EnrollmentError naming what exists."""
    from amiable.apps.dunning.enrollment.enrollments import EnrollmentError, scenario_id
    from amiable.apps.dunning.enrollment.scopes import scenario_problem

    if target is None:
        return None
    code, version = scenario_parts(target)
    problem = scenario_problem(organization.id, code, version=version)
    if problem:
        raise EnrollmentError(problem)
    return scenario_id(organization.id, code, version=version)


@contextmanager
def _wrong_use() -> Iterator[None]:
    """A name that does not exist is wrong use of the command."""
    from amiable.apps.dunning.enrollment.enrollments import EnrollmentError

    try:
        yield
    except EnrollmentError as error:
        raise click.UsageError(str(error)) from error


def _document(preview: MovePreview) -> dict[str, Any]:
    return {
        "on": preview.on,
        "cases": preview.cases,
        "left_alone": preview.left_alone,
        "added": [
            {"medium": medium, "stage": stage, "actions": count}
            for medium, stage, count in preview.added_rows
        ],
        "cancelled": dict(preview.cancelled_rows),
        "next_contact": dict(preview.shift_rows),
        "firm_at_once": preview.firm,
        "formal_at_once": preview.formal,
        "as_firm_without_the_move": preview.anyway,
        "named": [asdict(each) for each in preview.named],
    }


def _lines(preview: MovePreview) -> list[str]:
    lines = [f"{counted(preview.cases, 'case')} would move"]
    if preview.left_alone:
        lines.append(
            f"{counted(preview.left_alone, 'case')} left alone: chosen by a person, or drawn for "
            "the running experiment"
        )
    lines += [f"  {n} new: {medium}, {stage}" for medium, stage, n in preview.added_rows]
    lines += [f"  {n} cancelled: {name}" for name, n in preview.cancelled_rows]
    lines += [f"  next contact {name.replace('_', ' ')}: {n}" for name, n in preview.shift_rows]
    lines.append(f"  at once: {preview.firm} firm, {preview.formal} formal")
    return lines
