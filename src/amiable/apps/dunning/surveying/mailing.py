"""The email that asks how it went, some days after all was settled, where the organization wants
it: written once for a settlement, it leaves with the confirmations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from amiable.apps.audit.services import Happening, events_record
from amiable.apps.customers.models import ContactPoint
from amiable.apps.dunning.confirming.answers import scenarios_for
from amiable.apps.dunning.confirming.leaving import OF_SURVEY
from amiable.apps.dunning.facts import case_facts
from amiable.apps.dunning.models import Action, Survey
from amiable.apps.dunning.surveying.asking import ACTOR, Settled, cases_settled
from amiable.apps.dunning.writing.drafts import Ready, drafts
from amiable.apps.messaging.models import Message
from amiable.apps.messaging.services import messages_freeze
from amiable.apps.receivables.models import Installment
from amiable.apps.tenants.models import Organization
from amiable.apps.tenants.queries import organization_lock
from amiable.core.drafts import Confirmed, Draft, DraftLine
from amiable.core.facts import CaseFacts
from amiable.core.scenario import Medium, Step
from amiable.core.stops import cap_stop, case_stop, medium_stop
from amiable.core.workdays import is_workday

# An email that could not leave for a week asks no more: nobody who switches it on asks the past.
LATE = timedelta(days=7)
_MEDIUM: Medium = "email"
_STEP = Step("survey", 0, _MEDIUM, "friendly", template="survey")


@transaction.atomic
def surveys_freeze(organization_id: int, *, now: datetime) -> int:
    """Write the emails that ask today; how many. Safe to repeat, and of two workers one writes:
    who is asked is found under the organization's lock."""
    wanted = Organization.objects.filter(id=organization_id, survey_by_email=True)
    days = wanted.values_list("survey_days", flat=True).first()
    if days is None:
        return 0
    organization_lock(organization_id)
    on = timezone.localtime(now).date()
    since = timedelta(days=days)
    settled = {
        case_id: each
        for case_id, each in cases_settled(organization_id, on=on).items()
        if each.on + since <= on <= each.on + since + LATE
    }
    if not settled:
        return 0
    written = [draft for draft in _drafts(organization_id, settled, on) if draft.payment_link]
    chosen = _one_a_person(organization_id, written)
    frozen = messages_freeze(organization_id, chosen, now=now)
    asked = {draft.case_id: frozen[draft.key] for draft in chosen}
    return _keep(
        organization_id,
        {settled[case_id]: x for case_id, x in asked.items() if isinstance(x, int)},
        on=on,
        now=now,
    )


def _drafts(organization_id: int, settled: Mapping[int, Settled], on: date) -> list[Draft]:
    """The emails of those who may be written to today, about what they paid."""
    found = case_facts(organization_id, settled, on=on)
    facts = [each for each in found.values() if _may_write(each, on)]
    scenarios = scenarios_for(organization_id, [each.case_id for each in facts]) if facts else {}
    ready = [
        Ready(
            Action(
                key=f"{OF_SURVEY}{each.case_id}/{settled[each.case_id].action_id}",
                medium=_MEDIUM, case_id=each.case_id,
            ),
            each, scenarios[each.case_id], _STEP, {},
        )
        for each in facts
    ]  # fmt: skip
    lines = _lines(organization_id, (settled[each.case_id] for each in facts), on)
    return [
        replace(
            draft, lines=lines[draft.case_id], credit_minor=0, copies=(),
            confirms=Confirmed("survey"),
        )
        for draft in drafts(organization_id, ready, on=on)
        if draft.recipient
    ]  # fmt: skip


def _may_write(facts: CaseFacts, on: date) -> bool:
    """Whether an email may leave today: as for what reminds of a promise."""
    stop = case_stop(facts, on) or medium_stop(facts, _MEDIUM) or cap_stop(facts, _MEDIUM, on)
    return stop is None and is_workday(on, facts.holidays_zone)


def _lines(
    organization_id: int, settled: Iterable[Settled], on: date
) -> dict[int, tuple[DraftLine, ...]]:
    """What was chased in each case, as settled: one query."""
    cases = {item: each.case_id for each in settled for item in each.installments}
    rows = Installment.objects.filter(organization_id=organization_id, id__among=set(cases))
    found: dict[int, list[DraftLine]] = defaultdict(list)
    for row in rows.select_related("invoice").order_by("due_date", "id"):
        invoice = row.invoice
        found[cases[row.pk]].append(
            DraftLine(
                invoice.pk, invoice.number, invoice.issue_date, row.due_date,
                invoice.total_minor, 0, (on - row.due_date).days,
            )
        )  # fmt: skip
    return {case_id: tuple(lines) for case_id, lines in found.items()}


def _one_a_person(organization_id: int, written: Collection[Draft]) -> list[Draft]:
    """The first of those that would ask one person twice: a customer in two currencies, or two who
    share an address. One query."""
    customers = {draft.customer_id for draft in written}
    values: dict[int, set[str]] = defaultdict(set)
    rows = ContactPoint.objects.filter(
        organization_id=organization_id, customer_id__among=customers
    )
    for customer_id, value in rows.values_list("customer_id", "value"):
        values[customer_id].add(value.casefold())
    chosen, seen = [], set[str]()
    for draft in written:
        persons = {f"#{draft.customer_id}", *values[draft.customer_id]}
        if seen.isdisjoint(persons):
            chosen.append(draft)
        seen |= persons
    return chosen


def _keep(organization_id: int, asked: Mapping[Settled, int], *, on: date, now: datetime) -> int:
    """Note who is asked by which message, to leave at once."""
    Message.objects.filter(id__in=asked.values(), state=Message.State.FROZEN).update(retry_at=now)
    rows = Survey.objects.bulk_create(
        Survey(
            organization_id=organization_id, case_id=each.case_id, action_id=each.action_id,
            collector=each.collector, message_id=message_id, asked_on=on,
        )
        for each, message_id in asked.items()
    )  # fmt: skip
    events_record(
        organization_id,
        [
            Happening(
                "survey.asked", on, ACTOR, row.case_id,
                {"survey": row.pk, "message": row.message_id},
            )
            for row in rows
        ],
    )  # fmt: skip
    return len(rows)
