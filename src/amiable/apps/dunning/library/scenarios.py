"""Scenarios of an organization: a version never changes, another content is another version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import Count, Max

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.dunning.library.checks import (
    Problem,
    problem_of,
    scenario_check,
    template_names,
)
from amiable.apps.dunning.library.files import MAX_BYTES, scenario_text
from amiable.apps.dunning.library.reading import scenario_bytes_parse, scenario_parse
from amiable.apps.dunning.models import Enrollment, Scenario
from amiable.apps.dunning.planning import default_scenario
from amiable.apps.tenants.queries import organization_lock
from amiable.core.scenario import Scenario as Definition
from amiable.core.scenario import Step
from amiable.core.scenario_data import ScenarioError, scenario_from_json, scenario_to_json
from amiable.core.shipped import SHIPPED

__all__ = [
    "MAX_BYTES", "Change", "Problem", "ScenarioLine", "ScenarioVersion", "Shelf",
    "changes", "free_code", "problem_of", "same_content", "scenario_bytes_parse",
    "scenario_check", "scenario_copy", "scenario_default", "scenario_definition",
    "scenario_import", "scenario_lines", "scenario_parse",
    "scenario_shelves", "scenario_text", "scenario_version", "shipped_left", "template_names",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ScenarioLine:
    """A version in the list; `cases` run on it."""

    id: int
    code: str
    version: int
    name: str
    steps: int
    is_default: bool
    cases: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """The versions of a scenario, newest first, and what the newest says."""

    lines: tuple[ScenarioLine, ...]
    definition: Definition

    @property
    def newest(self) -> ScenarioLine:
        """The version that is copied, edited and made the default."""
        return self.lines[0]

    @property
    def is_default(self) -> bool:
        """Whether new cases start on a version of it."""
        return any(line.is_default for line in self.lines)


@dataclass(frozen=True, slots=True)
class ScenarioVersion:
    """A version with its siblings, newest first; `after` takes over after a broken promise, and
    `after_newest` is the number of that scenario's newest version."""

    line: ScenarioLine
    definition: Definition
    versions: tuple[ScenarioLine, ...]
    after: ScenarioLine | None = None
    after_newest: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: `step` = its code, "" for the scenario itself; `kind` = added, removed,
    moved (codes in both orders) or changed; `field` is dotted where it is inside the conditions."""

    step: str
    kind: str
    field: str = ""
    before: Any = None
    after: Any = None


def scenario_lines(organization_id: int) -> list[ScenarioLine]:
    """Every version, by code, newest first. An organization without any gets the standard."""
    default_scenario(organization_id)
    cases = _cases(organization_id)
    rows = Scenario.objects.filter(organization_id=organization_id).order_by("code", "-version")
    return [_line(row, cases) for row in rows]


def scenario_shelves(organization_id: int) -> list[Shelf]:
    """The organization's scenarios, by code, the default one first."""
    default_scenario(organization_id)
    cases = _cases(organization_id)
    rows = Scenario.objects.filter(organization_id=organization_id).order_by("code", "-version")
    shelves = []
    for _, group in groupby(rows, key=lambda row: row.code):
        versions = list(group)
        lines = tuple(_line(row, cases) for row in versions)
        shelves.append(Shelf(lines, scenario_from_json(versions[0].definition)))
    return sorted(shelves, key=lambda shelf: not shelf.is_default)


def shipped_left(organization_id: int) -> list[Definition]:
    """The shipped scenarios that the organization has no scenario of."""
    rows = Scenario.objects.filter(organization_id=organization_id, code__in=list(SHIPPED))
    known = set(rows.values_list("code", flat=True))
    return [definition for code, definition in SHIPPED.items() if code not in known]


def scenario_version(organization_id: int, scenario_id: int) -> ScenarioVersion:
    """A version with what stands around it. Raises LookupError."""
    rows = Scenario.objects.filter(organization_id=organization_id)
    row = rows.select_related("after").filter(id=scenario_id).first()
    if row is None:
        raise LookupError(f"no scenario {scenario_id}")
    cases = _cases(organization_id)
    after_newest = 0
    if row.after:
        after_newest = rows.filter(code=row.after.code).aggregate(n=Max("version"))["n"]
    return ScenarioVersion(
        line=_line(row, cases),
        definition=scenario_from_json(row.definition),
        versions=tuple(
            _line(each, cases) for each in rows.filter(code=row.code).order_by("-version")
        ),
        after=_line(row.after, cases) if row.after else None,
        after_newest=after_newest,
    )


def scenario_definition(
    organization_id: int, code: str, *, version: int | None = None
) -> Definition:
    """A version of a scenario, the newest by default; else the shipped one of that code.

    Raises LookupError naming what exists.
    """
    default_scenario(organization_id)
    rows = list(
        Scenario.objects.filter(organization_id=organization_id).order_by("code", "-version")
    )
    for row in rows:
        if row.code == code and version in (None, row.version):
            return scenario_from_json(row.definition)
    if code in SHIPPED and not any(row.code == code for row in rows) and version in (None, 1):
        return SHIPPED[code]
    known = ", ".join(f"{row.code} {row.version}" for row in rows)
    raise LookupError(f"no scenario {code!r} of that version; there are: {known}")


