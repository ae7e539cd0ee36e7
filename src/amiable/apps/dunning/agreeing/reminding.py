"""Reminders before what was agreed: an email some days before each instalment, and the day before a
promise, once.

What was agreed is not chased, but an email is a contact: stops, pauses, caps and closed addresses
count.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from amiable.apps.cases.models import Promise
from amiable.apps.cases.policies import MOST
from amiable.apps.dunning.confirming.answers import scenarios_for
from amiable.apps.dunning.confirming.drafting import About, drafts_of
from amiable.apps.dunning.confirming.leaving import OF_PROMISE
from amiable.apps.dunning.debiting.means import terms_named
from amiable.apps.dunning.facts import case_facts
from amiable.apps.messaging.models import Message
from amiable.apps.messaging.services import messages_freeze
from amiable.apps.payments.debits.models import Debit
from amiable.apps.payments.debits.queries import debits_of_parts
from amiable.core.drafts import Confirmed
from amiable.core.facts import CaseFacts
from amiable.core.promises import Standing, awaited, commitments
from amiable.core.scenario import Scenario
from amiable.core.stops import cap_stop, case_stop, medium_stop
from amiable.core.workdays import add_workdays, is_workday, zone_of

_MEDIUM = "email"


def reminders_freeze(organization_id: int, *, now: datetime) -> int:
    """Write the reminders whose day has come, to leave with the confirmations; how many. Safe to
    repeat: a reminder is called by its promise, and nothing is written twice under one name."""
    on = timezone.localtime(now).date()
    due = _due(organization_id, on)
    if not due:
        return 0
    cases = case_facts(organization_id, set(due.values()), on=on)
    scenarios = scenarios_for(organization_id, cases)
    collected = debits_of_parts(organization_id, due)
    wanted = [
        (_about(facts, standing, scenarios[case_id], debit), _confirmed(standing, debit))
        for case_id, facts in cases.items()
        for standing in _next(facts, due, on)
        for debit in [collected.get(standing.promise.id)]
    ]
    drafts = [draft for draft in drafts_of(organization_id, wanted, on=on) if draft.recipient]
    with transaction.atomic():
        frozen = messages_freeze(organization_id, drafts, now=now)
        ids = [each for each in frozen.values() if isinstance(each, int)]
        rows = Message.objects.filter(id__in=ids, retry_at__isnull=True)
        return rows.filter(state=Message.State.FROZEN).update(retry_at=now)


def remind_on(due_on: date, days: int, *, zone: str = "") -> date:
    """The day of a reminder: so many days before, or the last working day before that."""
    day = due_on - timedelta(days=days)
    return day if is_workday(day, zone) else add_workdays(day, -1, zone=zone)


def _due(organization_id: int, on: date) -> dict[int, int]:
    """Promises to remind of today, with their cases; those written already left out."""
    farthest = on + timedelta(days=MOST["remind_days"] + 7)
    rows = Promise.objects.filter(
        organization_id=organization_id, cancelled_on__isnull=True, made_on__lt=on,
        due_on__gt=on, due_on__lte=farthest, remind_days__gt=0,
    ).values_list(
        "id", "case_id", "due_on", "remind_days", "case__customer__postcode",
        "case__customer__country",
    )  # fmt: skip
    found = {}
    for promise_id, case_id, due_on, days, postcode, country in rows:
        zone = zone_of(postcode, country)
        if is_workday(on, zone) and remind_on(due_on, days, zone=zone) <= on:
            found[promise_id] = case_id
    names = {f"{OF_PROMISE}{promise_id}": promise_id for promise_id in found}
    written = Message.objects.filter(organization_id=organization_id, key__in=names)
    for key in written.values_list("key", flat=True) if names else ():
        del found[names[key]]
    return found


def _next(facts: CaseFacts, promise_ids: Collection[int], on: date) -> list[Standing]:
    """What the customer of a case is reminded of today: at most one thing, the next one."""
    stop = case_stop(facts, on) or medium_stop(facts, _MEDIUM) or cap_stop(facts, _MEDIUM, on)
    if stop is not None:
        return []
    to_come = awaited(commitments(facts, on).standings)
    return [each for each in to_come if each.promise.id in promise_ids][:1]


def _about(facts: CaseFacts, standing: Standing, scenario: Scenario, debit: Debit | None) -> About:
    """What is still expected, on the oldest items; or that it is collected, which asks nothing."""
    asked: dict[int, int] = {}
    budget = standing.remaining_minor
    for item in sorted(facts.items, key=lambda each: (each.due_date, each.id)):
        taken = min(budget, item.open_minor)
        if taken > 0:
            asked[item.id] = taken
            budget -= taken
    promise = standing.promise
    text = "promise_due" if promise.plan_id is None else "instalment_due"
    text = "instalment_debit" if debit else text
    return About(f"{OF_PROMISE}{promise.id}", text, facts, scenario, asked)


def _confirmed(standing: Standing, debit: Debit | None) -> Confirmed:
    if debit:
        terms = terms_named(debit.mandate_id)
        return Confirmed("debit", debit.amount_minor, debit.collect_on, debit=terms)
    return Confirmed("due", standing.remaining_minor, standing.promise.due_on)
