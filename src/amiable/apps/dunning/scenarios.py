"""Scenarios as YAML: a version never changes, another content is another version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, get_type_hints

import yaml
from django.db import transaction
from django.db.models import Count, Max

from amiable.apps.dunning.models import Enrollment, Scenario
from amiable.apps.dunning.planning import default_scenario
from amiable.core.scenario import Scenario as Definition
from amiable.core.scenario import ScenarioError, Step, scenario_from_json

MAX_CHARACTERS = 200_000


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
    data = {key: value for key, value in asdict(definition).items() if key != "steps"}
    data["steps"] = [
        {f.name: getattr(step, f.name) for f in fields(Step) if getattr(step, f.name) != f.default}
        for step in definition.steps
    ]
    text: str = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=100)
    return text


def scenario_parse(text: str) -> Definition:
    """A scenario from YAML. Raises ScenarioError with what is wrong and where."""
    if len(text) > MAX_CHARACTERS:
        raise ScenarioError(f"a scenario has at most {MAX_CHARACTERS} characters")
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
            raise ScenarioError("aliases (*name) are not accepted")
        data = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if isinstance(error, ScenarioError):
            raise
        raise ScenarioError(f"not YAML: {error}") from error
    if not isinstance(data, dict) or not isinstance(data.get("steps"), list):
        raise ScenarioError("a scenario is a mapping with a list of steps")
    data.setdefault("version", 1)
    _check_types(Definition, data, "the scenario")
    for number, step in enumerate(data["steps"], 1):
        if not isinstance(step, dict):
            raise ScenarioError(f"step {number} is not a mapping")
        _check_types(Step, step, f"step {number}")
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
            definition=replace(definition, version=version).to_json(),
        )
        created = True
    if make_default or (created and default.code == row.code):
        Scenario.objects.filter(organization_id=organization_id, is_default=True).update(
            is_default=False
        )
        Scenario.objects.filter(id=row.id).update(is_default=True)
    return row.version, created


def _check_types(kind: type, data: Mapping[str, Any], where: str) -> None:
    """YAML reads `7` and `"7"` differently, and so do we."""
    hints = get_type_hints(kind)
    for name, value in data.items():
        expected = hints.get(name)
        if expected in (int, bool) and type(value) is not expected:
            raise ScenarioError(f"{where}: {name} must be a {expected.__name__}, not {value!r}")
        if expected not in (int, bool) and name != "steps" and not isinstance(value, str):
            raise ScenarioError(f"{where}: {name} must be text, not {value!r}")
