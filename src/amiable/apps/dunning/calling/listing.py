"""The calls of a day in the order of what is expected of them; set-based, whatever their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from amiable.apps.audit.models import Event
from amiable.apps.dunning.calling.follow_ups import tries_so_far
from amiable.apps.dunning.facts import case_facts
from amiable.apps.dunning.models import Action, ActionItem, Scenario
from amiable.apps.dunning.planning import scenario_of
from amiable.apps.dunning.queries import AgendaLine, action_lines
from amiable.apps.receivables.models import Installment
from amiable.core.call_cases import Call, Past, callee_of, veto
from amiable.core.call_order import Callee, Rank, ordered
from amiable.core.call_retries import UNREACHED
from amiable.core.facts import CaseFacts
from amiable.core.scenario import Scenario as Definition
from amiable.core.scenario import Step
from amiable.core.sentences import Sentence
from amiable.core.workdays import clock_of

HABIT_DAYS = 365
# Told apart from other calls to make again: what the customer agreed to.
_AGREED = ("action.call_agreed", "action.call_agreed_note")


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call to make. `why_not` = what speaks against making it on this day at all; `later` = from
    when it may be made today."""

    line: AgendaLine
    rank: Rank
    why_not: Sentence | None
    agreed_at: datetime | None
    later: datetime | None


@dataclass(frozen=True, slots=True)
class CallList:
    """The calls due on a day: `rows` in the order to make them, `kept_back` with the reason;
    `total` = how many there are, shown or not."""

    rows: list[CallRow]
    kept_back: list[CallRow]
    total: int


@dataclass(frozen=True, slots=True)
class Known:
    """One call with all that is known of it."""

    action: Action
    definition: Definition
    call: Call
    facts: CaseFacts
    past: Past

    @property
    def clock(self) -> ZoneInfo:
        """The customer's own clock."""
        return ZoneInfo(clock_of(self.facts.holidays_zone))


def call_list(organization_id: int, *, on: date, now: datetime, limit: int = 200) -> CallList:
    """Calls due by `on`, as they stand at `now`; at most `limit` rows, and as many kept back.

    Whether the hour is decent is asked when a call is opened: the order of the morning stands all
    day.
    """
    known = {each.action.pk: each for each in calls_known(organization_id, on=on)}
    ranks = ordered(
        [expected_of(each, on) for each in known.values()],
        now=now,
    )
    why_not = {pk: _on_day(each, on) for pk, each in known.items()}
    open_ranks = [rank for rank in ranks if why_not[rank.action_id] is None]
    kept = [rank for rank in ranks if why_not[rank.action_id] is not None]
    shown = [*open_ranks[:limit], *kept[:limit]]
    actions = [known[rank.action_id].action for rank in shown]
    lines = {line.id: line for line in action_lines(organization_id, actions)}
    rows = [
        CallRow(
            lines[rank.action_id], rank, why_not[rank.action_id],
            (call := known[rank.action_id].call).agreed_at, _later(call, now),
        )
        for rank in shown
    ]  # fmt: skip
    return CallList(
        [row for row in rows if row.why_not is None],
        [row for row in rows if row.why_not is not None],
        len(known),
    )


def call_order(organization_id: int, *, on: date, now: datetime) -> list[int]:
    """Ids of the calls of a day in the order to make them, without those kept back."""
    found = calls_known(organization_id, on=on)
    ranks = ordered(
        [expected_of(each, on) for each in found],
        now=now,
    )
    kept = {each.action.pk for each in found if _on_day(each, on) is not None}
    return [rank.action_id for rank in ranks if rank.action_id not in kept]


def calls_known(
    organization_id: int, *, on: date, action_ids: Collection[int] = ()
) -> list[Known]:  # fmt: skip
    """The open calls due by `on` (or these, whatever their day) with their facts: a fixed number of
    queries; what is read follows the calls that are due."""
    rows = Action.objects.filter(
        organization_id=organization_id, medium="phone", state=Action.State.TODO
    )
    rows = rows.filter(id__in=action_ids) if action_ids else rows.filter(due_on__lte=on)
    actions = list(rows.order_by("id"))
    if not actions:
        return []
    facts = case_facts(organization_id, {action.case_id for action in actions}, on=on)
    items: dict[int, set[int]] = defaultdict(set)
    about = ActionItem.objects.filter(organization_id=organization_id, action__in=rows)
    for action_id, installment_id in about.values_list("action_id", "installment_id"):
        items[action_id].add(installment_id)
    versions = Scenario.objects.select_related("after").in_bulk({a.scenario_id for a in actions})
    definitions = {pk: scenario_of(row) for pk, row in versions.items()}
    pasts = _pasts(organization_id, actions, facts, on=on)
    return [
        Known(
            action,
            definitions[action.scenario_id],
            _call(action, definitions[action.scenario_id], items[action.pk]),
            facts[action.case_id],
            pasts[action.pk],
        )
        for action in actions
    ]


