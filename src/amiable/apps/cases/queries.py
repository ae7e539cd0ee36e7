"""Reads of cases: whose they are, what was promised and came of it, what may still be asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from amiable.apps.cases.models import Case, Dispute, PaymentPlan, Promise
from amiable.apps.receivables.models import Installment
from amiable.apps.receivables.queries import OpenItem, open_items, receipts, unallocated_credits
from amiable.core import facts
from amiable.core.promises import Standing, broken_on, last_day, standings

Noted = Literal["holds", "disputes", "promises", "plans"]
PlanState = Literal["running", "late", "kept", "broken", "cancelled"]
BrokenKind = Literal["promise", "plan", "instalment"]
# A promise breaks after its date and grace; grace is never longer than this.
LONGEST_GRACE_DAYS = 60


@dataclass(frozen=True, slots=True)
class PromiseView:
    """A promise, or an instalment of a plan, and what came of it. Amounts in minor units.

    `state`: running, kept, partly_kept, broken or cancelled. `until` = its date plus grace.
    """

    id: int
    case_id: int
    amount_minor: int
    made_on: date
    due_on: date
    until: date
    state: str
    received_minor: int
    broken_on: date | None
    note: str
    plan_id: int | None

    @property
    def percent(self) -> int:
        """How much of it came, 0 to 100."""
        return min(100, self.received_minor * 100 // self.amount_minor)


@dataclass(frozen=True, slots=True)
class PlanView:
    """A payment plan: `late` = an instalment was missed and it goes on all the same; `replaces` =
    the plan that it was changed from; `is_replaced` = it was changed into another; `mandate_id` =
    as of PaymentPlan."""

    id: int
    case_id: int
    agreed_on: date
    agreed_by: str
    note: str
    state: PlanState
    parts: tuple[PromiseView, ...]
    replaces: int | None = None
    is_replaced: bool = False
    mandate_id: int | None = None

    @property
    def amount_minor(self) -> int:
        """Everything it is about."""
        return sum(part.amount_minor for part in self.parts)

    @property
    def received_minor(self) -> int:
        """What came for it."""
        return sum(part.received_minor for part in self.parts)

    @property
    def percent(self) -> int:
        """How much of it came, 0 to 100."""
        return min(100, self.received_minor * 100 // max(1, self.amount_minor))

    @property
    def left_minor(self) -> int:
        """What is still to come."""
        return self.amount_minor - self.received_minor

    @property
    def next_part(self) -> PromiseView | None:
        """The instalment that is expected next."""
        return next((part for part in self.parts if part.state == "running"), None)


@dataclass(frozen=True, slots=True)
class Broken:
    """A promise, plan or instalment that was not kept: the day it broke, and what had come by
    then. Amounts in minor units."""

    id: int
    kind: BrokenKind
    case_id: int
    customer_id: int
    currency: str
    on: date
    due_on: date
    amount_minor: int
    received_minor: int


@dataclass(frozen=True, slots=True)
class Given:
    """The word a customer gave in one case: promises (latest first), plans, what was broken."""

    promises: tuple[PromiseView, ...] = ()
    plans: tuple[PlanView, ...] = ()
    broken: tuple[Broken, ...] = ()
    standings: tuple[Standing, ...] = ()

    @property
    def broken_count(self) -> int:
        """Promises and plans that were not kept; a plan counts once."""
        return sum(1 for each in self.broken if each.kind != "instalment")

    @property
    def running(self) -> tuple[PromiseView, ...]:
        """Promises by themselves that still run."""
        return tuple(view for view in self.promises if view.state == "running")


@dataclass(frozen=True, slots=True)
class Claimable:
    """What may be asked for in a case, in minor units: what is open less what stops it."""

    open_minor: int
    disputed_minor: int = 0
    credit_minor: int = 0
    promised_minor: int = 0

    @property
    def promise_minor(self) -> int:
        """The most that a new promise may be about: a customer may promise what it disputes."""
        return max(0, self.open_minor - self.credit_minor - self.promised_minor)

    @property
    def plan_minor(self) -> int:
        """The most that a payment plan may be about."""
        return max(0, self.promise_minor - self.disputed_minor)


def noted_customers(organization_id: int, noted: Noted, note_id: int) -> set[int]:
    """The customer whose case has this hold, dispute, promise or plan; empty when not there."""
    rows = Case.objects.filter(organization_id=organization_id, **{noted: note_id})
    return set(rows.values_list("customer_id", flat=True))


def case_currency(organization_id: int, case_id: int) -> str:
    """The currency of a case; "" when it is not there."""
    rows = Case.objects.filter(organization_id=organization_id, id=case_id)
    return rows.values_list("currency", flat=True).first() or ""


def amounts_currency(
    organization_id: int, about: Literal["case", "installment", "action", "dispute"], row_id: int
) -> str:
    """The currency of amounts about a case, item, action or dispute; "" when it is not there."""
    if about == "installment":
        items = Installment.objects.filter(organization_id=organization_id, id=row_id)
        return items.values_list("currency", flat=True).first() or ""
    named = {{"case": "id", "action": "actions", "dispute": "disputes"}[about]: row_id}
    rows = Case.objects.filter(organization_id=organization_id, **named)
    return rows.values_list("currency", flat=True).first() or ""


def promise_facts(row: Promise) -> facts.Promise:
    """A promise as the core knows it."""
    return facts.Promise(
        row.amount_minor, row.due_on, row.grace_days, row.made_on, row.tolerance_pct,
        row.plan_id, row.id, row.before_minor, row.forgives, row.held_until, row.collected_minor,
    )  # fmt: skip


def words_given(organization_id: int, case_ids: Collection[int], *, on: date) -> dict[int, Given]:
    """What was promised in cases, and what came of it by `on`; three queries for any number."""
    rows: dict[int, list[Promise]] = defaultdict(list)
    promises = Promise.objects.filter(
        organization_id=organization_id, case_id__among=case_ids, made_on__lte=on
    ).select_related("case")
    for row in promises.order_by("due_on", "id"):
        rows[row.case_id].append(row)
    plans: dict[int, list[PaymentPlan]] = defaultdict(list)
    if any(row.plan_id for listed in rows.values() for row in listed):
        agreed = PaymentPlan.objects.filter(
            organization_id=organization_id, case_id__among=set(rows)
        )
        for plan in agreed.order_by("-agreed_on", "-id"):
            plans[plan.case_id].append(plan)
    since: dict[int, date] = {}
    for row in (row for listed in rows.values() for row in listed):
        customer_id = row.case.customer_id
        since[customer_id] = min(row.made_on, since.get(customer_id, row.made_on))
    came = receipts(organization_id, since)
    found = {}
    for case_id, listed in rows.items():
        case = listed[0].case
        received = came.get((case.customer_id, case.currency), [])
        found[case_id] = _given(case, listed, plans[case_id], received, on)
    return found


def claimable(
    organization_id: int, case_id: int, *, on: date, given: Given | None = None
) -> Claimable:
    """What may be asked for in a case; nothing in one that is not there.

    `given` = its words_given, for callers that have them.
    """
    case = Case.objects.filter(organization_id=organization_id, id=case_id).first()
    if case is None:
        return Claimable(0)
    items = [
        item
        for item in open_items(organization_id, [case.customer_id])
        if item.currency == case.currency
    ]
    if given is None:
        given = words_given(organization_id, [case_id], on=on).get(case_id, Given())
    disputed = disputed_amounts(organization_id, items)
    return claimable_now(case, items, disputed=disputed, given=given)


def disputed_amounts(organization_id: int, items: Collection[OpenItem]) -> dict[int, int]:
    """What is contested of each open item, in minor units; absent = nothing. One query."""
    opens = {item.id: item.open_minor for item in items}
    rows = Dispute.objects.filter(
        organization_id=organization_id, installment_id__in=opens, closed_on__isnull=True
    )
    found: dict[int, int] = defaultdict(int)
    for installment_id, amount in rows.values_list("installment_id", "amount_minor"):
        whole = opens[installment_id]
        found[installment_id] += whole if amount is None else min(amount, whole)
    return found


def claimable_now(
    case: Case, items: Collection[OpenItem], *, disputed: Mapping[int, int], given: Given
) -> Claimable:
    """As `claimable`, of a case whose open items are known, with what is contested of them."""
    credit = unallocated_credits(case.organization_id, [case.customer_id])
    running = sum(s.remaining_minor for s in given.standings if s.state == "running")
    return Claimable(
        sum(item.open_minor for item in items), sum(disputed.values()),
        max(0, credit.get((case.customer_id, case.currency), 0)), running,
    )  # fmt: skip


def broken_promises(organization_id: int, *, since: date, on: date) -> list[Broken]:
    """What customers did not keep between two days, latest first."""
    recent = Promise.objects.filter(
        organization_id=organization_id,
        cancelled_on__isnull=True,
        due_on__gt=since - timedelta(days=LONGEST_GRACE_DAYS),
        due_on__lte=on,
    )
    case_ids = set(recent.values_list("case_id", flat=True))
    if not case_ids:
        return []
    given = words_given(organization_id, case_ids, on=on)
    found = [each for words in given.values() for each in words.broken]
    recent_ones = [each for each in found if since <= each.on <= on]
    return sorted(recent_ones, key=lambda each: (each.on, each.id), reverse=True)


def _given(
    case: Case,
    rows: list[Promise],
    plans: list[PaymentPlan],
    came: list[facts.Receipt],
    on: date,
) -> Given:
    alive = [promise_facts(row) for row in rows if row.cancelled_on is None]
    stands = standings(alive, came, on)
    by_id = {standing.promise.id: standing for standing in stands}
    views = [_view(row, by_id.get(row.id)) for row in rows]
    replaced = {plan.replaces_id for plan in plans}
    plan_views = tuple(
        _plan_view(plan, views, stands, is_replaced=plan.pk in replaced) for plan in plans
    )
    broken = [
        _broken(case, "promise", s, alive, came)
        for s in stands
        if s.broken_on and s.promise.plan_id is None
    ]
    for plan in plan_views:
        members = [s for s in stands if s.promise.plan_id == plan.id]
        missed = [s for s in members if s.broken_on]
        day = broken_on(members) if members else None
        broken += [
            _broken(case, "plan" if s.broken_on == day else "instalment", s, alive, came)
            for s in missed
        ]
    return Given(
        promises=tuple(view for view in reversed(views) if view.plan_id is None),
        plans=plan_views,
        broken=tuple(sorted(broken, key=lambda each: (each.on, each.id), reverse=True)),
        standings=stands,
    )


def _view(row: Promise, standing: Standing | None) -> PromiseView:
    return PromiseView(
        id=row.id,
        case_id=row.case_id,
        amount_minor=row.amount_minor,
        made_on=row.made_on,
        due_on=row.due_on,
        until=last_day(promise_facts(row)),
        state=standing.state if standing else "cancelled",
        received_minor=standing.received_minor if standing else 0,
        broken_on=standing.broken_on if standing else None,
        note=row.note,
        plan_id=row.plan_id,
    )


def _plan_view(
    plan: PaymentPlan,
    views: list[PromiseView],
    stands: tuple[Standing, ...],
    *,
    is_replaced: bool,
) -> PlanView:
    members = [standing for standing in stands if standing.promise.plan_id == plan.id]
    return PlanView(
        id=plan.id,
        case_id=plan.case_id,
        agreed_on=plan.agreed_on,
        agreed_by=plan.agreed_by,
        note=plan.note,
        state=_plan_state(plan, members),
        parts=tuple(view for view in views if view.plan_id == plan.id),
        replaces=plan.replaces_id,
        is_replaced=is_replaced,
        mandate_id=plan.mandate_id,
    )


def _plan_state(plan: PaymentPlan, members: list[Standing]) -> PlanState:
    if plan.cancelled_on is not None or not members:
        return "cancelled"
    if broken_on(members) is not None:
        return "broken"
    if all(s.state == "kept" or s.remaining_minor == 0 for s in members):
        return "kept"
    return "late" if any(s.broken_on for s in members) else "running"


def _broken(
    case: Case,
    kind: BrokenKind,
    standing: Standing,
    alive: list[facts.Promise],
    came: list[facts.Receipt],
) -> Broken:
    """`received_minor` = what had come on the day it broke, not what came later."""
    promise, day = standing.promise, standing.broken_on or standing.promise.due_on
    then = next(s for s in standings(alive, came, day) if s.promise.id == promise.id)
    return Broken(
        id=promise.id,
        kind=kind,
        case_id=case.id,
        customer_id=case.customer_id,
        currency=case.currency,
        on=day,
        due_on=promise.due_on,
        amount_minor=promise.amount_minor,
        received_minor=then.received_minor,
    )
