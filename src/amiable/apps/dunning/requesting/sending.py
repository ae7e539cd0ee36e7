"""How confirmed requests leave: claimed, asked about on fresh facts, frozen, sent, recorded.

The same order as for reminders (see `dunning.sending`): a worker killed on the way leaves a lease
that ends, a message that may have left is never written again, and a request leaves once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from amiable.apps.audit.services import Happening, events_record
from amiable.apps.dunning.confirming.answers import scenarios_for
from amiable.apps.dunning.facts import case_facts, persons_lock
from amiable.apps.dunning.models import Action, PaymentRequest, PaymentRequestItem
from amiable.apps.dunning.requesting.campaigns import own_time
from amiable.apps.dunning.requesting.drawing import items_of, noted, said
from amiable.apps.dunning.writing.accounts import accounts_ensure
from amiable.apps.dunning.writing.drafts import Ready, drafts
from amiable.apps.messaging.models import Message
from amiable.apps.messaging.sending.modes import test_recipient
from amiable.apps.messaging.sending.routes import Routes
from amiable.apps.messaging.services import messages_freeze, messages_send, messages_withdraw
from amiable.core.drafts import Draft
from amiable.core.facts import CaseFacts
from amiable.core.requesting import MEDIA, Verdict, request_check, step_of
from amiable.core.scenario import Scenario
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.stops import Stop
from amiable.plugins.base import Outcome

CHUNK = 200
LEASE = timedelta(minutes=10)
ACTOR = "amiable"
State = PaymentRequest.State
Progress = Callable[[int, int], None]

declare(
    {
        "request.mode": gettext_noop(
            "The test mode was switched since the campaign was confirmed: nothing of it leaves."
        ),
    }
)


@dataclass(slots=True)
class _Chunk:
    """One chunk on its way: what is written, and the message of each request."""

    ready: list[tuple[PaymentRequest, Ready]] = field(default_factory=list)
    messages: dict[int, PaymentRequest] = field(default_factory=dict)
    closed: list[PaymentRequest] = field(default_factory=list)
    changed: list[PaymentRequestItem] = field(default_factory=list)
    busy: set[int] = field(default_factory=set)  # cases with a request in this chunk
    leaving: dict[int, list[str]] = field(default_factory=dict)  # media by customer


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read of a chunk, by case and by request."""

    facts: Mapping[int, CaseFacts]
    scenarios: Mapping[int, Scenario]
    items: Mapping[int, Sequence[PaymentRequestItem]]
    is_test: bool
    local: datetime


def request_key(campaign_id: int, case_id: int) -> str:
    """What the message of a request is called by: there is one for each campaign and case."""
    return f"request/{campaign_id}/{case_id}"


def requests_tick(
    organization_id: int, *, now: datetime, routes: Routes, progress: Progress | None = None
) -> Counter[str]:
    """Send the requests whose time has come, once; returns how many by outcome. Safe to repeat,
    by several workers at the same time."""
    counts: Counter[str] = Counter()
    local = timezone.localtime(now)
    total = _claimable(organization_id, local).count() if progress else 0
    while requests := _claim(organization_id, local):
        with transaction.atomic():
            work = _freeze(organization_id, requests, local)
        outcomes = messages_send(organization_id, list(work.messages), now=now, routes=routes)
        with transaction.atomic():
            _record(organization_id, work, outcomes, local)
        counts.update(request.state for request in requests)
        if progress:
            progress(min(counts.total(), total), total)
    return counts


def _claimable(organization_id: int, local: datetime) -> QuerySet[PaymentRequest]:
    """What waits for its time, and what a worker that died had begun."""
    return PaymentRequest.objects.filter(
        organization_id=organization_id, state__in=[State.WAITING, State.SENDING],
        retry_at__lte=local,
    )  # fmt: skip


