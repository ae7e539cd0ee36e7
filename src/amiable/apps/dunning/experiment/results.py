"""What experiments found, and what one would need before it is started."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Min

from amiable.apps.customers.models import Customer
from amiable.apps.dunning.experiment.changes import Design, design_check, running_on
from amiable.apps.dunning.experiment.draws import ScenarioName, scenario_name, shares_of
from amiable.apps.dunning.experiment.payers import (
    experiment_currency,
    experiment_history,
    experiment_payers,
)
from amiable.apps.dunning.models import Experiment, Scenario
from amiable.apps.dunning.planning import default_scenario
from amiable.core.experiment.arms import ARMS, Arm, Balance, balance, draw_p_value, payer_group
from amiable.core.experiment.outcomes import (
    PAID_WITHIN,
    WINDOW,
    Outcome,
    Payer,
    counted,
    mean,
    outcome,
    restricted_mean,
)
from amiable.core.experiment.sequential import LEAST_TO_LOOK, Look, Measure, looks
from amiable.core.experiment.sizes import (
    ASSUMED_SD_DAYS,
    LEAST_PAYERS,
    Forecast,
    Supply,
    decidable_on,
    forecast,
    payers_in_arms,
    payers_needed,
    payers_needed_watched,
)
from amiable.core.experiment.verdict import GUARDRAILS, Guardrail, Verdict, conclude, guardrail

INFLOW_DAYS = 56
# A draw less even than one in a thousand is broken, not unlucky.
BROKEN_DRAW = 0.001
SHOWN_LOOKS = 60
Followed = list[tuple[Payer, Outcome]]


@dataclass(frozen=True, slots=True)
class ExperimentLine:
    """An experiment in the list."""

    id: int
    name: str
    champion: ScenarioName
    challenger: ScenarioName | None
    started_on: date
    ended_on: date | None
    cases: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a design would need. `sd_days` measured on `sd_payers` payers; 0 of them = assumed."""

    champion: ScenarioName
    forecast: Forecast
    supply: Supply
    sd_days: float
    sd_payers: int
    arm: Arm


@dataclass(frozen=True, slots=True)
class ArmResult:
    """One arm. Means are None without payers followed to the end; `so_far_days` counts also those
    still followed; `paid` = share paid within so many days, percent."""

    arm: str
    scenario: ScenarioName | None
    percent: int
    payers: int
    followed: int
    days: float | None
    days_by_amount: float | None
    so_far_days: float | None
    paid: Mapping[int, float | None]


@dataclass(frozen=True, slots=True)
class Comparison:
    """An arm against the champion. `needed` = payers in each of two groups of one size, all
    followed to the end; `needed_here` = in the smaller and in the larger one as they are."""

    arm: str
    verdict: Verdict
    look: Look | None
    history: Sequence[Look]
    guardrails: Sequence[Guardrail]
    needed: int
    needed_here: tuple[int, int]
    needed_watched: int


@dataclass(frozen=True, slots=True)
class ExperimentReport:
    """Everything the page of an experiment shows. The first comparison is the main one. `cases`
    were drawn; those that the same people decide on are one payer."""

    experiment: Experiment
    as_of: date
    arms: Sequence[ArmResult]
    comparisons: Sequence[Comparison]
    balance: Sequence[Balance]
    currency: str
    is_evenly_drawn: bool
    cases: int


def experiment_lines(organization_id: int) -> list[ExperimentLine]:
    """Every experiment, newest first."""
    rows = Experiment.objects.filter(organization_id=organization_id).select_related(
        "champion", "challenger"
    )
    return [
        ExperimentLine(
            id=row.pk,
            name=row.name,
            champion=scenario_name(row.champion),
            challenger=_named(row.challenger),
            started_on=row.started_on,
            ended_on=row.ended_on,
            cases=row.cases,
        )
        for row in rows.annotate(cases=Count("members")).order_by("-id")
    ]


