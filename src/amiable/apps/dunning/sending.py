"""The sending tick: claim what is due and approved, ask the guards again, freeze, send, record.

The order is what makes it safe. The claim is committed before anything else; the message is
frozen and committed before it leaves; it leaves outside any transaction; then the outcome is
recorded. A worker killed on the way leaves a lease that expires: a message that had not begun to
leave is sent by the next worker, one that may have left becomes `unknown`, for a person.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from amiable.apps.audit.services import Happening, events_record
from amiable.apps.cases.models import Case
from amiable.apps.cases.services import cases_wake
from amiable.apps.dunning.agreeing.reminding import reminders_freeze
from amiable.apps.dunning.confirming.leaving import confirmations_tick
from amiable.apps.dunning.facts import case_facts, persons_lock
from amiable.apps.dunning.models import Action, ActionItem
from amiable.apps.dunning.planning import scenario_of
from amiable.apps.dunning.requesting.sending import requests_tick
from amiable.apps.dunning.surveying.mailing import surveys_freeze
from amiable.apps.dunning.writing.accounts import accounts_ensure
from amiable.apps.dunning.writing.copies import copies_tick
from amiable.apps.dunning.writing.drafts import Ready, drafts
from amiable.apps.messaging.sending.leftovers import leftovers_finish
from amiable.apps.messaging.sending.routes import Routes, configured_routes
from amiable.apps.messaging.services import messages_freeze, messages_send, messages_withdraw
from amiable.apps.tenants.models import Organization
from amiable.core import guards, stops
from amiable.core.facts import CaseFacts
from amiable.core.promises import commitments
from amiable.core.scenario import Step
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.workdays import clock_of
from amiable.plugins.base import Outcome

CHUNK = 200
LEASE = timedelta(minutes=10)
ACTOR = "amiable"
Progress = Callable[[int, int], None]

declare(
    {
        "send.one_a_day": gettext_noop("Another message leaves today: this one waits for its day."),
        "send.outdated": gettext_noop(
            "The amounts changed after the message was written: a new one will be planned."
        ),
        "send.failed": gettext_noop("The message was refused: {detail}"),
        "send.retry": gettext_noop("Not handed over yet, it will be tried again: {detail}"),
        "send.unknown": gettext_noop(
            "It is not known whether the message left: check before sending it again."
        ),
    }
)


@dataclass(slots=True)
class SendCounts:
    """What a sending tick did, by outcome."""

    claimed: int = 0
    sent: int = 0
    cancelled: int = 0
    postponed: int = 0
    failed: int = 0
    retry: int = 0
    unknown: int = 0


@dataclass(slots=True)
class _Chunk:
    """One chunk on its way: what passed the guards and what did not."""

    ready: list[Ready] = field(default_factory=list)
    messages: dict[str, int] = field(default_factory=dict)
    busy: set[int] = field(default_factory=set)  # cases with a message in this chunk
    leaving: dict[int, list[str]] = field(default_factory=dict)  # media by customer


def send_tick(
    organization_id: int,
    *,
    now: datetime,
    routes: Routes | None = None,
    chunk: int = CHUNK,
    progress: Progress | None = None,
) -> SendCounts:
    """Send every approved action due at `now` (aware, business time). Safe to repeat."""
    counts = SendCounts()
    local = timezone.localtime(now)
    routes = routes or configured_routes()
    leftovers_finish(routes)
    copies_tick(organization_id, now=now, routes=routes)
    reminders_freeze(organization_id, now=now)
    surveys_freeze(organization_id, now=now)
    confirmations_tick(organization_id, now=now, routes=routes)
    requests_tick(organization_id, now=now, routes=routes)
    total = _claimable(organization_id, local).count() if progress else 0
    while True:
        actions = _claim(organization_id, local, chunk)
        if not actions:
            return counts
        counts.claimed += len(actions)
        with transaction.atomic():
            work = _freeze(organization_id, actions, local, counts)
        outcomes = messages_send(
            organization_id, list(work.messages.values()), now=now, routes=routes
        )
        with transaction.atomic():
            _record(organization_id, work, outcomes, local, counts)
            _wake_unsent(organization_id, actions, local)
        if progress:
            progress(min(counts.claimed, total), total)


def _claimable(organization_id: int, local: datetime) -> QuerySet[Action]:
    ready = Q(state=Action.State.APPROVED) & (Q(retry_at__isnull=True) | Q(retry_at__lte=local))
    abandoned = Q(state=Action.State.CLAIMED, leased_until__lt=timezone.now())
    return Action.objects.filter(
        ready | abandoned, organization_id=organization_id, due_on__lte=local.date()
    )


def _claim(organization_id: int, local: datetime, chunk: int) -> list[Action]:
    """Take a chunk: the conditional update is the claim, committed before anything else."""
    token = uuid.uuid4().hex
    with transaction.atomic():
        ids = list(
            _claimable(organization_id, local)
            .select_for_update(skip_locked=True, no_key=True, of=("self",))
            .order_by("due_on", "id")
            .values_list("id", flat=True)[:chunk]
        )
        Action.objects.filter(id__in=ids).update(
            state=Action.State.CLAIMED, leased_by=token, leased_until=timezone.now() + LEASE
        )
    return list(
        Action.objects.filter(organization_id=organization_id, leased_by=token, id__in=ids)
        .select_related("scenario__after", "message")
        .prefetch_related("items")
        .order_by("due_on", "id")
    )


def _freeze(
    organization_id: int, actions: list[Action], local: datetime, counts: SendCounts
) -> _Chunk:
    """Guards on fresh facts, then the messages of what passed, in the caller's transaction."""
    work = _Chunk()
    persons_lock(organization_id, {a.case_id for a in actions})
    facts = case_facts(
        organization_id,
        {a.case_id for a in actions},
        on=local.date(),
        sending={a.id for a in actions},
    )
    definitions = {a.scenario_id: scenario_of(a.scenario) for a in actions}
    for action in actions:
        definition = definitions[action.scenario_id]
        step = definition.by_code[action.step]
        case = facts[action.case_id]
        verdict = guards.check(
            case,
            definition,
            step=step,
            item_ids={item.installment_id for item in action.items.all()},
            now=local,
            medium=action.medium,
            own=local.astimezone(ZoneInfo(clock_of(case.holidays_zone))),
            extra=[m for each in case.linked for m in work.leaving.get(each, ())],
        )
        if action.case_id in work.busy and not step.accompanies:
            # Two messages to one person in one run: the second waits for its next day.
            verdict = guards.Verdict(stop=stops.Stop(Sentence("send.one_a_day")), postpone=True)
        asked = _asked(case, step, verdict, local)
        if verdict.stop is None and _outdated(action, asked):
            verdict = guards.Verdict(stop=stops.Stop(Sentence("send.outdated")))
        if verdict.stop:
            _decline(action, verdict.stop, verdict.postpone, local=local, counts=counts)
            continue
        work.busy.add(action.case_id)
        work.leaving.setdefault(case.customer_id, []).append(action.medium)
        work.ready.append(Ready(action, case, definition, step, asked))
    _freeze_drafts(organization_id, work, local, counts)
    return work