@transaction.atomic
def scenario_import(
    organization_id: int,
    definition: Definition,
    *,
    make_default: bool = False,
    renew: bool = False,
    on: date | None = None,
    actor: str = "",
) -> tuple[int, bool]:
    """Keep a scenario; returns (version, whether it is new). Raises ScenarioError.

    The same content as the newest version changes nothing, unless with `renew` a newer version of
    what takes over after a broken promise is there. A new version of the default scenario becomes
    the default; cases stay on the version they started on. `on` and `actor` tell the audit trail.
    """
    if definition not in SHIPPED.values():
        problems = scenario_check(organization_id, definition)
        if problems:
            raise ScenarioError(*problems, scenario=definition)
    organization_lock(organization_id)
    default = default_scenario(organization_id)
    after = _taking_over(organization_id, definition, on, actor)
    rows = Scenario.objects.filter(organization_id=organization_id, code=definition.code)
    newest = rows.order_by("-version").first()
    if newest and same_content(newest, definition) and not (renew and newest.after != after):
        row, created = newest, False
    else:
        # The number a file came with is kept when it is free, so that both sides speak of it.
        version = max(newest.version + 1 if newest else 1, definition.version)
        row, created = _create(organization_id, replace(definition, version=version), after), True
    if make_default or (created and default.code == row.code):
        _make_default(organization_id, row.pk)
    if created and on:
        payload = {"code": row.code, "version": row.version}
        event_record(organization_id, Happening("scenario.saved", on, actor, payload=payload))
    return row.version, created


def scenario_copy(organization_id: int, code: str, *, on: date, actor: str) -> int:
    """Copy a shipped scenario into the organization; returns the id of its newest version."""
    definition = SHIPPED.get(code)
    if definition is None:
        raise LookupError(f"no shipped scenario {code!r}; there are: {', '.join(SHIPPED)}")
    rows = Scenario.objects.filter(organization_id=organization_id, code=code)
    if not rows.exists():
        scenario_import(organization_id, definition, on=on, actor=actor)
    return int(rows.order_by("-version").values_list("id", flat=True)[0])


@transaction.atomic
def scenario_default(organization_id: int, scenario_id: int, *, on: date, actor: str) -> None:
    """New cases start on this version. Raises LookupError."""
    organization_lock(organization_id)
    rows = Scenario.objects.filter(organization_id=organization_id, id=scenario_id)
    row = rows.first()
    if row is None:
        raise LookupError(f"no scenario {scenario_id}")
    _make_default(organization_id, row.pk)
    payload = {"code": row.code, "version": row.version}
    event_record(organization_id, Happening("scenario.default", on, actor, payload=payload))


def free_code(organization_id: int, code: str) -> str:
    """A code of the organization that nothing has yet, made from another one."""
    rows = Scenario.objects.filter(organization_id=organization_id)
    taken = {*rows.values_list("code", flat=True), *SHIPPED}
    found, number = f"{code[:20]}-copy", 2
    while found in taken:
        found, number = f"{code[:20]}-copy-{number}", number + 1
    return found


def same_content(row: Scenario, definition: Definition) -> bool:
    """Whether a version says what a definition says, whatever their numbers."""
    return replace(scenario_from_json(row.definition), version=0) == replace(definition, version=0)


def changes(before: Definition, after: Definition) -> list[Change]:
    """What another version says differently: the scenario's fields, then step by step."""
    found = _field_changes("", before, after)
    for step in before.steps:
        if step.code not in after.by_code:
            found.append(Change(step.code, "removed", before=step))
    kept = [step.code for step in before.steps if step.code in after.by_code]
    order = [step.code for step in after.steps if step.code in before.by_code]
    for step in after.steps:
        earlier = before.by_code.get(step.code)
        if earlier is None:
            found.append(Change(step.code, "added", after=step))
        else:
            found += _field_changes(step.code, earlier, step)
    if kept != order:
        found.append(Change("", "moved", "steps", tuple(kept), tuple(order)))
    return found


def _field_changes(step: str, before: Any, after: Any, prefix: str = "") -> list[Change]:
    found = []
    for described in fields(before):
        name = described.name
        if not described.init or name in {"version", "steps", "code"}:
            continue
        was, now = getattr(before, name), getattr(after, name)
        if was == now:
            continue
        if isinstance(before, Step) and name == "conditions":
            found += _field_changes(step, was, now, "conditions.")
        else:
            found.append(Change(step, "changed", prefix + name, was, now))
    return found


def _taking_over(
    organization_id: int, definition: Definition, on: date | None, actor: str
) -> Scenario | None:
    """The newest version of what follows a broken promise; a shipped one is copied."""
    code = definition.after_broken
    if not code:
        return None
    rows = Scenario.objects.filter(organization_id=organization_id, code=code)
    if not rows.exists():
        scenario_import(organization_id, SHIPPED[code], on=on, actor=actor)
    return rows.order_by("-version").first()


def _create(organization_id: int, definition: Definition, after: Scenario | None) -> Scenario:
    return Scenario.objects.create(
        organization_id=organization_id,
        code=definition.code,
        version=definition.version,
        name=definition.name,
        definition=scenario_to_json(definition),
        after=after,
    )


def _make_default(organization_id: int, scenario_id: int) -> None:
    rows = Scenario.objects.filter(organization_id=organization_id)
    rows.filter(is_default=True).update(is_default=False)
    rows.filter(id=scenario_id).update(is_default=True)


def _cases(organization_id: int) -> Mapping[int, int]:
    """Scenario version -> cases that run on it."""
    runs = Enrollment.objects.filter(organization_id=organization_id)
    return dict(runs.values_list("scenario_id").annotate(Count("id")).order_by())


def _line(row: Scenario, cases: Mapping[int, int]) -> ScenarioLine:
    return ScenarioLine(
        id=row.pk,
        code=row.code,
        version=row.version,
        name=row.name,
        steps=len(row.definition["steps"]),
        is_default=row.is_default,
        cases=cases.get(row.pk, 0),
    )
