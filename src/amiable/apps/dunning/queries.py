"""Reads of dunning: what waits for a person, what goes by itself, and why, case by case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, Sum, When

from amiable.apps.dunning.models import Action, ActionItem, Scenario
from amiable.apps.dunning.planning import CasePlan, plan_preview, scenario_of
from amiable.apps.dunning.writing.recipients import NOBODY, Chosen, chosen, reaches
from amiable.core.money import Money
from amiable.core.scenario import STAGES, Step
from amiable.core.sentences import Sentence

# The tabs of the agenda: which states, which media.
TABS: Mapping[str, Q] = {
    "approve": Q(state=Action.State.TO_APPROVE) & ~Q(approval="batch"),
    "batch": Q(state=Action.State.TO_APPROVE, approval="batch"),
    "calls": Q(state=Action.State.TODO),
    "automatic": Q(state__in=[Action.State.APPROVED, Action.State.CLAIMED]),
    "problems": Q(state=Action.State.UNKNOWN),
}


# What else may be tried again waits for no person.
_AGREED = Case(When(state=Action.State.TODO, then=F("retry_at")))


@dataclass(frozen=True, slots=True)
class AgendaLine:
    """An action as a person sees it. `amount_minor` = what its items are worth now.

    `step_name` = the scenario's own name for it (a gettext message when it is a shipped one);
    `task` = what an internal step asks, `sales_owner` = whom it may ask; `agreed_at` = when the
    customer expects a call (midnight = any time of that day).
    """

    id: int
    case_id: int
    customer_id: int
    creditor_id: int
    customer_name: str
    customer_code: str
    step: str
    medium: str
    stage: str
    state: str
    due_on: date
    closed_on: date | None
    amount_minor: int
    currency: str
    numbers: tuple[str, ...]
    reasons: tuple[Sentence, ...]
    outcome: tuple[Sentence, ...]
    phone: str
    callee: str
    message_id: int | None
    decided_by: str
    result: str
    approval: str
    scenario_id: int
    scenario_name: str
    version: int
    step_name: str
    task: str
    sales_owner: str
    is_test: bool
    agreed_at: datetime | None


@dataclass(frozen=True, slots=True)
class BatchGroup:
    """The actions of one step of a scenario version that wait to be confirmed together. `lines`
    are the largest; `count` and `amounts` (one per currency) speak of all."""

    scenario_id: int
    scenario_name: str
    version: int
    step: str
    step_name: str
    medium: str
    stage: str
    count: int
    amounts: tuple[Money, ...]
    lines: tuple[AgendaLine, ...]


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """What nobody has decided on its day: `count` actions of `customers` since `since`; `amounts`
    (one per currency) = what they ask for, and nothing else of it is sent meanwhile."""

    count: int
    customers: tuple[int, ...]
    since: date
    amounts: tuple[Money, ...]


def agenda(organization_id: int, *, on: date, tab: str = "", limit: int = 200) -> list[AgendaLine]:
    """Pending actions due by `on`, of one tab (a key of TABS) or all: calls agreed with the
    customer by their hour, then the largest amounts first."""
    wanted = TABS[tab] if tab else Q(state__in=[*Action.PENDING, Action.State.UNKNOWN])
    rows = (
        Action.objects.filter(wanted, organization_id=organization_id, due_on__lte=on)
        .annotate(amount=Sum("items__open_minor"))
        .order_by(_AGREED.asc(nulls_last=True), "-amount", "id")[:limit]
    )
    return action_lines(organization_id, rows)


def agenda_counts(organization_id: int, *, on: date) -> dict[str, int]:
    """How many actions stand in each tab."""
    counts: dict[str, int] = Action.objects.filter(
        organization_id=organization_id,
        due_on__lte=on,
        state__in=[*Action.PENDING, Action.State.UNKNOWN],
    ).aggregate(**{tab: Count("id", filter=wanted) for tab, wanted in TABS.items()})
    return counts


def unconfirmed(organization_id: int, *, tab: str, on: date) -> Unconfirmed | None:
    """What waits in a tab of approvals since before `on`; None when nothing does."""
    rows = Action.objects.filter(TABS[tab], organization_id=organization_id, due_on__lt=on)
    found = list(rows.order_by("due_on", "id").values_list("case__customer_id", "due_on"))
    if not found:
        return None
    items = ActionItem.objects.filter(organization_id=organization_id, action__in=rows)
    by_currency = items.values_list("action__case__currency").annotate(amount=Sum("open_minor"))
    return Unconfirmed(
        count=len(found),
        customers=tuple(dict.fromkeys(customer_id for customer_id, _ in found)),
        since=found[0][1],
        amounts=tuple(Money(amount, currency) for currency, amount in sorted(by_currency)),
    )


def batch_groups(organization_id: int, *, on: date, limit: int = 200) -> list[BatchGroup]:
    """What waits to be confirmed in a batch, step by step, gentlest first; at most `limit` lines
    in all, the largest amounts first. A fixed number of queries."""
    lines = agenda(organization_id, on=on, tab="batch", limit=limit)
    by_step: dict[tuple[int, str], list[AgendaLine]] = defaultdict(list)
    for line in lines:
        by_step[line.scenario_id, line.step].append(line)
    rows = (
        Action.objects.filter(TABS["batch"], organization_id=organization_id, due_on__lte=on)
        .values_list("scenario_id", "step", "case__currency")
        .annotate(count=Count("id", distinct=True), amount=Sum("items__open_minor"))
        .order_by("case__currency")
    )
    counts: dict[tuple[int, str], int] = defaultdict(int)
    amounts: dict[tuple[int, str], list[Money]] = defaultdict(list)
    for scenario_id, step, currency, count, amount in rows:
        counts[scenario_id, step] += count
        amounts[scenario_id, step].append(Money(amount or 0, currency))
    return [
        BatchGroup(
            scenario_id=first.scenario_id,
            scenario_name=first.scenario_name,
            version=first.version,
            step=first.step,
            step_name=first.step_name,
            medium=first.medium,
            stage=first.stage,
            count=counts[key],
            amounts=tuple(amounts[key]),
            lines=tuple(group),
        )
        for key, group in sorted(by_step.items(), key=lambda pair: _gentlest(pair[1][0]))
        if (first := group[0])
    ]


def action_lines(organization_id: int, rows: QuerySet[Action] | list[Action]) -> list[AgendaLine]:
    """Actions with what a person needs to read them; a fixed number of queries."""
    order = {row.id: position for position, row in enumerate(rows)}
    found = Action.objects.filter(id__in=order).select_related("case__customer")
    actions = sorted(found, key=lambda action: order[action.id])
    numbers: dict[int, list[str]] = defaultdict(list)
    amounts: dict[int, int] = defaultdict(int)
    for action_id, number, amount in ActionItem.objects.filter(
        organization_id=organization_id, action_id__in=order
    ).values_list("action_id", "installment__invoice__number", "open_minor"):
        numbers[action_id].append(number)
        amounts[action_id] += amount
    steps = _steps(organization_id, actions)
    callees = _callees(organization_id, actions, steps)
    return [
        AgendaLine(
            id=action.id,
            case_id=action.case_id,
            customer_id=action.case.customer_id,
            creditor_id=action.case.customer.creditor_id,
            customer_name=action.case.customer.name,
            customer_code=action.case.customer.code,
            step=action.step,
            medium=action.medium,
            stage=action.stage,
            state=action.state,
            due_on=action.due_on,
            closed_on=action.closed_on,
            amount_minor=amounts[action.id],
            currency=action.case.currency,
            numbers=tuple(sorted(numbers[action.id])),
            reasons=_sentences(action.reasons) + _notes(action, callees.get(action.id, NOBODY)),
            outcome=_sentences(action.outcome),
            phone=callee.address if (callee := callees.get(action.id, NOBODY).first) else "",
            callee=callee.name if callee else "",
            message_id=action.message_id,
            decided_by=action.decided_by,
            result=action.result,
            approval=action.approval,
            scenario_id=action.scenario_id,
            scenario_name=steps[action.id][0].name,
            version=steps[action.id][0].version,
            step_name=step.name if (step := steps[action.id][1]) else "",
            task=step.task if step else "",
            sales_owner=action.case.customer.sales_owner,
            is_test=action.is_test,
            agreed_at=action.retry_at if action.state == Action.State.TODO else None,
        )
        for action in actions
    ]


def case_actions(organization_id: int, case_ids: Collection[int]) -> list[AgendaLine]:
    """Every action of the cases, newest first: the dunning part of a timeline."""
    rows = Action.objects.filter(organization_id=organization_id, case_id__in=case_ids)
    return action_lines(organization_id, rows.order_by("-id")[:500])


def case_preview(organization_id: int, case_id: int, *, on: date) -> CasePlan | None:
    """Why and why not, today, for one case; None when it is not the organization's."""
    return next(iter(plan_preview(organization_id, on=on, case_ids=[case_id])), None)


