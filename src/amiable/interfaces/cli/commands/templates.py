"""`amiable template`: the texts of messages, listed, shown, and moved as files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from amiable.interfaces.cli.common import OK, REJECTED, emit, tenant_command

if TYPE_CHECKING:
    from amiable.apps.messaging.library.problems import Problem
    from amiable.apps.messaging.library.resolution import Place
    from amiable.apps.tenants.models import Organization

FILES = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group("template")
def template_command() -> None:
    """What each message says: the organization's own texts and the shipped ones.

    A file is named as the shipped ones are, LANGUAGE/CODE.MEDIUM.liquid: its first line is the
    subject.
    """


def place_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Where a text counts."""
    for option in (
        click.option("--scenario", default="", metavar="CODE", help="Only in this scenario."),
        click.option("--creditor", default="", metavar="CODE", help="Only for this creditor."),
        click.option("--language", default="fr", show_default=True, help="fr or en."),
        click.option("--medium", default="email", show_default=True,
                     help="email, sms, letter or registered_letter."),
    ):  # fmt: skip
        command = option(command)
    return command


@template_command.command("list")
@tenant_command
def list_command(*, organization: Organization, on: date, as_json: bool) -> int:  # noqa: ARG001
    """Every text by code and medium: own, shipped or missing, in each language."""
    from amiable.apps.messaging.library.templates import template_places

    found = template_places(organization.pk)
    lines = []
    for each in found:
        states = ", ".join(f"{language} {state}" for language, state in each.languages.items())
        lines.append(f"{each.code} {each.medium}: {states}")
        lines += [f"    {_named(place)}" for place in each.narrower]
    document = [{**asdict(each), "languages": dict(each.languages)} for each in found]
    emit(document, as_json=as_json, text="\n".join(lines))
    return OK


@template_command.command("show")
@click.argument("code")
@place_options
@tenant_command
def show_command(
    *, organization: Organization, on: date, as_json: bool, code: str, **where: str  # noqa: ARG001
) -> int:  # fmt: skip
    """The text that messages are written from today, whose it is, and its versions."""
    from amiable.apps.messaging.library import templates

    place = _place(organization, code, **where)
    current = templates.template_current(organization.pk, place)
    versions = templates.template_versions(organization.pk, place)
    whose = f"{_named(current.place)}, version {current.version}" if current.place else "shipped"
    document = {
        **asdict(place),
        "from": asdict(current.place) if current.place else None,
        "version": current.version,
        "text": current.text,
        "versions": [
            {
                "version": each.version,
                "created_at": each.created_at.isoformat(),
                "created_by": each.created_by,
                "is_withdrawn": each.is_withdrawn,
            }
            for each in versions
        ],
    }
    emit(document, as_json=as_json, text=f"{whose}\n\n{current.text}".rstrip())
    return OK


@template_command.command("new")
@click.argument("name")
@click.option("--like", required=True, metavar="CODE", help="The text it begins as a copy of.")
@click.option("--medium", default="email", show_default=True,
              help="email, sms, letter or registered_letter.")  # fmt: skip
@tenant_command
def new_command(
    *, organization: Organization, on: date, as_json: bool, name: str, like: str, medium: str,  # noqa: ARG001
) -> int:  # fmt: skip
    """Add a text of your own, for the steps of your scenarios: a copy in every language."""
    from django.utils import timezone

    from amiable.apps.messaging.library.own import NewTextError, template_create
    from amiable.apps.messaging.library.resolution import Place

    try:
        place = template_create(
            organization.pk, name, like=Place(like, medium, "fr"), now=timezone.now(),
            actor="amiable",
        )  # fmt: skip
    except NewTextError as error:
        emit({"error": str(error)}, as_json=as_json, text=str(error))
        return REJECTED
    text = f"{place.code} {medium} is there: export it, change it, and import it again."
    emit({"code": place.code, "medium": medium}, as_json=as_json, text=text)
    return OK


@template_command.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--shipped", is_flag=True, help="The shipped texts, too, to start from.")
@tenant_command
def export_command(
    *, organization: Organization, on: date, as_json: bool, folder: Path, shipped: bool  # noqa: ARG001
) -> int:  # fmt: skip
    """Write the texts that count for all as files, LANGUAGE/CODE.MEDIUM.liquid, into a folder."""
    from amiable.apps.messaging.library import templates
    from amiable.apps.messaging.library.resolution import Place

    written = []
    for each in templates.template_places(organization.pk):
        for language, state in each.languages.items():
            if state != "own" and not (shipped and state == "shipped"):
                continue
            place = Place(each.code, each.medium, language)
            path = folder / language / f"{each.code}.{each.medium}.liquid"
            path.parent.mkdir(parents=True, exist_ok=True)
            text = templates.template_current(organization.pk, place).text
            path.write_text(text, "utf-8")
            written.append(str(path))
    text = "\n".join(written) or "There is no text of your own yet: add --shipped to start."
    emit({"files": written}, as_json=as_json, text=text)
    return OK