def _asked(case: CaseFacts, step: Step, verdict: guards.Verdict, local: datetime) -> dict[int, int]:
    """What the message asks for each item it is about, in minor units."""
    given = commitments(case, local.date())
    return {
        item.id: stops.asked_minor(item, step, local.date(), given=given)
        for item in case.items
        if item.id in verdict.item_ids
    }


def _outdated(action: Action, asked: Mapping[int, int]) -> bool:
    """Whether a message written at an earlier try no longer says what may be asked for."""
    written = {row.installment_id: row.open_minor for row in action.items.all()}
    return action.message_id is not None and written != asked


def _freeze_drafts(organization_id: int, work: _Chunk, local: datetime, counts: SendCounts) -> None:
    """Freeze one message per action; what cannot be written fails with its reason."""
    is_test = Organization.objects.filter(id=organization_id).exclude(test_recipient="").exists()
    if not is_test:
        accounts_ensure(organization_id, work.ready, on=local.date())
    frozen = messages_freeze(
        organization_id, drafts(organization_id, work.ready, on=local.date()), now=local
    )
    kept = []
    for ready in work.ready:
        message = frozen[ready.action.key]
        if isinstance(message, Sentence):
            _close(ready.action, Action.State.FAILED, [message], local)
            counts.failed += 1
            continue
        ready.action.message_id = message
        ready.action.is_test = is_test
        work.messages[ready.action.key] = message
        kept.append(ready)
    work.ready = kept
    Action.objects.bulk_update(
        [ready.action for ready in kept], ["message", "is_test"], batch_size=500
    )
    _note_amounts(kept)