def experiment_plan(organization_id: int, design: Design, *, on: date) -> Plan:
    """The payers a design would need and the days it would take, before anything is started.

    Raises ExperimentError when the design is not sound.
    """
    shares = design_check(design)
    champion = default_scenario(organization_id)
    groups = _customer_groups(organization_id, champion, design.excluded_kinds)
    sd_days, payers = _spread(experiment_history(organization_id, groups, on=on))
    running = set()
    if design.with_running:
        cases = running_on(organization_id, champion, design.excluded_kinds)
        running = {groups[i] for i in cases.values_list("customer_id", flat=True) if i in groups}
    supply = Supply(len(running), _inflow(organization_id, groups, on))
    arm: Arm = "challenger" if design.challenger else "holdout"
    found = forecast(
        sd_days=sd_days,
        effect_days=design.effect_days,
        shares=shares,
        arm=arm,
        supply=supply,
        start_on=on,
    )
    return Plan(scenario_name(champion), found, supply, sd_days, payers, arm)


def experiment_report(
    organization_id: int, experiment_id: int | None = None, *, on: date
) -> ExperimentReport:
    """An experiment (None = the newest) as it stands on `on`, or on its last day when it is over.

    Raises LookupError when there is none of that id.
    """
    rows = Experiment.objects.filter(organization_id=organization_id)
    if experiment_id is not None:
        rows = rows.filter(id=experiment_id)
    rows = rows.select_related("champion", "challenger").annotate(cases=Count("members"))
    experiment = rows.order_by("-id").first()
    if experiment is None:
        raise LookupError("there is no such experiment")
    as_of = min(on, experiment.ended_on or on)
    payers = experiment_payers(experiment, on=as_of)
    shares = shares_of(experiment)
    by_arm = {arm: [payer for payer in payers if payer.arm == arm] for arm in ARMS}
    known = {arm: _known(found) for arm, found in by_arm.items()}
    used = [arm for arm in ARMS if shares.percent(arm)]
    counts = {arm: len(found) for arm, found in by_arm.items()}
    return ExperimentReport(
        experiment=experiment,
        as_of=as_of,
        arms=[_arm(experiment, arm, by_arm[arm], known[arm], as_of) for arm in used],
        comparisons=[
            _comparison(experiment, arm, by_arm, known, as_of) for arm in used if arm != "champion"
        ],
        balance=balance(payers),
        currency=experiment_currency(experiment),
        is_evenly_drawn=draw_p_value(counts, shares) >= BROKEN_DRAW,
        cases=experiment.cases,
    )


def _known(payers: Sequence[Payer]) -> Followed:
    """Payers that owe something that counts, each with its outcome and the day it is ready."""
    found = ((payer, outcome(payer)) for payer in payers)
    return [(payer, result) for payer, result in found if result is not None]


def _arm(
    experiment: Experiment, arm: str, payers: Sequence[Payer], known: Followed, as_of: date
) -> ArmResult:
    ready = [result for _, result in known if result.ready_on <= as_of]
    amount = sum(result.amount_minor for result in ready)
    weighted = sum(result.days_by_amount * result.amount_minor for result in ready)
    is_challenger = arm == "challenger"
    return ArmResult(
        arm=arm,
        scenario=_named(experiment.challenger if is_challenger else experiment.champion),
        percent=shares_of(experiment).percent(arm),
        payers=len(payers),
        followed=len(ready),
        days=mean([result.days for result in ready]),
        days_by_amount=weighted / amount if amount else None,
        so_far_days=restricted_mean(
            [item for payer in payers for item in counted(payer.items)], on=as_of
        ),
        paid={
            limit: None if share is None else 100 * share
            for limit in PAID_WITHIN
            for share in [mean([result.paid[limit] for result in ready])]
        },
    )


