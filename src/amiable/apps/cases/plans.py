"""Writes of promises and payment plans: what a customer says it will pay, and when.

Whether they are kept is never written: it follows from the payments (core.promises).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction

from amiable.apps.cases.changes import CaseError, case_find, case_tell
from amiable.apps.cases.models import Case, PaymentPlan, PlanProposal, Promise
from amiable.apps.cases.policies import policy_of
from amiable.apps.cases.queries import claimable
from amiable.apps.receivables.queries import receipts
from amiable.apps.tenants.models import Organization
from amiable.core.money import Money, major
from amiable.core.part_debits import collected_parts
from amiable.core.plans import Policy
from amiable.core.schedules import Every, PlanPart, ScheduleError, schedule
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.workdays import is_workday, next_workday, zone_of

declare(
    {
        "case.promise_in_the_past": gettext_noop("A promise is for today or a later day."),
        "case.promise_too_far": gettext_noop(
            "A promise is for a day within a year: agree a payment plan instead."
        ),
        "case.promise_too_much": gettext_noop(
            "At most {amount} can be promised: the rest is not owed, paid by a credit or promised "
            "already. A promise that was changed is cancelled first."
        ),
        "case.nothing_to_promise": gettext_noop(
            "There is nothing left to promise: nothing is open, or all of it is promised already. "
            "A promise that was changed is cancelled first."
        ),
        "plan.too_much": gettext_noop(
            "A plan can be about {amount} at most: what is open, less what is disputed, promised "
            "or covered by a credit."
        ),
        "plan.nothing": gettext_noop(
            "There is nothing to spread: all that is open is disputed, promised or covered by a "
            "credit."
        ),
        "plan.order": gettext_noop("Each instalment falls due after the one before it."),
        "plan.not_worked": gettext_noop("{day} is not a working day: take {next}."),
        "plan.over": gettext_noop("This payment plan is over: it cannot be changed any more."),
        "plan.few": gettext_noop("A plan has at least two instalments."),
    }
)

LONGEST_PROMISE = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """A plan as people agree it: how much, in how many parts, from when and how often. `mandate_id`
    = of the mandate under which it is collected, from `soonest` on (None = the customer pays)."""

    amount_minor: int
    count: int
    first_on: date
    every: Every = "month"
    mandate_id: int | None = None
    soonest: date | None = None


def promise_record(
    organization_id: int,
    case_id: int,
    *,
    amount_minor: int,
    due_on: date,
    on: date,
    actor: str,
    note: str = "",
) -> int:
    """Record a dated promise to pay, with the tolerance and grace of the organization.

    What it covers is not chased until its date plus grace. Returns its id. Raises CaseError when
    the case is not there, the date is past or far away, the amount not above zero or more than
    what is left to promise.
    """
    if amount_minor <= 0:
        raise CaseError(Sentence("case.amount_not_positive"))
    if due_on < on:
        raise CaseError(Sentence("case.promise_in_the_past"))
    if due_on > on + LONGEST_PROMISE:
        raise CaseError(Sentence("case.promise_too_far"))
    with transaction.atomic():
        case = case_find(organization_id, case_id, lock=True)
        most = claimable(organization_id, case_id, on=on).promise_minor
        if not most:
            raise CaseError(Sentence("case.nothing_to_promise"))
        if amount_minor > most:
            amount = Money(most, case.currency)
            raise CaseError(Sentence("case.promise_too_much", {"amount": amount}))
        grace, tolerance = _policy(organization_id)
        promise = Promise.objects.create(
            organization_id=organization_id,
            case=case,
            amount_minor=amount_minor,
            made_on=on,
            due_on=due_on,
            grace_days=grace,
            tolerance_pct=tolerance,
            before_minor=_came_today(case, on),
            note=note,
        )
        told = {
            "promise": promise.id,
            "due": due_on.isoformat(),
            "amount": major(amount_minor, case.currency),
        }
        case_tell(case, "promise.recorded", told=told, on=on, actor=actor)
    return promise.id


def promise_cancel(organization_id: int, promise_id: int, *, on: date, actor: str) -> bool:
    """Take a promise back (a typing error, a new date): the case is chased again.

    False when it is already gone, over (what was broken is remembered) or part of a plan.
    """
    with transaction.atomic():
        promise = (
            Promise.objects.select_related("case")
            .select_for_update(no_key=True, of=("self",))
            .filter(
                organization_id=organization_id,
                id=promise_id,
                cancelled_on__isnull=True,
                plan__isnull=True,
            )
            .first()
        )
        if promise is None or promise.due_on + timedelta(days=promise.grace_days) < on:
            return False
        promise.cancelled_on = on
        promise.save(update_fields=["cancelled_on"])
        case_tell(
            promise.case, "promise.cancelled", told={"promise": promise.id}, on=on, actor=actor
        )
    return True


def promise_restore(organization_id: int, promise_id: int, *, on: date, actor: str) -> bool:
    """Put back a promise that was cancelled; False when it is not, its time is over, or what it is
    about is promised otherwise by now."""
    with transaction.atomic():
        rows = Promise.objects.select_related("case").select_for_update(no_key=True, of=("self",))
        promise = rows.filter(
            organization_id=organization_id, id=promise_id, cancelled_on__isnull=False,
            plan__isnull=True,
        ).first()  # fmt: skip
        if promise is None or promise.due_on + timedelta(days=promise.grace_days) < on:
            return False
        if promise.amount_minor > claimable(organization_id, promise.case_id, on=on).promise_minor:
            return False
        promise.cancelled_on = None
        promise.save(update_fields=["cancelled_on"])
        told = {"promise": promise.id}
        case_tell(promise.case, "promise.restored", told=told, on=on, actor=actor)
    return True


def plan_schedule(
    organization_id: int, case_id: int, terms: PlanTerms, *, on: date
) -> tuple[PlanPart, ...]:
    """The instalments that these terms give, checked like plan_record does; nothing is written.

    Days that are not worked where the customer is move to the next one. Raises CaseError.
    """
    case = case_find(organization_id, case_id)
    zone = zone_of(case.customer.postcode, case.customer.country)
    first_on = max(terms.first_on, terms.soonest) if terms.soonest else terms.first_on
    try:
        parts = schedule(
            terms.amount_minor, terms.count, first_on=first_on, every=terms.every, zone=zone
        )
        parts = collected_parts(parts, zone) if terms.soonest else parts
    except ScheduleError as error:
        raise CaseError(error.sentence) from error
    _check(organization_id, case_id, parts, zone, on)
    return parts


def plan_record(
    organization_id: int,
    case_id: int,
    *,
    instalments: Sequence[PlanPart],
    on: date,
    actor: str,
    note: str = "",
    policy: Policy | None = None,
    replaces: int | None = None,
    mandate_id: int | None = None,
) -> int:
    """Record a payment plan: its instalments are promises that belong together. `policy` = whose
    grace, forgiveness and reminders it has (None = the one that holds for the case today);
    `replaces` = the plan that it takes the place of (see plan_change); `mandate_id` = as of
    PaymentPlan.

    Returns its id. Raises CaseError when the case is not there, a day is past, not worked or not
    after the one before it, or the total is more than what may be asked for.
    """
    with transaction.atomic():
        case = case_find(organization_id, case_id, lock=True)
        zone = zone_of(case.customer.postcode, case.customer.country)
        _check(organization_id, case_id, instalments, zone, on)
        plan = PaymentPlan.objects.create(
            organization_id=organization_id, case=case, agreed_on=on, agreed_by=actor, note=note,
            replaces_id=replaces, mandate_id=mandate_id,
        )  # fmt: skip
        # What was proposed or offered is settled with it; the one it comes from says so itself.
        PlanProposal.objects.filter(case=case, state__in=PlanProposal.OPEN).update(
            state=PlanProposal.State.WITHDRAWN, decided_on=on, decided_by=actor
        )
        _promises_record(plan, instalments, policy or policy_of(organization_id, case_id))
        told = {
            "plan": plan.id,
            **({"replaces": replaces} if replaces else {}),
            **({"mandate": mandate_id} if mandate_id else {}),
            "instalments": [
                [part.due_on.isoformat(), major(part.amount_minor, case.currency)]
                for part in instalments
            ],
        }
        case_tell(case, "plan.recorded", told=told, on=on, actor=actor)
    return plan.id


@transaction.atomic
def plan_change(
    organization_id: int, plan_id: int, terms: PlanTerms, *, on: date, actor: str, note: str = ""
) -> int:
    """Put another plan in the place of one that runs; the old one stays, linked. Returns the new
    one's id. Raises CaseError when there is no such plan, it is over, or the terms cannot be."""
    old = PaymentPlan.objects.filter(organization_id=organization_id, id=plan_id).first()
    if old is None:
        raise CaseError(Sentence("case.not_found"))
    if not plan_cancel(organization_id, plan_id, on=on, actor=actor):
        raise CaseError(Sentence("plan.over"))
    parts = plan_schedule(organization_id, old.case_id, terms, on=on)
    return plan_record(
        organization_id, old.case_id, instalments=parts, on=on, actor=actor, note=note,
        replaces=plan_id, mandate_id=terms.mandate_id,
    )  # fmt: skip


