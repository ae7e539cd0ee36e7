"""Starts and stops an experiment; both are told to the audit trail."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.cases.models import Case
from amiable.apps.cases.services import cases_wake
from amiable.apps.customers.models import Customer
from amiable.apps.dunning.enrollment.enrollments import enrollments_move
from amiable.apps.dunning.experiment.draws import (
    ScenarioName,
    cases_draw,
    experiment_running,
    scenario_name,
)
from amiable.apps.dunning.library.scenarios import scenario_copy, shipped_left
from amiable.apps.dunning.models import Enrollment, Experiment, ExperimentMember, Scenario
from amiable.apps.dunning.planning import default_scenario
from amiable.apps.receivables.models import Installment
from amiable.apps.tenants.queries import organization_lock
from amiable.core.experiment.arms import LEAST_CHAMPION_PERCENT, Shares, SharesError
from amiable.core.sentences import Param, Sentence, declare, gettext_noop
from amiable.core.shipped import SHIPPED

LARGEST_WAIT_DAYS = 15
LARGEST_EFFECT_DAYS = 15

declare(
    {
        "experiment.one_runs": gettext_noop("An experiment runs already: stop it first."),
        "experiment.none_runs": gettext_noop("No experiment runs."),
        "experiment.no_name": gettext_noop("Give the experiment a name."),
        "experiment.no_scenario": gettext_noop("There is no scenario “{scenario}” to try."),
        "experiment.same_scenario": gettext_noop(
            "The challenger is the default scenario itself: choose another one."
        ),
        "experiment.shares": gettext_noop(
            "Challenger and hold-out together take between 1 and {most} percent of the payers."
        ),
        "experiment.no_challenger": gettext_noop(
            "Without a challenger no payers are drawn for one: its share is 0."
        ),
        "experiment.no_challenger_share": gettext_noop("A challenger needs a share of the payers."),
        "experiment.wait": gettext_noop("Reminders are held back by 1 to {most} days."),
        "experiment.effect": gettext_noop("The expected difference is 1 to {most} days."),
        "experiment.no_reason": gettext_noop("Say why the experiment ends."),
        "experiment.no_winner": gettext_noop("This experiment has no challenger to move cases to."),
        "experiment.unknown_choice": gettext_noop("“{value}” is not a choice."),
    }
)


class ExperimentError(ValueError):
    """An experiment that cannot start or stop so; `sentence` says why."""

    def __init__(self, code: str, **params: Param) -> None:
        self.sentence = Sentence(code, params)
        super().__init__(str(self.sentence))


@dataclass(frozen=True, slots=True)
class Design:
    """What an experiment will be. `challenger` = code of a scenario, "" = hold-out only.

    Shares in percent of the payers; `excluded_kinds` = customer kinds that are not drawn;
    `with_running` = cases that are on the champion already are drawn too.
    """

    name: str
    challenger: str = ""
    challenger_percent: int = 45
    holdout_percent: int = 10
    holdout_days: int = 5
    effect_days: int = 2
    excluded_kinds: tuple[str, ...] = ()
    with_running: bool = False


def experiment_start(
    organization_id: int, design: Design, *, on: date, actor: str, salt: str = ""
) -> int:
    """Start comparing; the champion is the default scenario. Returns the experiment's id.

    New cases are drawn as they are enrolled; running ones now, when the design says so. `salt` =
    to repeat a draw; a secret one is made otherwise. Raises ExperimentError.
    """
    design_check(design)
    if not design.name.strip():
        raise ExperimentError("experiment.no_name")
    with transaction.atomic():
        # Two starts wait for each other, so that the second is told why it cannot be.
        organization_lock(organization_id)
        if experiment_running(organization_id):
            raise ExperimentError("experiment.one_runs")
        champion = default_scenario(organization_id)
        experiment = Experiment.objects.create(
            organization_id=organization_id,
            name=design.name.strip()[:120],
            champion=champion,
            challenger=_challenger(organization_id, design, champion, on=on, actor=actor),
            challenger_percent=design.challenger_percent,
            holdout_percent=design.holdout_percent,
            holdout_days=design.holdout_days,
            effect_days=design.effect_days,
            excluded_kinds=list(design.excluded_kinds),
            salt=salt or secrets.token_hex(16),
            started_on=on,
            started_by=actor[:120],
        )
        drawn = _draw_running(experiment, on=on, actor=actor) if design.with_running else 0
        told = {"experiment": experiment.pk, "name": experiment.name, "drawn": drawn}
        event_record(organization_id, Happening("experiment.started", on, actor, payload=told))
    return int(experiment.pk)


def experiment_stop(
    organization_id: int, *, reason: str, on: date, actor: str, move_to: str = ""
) -> int:
    """End the running experiment; returns how many cases moved.

    Nobody is drawn any more and no reminder is held back. `move_to` "" = every case stays on its
    scenario; "champion" or "challenger" = all of its cases go to that one. Raises ExperimentError.
    """
    if not reason.strip():
        raise ExperimentError("experiment.no_reason")
    if move_to not in {"", "champion", "challenger"}:
        raise ExperimentError("experiment.unknown_choice", value=move_to)
    with transaction.atomic():
        organization_lock(organization_id)
        experiment = experiment_running(organization_id)
        if experiment is None:
            raise ExperimentError("experiment.none_runs")
        target = experiment.champion_id if move_to == "champion" else experiment.challenger_id
        if move_to and target is None:
            raise ExperimentError("experiment.no_winner")
        experiment.ended_on, experiment.stopped_by = on, actor[:120]
        experiment.stop_reason = reason.strip()[:200]
        experiment.save(update_fields=["ended_on", "stopped_by", "stop_reason"])
        _delays_end(experiment, on)
        moved = 0
        if move_to:
            moved = enrollments_move(
                organization_id, _member_cases(experiment), to=target, on=on, actor=actor
            )
        told = {
            "experiment": experiment.pk,
            "reason": experiment.stop_reason,
            "moved_to": move_to,
            "moved": moved,
        }
        event_record(organization_id, Happening("experiment.stopped", on, actor, payload=told))
    return moved


def design_check(design: Design) -> Shares:
    """The shares of a sound design. Raises ExperimentError naming the first thing to correct."""
    if not design.challenger and design.challenger_percent:
        raise ExperimentError("experiment.no_challenger")
    if design.challenger and not design.challenger_percent:
        raise ExperimentError("experiment.no_challenger_share")
    try:
        shares = Shares(design.challenger_percent, design.holdout_percent)
    except SharesError as error:
        raise ExperimentError("experiment.shares", most=100 - LEAST_CHAMPION_PERCENT) from error
    if not 1 <= design.holdout_days <= LARGEST_WAIT_DAYS:
        raise ExperimentError("experiment.wait", most=LARGEST_WAIT_DAYS)
    if not 1 <= design.effect_days <= LARGEST_EFFECT_DAYS:
        raise ExperimentError("experiment.effect", most=LARGEST_EFFECT_DAYS)
    unknown = [kind for kind in design.excluded_kinds if kind not in Customer.Kind.values]
    if unknown:
        raise ExperimentError("experiment.unknown_choice", value=unknown[0])
    return shares


def running_on(
    organization_id: int, champion: Scenario, excluded_kinds: Collection[str]
) -> QuerySet[Case]:
    """Cases on the champion that something is owed on, and that no person put there."""
    owed = Installment.objects.filter(
        organization_id=organization_id,
        customer_id=OuterRef("customer_id"),
        currency=OuterRef("currency"),
        settled_on__isnull=True,
    )
    return Case.objects.filter(
        Exists(owed),
        organization_id=organization_id,
        enrollment__scenario=champion,
        enrollment__is_manual=False,
    ).exclude(customer__kind__in=list(excluded_kinds))


def challengers(organization_id: int) -> list[tuple[str, ScenarioName]]:
    """(code, name) of what may be tried: the newest versions and the shipped scenarios, but for
    the default itself and those that only take over after a broken promise."""
    champion = default_scenario(organization_id)
    rows = Scenario.objects.filter(organization_id=organization_id).select_related("after")
    newest = {row.code: row for row in rows.order_by("version")}
    followers = {each.after_broken for each in SHIPPED.values()}
    followers |= {row.after.code for row in newest.values() if row.after}
    found = [
        (code, scenario_name(row)) for code, row in sorted(newest.items()) if row.pk != champion.pk
    ]
    shipped = [each for each in SHIPPED.values() if each.code not in newest]
    found += [(each.code, ScenarioName(each.name, each.version)) for each in shipped]
    return [(code, name) for code, name in found if code not in followers]


def _challenger(
    organization_id: int, design: Design, champion: Scenario, *, on: date, actor: str
) -> Scenario | None:
    """The newest version of the challenger; a newer version of the champion is one too."""
    if not design.challenger:
        return None
    if design.challenger in {each.code for each in shipped_left(organization_id)}:
        scenario_copy(organization_id, design.challenger, on=on, actor=actor)
    rows = Scenario.objects.filter(organization_id=organization_id, code=design.challenger)
    newest = rows.order_by("-version").first()
    if newest is None:
        raise ExperimentError("experiment.no_scenario", scenario=design.challenger)
    if newest.pk == champion.pk:
        raise ExperimentError("experiment.same_scenario")
    return newest


def _draw_running(experiment: Experiment, *, on: date, actor: str) -> int:
    """Draw the cases that run on the champion; returns how many."""
    organization_id = experiment.organization_id
    running = running_on(organization_id, experiment.champion, experiment.excluded_kinds)
    drawn = cases_draw(experiment, running, on=on)
    arms: dict[str, set[int]] = {"challenger": set(), "holdout": set(), "champion": set()}
    for case in drawn:
        arms[case.arm].add(case.case_id)
    if arms["challenger"]:
        to = experiment.challenger_id
        enrollments_move(organization_id, arms["challenger"], to=to, on=on, actor=actor)
    held = Enrollment.objects.filter(
        organization_id=organization_id, case_id__among=arms["holdout"]
    )
    held.update(delay_days=experiment.holdout_days)
    _wake(organization_id, arms["holdout"], on)
    return len(drawn)


def _delays_end(experiment: Experiment, on: date) -> None:
    held = Enrollment.objects.filter(
        organization_id=experiment.organization_id,
        case_id__in=ExperimentMember.objects.filter(experiment=experiment).values("case_id"),
        delay_days__gt=0,
    )
    case_ids = set(held.values_list("case_id", flat=True))
    held.update(delay_days=0)
    _wake(experiment.organization_id, case_ids, on)


def _member_cases(experiment: Experiment) -> list[int]:
    """Cases of the experiment, but for those whose scenario a person has chosen since."""
    rows = ExperimentMember.objects.filter(experiment=experiment, case__enrollment__is_manual=False)
    return list(rows.values_list("case_id", flat=True))


def _wake(organization_id: int, case_ids: Collection[int], on: date) -> None:
    if case_ids:
        rows = Case.objects.filter(organization_id=organization_id, id__among=case_ids)
        cases_wake(organization_id, set(rows.values_list("customer_id", flat=True)), on=on)
