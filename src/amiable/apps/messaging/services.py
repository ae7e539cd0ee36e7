"""Writes of messages: frozen before they leave, sent once, every outcome recorded."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import date, datetime, timedelta
from itertools import islice
from typing import TypeVar

from django.db import connection, transaction

from amiable.apps.cases.links import Carried, links_keep
from amiable.apps.messaging.models import DeliveryEvent, Message
from amiable.apps.messaging.rendering.materials import materials
from amiable.apps.messaging.rendering.messages import Rendered, drafts_render
from amiable.apps.messaging.sending.addressees import addressees, unagreed
from amiable.apps.messaging.sending.modes import fits, messages_current, test_recipient
from amiable.apps.messaging.sending.routes import Routes, way_of
from amiable.apps.messaging.writing.texts import OwnText
from amiable.core.drafts import Draft
from amiable.core.sentences import Sentence
from amiable.plugins.base import Addressee, Channel, Outcome, Outgoing, Session
from amiable.plugins.registry import plugins

FREEZE_BATCH = 200  # drafts rendered and held in memory together
# Messages marked SENDING together: what a killed worker leaves to a person at most, on a channel
# where sending again could deliver twice.
UNSAFE_WINDOW, SAFE_WINDOW = 20, 200
MAX_ATTEMPTS = 5
# States of a recipient whose turn is over, or who is asked again only on purpose (see copies).
WAITING = frozenset({"", "deferred", "trying"})

NO_CHANNEL = Outcome("retry", detail="no channel is configured", retry_after_seconds=3600)
# Withdrawn on its way: the next try writes it anew.
ANEW = Outcome("retry", detail="it is written anew", retry_after_seconds=60)

State, Kind = Message.State, DeliveryEvent.Kind
_RECORDED = ["state", "sent_at", "retry_at", "provider_id", "error", "recipients"]
T = TypeVar("T")
Progress = Callable[[int], None]


def messages_freeze(
    organization_id: int, drafts: Sequence[Draft], *, now: datetime
) -> dict[str, int | Sentence]:
    """Render and store drafts; by key, the message id or why the draft cannot be sent.

    A key that exists keeps its message: nothing is ever rendered again, unless it was withdrawn or
    written for another mode (test or not). Call in the transaction that decides the actions; it
    must be committed before messages_send.
    """
    test = test_recipient(organization_id)
    result: dict[str, int | Sentence] = {}
    unique = {draft.key: draft for draft in drafts}
    for batch in _batches(unique.values(), FREEZE_BATCH):
        keys = [draft.key for draft in batch]
        known = messages_current(organization_id, keys, recipient=test)
        new = [draft for draft in batch if draft.key not in known]
        needed = materials(organization_id, new)
        rendered = drafts_render(
            new,
            needed,
            organization_id=organization_id,
            now=now,
            test_recipient=test,
        )
        rows = [
            _row(organization_id, draft, outcome, needed[draft.key].own, now)
            for draft in new
            if isinstance(outcome := rendered[draft.key], Rendered)
        ]
        if rows:
            Message.objects.bulk_create(rows, ignore_conflicts=True, batch_size=100)
            known |= _ids(organization_id, [row.key for row in rows])
            _links_keep(organization_id, new, known, is_test=bool(test))
        problems = {key: x for key, x in rendered.items() if isinstance(x, Sentence)}
        result |= problems | known
    return result


def messages_send(
    organization_id: int,
    message_ids: Collection[int],
    *,
    now: datetime,
    routes: Routes,
    progress: Progress | None = None,
) -> dict[int, Outcome]:
    """Hand frozen messages to their channels and record what they answer, by message id.

    1. claim: FROZEN -> SENDING in a committed transaction (RuntimeError inside another one);
    2. one session per channel for the whole batch, outside any transaction;
    3. record SENT, FAILED, FROZEN with `retry_at`, or UNKNOWN, each with a DeliveryEvent.
    A message found SENDING was left by a worker that died: where the channel may deliver twice it
    becomes UNKNOWN and a person decides. A message of another mode than today's is withdrawn, to be
    written anew; in test mode everything leaves as email. The caller holds the leases of these
    messages' actions.
    """
    outcomes: dict[int, Outcome] = {}
    by_medium: dict[str, list[int]] = defaultdict(list)
    scope = Message.objects.filter(organization_id=organization_id)
    for ids in _batches(sorted(message_ids), 2000):
        rows = scope.filter(id__in=ids).order_by("id")
        for message_id, medium, is_test, recipient, state in rows.values_list(
            "id", "medium", "is_test", "recipient", "state"
        ):
            if state in {State.FROZEN, State.SENDING}:
                by_medium[way_of(medium, recipient, is_test=is_test)].append(message_id)
            else:
                outcomes[message_id] = _already(state)
    for medium in by_medium.keys() - routes.keys():
        # Written while a provider of electronic registered letters was configured.
        outcomes |= dict.fromkeys(by_medium.pop(medium), NO_CHANNEL)
    with ExitStack() as stack:
        sessions: dict[tuple[str, str], Session] = {}
        for medium, ids in by_medium.items():
            code, config = routes[medium]
            channel: Channel = plugins("channels")[code]
            # Two media may go the same way to different places.
            way = (code, repr(sorted(config.items())))
            if way not in sessions:
                sessions[way] = stack.enter_context(channel.session(config))
            size = SAFE_WINDOW if channel.resend_safe else UNSAFE_WINDOW
            for window in _batches(ids, size):
                outcomes |= _send_window(organization_id, window, channel, sessions[way], now)
                if progress:
                    progress(len(outcomes))
    return outcomes


def messages_withdraw(organization_id: int, message_ids: Collection[int]) -> int:
    """Keep messages that were written and never left from leaving; returns how many."""
    return Message.objects.filter(
        organization_id=organization_id, id__in=message_ids, state=State.FROZEN
    ).update(state=State.WITHDRAWN, retry_at=None)


def _send_window(
    organization_id: int, ids: Sequence[int], channel: Channel, session: Session, now: datetime
) -> dict[int, Outcome]:
    with transaction.atomic(durable=True):
        to_send, orphans, misfits = _claim(organization_id, ids, channel)
        _record(organization_id, orphans, now)
    named = addressees(to_send)
    sent = [(m, session.send(outgoing(m, named.get(m.pk)))) for m in to_send]
    with transaction.atomic(durable=True):
        _record(organization_id, sent, now)
    outcomes = {message.id: outcome for message, outcome in [*orphans, *sent]}
    return outcomes | dict.fromkeys(misfits, ANEW)


def _claim(
    organization_id: int, ids: Sequence[int], channel: Channel
) -> tuple[list[Message], list[tuple[Message, Outcome]], list[int]]:
    """Mark what may be sent; a row another worker holds right now is left alone.

    Also: what a dead worker left and cannot be resumed, and the ids of what is withdrawn because
    it was written for another mode, or for a mailbox whose owner agrees no longer.
    """
    rows = Message.objects.filter(
        organization_id=organization_id, id__in=ids, state__in=[State.FROZEN, State.SENDING]
    ).order_by("id")
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)
    # The screen's text is not needed to send.
    messages = list(rows.defer("text"))
    # Read once the rows are held: a switch of mode is seen here, or waits and finds them sending.
    test = test_recipient(organization_id)
    waiting = [m for m in messages if m.state == State.FROZEN]
    lost = unagreed(waiting)
    to_send = [m for m in waiting if fits(m, test) and m.id not in lost]
    misfits = [m.id for m in waiting if not fits(m, test) or m.id in lost]
    left = Outcome("unknown", detail="the worker stopped while sending")
    orphans = []
    for message in messages:
        if message.state == State.SENDING:
            if channel.resend_safe and fits(message, test):
                to_send.append(message)
            else:
                orphans.append((message, left))
    if misfits:
        messages_withdraw(organization_id, misfits)
    for message in to_send:
        message.attempts += 1
    attempts = {message.attempts for message in to_send}
    for count in attempts:
        same = [message.id for message in to_send if message.attempts == count]
        Message.objects.filter(id__in=same).update(
            state=State.SENDING, channel=channel.code, attempts=count
        )
    return to_send, orphans, misfits


def _record(
    organization_id: int, outcomes: Iterable[tuple[Message, Outcome]], now: datetime
) -> None:
    """Set the state each outcome leads to, and append one event each."""
    changed, events = [], []
    for message, outcome in outcomes:
        state, kind = _verdict(outcome, message.attempts)
        message.state = state
        message.sent_at = now if state == State.SENT else None
        message.retry_at = None
        if state == State.FROZEN:
            message.retry_at = now + timedelta(seconds=outcome.retry_after_seconds)
        elif outcome.deferred:
            # It arrived; the copies that are not taken yet are tried again alone (see copies).
            message.retry_at = now + timedelta(seconds=outcome.retry_after_seconds)
        message.provider_id = outcome.provider_id[:200]
        message.error = "" if state == State.SENT and not _missed(outcome) else outcome.detail
        message.recipients = _answered(message.recipients, outcome)
        changed.append(message)
        events.append(
            DeliveryEvent(
                organization_id=organization_id,
                message_id=message.id,
                kind=kind,
                at=now,
                detail=outcome.detail[:500],
            )
        )
    if not changed:
        return
    # One statement for the many that simply went; those sent to several are written one by one.
    plain = [m.id for m in changed if _plain(m)]
    Message.objects.filter(id__in=plain).update(
        state=State.SENT, sent_at=now, retry_at=None, provider_id="", error=""
    )
    others = [m for m in changed if not _plain(m)]
    Message.objects.bulk_update(others, _RECORDED, batch_size=200)
    DeliveryEvent.objects.bulk_create(events, batch_size=500)


def _plain(message: Message) -> bool:
    """Whether a message went to its one recipient and nothing more is to be noted."""
    several = len(message.recipients) > 1
    return message.state == State.SENT and not message.provider_id and not several


def _missed(outcome: Outcome) -> bool:
    """Whether somebody the message was for did not get it."""
    return bool(outcome.refused or outcome.deferred)


def _answered(recipients: list[dict[str, str]], outcome: Outcome) -> list[dict[str, str]]:
    """Recipients with what this try changed for each; who got it at an earlier try keeps that."""
    return [
        each
        if each["state"] not in WAITING
        else {**each, "state": _state_of(each["address"], each["state"], outcome)}
        for each in recipients
    ]


def _state_of(address: str, before: str, outcome: Outcome) -> str:
    if address in outcome.refused:
        return "refused"
    if address in outcome.deferred:
        return "deferred"
    return "sent" if outcome.state == "sent" else before


def _verdict(outcome: Outcome, attempts: int) -> tuple[Message.State, DeliveryEvent.Kind]:
    if outcome.state == "sent":
        return State.SENT, Kind.SENT
    if outcome.state == "unknown":
        return State.UNKNOWN, Kind.UNKNOWN
    if outcome.state == "retry" and attempts < MAX_ATTEMPTS:
        return State.FROZEN, Kind.DEFERRED
    return State.FAILED, Kind.FAILED


def _already(state: str) -> Outcome:
    """What an earlier run left: nothing is done a second time."""
    if state == State.SENT:
        return Outcome("sent", detail="already sent")
    if state == State.WITHDRAWN:
        return ANEW
    if state == State.FAILED:
        return Outcome("failed", detail="already failed")
    return Outcome("unknown", detail="a person has to decide")


def outgoing(message: Message, addressee: Addressee | None = None) -> Outgoing:
    """A message as a channel takes it, for those who did not get it at an earlier try; `addressee`
    = of an electronic registered letter."""
    # The id keeps apart a message and the one written anew in its place.
    return Outgoing(
        key=f"{message.organization_id}:{message.key}:{message.id}",
        medium=way_of(message.medium, message.recipient, is_test=message.is_test),
        recipient=message.recipient,
        subject=message.subject,
        sender=message.sender,
        content=bytes(message.content),
        content_type=message.content_type,
        message_id=message.message_id,
        copies=tuple(each["address"] for each in message.recipients[1:]),
        done=frozenset(
            each["address"] for each in message.recipients if each["state"] not in WAITING
        ),
        addressee=addressee,
    )


def _row(
    organization_id: int, draft: Draft, rendered: Rendered, own: OwnText | None, now: datetime
) -> Message:
    return Message(
        organization_id=organization_id,
        case_id=draft.case_id,
        key=draft.key,
        medium=draft.medium,
        channel="",
        recipient=rendered.recipient,
        recipients=[{**asdict(each), "state": ""} for each in rendered.recipients],
        notes=[note.to_json() for note in (*draft.notes, *rendered.notes)],
        is_test=rendered.is_test,
        sender=rendered.sender,
        subject=rendered.subject,
        text=rendered.text,
        content=rendered.content,
        content_type=rendered.content_type,
        sha256=hashlib.sha256(rendered.content).hexdigest(),
        message_id=rendered.message_id,
        thread_id=rendered.thread_id,
        language=rendered.language,
        on_date=draft.on_date,
        frozen_at=now,
        template_id=own.id if own else None,
    )


def _links_keep(
    organization_id: int, drafts: Sequence[Draft], frozen: Collection[str], *, is_test: bool
) -> None:
    """The links that frozen messages carry begin to work."""
    by_day: dict[date, list[Carried]] = defaultdict(list)
    for draft in drafts:
        if draft.payment_link and draft.key in frozen:
            by_day[draft.on_date].append(Carried(draft.case_id, draft.key, draft.payment_link))
    for on, carried in by_day.items():
        links_keep(organization_id, carried, is_test=is_test, on=on)


def _ids(organization_id: int, keys: Collection[str]) -> dict[str, int]:
    rows = Message.objects.filter(organization_id=organization_id, key__in=keys)
    return dict(rows.values_list("key", "id"))


def _batches(items: Iterable[T], size: int) -> Iterable[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
