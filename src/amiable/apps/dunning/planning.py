"""The planning tick: look at the cases whose day has come, and write what the planner decides.

Work is done in chunks, each in one transaction that locks its cases: a killed worker's chunk
rolls back whole and is taken up by the next one, and two workers never hold the same case.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from amiable.apps.cases.models import Case
from amiable.apps.dunning.enrollment.assignment import rules_assign
from amiable.apps.dunning.experiment.draws import members_draw
from amiable.apps.dunning.facts import case_facts
from amiable.apps.dunning.models import Action, ActionItem, Enrollment, Scenario
from amiable.apps.messaging.services import messages_withdraw
from amiable.apps.receivables.models import Installment
from amiable.apps.tenants.models import Organization
from amiable.apps.work.bulk import ids_reserve, rows_insert
from amiable.core import replan
from amiable.core.facts import CaseFacts
from amiable.core.memory import collector_paused
from amiable.core.planner import Plan, PlannedAction, plan
from amiable.core.scenario import HUMAN_MEDIA, joined
from amiable.core.scenario import Scenario as Definition
from amiable.core.scenario_data import scenario_from_json, scenario_to_json
from amiable.core.shipped import SME_STANDARD

CHUNK = 1000
_ACTION_COLUMNS = (
    "id", "organization_id", "case_id", "key", "scenario_id", "step", "occurrence", "medium",
    "stage", "due_on", "state", "reasons", "planned_on", "outcome", "result", "decided_by",
    "leased_by", "approval", "is_test",
)  # fmt: skip
_ITEM_COLUMNS = (
    "organization_id", "action_id", "installment_id", "step", "open_minor", "event_on",
)  # fmt: skip
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class PlanCounts:
    """What a planning tick did."""

    cases: int = 0
    added: int = 0
    kept: int = 0
    cancelled: int = 0


@dataclass(frozen=True, slots=True)
class CasePlan:
    """A preview: what would happen to a case, and on which facts."""

    facts: CaseFacts
    plan: Plan
    scenario: Definition


@dataclass(slots=True)
class _Scenarios:
    """Definitions of the scenario versions in use, read once per tick."""

    organization_id: int
    parsed: dict[int, Definition] = field(default_factory=dict)

    def definition(self, scenario_id: int) -> Definition:
        if scenario_id not in self.parsed:
            row = Scenario.objects.select_related("after").get(
                organization_id=self.organization_id, id=scenario_id
            )
            self.parsed[scenario_id] = scenario_of(row)
        return self.parsed[scenario_id]


def plan_tick(
    organization_id: int, *, on: date, chunk: int = CHUNK, progress: Progress | None = None
) -> PlanCounts:
    """Plan every case whose `next_plan_on` has come; returns what changed. Safe to repeat."""
    counts = PlanCounts()
    due = _due(organization_id, on)
    total = due.count() if progress else 0
    default = default_scenario(organization_id)
    scenarios = _Scenarios(organization_id)
    while True:
        with collector_paused(), transaction.atomic():
            # Ordered by what the partial index is ordered by, so that no sort of all due cases.
            ids = list(
                due.select_for_update(skip_locked=True, no_key=True, of=("self",))
                .order_by("next_plan_on")
                .values_list("id", flat=True)[:chunk]
            )
            if not ids:
                return counts
            _plan_chunk(scenarios, default, ids, on, counts)
        if progress:
            progress(min(counts.cases, total), total)


@transaction.atomic
def cases_replan(
    organization_id: int, customer_ids: Collection[int] | None = None, *, on: date
) -> PlanCounts:
    """Plan now the cases of these customers that a change has woken, before anybody looks.

    Without `customer_ids`: every woken case in which an action is pending. Safe to repeat.
    """
    counts = PlanCounts()
    woken = _due(organization_id, on)
    if customer_ids is None:
        pending = Action.objects.filter(case=OuterRef("pk"), state__in=Action.PENDING)
        woken = woken.filter(Exists(pending))
    else:
        woken = woken.filter(customer_id__among=customer_ids)
    locked = woken.select_for_update(no_key=True, of=("self",)).order_by("id")
    ids = list(locked.values_list("id", flat=True))
    scenarios, default = _Scenarios(organization_id), default_scenario(organization_id)
    for start in range(0, len(ids), CHUNK):
        _plan_chunk(scenarios, default, ids[start : start + CHUNK], on, counts)
    return counts


def plan_preview(
    organization_id: int, *, on: date, case_ids: Collection[int] | None = None
) -> Iterator[CasePlan]:
    """What the planner would decide on `on`, case by case; nothing is written.

    Without `case_ids`: every case that has an open item.
    """
    if case_ids is None:
        case_ids = _open_cases(organization_id)
    default = default_scenario(organization_id)
    scenarios = _Scenarios(organization_id)
    ordered = sorted(case_ids)
    for start in range(0, len(ordered), CHUNK):
        ids = ordered[start : start + CHUNK]
        enrolled = _enrolled(organization_id, ids)
        fresh = [case_id for case_id in ids if case_id not in enrolled]
        assigned = rules_assign(organization_id, fresh, default_id=default.id)
        enrolled |= {case_id: chosen.scenario_id for case_id, chosen in assigned.items()}
        for case_id, facts in case_facts(organization_id, ids, on=on).items():
            definition = scenarios.definition(enrolled[case_id])
            yield CasePlan(facts, plan(facts, definition, on), definition)


def scenario_of(row: Scenario) -> Definition:
    """The definition of a version, with what takes over after a broken promise."""
    definition = scenario_from_json(row.definition)
    return joined(definition, scenario_from_json(row.after.definition)) if row.after else definition


def default_scenario(organization_id: int) -> Scenario:
    """The organization's default scenario; the shipped SME standard when it has none yet."""
    found = Scenario.objects.filter(organization_id=organization_id, is_default=True).first()
    if found:
        return found
    definition = SME_STANDARD
    row, _ = Scenario.objects.get_or_create(
        organization_id=organization_id,
        code=definition.code,
        version=definition.version,
        defaults={
            "name": definition.name,
            "definition": scenario_to_json(definition),
            "is_default": True,
        },
    )
    return row