def plan_cancel(organization_id: int, plan_id: int, *, on: date, actor: str) -> bool:
    """End a plan that is not over: what is still owed is chased again. False when it is over,
    cancelled or not there."""
    with transaction.atomic():
        plan = (
            PaymentPlan.objects.select_related("case")
            .select_for_update(no_key=True, of=("self",))
            .filter(organization_id=organization_id, id=plan_id, cancelled_on__isnull=True)
            .first()
        )
        if plan is None or all(
            row.due_on + timedelta(days=row.grace_days) < on for row in plan.instalments.all()
        ):
            return False
        plan.cancelled_on = on
        plan.save(update_fields=["cancelled_on"])
        plan.instalments.update(cancelled_on=on)
        case_tell(plan.case, "plan.cancelled", told={"plan": plan.id}, on=on, actor=actor)
    return True


def _promises_record(plan: PaymentPlan, parts: Sequence[PlanPart], rules: Policy) -> None:
    """Each instalment as a promise of the plan, with the rules that hold for it."""
    before = _came_today(plan.case, plan.agreed_on)
    _, tolerance = _policy(plan.organization_id)
    Promise.objects.bulk_create(
        [
            Promise(
                organization_id=plan.organization_id,
                case=plan.case,
                plan=plan,
                amount_minor=part.amount_minor,
                made_on=plan.agreed_on,
                due_on=part.due_on,
                grace_days=rules.grace_days,
                tolerance_pct=tolerance,
                before_minor=before,
                forgives=rules.forgives,
                remind_days=rules.remind_days,
            )
            for part in parts
        ]
    )


