"""The scenario each running case is on: chosen by hand, moved on purpose, never by itself.

What was planned under the old version and is another step under the new one is cancelled, with
the reason; the planner then decides anew. Each change is told to the audit trail, case by case.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from amiable.apps.audit.models import Event
from amiable.apps.audit.services import Happening, events_record
from amiable.apps.cases.models import Case
from amiable.apps.cases.services import cases_wake
from amiable.apps.dunning.enrollment.assignment import Assigned, newest_versions, rules_assign
from amiable.apps.dunning.enrollment.scopes import CaseFilter, filter_problem
from amiable.apps.dunning.enrollment.switching import Definitions, pending_renew
from amiable.apps.dunning.models import Enrollment, ExperimentMember, Scenario
from amiable.apps.dunning.planning import default_scenario
from amiable.core.sentences import Param, Sentence, declare, gettext_noop

CHUNK = 1000
_KINDS = ("enrollment.chosen", "enrollment.moved", "enrollment.released")

declare(
    {
        "enroll.chosen": gettext_noop("Chosen by {actor}"),
        "enroll.moved": gettext_noop("Moved by {actor} on {on}, from {old}"),
        "enroll.not_found": gettext_noop("This file or scenario does not exist here."),
    }
)


class EnrollmentError(ValueError):
    """A wish that cannot be granted; `sentence` says why."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Move:
    """One case that would change its scenario version."""

    case_id: int
    from_id: int
    to: Assigned


@dataclass(frozen=True, slots=True)
class ScenarioChoice:
    """The newest version of a scenario, to choose."""

    id: int
    code: str
    version: int
    name: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class CaseScenario:
    """The scenario of a case as a person sees it, with those it could follow instead."""

    case_id: int
    scenario_id: int
    code: str
    version: int
    name: str
    is_manual: bool
    started_on: date | None
    why: tuple[Sentence, ...]
    choices: tuple[ScenarioChoice, ...]


@dataclass(frozen=True, slots=True)
class ScenarioShare:
    """How many running cases follow a version, and how many of them by a person's choice."""

    scenario_id: int
    code: str
    version: int
    name: str
    cases: int
    manual: int

    @property
    def version_text(self) -> str:
        """The version as text, to name the scenario as `code:version`."""
        return str(self.version)


# -- reads ---------------------------------------------------------------------------------------


def case_scenario(organization_id: int, case_id: int) -> CaseScenario | None:
    """What a case follows and why; None when the case is not the organization's."""
    if not Case.objects.filter(organization_id=organization_id, id=case_id).exists():
        return None
    row = (
        Enrollment.objects.filter(organization_id=organization_id, case_id=case_id)
        .select_related("scenario")
        .first()
    )
    default = default_scenario(organization_id)
    assigned = None
    if row is None:
        assigned = rules_assign(organization_id, [case_id], default_id=default.id)[case_id]
    scenarios = Scenario.objects.in_bulk(
        {*newest_versions(organization_id).values(), row.scenario_id if row else default.id}
    )
    chosen = row.scenario if row else scenarios[assigned.scenario_id if assigned else default.id]
    why = [Sentence.from_json(each) for each in row.why] if row else []
    return CaseScenario(
        case_id=case_id,
        scenario_id=chosen.id,
        code=chosen.code,
        version=chosen.version,
        name=chosen.name,
        is_manual=bool(row and row.is_manual),
        started_on=row.started_on if row else None,
        why=tuple(why) or ((assigned.why,) if assigned else ()),
        choices=tuple(scenario_newest(organization_id)),
    )


def scenario_newest(organization_id: int) -> list[ScenarioChoice]:
    """The newest version of each scenario, by name. There is always the default one."""
    default = default_scenario(organization_id)
    ids = newest_versions(organization_id).values()
    rows = _scenarios(organization_id).filter(id__in=list(ids))
    return sorted(
        (
            ScenarioChoice(row.id, row.code, row.version, row.name, row.code == default.code)
            for row in rows.only("id", "code", "version", "name")
        ),
        key=lambda choice: choice.name,
    )


def scenario_names(organization_id: int, ids: Iterable[int]) -> dict[int, str]:
    """Names of scenario versions, by id."""
    return dict(_scenarios(organization_id).filter(id__in=list(ids)).values_list("id", "name"))


def case_customers(organization_id: int, case_ids: Collection[int]) -> set[int]:
    """The customers of these cases."""
    rows = Case.objects.filter(organization_id=organization_id, id__among=set(case_ids))
    return set(rows.values_list("customer_id", flat=True))


def scenario_id(organization_id: int, code: str, *, version: int | None = None) -> int | None:
    """The id of a version of a scenario, the newest by default; None when there is none."""
    rows = _scenarios(organization_id).filter(code=code)
    rows = rows if version is None else rows.filter(version=version)
    return rows.order_by("-version").values_list("id", flat=True).first()


