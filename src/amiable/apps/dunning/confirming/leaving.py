"""How confirmations leave: frozen in the gesture that brings what they say, and sent WAIT later.

Until then the gesture can be taken back; they leave only while what they say still holds. They ask
for nothing: neither the caps nor the gaps between reminders count them.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from amiable.apps.audit.models import Event
from amiable.apps.audit.services import Happening, events_record
from amiable.apps.cases.models import Dispute, Hold, PaymentPlan, Promise
from amiable.apps.customers.models import ContactPoint, Customer
from amiable.apps.dunning.facts import case_facts
from amiable.apps.dunning.surveying.asking import cases_at_peace
from amiable.apps.messaging.library.resolution import own_texts
from amiable.apps.messaging.models import Message
from amiable.apps.messaging.rendering.messages import Material, drafts_render
from amiable.apps.messaging.sending.modes import test_recipient
from amiable.apps.messaging.sending.routes import Routes
from amiable.apps.messaging.services import messages_freeze, messages_send, messages_withdraw
from amiable.core.drafts import Draft
from amiable.core.promises import awaited, commitments
from amiable.core.sentences import Sentence
from amiable.core.stops import case_stop
from amiable.core.workdays import is_workday

WAIT = timedelta(minutes=10)
LEASE = timedelta(minutes=10)
# What a confirmation is called by: the call, or the answer, that it confirms; or the dispute in
# which one of us answers.
OF_CALL, OF_ANSWER, OF_DISPUTE = "call/", "portal/", "dispute/"
# What announces a direct debit leaves the same way, at once.
OF_DEBIT = "debit/"
# What reminds of a promise, or of an instalment of a plan, too.
OF_PROMISE = "promise/"
# What asks how it went, once all is settled, too.
OF_SURVEY = "survey/"
# What brings an invoice once more, too.
OF_INVOICE = "invoice/"
_OURS = (OF_CALL, OF_ANSWER, OF_DISPUTE, OF_DEBIT, OF_PROMISE, OF_SURVEY, OF_INVOICE)
_BATCH = 200
State = Message.State


@dataclass(frozen=True, slots=True)
class Preview:
    """A confirmation before it is written."""

    recipient: str
    subject: str
    text: str


def preview_of(organization_id: int, draft: Draft, *, now: datetime) -> Preview | Sentence:
    """What a draft would say as an email, or why it cannot be written; nothing is stored."""
    own = own_texts(organization_id, [draft]).get(draft.key)
    rendered = drafts_render(
        [draft], {draft.key: Material(own=own)}, organization_id=organization_id, now=now,
        test_recipient=test_recipient(organization_id),
    )[draft.key]  # fmt: skip
    if isinstance(rendered, Sentence):
        return rendered
    return Preview(rendered.recipient, rendered.subject, rendered.text)


@transaction.atomic
def confirmation_freeze(organization_id: int, draft: Draft, *, now: datetime) -> int | Sentence:
    """Freeze a confirmation, to leave WAIT after `now`; its id, or why it cannot be written."""
    frozen = messages_freeze(organization_id, [draft], now=now)[draft.key]
    if isinstance(frozen, int):
        Message.objects.filter(id=frozen).update(retry_at=now + WAIT)
    return frozen


def confirmations_tick(organization_id: int, *, now: datetime, routes: Routes) -> int:
    """Send the confirmations whose time has come, once; returns how many left. Safe to repeat.

    `retry_at` is the lease: whoever moves it on sends. What a worker that died had begun to send is
    taken up when the lease is over, and becomes unknown where it could be doubled.
    """
    ids = _claim(organization_id, now)
    if not ids:
        return 0
    on = timezone.localtime(now).date()
    with transaction.atomic():
        stale = _outdated(organization_id, ids, on=on)
        messages_withdraw(organization_id, stale)
    outcomes = messages_send(organization_id, ids - stale, now=now, routes=routes)
    rows = Message.objects.filter(organization_id=organization_id, id__in=ids)
    told = [
        Happening(
            "message.withdrawn" if message_id in stale else f"message.{outcomes[message_id].state}",
            on, "amiable", case_id, {"message": message_id, "confirms": key},
        )
        for message_id, case_id, key in rows.values_list("id", "case_id", "key")
        if message_id in stale or message_id in outcomes
    ]  # fmt: skip
    events_record(organization_id, told)
    return sum(outcome.state == "sent" for outcome in outcomes.values())


def _claim(organization_id: int, now: datetime) -> set[int]:
    with transaction.atomic():
        rows = Message.objects.filter(
            organization_id=organization_id, state__in=[State.FROZEN, State.SENDING],
            retry_at__lte=now,
        ).select_for_update(skip_locked=True, no_key=True, of=("self",))  # fmt: skip
        ours = [Q(key__startswith=each) for each in _OURS]
        rows = rows.filter(functools.reduce(operator.or_, ours))
        ids = list(rows.order_by("retry_at").values_list("id", flat=True)[:_BATCH])
        Message.objects.filter(id__in=ids).update(retry_at=now + LEASE)
    return set(ids)


def _outdated(organization_id: int, ids: Collection[int], *, on: date) -> set[int]:
    """Those that say what holds no more, or go to whom or where nothing may be sent any more."""
    messages = Message.objects.filter(id__in=ids, state=State.FROZEN)
    rows = list(messages.values_list("id", "case_id", "case__customer_id", "recipient", "is_test"))
    brought = _brought(organization_id, {row[1] for row in rows})
    kinds = (
        (Promise, "promise", {"cancelled_on__isnull": False}),
        (PaymentPlan, "plan", {"cancelled_on__isnull": False}),
        (Dispute, "dispute", {"is_mistake": True}),
        (Hold, "hold", {"ends_on__lt": on}),
    )
    over: dict[str, set[int]] = {}
    for model, name, ended in kinds:
        named = {each[name] for each in brought.values() if name in each}
        gone = model.objects.filter(id__in=named, **ended)  # type: ignore[attr-defined]  # models
        over[name] = set(gone.values_list("id", flat=True))
    customers = {row[2] for row in rows}
    stopped = _stopped(organization_id, customers)
    unusable = _unusable(organization_id, customers)
    over_promises = _promises_over(organization_id, messages, on=on)
    troubled = _troubled(organization_id, messages, on=on)
    return (
        over_promises
        | troubled
        | {
            message_id
            for message_id, _, customer_id, recipient, is_test in rows
            if any(
                brought.get(message_id, {}).get(name) in ids_over for name, ids_over in over.items()
            )
            or customer_id in stopped
            or (not is_test and (customer_id, recipient.casefold()) in unusable)
        }
    )


def _promises_over(organization_id: int, messages: QuerySet[Message], *, on: date) -> set[int]:
    """Reminders that come too late: what they remind of was kept, cancelled or broken meanwhile,
    alone or with its plan; its day has come; or nobody may be reminded today."""
    rows = list(messages.filter(key__startswith=OF_PROMISE).values_list("id", "case_id", "key"))
    if not rows:
        return set()
    cases = case_facts(organization_id, {row[1] for row in rows}, on=on)
    to_come = {
        standing.promise.id
        for facts in cases.values()
        if is_workday(on, facts.holidays_zone) and case_stop(facts, on) is None
        for standing in awaited(commitments(facts, on).standings)
        if standing.promise.due_on > on
    }
    return {row[0] for row in rows if int(row[2].removeprefix(OF_PROMISE)) not in to_come}


def _troubled(organization_id: int, messages: QuerySet[Message], *, on: date) -> set[int]:
    """Questions how it went, where something is open or contested again."""
    asking = dict(messages.filter(key__startswith=OF_SURVEY).values_list("id", "case_id"))
    if not asking:
        return set()
    kept = cases_at_peace(organization_id, set(asking.values()), on=on)
    return {message_id for message_id, case_id in asking.items() if case_id not in kept}


def _stopped(organization_id: int, customer_ids: Collection[int]) -> set[int]:
    """Those who became insolvent, or died, meanwhile."""
    rows = Customer.objects.filter(organization_id=organization_id, id__in=customer_ids)
    ended = Q(insolvent_since__isnull=False) | Q(deceased_since__isnull=False)
    return set(rows.filter(ended).values_list("id", flat=True))


def _unusable(organization_id: int, customer_ids: Collection[int]) -> set[tuple[int, str]]:
    """Email addresses of customers that may not be used any more, in lower case."""
    rows = ContactPoint.objects.filter(
        organization_id=organization_id, customer_id__in=customer_ids, kind="email"
    ).exclude(opted_out_at__isnull=True, invalid_since__isnull=True)
    return {(id_, value.casefold()) for id_, value in rows.values_list("customer_id", "value")}


def _brought(organization_id: int, case_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """What was written down with each confirmation of these cases, by message."""
    told = Event.objects.filter(
        organization_id=organization_id, case_id__in=case_ids,
        kind__in=["call.recorded", "reply.decided", "plan.signed", "plan.decided"],
    ).values_list("payload", flat=True)  # fmt: skip
    found = (each.get("brought", each) for each in told)
    return {each["confirmation"]: each for each in found if "confirmation" in each}