def _claim(organization_id: int, local: datetime) -> list[PaymentRequest]:
    """Take a chunk: `retry_at` is the lease, and whoever moves it on sends."""
    with transaction.atomic():
        rows = _claimable(organization_id, local)
        ids = list(
            rows.select_for_update(skip_locked=True, no_key=True, of=("self",))
            .order_by("retry_at", "id")
            .values_list("id", flat=True)[:CHUNK]
        )
        if not ids:
            return []
        PaymentRequest.objects.filter(id__among=ids).update(
            state=State.SENDING, retry_at=local + LEASE
        )
    taken = PaymentRequest.objects.filter(id__among=ids).select_related("campaign", "message")
    return list(taken.defer("message__content", "message__text").order_by("id"))


def _freeze(organization_id: int, requests: Collection[PaymentRequest], local: datetime) -> _Chunk:
    """Ask again, then write what may leave, in the caller's transaction."""
    work = _Chunk()
    case_ids = {request.case_id for request in requests}
    persons_lock(organization_id, case_ids)
    own = {request.pk for request in requests}
    known = _Known(
        facts=case_facts(organization_id, case_ids, on=local.date(), requests=own),
        scenarios=scenarios_for(organization_id, case_ids),
        items=items_of(organization_id, own),
        is_test=bool(test_recipient(organization_id)),
        local=local,
    )
    for request in requests:
        if request.message is not None and request.message.state not in _UNSENT:
            # It may have left already: what became of it is found out, and nothing is decided.
            work.messages[request.message.pk] = request
        else:
            _decide(request, known, work)
    PaymentRequestItem.objects.bulk_update(
        work.changed, ["asked_minor", "open_minor"], batch_size=500
    )
    _freeze_drafts(organization_id, work, local, is_test=known.is_test)
    return work


def _decide(request: PaymentRequest, known: _Known, work: _Chunk) -> None:
    """Whether it leaves now, and for how much: into the chunk it goes, or is closed or put off."""
    case, theirs = known.facts[request.case_id], known.items[request.pk]
    verdict = _verdict(request, known, work)
    opened = {item.id: item.open_minor for item in case.items}
    changed = noted(theirs, asked=verdict.asked, opened=opened)
    work.changed += changed
    if changed and request.message is not None:
        # Written at an earlier try, and no longer what may be asked: it is written again.
        messages_withdraw(request.organization_id, [request.message.pk])
    if verdict.stop is not None or not verdict.medium:
        _put_off(request, verdict, known.local)
        work.closed.append(request)
        return
    request.medium = verdict.medium
    work.busy.add(request.case_id)
    work.leaving.setdefault(case.customer_id, []).append(verdict.medium)
    scenario = known.scenarios[request.case_id]
    work.ready.append((request, request_ready(request, case, scenario, verdict.asked)))


def _verdict(request: PaymentRequest, known: _Known, work: _Chunk) -> Verdict:
    if request.campaign.cancelled_at is not None:
        return Verdict(stop=Stop(Sentence("request.cancelled")))
    if request.campaign.is_test != known.is_test:
        return Verdict(stop=Stop(Sentence("request.mode")))
    case, local = known.facts[request.case_id], known.local
    verdict = request_check(
        case,
        known.scenarios[request.case_id],
        item_ids={row.installment_id for row in known.items[request.pk]},
        media=request.campaign.media,
        now=local,
        own=own_time(case, local),
        extra=[medium for each in case.linked for medium in work.leaving.get(each, ())],
    )
    if verdict.stop is None and request.case_id in work.busy:
        # Two campaigns ask one payer: the second waits for its day.
        return replace(verdict, stop=Stop(Sentence("send.one_a_day")), postpone=True)
    return verdict


_UNSENT = (Message.State.FROZEN, Message.State.WITHDRAWN)


def request_ready(
    request: PaymentRequest, facts: CaseFacts, scenario: Scenario, asked: Mapping[int, int]
) -> Ready:
    """A request as what is about to leave by its medium: its texts are those of the scenario."""
    key = request_key(request.campaign_id, request.case_id)
    medium = next(each for each in MEDIA if each == request.medium)
    action = Action(key=key, medium=medium, case_id=request.case_id)
    return Ready(action, facts, scenario, step_of(medium), asked)


