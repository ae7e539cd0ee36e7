"""What the creditor of the demo decides: which scenarios, for whom, and what is compared.

The scenarios and rules are files beside the others, imported as a user would import them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from amiable.core.plans import Policy
from amiable.core.scenario import Scenario, Step
from amiable.core.shipped import AFTER_BROKEN, KEY_ACCOUNTS, SHIPPED, SME_STANDARD
from amiable.core.workdays import next_workday
from amiable.interfaces.cli.demo.profiles import GOOD_PAYER, KEY_ACCOUNT, RISKY
from amiable.interfaces.cli.demo.story import Books

Changes = Mapping[str, Mapping[str, Any]]  # fields of steps, by code

ACTOR = "Camille Renard"
# With bank data older than this, nobody is reminded; a new installation leaves it off.
BANK_DATA_DAYS = 7
CAPS = [{"count": 2, "days": 7, "medium": "phone", "kind": "consumer"}]
# Days of the run on which the comparison starts, and on which key accounts get their version 2.
COMPARED, EDITED = timedelta(days=20), timedelta(days=38)

RULES = (
    ("public-bodies", {"kinds": ["public"]}),
    ("key-accounts", {"segments": [KEY_ACCOUNT]}),
    ("risky", {"segments": [RISKY]}),
    ("good-payers", {"segments": [GOOD_PAYER]}),
    ("consumer-subscription", {"kinds": ["consumer"]}),
)
# More than this is read by a person before it leaves.
CONFIRMED_ABOVE = 800_000
STANDARD = replace(
    SME_STANDARD, after_broken=AFTER_BROKEN.code, approval_above_minor=CONFIRMED_ABOVE
)
# The challenger: kinder texts at first, on other days.
_COURTEOUS: Changes = {
    "reminder_1": {"offset_days": 3, "template": "courtesy_1"},
    "call_1": {"offset_days": 8},
    "reminder_2": {"offset_days": 12, "template": "courtesy_2"},
    "firm_letter": {"offset_days": 20},
    "sms": {"offset_days": 24},
}
# Version 2 of the key accounts: a person reads the first statement, and the call comes sooner.
_READ_FIRST: Changes = {"statement_1": {"approval": "batch"}, "call_1": {"offset_days": 10}}


# What customers agree by themselves: those who pay badly pay a third first, and are looked at.
PLANS = Policy("automatic", least_part_minor=5_000, most_minor=500_000, most_parts=6)
PLANS_OF_RISKY = replace(PLANS, mode="approval", first_pct=33, most_parts=4, forgives=0)


def begin(organization_id: int, folder: Path, *, on: date) -> None:
    """Settings, scenarios and rules, before the first day: nobody is enrolled yet. Repeatable."""
    from amiable.apps.cases.policies import policy_set
    from amiable.apps.dunning.enrollment import rules
    from amiable.apps.dunning.library import scenarios
    from amiable.apps.dunning.settings import settings_change

    values = {"bank_data_max_age_days": BANK_DATA_DAYS, "contact_caps": CAPS}
    settings_change(organization_id, values, on=on, actor=ACTOR)
    for segment, plans in (("", PLANS), (RISKY, PLANS_OF_RISKY)):
        policy_set(organization_id, plans, creditor_id=None, segment=segment, on=on, actor=ACTOR)
    for code in SHIPPED:
        scenarios.scenario_copy(organization_id, code, on=on, actor=ACTOR)
    _import(organization_id, folder, STANDARD, on=on)
    text = "".join(_rule_lines())
    _written(folder / "scenarios" / "regles.yaml", text)
    rules.rules_file_set(organization_id, text.encode(), on=on, actor=ACTOR)


def evolve(organization_id: int, story: Books, folder: Path, *, since: date, day: date) -> None:
    """The comparison and the new version, on the days they come. Repeatable."""
    if since < next_workday(story.run_begins + COMPARED) <= day:
        _compare(organization_id, story, folder, on=day)
    if since < next_workday(story.run_begins + EDITED) <= day:
        _edit(organization_id, folder, on=day)


def courteous() -> Scenario:
    """What the standard is compared with."""
    return replace(
        STANDARD,
        code="sme-courteous",
        name="PME, plus courtois",
        description="Des rappels plus doux et plus espacés, le même courrier ferme ensuite.",
        steps=_changed(STANDARD.steps, _COURTEOUS),
    )


def key_accounts() -> Scenario:
    """Version 2 of the key accounts."""
    return replace(KEY_ACCOUNTS, version=2, steps=_changed(KEY_ACCOUNTS.steps, _READ_FIRST))


def _changed(steps: tuple[Step, ...], changes: Changes) -> tuple[Step, ...]:
    return tuple(replace(step, **changes.get(step.code, {})) for step in steps)


def _compare(organization_id: int, story: Books, folder: Path, *, on: date) -> None:
    from amiable.apps.dunning.experiment.changes import Design, experiment_start
    from amiable.apps.dunning.experiment.draws import experiment_running

    if experiment_running(organization_id):
        return
    _import(organization_id, folder, courteous(), on=on)
    design = Design("Ton courtois ou standard", courteous().code, with_running=True)
    salt = f"comparaison {story.seed}"
    experiment_start(organization_id, design, on=on, actor=ACTOR, salt=salt)


def _edit(organization_id: int, folder: Path, *, on: date) -> None:
    """The new version is for new cases, and for every second of those that run."""
    from amiable.apps.dunning.enrollment import enrollments

    _import(organization_id, folder, key_accounts(), on=on)
    code = KEY_ACCOUNTS.code
    newest = enrollments.scenario_id(organization_id, code)
    running = enrollments.CaseFilter(scenario_code=code, version=1)
    found = [move.case_id for move in enrollments.moves(organization_id, running, to=newest)]
    enrollments.enrollments_move(organization_id, found[::2], to=newest, on=on, actor=ACTOR)


def _import(organization_id: int, folder: Path, definition: Scenario, *, on: date) -> None:
    """Through a file, as `amiable scenario import` reads it."""
    from amiable.apps.dunning.library import scenarios

    text = scenarios.scenario_text(definition)
    path = _written(folder / "scenarios" / f"{definition.code}.yaml", text)
    read = scenarios.scenario_bytes_parse(path.read_bytes())
    scenarios.scenario_import(organization_id, read, on=on, actor=ACTOR)


def _rule_lines() -> list[str]:
    return [
        f"- scenario: {code}\n  when: {{{name}: [{', '.join(values)}]}}\n"
        for code, when in RULES
        for name, values in when.items()
    ]


def _written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