def scenario_shares(organization_id: int) -> list[ScenarioShare]:
    """The versions that cases run on, most cases first."""
    rows = Enrollment.objects.filter(organization_id=organization_id).values_list(
        "scenario_id", "scenario__code", "scenario__version", "scenario__name"
    )
    counted = rows.annotate(cases=Count("id"), manual=Count("id", filter=Q(is_manual=True)))
    shares = [ScenarioShare(*row) for row in counted.order_by()]
    return sorted(shares, key=lambda share: (-share.cases, share.code, -share.version))


def moves(
    organization_id: int, cases: CaseFilter | Collection[int], *, to: int | None
) -> list[Move]:
    """The running cases that are not yet on scenario version `to` (None = what the rules say).

    Named by a filter, or one by one. Raises EnrollmentError when `to` is not the organization's,
    or when the filter names what does not exist.
    """
    problem = filter_problem(organization_id, cases) if isinstance(cases, CaseFilter) else None
    if problem:
        raise EnrollmentError(problem)
    if to is not None and not _scenarios(organization_id).filter(id=to).exists():
        raise EnrollmentError(Sentence("enroll.not_found"))
    running = dict(_running(organization_id, cases).values_list("case_id", "scenario_id"))
    wanted = cases.rules_give if isinstance(cases, CaseFilter) else ""
    ruled: Mapping[int, Assigned] = {}
    if to is None or wanted:
        default = default_scenario(organization_id)
        ruled = rules_assign(organization_id, running.keys(), default_id=default.id)
    if wanted:
        given = newest_versions(organization_id).get(wanted)
        running = {case: at for case, at in running.items() if ruled[case].scenario_id == given}
    plain = Assigned(to or 0, Sentence("enroll.default"))
    chosen = ((case, at, plain if to else ruled[case]) for case, at in sorted(running.items()))
    return [Move(case, at, target) for case, at, target in chosen if target.scenario_id != at]


def left_alone_count(organization_id: int, cases: CaseFilter) -> int:
    """Cases the filter names but leaves alone: a person's choice, or a running experiment's."""
    return _named(organization_id, cases).filter(_left_alone(cases)).count()


# -- writes --------------------------------------------------------------------------------------


def enrollment_choose(
    organization_id: int, case_id: int, *, scenario_id: int, on: date, actor: str
) -> None:
    """Put a case on a scenario version by hand: rules leave it alone from now on.

    Raises EnrollmentError when the case or the scenario is not the organization's.
    """
    known = _scenarios(organization_id).filter(id=scenario_id).exists()
    if not known or not Case.objects.filter(organization_id=organization_id, id=case_id).exists():
        raise EnrollmentError(Sentence("enroll.not_found"))
    target = Assigned(scenario_id, Sentence("enroll.chosen", {"actor": actor}))
    with transaction.atomic():
        _switch(organization_id, {case_id: target}, _KINDS[0], on, actor)


def enrollment_release(organization_id: int, case_id: int, *, on: date, actor: str) -> None:
    """Give a case back to the rules: it goes where they say. Raises EnrollmentError as above."""
    default = default_scenario(organization_id)
    if not Case.objects.filter(organization_id=organization_id, id=case_id).exists():
        raise EnrollmentError(Sentence("enroll.not_found"))
    target = rules_assign(organization_id, [case_id], default_id=default.id)
    with transaction.atomic():
        _switch(organization_id, target, _KINDS[2], on, actor)


def enrollment_restore(organization_id: int, case_id: int, *, on: date, actor: str) -> bool:
    """Take back the last change of a case's scenario. False when there is none to take back."""
    with transaction.atomic():
        row = enrollments_lock(organization_id, [case_id]).get(case_id)
        last = Event.objects.filter(
            organization_id=organization_id, case_id=case_id, kind__startswith="enrollment."
        ).order_by("-id")[:1]
        told = next((each.payload for each in last if each.kind in _KINDS), None)
        before = told and told["before"]
        if row is None or not before or told["after"]["scenario"] != row.scenario_id:
            return False
        pending_renew(organization_id, {case_id: (row.scenario_id, before["scenario"])}, on)
        state_restore(row, before)
        row.save(update_fields=["scenario", "is_manual", "why", "started_on"])
        payload = {"after": before}
        events_record(
            organization_id, [Happening("enrollment.restored", on, actor, case_id, payload)]
        )
        _wake(organization_id, [case_id], on)
    return True