def _note_amounts(ready: Collection[Ready]) -> None:
    """Keep with each action what its message says: the items asked for and their amounts now."""
    changed, dropped = [], []
    for each in ready:
        for row in each.action.items.all():
            if row.installment_id not in each.asked:
                dropped.append(row.id)
            elif row.open_minor != each.asked[row.installment_id]:
                row.open_minor = each.asked[row.installment_id]
                changed.append(row)
    ActionItem.objects.filter(id__in=dropped).delete()
    ActionItem.objects.bulk_update(changed, ["open_minor"], batch_size=500)


def _decline(
    action: Action, stop: stops.Stop, postpone: bool, *, local: datetime, counts: SendCounts
) -> None:
    """Put an action back for later, or cancel it, with the guard's reason."""
    if postpone:
        look = stop.look_on or local.date() + timedelta(days=1)
        action.state = Action.State.APPROVED
        action.due_on = max(look, local.date())
        action.outcome = [stop.sentence.to_json()]
        if action.due_on == local.date():
            action.retry_at = local + timedelta(hours=1)
        action.leased_until = None
        action.save(update_fields=["state", "due_on", "outcome", "retry_at", "leased_until"])
        counts.postponed += 1
        return
    _close(action, Action.State.CANCELLED, [stop.sentence], local)
    counts.cancelled += 1


def _close(action: Action, state: str, outcome: Collection[Sentence], local: datetime) -> None:
    action.state = state
    action.outcome = [sentence.to_json() for sentence in outcome]
    action.closed_on = local.date()
    action.leased_until = None
    action.save(update_fields=["state", "outcome", "closed_on", "leased_until"])
    if action.message_id is not None:
        messages_withdraw(action.organization_id, [action.message_id])


def _record(
    organization_id: int,
    work: _Chunk,
    outcomes: Mapping[int, Outcome],
    local: datetime,
    counts: SendCounts,
) -> None:
    """Write what became of each message, and the evidence of it."""
    happenings = []
    # A message that another worker holds has no outcome here: that worker records it.
    recorded = [r for r in work.ready if work.messages[r.action.key] in outcomes]
    for ready in recorded:
        action = ready.action
        outcome = outcomes[work.messages[action.key]]
        setattr(counts, outcome.state, getattr(counts, outcome.state) + 1)
        action.leased_until = None
        action.state, action.outcome, action.retry_at = _after(outcome, local)
        if action.state != Action.State.APPROVED:
            action.closed_on = local.date()
        happenings.append(
            Happening(
                f"message.{outcome.state}",
                local.date(),
                ACTOR,
                action.case_id,
                {"action": action.key, "message": work.messages[action.key]},
            )
        )
    Action.objects.bulk_update(
        [ready.action for ready in recorded],
        ["state", "outcome", "retry_at", "closed_on", "leased_until"],
        batch_size=500,
    )
    events_record(organization_id, happenings)


def _wake_unsent(organization_id: int, actions: Collection[Action], local: datetime) -> None:
    """What did not leave changes what comes next: look again tomorrow."""
    ended = {Action.State.FAILED, Action.State.CANCELLED}
    cases = {action.case_id for action in actions if action.state in ended}
    if cases:
        customers = Case.objects.filter(id__in=cases).values_list("customer_id", flat=True)
        cases_wake(organization_id, set(customers), on=local.date() + timedelta(days=1))


def _after(outcome: Outcome, local: datetime) -> tuple[str, list[dict[str, Any]], datetime | None]:
    """State, explanation and retry time of an action after its message's outcome."""
    if outcome.state == "sent":
        return Action.State.DONE, [], None
    if outcome.state == "unknown":
        return Action.State.UNKNOWN, [Sentence("send.unknown").to_json()], None
    detail = {"detail": outcome.detail}
    if outcome.state == "retry":
        wait = timedelta(seconds=outcome.retry_after_seconds or 900)
        return Action.State.APPROVED, [Sentence("send.retry", detail).to_json()], local + wait
    return Action.State.FAILED, [Sentence("send.failed", detail).to_json()], None
