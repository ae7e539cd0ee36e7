"""Reads of dunning: what waits for a person, what goes by itself, and why, case by case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from amiable.apps.customers.models import ContactPoint
from amiable.apps.dunning.models import Action, ActionItem
from amiable.apps.dunning.planning import CasePlan, plan_preview
from amiable.core.sentences import Sentence

# The tabs of the agenda: which states, which media.
TABS: Mapping[str, Q] = {
    "approve": Q(state=Action.State.TO_APPROVE),
    "calls": Q(state=Action.State.TODO),
    "automatic": Q(state__in=[Action.State.APPROVED, Action.State.CLAIMED]),
    "problems": Q(state=Action.State.UNKNOWN),
}


@dataclass(frozen=True, slots=True)
class AgendaLine:
    """An action as a person sees it. `amount_minor` = what its items are worth now."""

    id: int
    case_id: int
    customer_id: int
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
    message_id: int | None
    decided_by: str
    result: str


def agenda(organization_id: int, *, on: date, tab: str = "", limit: int = 200) -> list[AgendaLine]:
    """Pending actions due by `on`, of one tab (a key of TABS) or all; largest amounts first."""
    wanted = TABS[tab] if tab else Q(state__in=[*Action.PENDING, Action.State.UNKNOWN])
    rows = (
        Action.objects.filter(wanted, organization_id=organization_id, due_on__lte=on)
        .annotate(amount=Sum("items__open_minor"))
        .order_by("-amount", "id")[:limit]
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


def action_lines(organization_id: int, rows: QuerySet[Action] | list[Action]) -> list[AgendaLine]:
    """Actions with what a person needs to read them; a fixed number of queries."""
    actions = list(
        Action.objects.filter(id__in=[row.id for row in rows]).select_related("case__customer")
    )
    order = {row.id: position for position, row in enumerate(rows)}
    numbers: dict[int, list[str]] = defaultdict(list)
    amounts: dict[int, int] = defaultdict(int)
    for action_id, number, amount in ActionItem.objects.filter(
        organization_id=organization_id, action_id__in=order
    ).values_list("action_id", "installment__invoice__number", "open_minor"):
        numbers[action_id].append(number)
        amounts[action_id] += amount
    phones = _phones(organization_id, {action.case.customer_id for action in actions})
    actions.sort(key=lambda action: order[action.id])
    return [
        AgendaLine(
            id=action.id,
            case_id=action.case_id,
            customer_id=action.case.customer_id,
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
            reasons=_sentences(action.reasons),
            outcome=_sentences(action.outcome),
            phone=phones.get(action.case.customer_id, ""),
            message_id=action.message_id,
            decided_by=action.decided_by,
            result=action.result,
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


def pending_count(organization_id: int, *, on: date) -> int:
    """Approved actions that the next sending tick may take."""
    return Action.objects.filter(
        organization_id=organization_id, state=Action.State.APPROVED, due_on__lte=on
    ).count()


def _phones(organization_id: int, customer_ids: Collection[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    rows = ContactPoint.objects.filter(
        organization_id=organization_id,
        customer_id__in=customer_ids,
        kind=ContactPoint.Kind.PHONE,
        invalid_since__isnull=True,
    ).order_by("position", "id")
    for customer_id, value in rows.values_list("customer_id", "value"):
        found.setdefault(customer_id, value)
    return found


def _sentences(stored: list[dict[str, Any]]) -> tuple[Sentence, ...]:
    return tuple(Sentence.from_json(data) for data in stored)