def parts_check(organization_id: int, case_id: int, parts: Sequence[PlanPart], *, on: date) -> None:
    """Raise CaseError when these instalments could not be agreed in a case today."""
    case = case_find(organization_id, case_id)
    zone = zone_of(case.customer.postcode, case.customer.country)
    _check(organization_id, case_id, parts, zone, on)


def _check(
    organization_id: int, case_id: int, parts: Sequence[PlanPart], zone: str, on: date
) -> None:
    if len(parts) < 2:
        raise CaseError(Sentence("plan.few"))
    if any(part.amount_minor <= 0 for part in parts):
        raise CaseError(Sentence("case.amount_not_positive"))
    if parts[0].due_on < on:
        raise CaseError(Sentence("case.promise_in_the_past"))
    for before, part in zip((None, *parts), parts, strict=False):
        if before and part.due_on <= before.due_on:
            raise CaseError(Sentence("plan.order"))
        if not is_workday(part.due_on, zone):
            params = {"day": part.due_on, "next": next_workday(part.due_on, zone)}
            raise CaseError(Sentence("plan.not_worked", params))
    most = claimable(organization_id, case_id, on=on).plan_minor
    if not most:
        raise CaseError(Sentence("plan.nothing"))
    if sum(part.amount_minor for part in parts) > most:
        case = case_find(organization_id, case_id)
        raise CaseError(Sentence("plan.too_much", {"amount": Money(most, case.currency)}))


def _came_today(case: Case, on: date) -> int:
    """What came on the day itself before anything is promised: it is for nothing promised now."""
    came = receipts(case.organization_id, {case.customer_id: on})
    found = came.get((case.customer_id, case.currency), [])
    return max(0, sum(each.amount_minor for each in found if each.on == on))


def _policy(organization_id: int) -> tuple[int, int]:
    """Days of grace, and percent of an amount that are enough."""
    return Organization.objects.values_list("promise_grace_days", "promise_tolerance_pct").get(
        id=organization_id
    )