def _due(organization_id: int, on: date) -> QuerySet[Case]:
    return Case.objects.filter(organization_id=organization_id, next_plan_on__lte=on)


def _open_cases(organization_id: int) -> set[int]:
    """Cases with an open item or something pending. Two questions: asked as one, PostgreSQL looks
    through all open items again for each case once they are too many for its memory."""
    cases = Case.objects.filter(organization_id=organization_id)
    open_customers = Installment.objects.filter(
        organization_id=organization_id, settled_on__isnull=True
    ).values("customer_id")
    pending = Action.objects.filter(organization_id=organization_id, state__in=Action.PENDING)
    return {
        *cases.filter(customer_id__in=open_customers).values_list("id", flat=True),
        *pending.values_list("case_id", flat=True).distinct(),
    }


def _enrolled(organization_id: int, case_ids: Collection[int]) -> dict[int, int]:
    return dict(
        Enrollment.objects.filter(
            organization_id=organization_id, case_id__among=case_ids
        ).values_list("case_id", "scenario_id")
    )


def _plan_chunk(
    scenarios: _Scenarios, default: Scenario, ids: list[int], on: date, counts: PlanCounts
) -> None:
    organization_id = scenarios.organization_id
    _lock_pending(organization_id, ids)
    enrolled = _enroll(organization_id, ids, default, on)
    additions: list[tuple[PlannedAction, int]] = []
    changes: list[replan.Change] = []
    looks: dict[date | None, list[int]] = {}
    for case_id, facts in case_facts(organization_id, ids, on=on).items():
        definition = scenarios.definition(enrolled[case_id])
        decided = plan(facts, definition, on)
        change = replan.change(facts, definition, plan=decided)
        changes.append(change)
        additions += [(action, enrolled[case_id]) for action in change.add]
        looks.setdefault(decided.next_look_on, []).append(case_id)
    _insert(organization_id, additions, on)
    _cancel(organization_id, changes, on)
    _renew(organization_id, changes)
    for look, case_ids in looks.items():
        Case.objects.filter(id__among=case_ids).update(next_plan_on=look)
    counts.cases += len(ids)
    counts.added += len(additions)
    counts.kept += sum(len(change.keep) for change in changes)
    counts.cancelled += sum(len(change.cancel) for change in changes)


def _lock_pending(organization_id: int, case_ids: list[int]) -> None:
    """Keep senders away while the plan is compared: a claim waits, then finds the new state."""
    pending = Action.objects.filter(
        organization_id=organization_id, case_id__among=case_ids, state__in=Action.PENDING
    )
    list(pending.select_for_update(no_key=True, of=("self",)).order_by("id").values_list("id"))