def _call(action: Action, definition: Definition, items: Collection[int]) -> Call:
    stage: Any = action.stage
    step = definition.by_code.get(action.step) or Step(action.step, 0, "phone", stage)
    agreed = bool(action.reasons) and action.reasons[0]["code"] in _AGREED
    at = action.retry_at
    if agreed and at is None:
        at = timezone.make_aware(datetime.combine(action.due_on, time()))
    return Call(
        action.pk, step, frozenset(items),
        agreed_at=at if agreed else None, not_before=None if agreed else at,
    )  # fmt: skip


def expected_of(known: Known, on: date) -> Callee:
    """What the order weighs of a call."""
    return callee_of(
        known.facts, known.call, scenario=known.definition, past=known.past, on=on
    )  # fmt: skip


def _on_day(known: Known, on: date) -> Sentence | None:
    """What keeps a call back on a day, whatever the hour: asked at noon, once decent everywhere."""
    noon = datetime.combine(on, time(12), timezone.get_default_timezone())
    own = datetime.combine(on, time(12), known.clock)
    return veto(known.facts, _any_hour(known.call), scenario=known.definition, now=noon, own=own)


def _any_hour(call: Call) -> Call:
    window = replace(call.step.window, from_hour=0, until_hour=24)
    return replace(call, step=replace(call.step, window=window))


def _later(call: Call, now: datetime) -> datetime | None:
    moment = call.agreed_at or call.not_before
    return moment if moment is not None and moment > now else None


def _pasts(
    organization_id: int, actions: Collection[Action], facts: Mapping[int, CaseFacts], *, on: date
) -> dict[int, Past]:
    """What was learned of each payer, by action; three queries."""
    steps: dict[int, set[str]] = defaultdict(set)
    for action in actions:
        steps[action.case_id].add(action.step)
    customers = {case_id: each.customer_id for case_id, each in facts.items()}
    delays = delays_of(organization_id, set(customers.values()), on=on)
    hours = _hours(organization_id, facts, on=on)
    tries = tries_so_far(organization_id, steps)
    return {
        action.pk: Past(
            delays.get(customers[action.case_id], ()),
            hours.get(action.case_id, ()),
            tries.get((action.case_id, action.step), 0),
        )
        for action in actions
    }


def delays_of(
    organization_id: int, customer_ids: Collection[int], *, on: date
) -> dict[int, list[int]]:  # fmt: skip
    """Days after the due date on which each invoice of the last year was settled, by customer."""
    rows = Installment.objects.filter(
        organization_id=organization_id, customer_id__among=customer_ids,
        invoice__kind="invoice", settled_on__gt=on - timedelta(days=HABIT_DAYS),
    )  # fmt: skip
    found: dict[int, list[int]] = defaultdict(list)
    for customer_id, settled_on, due_date in rows.values_list(
        "customer_id", "settled_on", "due_date"
    ):
        found[customer_id].append((settled_on - due_date).days)
    return found


def _hours(
    organization_id: int, facts: Mapping[int, CaseFacts], *, on: date
) -> dict[int, list[int]]:
    """Hours of the customer's day at which calls reached somebody, by case."""
    rows = Event.objects.filter(
        organization_id=organization_id, case_id__among=facts.keys(), kind="call.recorded",
        on_date__gt=on - timedelta(days=HABIT_DAYS),
    )  # fmt: skip
    found: dict[int, list[int]] = defaultdict(list)
    for case_id, at, on_date, payload in rows.values_list("case_id", "at", "on_date", "payload"):
        own = at.astimezone(ZoneInfo(clock_of(facts[case_id].holidays_zone)))
        # What was noted on another day says nothing of the hour.
        if payload.get("result") not in UNREACHED and own.date() == on_date:
            found[case_id].append(own.hour)
    return found