def _comparison(
    experiment: Experiment,
    arm: Arm,
    by_arm: Mapping[str, Sequence[Payer]],
    known: Mapping[str, Followed],
    as_of: date,
) -> Comparison:
    shares = shares_of(experiment)
    champion, other = (_measures(known[name]) for name in ("champion", arm))
    seen = looks(champion, other, until=as_of, mixing=float(experiment.effect_days))
    look = seen[-1] if seen else None
    sd_days = _observed_sd(look)
    reduction = look.reduction if look else 0.0
    size = {"effect_days": experiment.effect_days, "reduction": reduction}
    needed = max(LEAST_PAYERS, payers_needed(sd_days, **size))
    watched = [_guarded(by_arm[name], as_of) for name in ("champion", arm)]
    guardrails = [
        guardrail(
            code,
            champion=[payer.counts[code] for payer in watched[0]],
            other=[payer.counts[code] for payer in watched[1]],
        )
        for code in GUARDRAILS
    ]
    decidable = decidable_on(
        [measure.ready_on for measure in champion],
        [measure.ready_on for measure in other],
        payers=needed,
        shares=shares,
        arm=arm,
        per_week=0.0 if experiment.ended_on else _drawn_per_week(by_arm, experiment, as_of),
        on=as_of,
    )
    here = payers_in_arms(needed, shares, arm=arm)
    verdict = conclude(
        look,
        arm=arm,
        guardrails=guardrails,
        needed=here[0],
        decidable_on=decidable,
        on=as_of,
        followed=min(sum(m.ready_on <= as_of for m in each) for each in (champion, other)),
    )
    shown = seen[:: -(-len(seen) // SHOWN_LOOKS)] if seen else []
    if look and shown[-1] is not look:
        shown.append(look)
    every_day = max(LEAST_PAYERS, payers_needed_watched(sd_days, **size))
    return Comparison(arm, verdict, look, shown, guardrails, needed, here, every_day)


def _measures(known: Followed) -> list[Measure]:
    return [Measure(result.ready_on, result.days, payer.history_days) for payer, result in known]


def _guarded(payers: Sequence[Payer], as_of: date) -> list[Payer]:
    """Payers whose guardrails were watched for as long as they count."""
    last = as_of - timedelta(days=WINDOW.follow_days)
    return [payer for payer in payers if payer.drawn_on <= last]


def _observed_sd(look: Look | None) -> float:
    """Standard deviation of a payer's days before the past is taken out; assumed without payers."""
    if look is None:
        return ASSUMED_SD_DAYS
    plain = look.variance / (1 - look.reduction)
    return math.sqrt(plain / (1 / look.champion_payers + 1 / look.other_payers))


def _drawn_per_week(
    by_arm: Mapping[str, Sequence[Payer]], experiment: Experiment, as_of: date
) -> float:
    """Payers drawn in a week, over the last eight; those drawn on the first day were waiting."""
    since = max(experiment.started_on, as_of - timedelta(days=INFLOW_DAYS))
    drawn = sum(
        1
        for payers in by_arm.values()
        for payer in payers
        if payer.drawn_on > since and payer.drawn_on > experiment.started_on
    )
    return 7 * drawn / max(7, (as_of - since).days)


def _customer_groups(
    organization_id: int, champion: Scenario, excluded_kinds: Sequence[str]
) -> dict[int, str]:
    """Payer group of each customer with a case on the champion, whatever its version."""
    rows = Customer.objects.filter(
        organization_id=organization_id, cases__enrollment__scenario__code=champion.code
    ).exclude(kind__in=excluded_kinds)
    return {
        customer_id: payer_group(group=group, siren=siren, customer_id=customer_id)
        for customer_id, group, siren in rows.values_list("id", "payer_group", "siren")
    }


def _inflow(organization_id: int, groups: Mapping[int, str], on: date) -> float:
    """Payers a week whose very first invoice is of the last eight weeks."""
    rows = Customer.objects.filter(organization_id=organization_id, id__among=groups.keys())
    first: dict[str, date] = {}
    for customer_id, issued_on in rows.annotate(first=Min("invoices__issue_date")).values_list(
        "id", "first"
    ):
        name = groups[customer_id]
        if issued_on is not None:
            first[name] = min(issued_on, first.get(name, issued_on))
    since = on - timedelta(days=INFLOW_DAYS)
    return 7 * sum(1 for day in first.values() if since < day <= on) / INFLOW_DAYS


def _spread(days: Mapping[str, Sequence[int]]) -> tuple[float, int]:
    """Standard deviation of the payers' mean days and how many payers tell it; else assumed, 0."""
    means = [sum(found) / len(found) for found in days.values()]
    if len(means) < LEAST_TO_LOOK:
        return ASSUMED_SD_DAYS, 0
    center = sum(means) / len(means)
    variance = sum((value - center) ** 2 for value in means) / (len(means) - 1)
    return math.sqrt(variance) or ASSUMED_SD_DAYS, len(means)


def _named(scenario: Scenario | None) -> ScenarioName | None:
    return scenario_name(scenario) if scenario else None
