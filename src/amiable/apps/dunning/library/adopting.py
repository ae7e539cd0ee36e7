"""Scenarios handed in, by a file or from those shipped: kept, and what that did said in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import transaction

from amiable.apps.dunning.library.files import text_of
from amiable.apps.dunning.library.reading import error_located, scenario_parse
from amiable.apps.dunning.library.scenarios import (
    same_content,
    scenario_default,
    scenario_import,
)
from amiable.apps.dunning.models import Scenario
from amiable.apps.dunning.planning import default_scenario
from amiable.apps.tenants.queries import organization_lock
from amiable.core.scenario import Scenario as Definition
from amiable.core.scenario_data import ScenarioError
from amiable.core.sentences import Param, Sentence, declare, gettext_noop

declare(
    {
        "adopted.new": gettext_noop("{name} is imported as version {version}."),
        "adopted.older": gettext_noop(
            "{name} is what version {older} was, and version {newest} came after it: it is "
            "imported once more, as version {version}."
        ),
        "adopted.there": gettext_noop(
            "{name} already exists, as version {version}: nothing is changed."
        ),
        "adopted.there_default": gettext_noop("{name} already exists, as version {version}."),
        "adopted.default": gettext_noop("{what} New cases start on it."),
    }
)


@dataclass(frozen=True, slots=True)
class Adopted:
    """A scenario handed in: the version it has now, whether that is new, and whether new cases
    start on it from now on. `equals` = the earlier version it repeats, None = none; `newest` = the
    newest one there was, 0 = none."""

    code: str
    name: str
    version: int
    is_new: bool
    is_default: bool
    equals: int | None
    newest: int

    def sentence(self, name: str) -> Sentence:
        """What was done; `name` = what the reader calls the scenario."""
        params: dict[str, Param] = {"name": name, "version": self.version}
        if not self.is_new:
            said = Sentence(f"adopted.there{'_default' if self.is_default else ''}", params)
        elif self.equals is None:
            said = Sentence("adopted.new", params)
        else:
            params |= {"older": self.equals, "newest": self.newest}
            said = Sentence("adopted.older", params)
        return Sentence("adopted.default", {"what": said}) if self.is_default else said


def scenario_file_import(
    organization_id: int, content: bytes, *, make_default: bool = False, on: date, actor: str
) -> Adopted:
    """Keep the scenario of a YAML file. Raises ScenarioError, with the line of every problem."""
    text = text_of(content)
    definition = scenario_parse(text)
    who = {"on": on, "actor": actor}
    try:
        return scenario_adopt(organization_id, definition, make_default=make_default, **who)
    except ScenarioError as error:
        raise error_located(error, text) from error


@transaction.atomic
def scenario_adopt(
    organization_id: int,
    definition: Definition,
    *,
    make_default: bool = False,
    on: date,
    actor: str,
) -> Adopted:
    """Keep a scenario as scenario_import does, and tell what that did. Raises ScenarioError."""
    organization_lock(organization_id)
    before = default_scenario(organization_id)
    rows = Scenario.objects.filter(organization_id=organization_id, code=definition.code)
    earlier = list(rows.order_by("-version"))
    version, is_new = scenario_import(
        organization_id, definition, make_default=make_default, on=on, actor=actor
    )
    now = default_scenario(organization_id)
    is_default = now.code == definition.code and now.pk != before.pk
    if is_default and make_default:
        scenario_default(organization_id, now.pk, on=on, actor=actor)
    return Adopted(
        code=definition.code,
        name=definition.name,
        version=version,
        is_new=is_new,
        is_default=is_default,
        equals=next((row.version for row in earlier if same_content(row, definition)), None),
        newest=earlier[0].version if earlier else 0,
    )
