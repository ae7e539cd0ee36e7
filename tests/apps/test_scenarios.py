"""Scenarios as files: out and in again unchanged, versions never edited, nonsense refused."""

from __future__ import annotations

import pytest

from amiable.apps.dunning.models import Scenario
from amiable.apps.dunning.planning import default_scenario
from amiable.apps.dunning.scenarios import (
    scenario_definition,
    scenario_import,
    scenario_lines,
    scenario_parse,
    scenario_text,
)
from amiable.core.scenario_data import ScenarioError
from amiable.core.shipped import SME_STANDARD
from tests import factories

SOFT = """
code: soft
name: Douceur
steps:
- {code: first, offset_days: 5, medium: email, stage: friendly, template: reminder_1}
- {code: call, offset_days: 12, medium: phone, stage: friendly}
"""


def test_exported_scenario_reads_as_itself():
    assert scenario_parse(scenario_text(SME_STANDARD)) == SME_STANDARD


@pytest.mark.django_db
def test_same_scenario_again_is_no_new_version():
    organization = factories.organization()
    assert scenario_import(organization.id, SME_STANDARD) == (1, False)
    assert scenario_import(organization.id, scenario_parse(SOFT)) == (1, True)
    assert scenario_import(organization.id, scenario_parse(SOFT)) == (1, False)
    lines = [(line.code, line.version, line.is_default) for line in scenario_lines(organization.id)]
    assert lines == [("sme-standard", 1, True), ("soft", 1, False)]


@pytest.mark.django_db
def test_changed_scenario_is_a_new_version_and_the_old_one_stays():
    organization = factories.organization()
    default_scenario(organization.id)
    changed = scenario_parse(
        scenario_text(SME_STANDARD).replace("offset_days: 4", "offset_days: 5")
    )
    assert scenario_import(organization.id, changed) == (2, True)
    first = scenario_definition(organization.id, "sme-standard", version=1)
    assert first == SME_STANDARD
    assert default_scenario(organization.id).version == 2


@pytest.mark.django_db
def test_another_scenario_becomes_the_default_when_told():
    organization = factories.organization()
    scenario_import(organization.id, scenario_parse(SOFT), make_default=True)
    assert default_scenario(organization.id).code == "soft"
    assert Scenario.objects.filter(is_default=True).count() == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1, 2]",
        "code: x\nname: X\nsteps: []",
        "code: x\nname: X\nsteps: [1]",
        SOFT.replace("offset_days: 5", "offset_days: '5'"),
        SOFT.replace("offset_days: 5", "offset_days: 13"),
        SOFT.replace("email", "pigeon"),
        SOFT.replace("name: Douceur", "name: Douceur\nextra: 1"),
        "a: &a [x]\nb: *a",
        "[" * 5000,
        "!!python/object/apply:os.system ['true']",
        "x" * 300_000,
    ],
)
def test_what_is_no_scenario_is_refused(text):
    with pytest.raises(ScenarioError):
        scenario_parse(text)


@pytest.mark.django_db
def test_unknown_scenario_names_those_that_exist():
    with pytest.raises(LookupError, match="sme-standard 1"):
        scenario_definition(factories.organization().id, "other")