def _enroll(
    organization_id: int, case_ids: list[int], default: Scenario, on: date
) -> dict[int, int]:
    """Scenario version of each case; cases without one start where the rules say."""
    enrolled = _enrolled(organization_id, case_ids)
    missing = [case_id for case_id in case_ids if case_id not in enrolled]
    assigned = rules_assign(organization_id, missing, default_id=default.id)
    usual = [case_id for case_id, chosen in assigned.items() if chosen.scenario_id == default.id]
    drawn = members_draw(organization_id, usual, on)
    rows = [
        Enrollment(
            organization_id=organization_id,
            case_id=case_id,
            scenario_id=drawn[case_id].scenario_id if case_id in drawn else chosen.scenario_id,
            delay_days=drawn[case_id].delay_days if case_id in drawn else 0,
            started_on=on,
            why=[(drawn[case_id].why if case_id in drawn else chosen.why).to_json()],
        )
        for case_id, chosen in assigned.items()
    ]
    Enrollment.objects.bulk_create(rows)
    return enrolled | {row.case_id: row.scenario_id for row in rows}


def _insert(organization_id: int, additions: list[tuple[PlannedAction, int]], on: date) -> None:
    is_test = Organization.objects.filter(id=organization_id).exclude(test_recipient="").exists()
    ids = ids_reserve(Action, len(additions))
    rows_insert(
        Action,
        _ACTION_COLUMNS,
        rows=[
            (
                action_id,
                organization_id,
                planned.case_id,
                planned.key,
                scenario_id,
                planned.step.code,
                planned.occurrence,
                planned.medium,
                planned.step.stage,
                planned.due_on,
                _first_state(planned),
                [sentence.to_json() for sentence in planned.reasons],
                on,
                [],
                "",
                "",
                "",
                planned.approval,
                is_test,
            )
            for action_id, (planned, scenario_id) in zip(ids, additions, strict=True)
        ],
    )
    rows_insert(
        ActionItem,
        _ITEM_COLUMNS,
        rows=[
            (organization_id, action_id, item.id, item.step, item.open_minor, item.event_on)
            for action_id, (planned, _) in zip(ids, additions, strict=True)
            for item in planned.items
        ],
    )


def _first_state(planned: PlannedAction) -> str:
    if planned.approval != "automatic" and planned.medium not in HUMAN_MEDIA:
        return Action.State.TO_APPROVE
    return Action.State.TODO if planned.medium in HUMAN_MEDIA else Action.State.APPROVED


def _cancel(organization_id: int, changes: list[replan.Change], on: date) -> None:
    """Cancel what no longer holds, with its message when one was written and had not left."""
    cancelled = [
        Action(
            id=pending.id,
            state=Action.State.CANCELLED,
            outcome=[sentence.to_json()],
            closed_on=on,
        )
        for change in changes
        for pending, sentence in change.cancel
    ]
    Action.objects.bulk_update(cancelled, ["state", "outcome", "closed_on"], batch_size=500)
    if cancelled:
        written = Action.objects.filter(
            id__in=[action.id for action in cancelled], message__isnull=False
        )
        messages_withdraw(organization_id, list(written.values_list("message_id", flat=True)))


def _renew(organization_id: int, changes: list[replan.Change]) -> None:
    """Give what is kept, and is not on its way, the items and reasons it would have today.

    What has grown too large to leave by itself waits for a person from now on.
    """
    kept = {
        pending.id: planned
        for change in changes
        for pending, planned in change.keep
        if pending.state != Action.State.CLAIMED
    }
    renewed = _outdated(kept)
    if not renewed:
        return
    ActionItem.objects.filter(action_id__among=renewed.keys()).delete()
    rows_insert(
        ActionItem,
        _ITEM_COLUMNS,
        rows=[
            (organization_id, action_id, item.id, item.step, item.open_minor, item.event_on)
            for action_id in renewed
            for item in kept[action_id].items
        ],
    )
    for action in renewed.values():
        planned = kept[action.id]
        action.reasons = [sentence.to_json() for sentence in planned.reasons]
        if action.approval == "automatic" and planned.approval != "automatic":
            action.approval, action.state = planned.approval, _first_state(planned)
    Action.objects.bulk_update(renewed.values(), ["reasons", "approval", "state"], batch_size=500)


def _outdated(kept: Mapping[int, PlannedAction]) -> dict[int, Action]:
    """Kept actions whose items are not those of today. Not those whose message is written: their
    rows tell what it says, so that the sender can compare and replace it."""
    if not kept:
        return {}
    held: dict[int, set[tuple[object, ...]]] = defaultdict(set)
    items = ActionItem.objects.filter(action_id__among=kept.keys())
    for action_id, *row in items.values_list(
        "action_id", "installment_id", "step", "open_minor", "event_on"
    ):
        held[action_id].add(tuple(row))
    changed = {
        action_id
        for action_id, planned in kept.items()
        if held[action_id] != {(i.id, i.step, i.open_minor, i.event_on) for i in planned.items}
    }
    rows = Action.objects.filter(id__among=changed, message__isnull=True) if changed else ()
    return {row.id: row for row in rows}