def step_names(organization_id: int, scenario_ids: Collection[int]) -> dict[int, dict[str, str]]:
    """What the steps of scenario versions are called: names by code, by version."""
    rows = Scenario.objects.filter(organization_id=organization_id).select_related("after")
    found = rows.in_bulk(set(scenario_ids)) if scenario_ids else {}
    return {
        scenario_id: {step.code: step.name for step in scenario_of(row).by_code.values()}
        for scenario_id, row in found.items()
    }


def pending_count(organization_id: int, *, on: date) -> int:
    """Approved actions that the next sending tick may take."""
    return Action.objects.filter(
        organization_id=organization_id, state=Action.State.APPROVED, due_on__lte=on
    ).count()


def _steps(
    organization_id: int, actions: Collection[Action]
) -> dict[int, tuple[Scenario, Step | None]]:
    """The scenario version and the step, by action."""
    rows = (
        Scenario.objects.filter(organization_id=organization_id)
        .select_related("after")
        .in_bulk({action.scenario_id for action in actions})
    )
    definitions = {row.id: scenario_of(row) for row in rows.values()}
    return {
        action.id: (
            rows[action.scenario_id],
            definitions[action.scenario_id].by_code.get(action.step),
        )
        for action in actions
    }


def _gentlest(line: AgendaLine) -> tuple[int, str, int, str]:
    stage: Any = line.stage
    rank = STAGES.index(stage) if stage in STAGES else len(STAGES)
    return rank, line.scenario_name, line.version, line.step


def _callees(
    organization_id: int,
    actions: Collection[Action],
    steps: Mapping[int, tuple[Scenario, Step | None]],
) -> dict[int, Chosen]:
    """Whom to call, by action: somebody of the roles of its step, else the usual number."""
    calls = [action for action in actions if action.medium == "phone"]
    reach = reaches(organization_id, {action.case.customer_id for action in calls})
    return {
        action.id: chosen(
            reach[action.case.customer_id],
            "phone",
            roles=step.recipients if (step := steps[action.id][1]) else (),
        )
        for action in calls
    }


def _notes(action: Action, callee: Chosen) -> tuple[Sentence, ...]:
    """Why it is this number, for a call that is still to be made."""
    return callee.notes if action.state == Action.State.TODO else ()


def _sentences(stored: list[dict[str, Any]]) -> tuple[Sentence, ...]:
    return tuple(Sentence.from_json(data) for data in stored)