def enrollments_move(
    organization_id: int,
    cases: CaseFilter | Collection[int],
    *,
    to: int | None,
    on: date,
    actor: str,
    name: str = "",
) -> int:
    """Move running cases to a scenario version (None = what the rules say); returns how many.

    Chunk by chunk, each in a transaction of its own: repeating it finishes what was interrupted.
    Under a `name` (undoing.move_name) the whole move can be taken back.
    """
    found = moves(organization_id, cases, to=to)
    definitions = Definitions(organization_id)
    for start in range(0, len(found), CHUNK):
        targets = {
            move.case_id: move.to
            if to is None
            else Assigned(to, _moved(definitions, move.from_id, actor, on))
            for move in found[start : start + CHUNK]
        }
        with transaction.atomic():
            _switch(organization_id, targets, _KINDS[1], on, actor, name=name)
    return len(found)


# -- below the surface ---------------------------------------------------------------------------


def _switch(
    organization_id: int,
    targets: Mapping[int, Assigned],
    kind: str,
    on: date,
    actor: str,
    *,
    name: str = "",
) -> None:
    """Write the new scenario of cases, settle what was planned, tell it, wake the cases."""
    rows = enrollments_lock(organization_id, targets)
    before = {case_id: _state(row) for case_id, row in rows.items()}
    changed = {
        case_id: (rows[case_id].scenario_id, target.scenario_id)
        for case_id, target in targets.items()
        if case_id in rows and rows[case_id].scenario_id != target.scenario_id
    }
    pending_renew(organization_id, changed, on)
    for case_id, target in targets.items():
        row = rows.setdefault(case_id, Enrollment(organization_id=organization_id, case_id=case_id))
        if row.scenario_id != target.scenario_id:
            row.started_on = on
        row.scenario_id = target.scenario_id
        row.is_manual = kind == _KINDS[0]
        row.why = [target.why.to_json()]
    Enrollment.objects.bulk_create([row for row in rows.values() if row.pk is None])
    Enrollment.objects.bulk_update(
        [row for case_id, row in rows.items() if case_id in before],
        ["scenario", "is_manual", "why", "started_on"],
        batch_size=200,
    )
    told = {"move": name} if name else {}
    events_record(
        organization_id,
        [
            Happening(
                kind,
                on,
                actor,
                case_id,
                {"before": before.get(case_id), "after": _state(row), **told},
            )
            for case_id, row in rows.items()
        ],
    )
    _wake(organization_id, targets, on)


def _moved(definitions: Definitions, old_id: int, actor: str, on: date) -> Sentence:
    old = f"{definitions.name(old_id)} ({definitions(old_id).version})"
    params: dict[str, Param] = {"actor": actor, "on": on, "old": old}
    return Sentence("enroll.moved", params)


def _scenarios(organization_id: int) -> QuerySet[Scenario]:
    return Scenario.objects.filter(organization_id=organization_id)


def _running(
    organization_id: int, cases: CaseFilter | Collection[int]
) -> QuerySet[Enrollment]:  # fmt: skip
    if not isinstance(cases, CaseFilter):
        return Enrollment.objects.filter(organization_id=organization_id, case_id__among=set(cases))
    return _named(organization_id, cases).exclude(_left_alone(cases))


def _left_alone(cases: CaseFilter) -> Q:
    drawn = ExperimentMember.objects.filter(
        case_id=OuterRef("case_id"), experiment__ended_on__isnull=True
    )
    return Q(Exists(drawn)) | (Q(pk__in=[]) if cases.with_manual else Q(is_manual=True))


def _named(organization_id: int, cases: CaseFilter) -> QuerySet[Enrollment]:
    asked = {
        "scenario__code": cases.scenario_code,
        "scenario__version": cases.version,
        "case__customer__segment": cases.segment,
        "case__customer__kind": cases.kind,
        "case__customer__creditor__code": cases.creditor,
    }
    given = {name: value for name, value in asked.items() if value not in {"", None}}
    return Enrollment.objects.filter(organization_id=organization_id, **given)


def enrollments_lock(organization_id: int, case_ids: Iterable[int]) -> dict[int, Enrollment]:
    """Enrollments by case, once the cases are held against the planner, in id order."""
    ids = set(case_ids)
    cases = Case.objects.filter(organization_id=organization_id, id__among=ids)
    list(cases.select_for_update(no_key=True, of=("self",)).order_by("id").values_list("id"))
    rows = Enrollment.objects.filter(organization_id=organization_id, case_id__among=ids)
    return {row.case_id: row for row in rows}


def _state(row: Enrollment) -> dict[str, Any]:
    return {
        "scenario": row.scenario_id,
        "manual": row.is_manual,
        "why": row.why,
        "started_on": row.started_on.isoformat(),
    }


def state_restore(row: Enrollment, before: Mapping[str, Any]) -> None:
    """Give an enrollment the state that an event told; the caller saves it."""
    row.scenario_id, row.is_manual = before["scenario"], before["manual"]
    row.why, row.started_on = before["why"], date.fromisoformat(before["started_on"])


def _wake(organization_id: int, case_ids: Iterable[int], on: date) -> None:
    cases_wake(organization_id, case_customers(organization_id, set(case_ids)), on=on)