def requests_drafts(
    organization_id: int, ready: Collection[Ready], *, local: datetime
) -> list[Draft]:
    """The drafts of requests: their own invoices alone, and no conversation that goes on."""
    return [
        replace(
            draft, lines=tuple(line for line in draft.lines if line.group == "due"),
            thread_ids=(), previous_contact_on=None,
        )
        for draft in drafts(organization_id, ready, on=local.date())
    ]  # fmt: skip


def _freeze_drafts(organization_id: int, work: _Chunk, local: datetime, *, is_test: bool) -> None:
    """Write one message per request; what cannot be written stops with its reason."""
    ready = [each for _, each in work.ready]
    if not is_test:
        accounts_ensure(organization_id, ready, on=local.date())
    frozen = messages_freeze(
        organization_id, requests_drafts(organization_id, ready, local=local), now=local
    )
    for request, each in work.ready:
        message = frozen[each.action.key]
        if isinstance(message, Sentence):
            request.state, request.outcome = State.STOPPED, [message.to_json()]
            request.retry_at, request.closed_on = None, local.date()
            work.closed.append(request)
            continue
        request.message_id = message
        work.messages[message] = request
    written = [request for request, _ in work.ready if request not in work.closed]
    PaymentRequest.objects.bulk_update(written, ["message", "medium"], batch_size=500)
    PaymentRequest.objects.bulk_update(work.closed, _STATE, batch_size=500)


_STATE = ["state", "outcome", "retry_at", "closed_on"]


def _put_off(request: PaymentRequest, verdict: Verdict, local: datetime) -> None:
    """It leaves later, or not at all; a message written at an earlier try does not leave then."""
    request.outcome = said(verdict)
    if verdict.postpone and verdict.stop is not None:
        look = verdict.stop.look_on or local.date() + timedelta(days=1)
        morning = timezone.make_aware(datetime.combine(look, time.min))
        request.state = State.WAITING
        request.retry_at = morning if morning > local else local + timedelta(hours=1)
        return
    request.state, request.retry_at, request.closed_on = State.STOPPED, None, local.date()
    if request.campaign.cancelled_at is not None:
        # It can be taken up again with the others.
        request.state, request.outcome, request.closed_on = State.CANCELLED, [], None
    if request.message_id is not None:
        messages_withdraw(request.organization_id, [request.message_id])


def _record(
    organization_id: int, work: _Chunk, outcomes: Mapping[int, Outcome], local: datetime
) -> None:
    """Write what became of each message, and the evidence of it."""
    told, recorded = [], []
    for message_id, request in work.messages.items():
        if message_id not in outcomes:  # another worker holds it, and records it
            continue
        outcome = outcomes[message_id]
        _conclude(request, outcome, local)
        recorded.append(request)
        payload = {"message": message_id, "request": request.campaign_id}
        kind = f"message.{outcome.state}"
        told.append(Happening(kind, local.date(), ACTOR, request.case_id, payload))
    PaymentRequest.objects.bulk_update(recorded, _STATE, batch_size=500)
    events_record(organization_id, told)


def _conclude(request: PaymentRequest, outcome: Outcome, local: datetime) -> None:
    detail = {"detail": outcome.detail}
    request.outcome, request.closed_on, request.retry_at = [], local.date(), None
    if outcome.state == "sent":
        request.state = State.SENT
    elif outcome.state == "unknown":
        request.state, request.outcome = State.UNKNOWN, [Sentence("send.unknown").to_json()]
    elif outcome.state == "retry":
        wait = timedelta(seconds=outcome.retry_after_seconds or 900)
        request.state, request.closed_on, request.retry_at = State.WAITING, None, local + wait
        request.outcome = [Sentence("send.retry", detail).to_json()]
    else:
        request.state = State.FAILED
        request.outcome = [Sentence("send.failed", detail).to_json()]
