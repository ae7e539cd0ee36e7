"""Draws cases into the arms of the running experiment, when they are enrolled or on purpose.

A case is drawn once and counted in its arm for ever (intention to treat). What an experiment
found is in `experiment_results`; starting and stopping one in `experiment_changes`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db.models import QuerySet

from amiable.apps.cases.models import Case
from amiable.apps.dunning.models import Experiment, ExperimentMember, Scenario
from amiable.apps.work.bulk import rows_insert
from amiable.core.experiment.arms import ARMS, Shares, arm_of, payer_group
from amiable.core.sentences import Sentence, declare, gettext_noop

_COLUMNS = (
    "organization_id", "experiment_id", "case_id", "arm", "payer_group", "assigned_on",
)  # fmt: skip

declare({"enroll.drawn": gettext_noop("Drawn at random for the experiment “{name}”")})


class ScenarioName(NamedTuple):
    """What a scenario version is called."""

    name: str
    version: int


class Placement(NamedTuple):
    """The scenario version a case starts on, the days its reminders are held back, and why."""

    scenario_id: int
    delay_days: int
    why: Sentence


@dataclass(frozen=True, slots=True)
class Drawn:
    """A case and the arm it was drawn into."""

    case_id: int
    arm: str
    group: str


def experiment_running(organization_id: int) -> Experiment | None:
    """The experiment that draws cases now; there is at most one."""
    return (
        Experiment.objects.filter(organization_id=organization_id, ended_on__isnull=True)
        .select_related("champion", "challenger")
        .first()
    )


def members_draw(organization_id: int, case_ids: Collection[int], on: date) -> dict[int, Placement]:
    """Draw new cases; returns where each one starts.

    `case_ids` = cases that would start on the default scenario: those that a rule puts elsewhere
    are no part of the comparison. Cases that the experiment leaves out are not in the answer. One
    query when no experiment runs, none without cases; four for any number of cases otherwise.
    """
    if not case_ids:
        return {}
    experiment = experiment_running(organization_id)
    if experiment is None or on < experiment.started_on:
        return {}
    defaults = Scenario.objects.filter(organization_id=organization_id, is_default=True)
    if not defaults.filter(code=experiment.champion.code).exists():
        return {}  # another scenario became the default: its cases are no champions
    cases = Case.objects.filter(organization_id=organization_id, id__among=case_ids)
    drawn = cases_draw(experiment, cases, on=on)
    arms = {arm: placement(experiment, arm) for arm in ARMS}
    return {case.case_id: arms[case.arm] for case in drawn}


def placement(experiment: Experiment, arm: str) -> Placement:
    """Where the cases of an arm are put."""
    why = Sentence("enroll.drawn", {"name": experiment.name})
    if arm == "challenger" and experiment.challenger_id is not None:
        return Placement(experiment.challenger_id, 0, why)
    delay_days = experiment.holdout_days if arm == "holdout" else 0
    return Placement(experiment.champion_id, delay_days, why)


def cases_draw(experiment: Experiment, cases: QuerySet[Case], *, on: date) -> list[Drawn]:
    """Draw these cases by payer group and keep it; those already drawn are left where they are."""
    rows = (
        cases.exclude(customer__kind__in=experiment.excluded_kinds)
        .exclude(experiments__experiment=experiment)
        .order_by("id")
        .values_list("id", "customer_id", "customer__payer_group", "customer__siren")
    )
    shares = shares_of(experiment)
    drawn = []
    for case_id, customer_id, group, siren in rows:
        payer = payer_group(group=group, siren=siren, customer_id=customer_id)
        drawn.append(Drawn(case_id, arm_of(experiment.salt, payer, shares=shares), payer))
    _keep(experiment, drawn, on)
    return drawn


def scenario_name(row: Scenario) -> ScenarioName:
    """The name of a version."""
    return ScenarioName(row.name, row.version)


def shares_of(experiment: Experiment) -> Shares:
    """The shares of the arms."""
    return Shares(experiment.challenger_percent, experiment.holdout_percent)


def _keep(experiment: Experiment, drawn: Iterable[Drawn], on: date) -> None:
    organization_id, experiment_id = experiment.organization_id, experiment.pk
    rows_insert(
        ExperimentMember,
        _COLUMNS,
        rows=[
            (organization_id, experiment_id, case.case_id, case.arm, case.group, on)
            for case in drawn
        ],
    )
