"""Scenarios as YAML: a version never changes, another content is another version."""

from __future__ import annotations

from dataclasses import dataclass, replace

import yaml
from django.db import transaction
from django.db.models import Count, Max

from amiable.apps.dunning.models import Enrollment, Scenario
from amiable.apps.dunning.planning import default_scenario
from amiable.core.scenario import Scenario as Definition
from amiable.core.scenario_data import ScenarioError, scenario_from_json, scenario_to_json
from amiable.core.sentences import Sentence, declare, gettext_noop

MAX_CHARACTERS = 200_000

declare(
    {
        "scenario.too_long": gettext_noop("A scenario has at most {limit} characters."),
        "scenario.alias": gettext_noop("Aliases (*name) are not accepted in a scenario file."),
        "scenario.not_yaml": gettext_noop("The file is not YAML: {error}"),
    }
)


@dataclass(frozen=True, slots=True)
class ScenarioLine:
    """A version in the list; `cases` run on it."""

    code: str
    version: int
    name: str
    steps: int
    is_default: bool
    cases: int


def scenario_lines(organization_id: int) -> list[ScenarioLine]:
    """Every version, by code, newest first. An organization without any gets the standard."""
    default_scenario(organization_id)
    runs = Enrollment.objects.filter(organization_id=organization_id)
    cases = dict(runs.values_list("scenario_id").annotate(Count("id")).order_by())
    return [
        ScenarioLine(
            code=row.code,
            version=row.version,
            name=row.name,
            steps=len(row.definition["steps"]),
            is_default=row.is_default,
            cases=cases.get(row.id, 0),
        )
        for row in Scenario.objects.filter(organization_id=organization_id).order_by(
            "code", "-version"
        )
    ]


def scenario_definition(
    organization_id: int, code: str, *, version: int | None = None
) -> Definition:
    """A version of a scenario, the newest by default. Raises LookupError naming what exists."""
    default_scenario(organization_id)
    rows = Scenario.objects.filter(organization_id=organization_id).order_by("code", "-version")
    for row in rows:
        if row.code == code and version in (None, row.version):
            return scenario_from_json(row.definition)
    known = ", ".join(f"{row.code} {row.version}" for row in rows)
    raise LookupError(f"no scenario {code!r} of that version; there are: {known}")


def scenario_text(definition: Definition) -> str:
    """A scenario as YAML, in the order of its fields; values that are the default are left out."""
    data = scenario_to_json(definition)
    text: str = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=100)
    return text


def scenario_parse(text: str) -> Definition:
    """A scenario from YAML. Raises ScenarioError with what is wrong and where."""
    if len(text) > MAX_CHARACTERS:
        raise ScenarioError(Sentence("scenario.too_long", {"limit": MAX_CHARACTERS}))
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
            raise ScenarioError(Sentence("scenario.alias"))
        data = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if isinstance(error, ScenarioError):
            raise
        raise ScenarioError(Sentence("scenario.not_yaml", {"error": str(error)})) from error
    if isinstance(data, dict):
        data.setdefault("version", 1)
    return scenario_from_json(data)


@transaction.atomic
def scenario_import(
    organization_id: int, definition: Definition, *, make_default: bool = False
) -> tuple[int, bool]:
    """Keep a scenario; returns (version, whether it is new).

    The same content as the newest version changes nothing. A new version of the default scenario
    becomes the default; cases stay on the version they started on.
    """
    default = default_scenario(organization_id)
    rows = Scenario.objects.filter(organization_id=organization_id, code=definition.code)
    newest = rows.select_for_update().order_by("-version").first()
    if newest and replace(scenario_from_json(newest.definition), version=0) == replace(
        definition, version=0
    ):
        row, created = newest, False
    else:
        version = (rows.aggregate(last=Max("version"))["last"] or 0) + 1
        row = Scenario.objects.create(
            organization_id=organization_id,
            code=definition.code,
            version=version,
            name=definition.name,
            definition=scenario_to_json(replace(definition, version=version)),
        )
        created = True
    if make_default or (created and default.code == row.code):
        Scenario.objects.filter(organization_id=organization_id, is_default=True).update(
            is_default=False
        )
        Scenario.objects.filter(id=row.id).update(is_default=True)
    return row.version, created