@template_command.command("import")
@click.argument("files", nargs=-1, required=True, type=FILES)
@click.option("--scenario", default="", metavar="CODE", help="Only in this scenario.")
@click.option("--creditor", default="", metavar="CODE", help="Only for this creditor.")
@tenant_command
def import_command(
    *, organization: Organization, on: date, as_json: bool, files: Sequence[Path],  # noqa: ARG001
    creditor: str, scenario: str,
) -> int:  # fmt: skip
    """Take files as texts of your own; other words than the newest version make a new one.

    Files with errors are refused and told, the others are kept.
    """
    from django.utils import timezone

    from amiable.apps.dunning.writing.trials import text_use
    from amiable.apps.messaging.library import templates

    places = {
        file: _place_of_file(organization, file, creditor=creditor, scenario=scenario)
        for file in files
    }
    found: list[dict[str, Any]] = []
    lines: list[str] = []
    for file, place in places.items():
        use = text_use(organization.pk, place)
        try:
            version, created = templates.template_save(
                organization.pk, place, _read(file), use=use, now=timezone.now(), actor="amiable"
            )
        except templates.TemplateError as error:
            found.append({"file": str(file), "problems": _told(error.problems)})
            lines += [_line(file, each) for each in error.problems]
            continue
        found.append({"file": str(file), "version": version, "created": created})
        lines.append(f"{file}: {'saved as' if created else 'is already'} version {version}")
    emit({"files": found}, as_json=as_json, text="\n".join(lines))
    return REJECTED if any("problems" in each for each in found) else OK


@template_command.command("check")
@click.argument("files", nargs=-1, required=True, type=FILES)
@tenant_command
def check_command(
    *, organization: Organization, on: date, as_json: bool, files: Sequence[Path]  # noqa: ARG001
) -> int:  # fmt: skip
    """Say what is wrong with files, at their lines; nothing is kept."""
    from amiable.apps.dunning.writing.trials import text_use
    from amiable.apps.messaging.library import templates
    from amiable.apps.messaging.library.bounded import text_look

    found, lines, is_right = [], [], True
    for file in files:
        place = _place_of_file(organization, file, creditor="", scenario="")
        look = text_look(templates.normalized(_read(file)), text_use(organization.pk, place))
        is_right = is_right and look.is_right
        found.append({"file": str(file), "problems": _told(look.problems)})
        lines += [_line(file, each) for each in look.problems]
    emit({"files": found}, as_json=as_json, text="\n".join(lines) or "Nothing is wrong.")
    return OK if is_right else REJECTED


def _place(
    organization: Organization, code: str, *, medium: str, language: str, creditor: str,
    scenario: str,
) -> Place:  # fmt: skip
    """The place that the options name. Raises UsageError."""
    from amiable.apps.messaging.library.resolution import Place
    from amiable.apps.messaging.library.templates import place_problem
    from amiable.apps.tenants.queries import creditors

    by_code = {each.code: each.pk for each in creditors(organization.pk)}
    if creditor and creditor not in by_code:
        raise click.UsageError(f"no creditor {creditor!r}; there are: {', '.join(by_code)}")
    place = Place(code, medium, language, by_code.get(creditor), scenario)
    if problem := place_problem(organization.pk, place):
        raise click.UsageError(problem)
    return place


def _place_of_file(
    organization: Organization, file: Path, *, creditor: str, scenario: str
) -> Place:  # fmt: skip
    code, _, rest = file.name.partition(".")
    medium, _, kind = rest.partition(".")
    if kind != "liquid":
        raise click.UsageError(f"{file} is not named LANGUAGE/CODE.MEDIUM.liquid")
    return _place(
        organization, code, medium=medium, language=file.resolve().parent.name,
        creditor=creditor, scenario=scenario,
    )  # fmt: skip


def _read(file: Path) -> str:
    """The text of a file, no more than decides that it is too long. Raises UsageError."""
    from amiable.apps.messaging.writing.texts import LARGEST_SOURCE

    with file.open("rb") as opened:
        content = opened.read(4 * LARGEST_SOURCE + 4)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{file} is no text in UTF-8") from error


def _named(place: Place) -> str:
    creditor = f"creditor {place.creditor_id}" if place.creditor_id else ""
    scenario = f"scenario {place.scenario_code}" if place.scenario_code else ""
    return ", ".join(filter(None, (creditor, scenario, place.language))) or "for all"


def _told(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    return [
        {
            "line": each.line,
            "column": each.column,
            "weight": each.weight,
            "code": each.sentence.code,
            "message": str(each.sentence),
            "remedy": str(each.remedy),
        }
        for each in problems
    ]


def _line(file: Path, each: Problem) -> str:
    place = f":{each.line}:{each.column}" if each.line else ""
    return f"{file}{place}: {each.weight}: {each.sentence} {each.remedy}"
