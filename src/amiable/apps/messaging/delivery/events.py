"""What channels report of messages after they left: recorded once each, whatever their order, with
what they mean for addresses and cases. Nothing is sent from here: the next planning decides."""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from amiable.apps.audit.services import Happening
from amiable.apps.audit.services import events_record as happenings_record
from amiable.apps.messaging.delivery.news import News, news_apply
from amiable.apps.messaging.models import DeliveryEvent, Message
from amiable.core.delivery import PRESENTED, WRONG_ADDRESS, ReportedEvent
from amiable.core.registered import number_clean
from amiable.core.sentences import Sentence, declare, gettext_noop

logger = logging.getLogger(__name__)

declare(
    {
        "delivery.unknown_reference": gettext_noop(
            "Reports of {channel} speak of messages that are not known here ({count}); the first "
            "one: {reference}."
        ),
        "delivery.everybody": gettext_noop("It came back from every address."),
    }
)

# What the evidence file tells beside what the message itself shows.
_TOLD = PRESENTED | WRONG_ADDRESS | {"deposited", "complained", "opted_out"}
# A recipient who did not get it.
_NOT_REACHED = frozenset({"bounced", "refused", "dropped"})
EVERYBODY = "amiable:everybody"
BATCH = 500
_SHOWN = 80


@dataclass(slots=True)
class EventsRecorded:
    """What became of reports: new ones, those known already, and those about no known message."""

    recorded: int = 0
    repeated: int = 0
    unknown: tuple[ReportedEvent, ...] = ()
    messages: set[int] = field(default_factory=set)  # those that something new is known of


@dataclass(frozen=True, slots=True)
class _New:
    """A report that is new, with its message and the address of it that it speaks of."""

    message: Message
    row: DeliveryEvent


def events_record(
    events: Sequence[ReportedEvent],
    *,
    channel: str,
    now: datetime,
    actor: str = "",
    organization_id: int | None = None,
) -> EventsRecorded:
    """Record what was reported of messages; `channel` = its code, "mailbox", or "hand".

    Each report is found by its key, provider id (of that channel), Message-ID or number, and kept
    once: a second time, or in another order, it changes nothing. Reports about unknown messages
    are counted, logged and returned, never an error. New ones have their consequences in the same
    transaction: a wrong address is marked, an objection noted, the case looked at again.
    `organization_id` limits where messages are looked for; None = everywhere.
    """
    done = EventsRecorded()
    unknown: list[ReportedEvent] = []
    for start in range(0, len(events), BATCH):
        batch = events[start : start + BATCH]
        with transaction.atomic():
            found = _messages(batch, channel, organization_id)
            _take(batch, found, done, unknown, channel=channel, now=now, actor=actor)
    done.unknown = tuple(unknown)
    if unknown:
        logger.warning("%s", unknown_told(done, channel))
    return done


def unknown_told(done: EventsRecorded, channel: str) -> Sentence:
    """What to say of reports that speak of no known message."""
    first = done.unknown[0]
    shown = first.key or first.provider_id or first.message_id or first.number or "-"
    params = {"count": len(done.unknown), "channel": channel, "reference": shown[:_SHOWN]}
    return Sentence("delivery.unknown_reference", params)


def _take(
    batch: Sequence[ReportedEvent],
    found: Sequence[int | None],
    done: EventsRecorded,
    unknown: list[ReportedEvent],
    *,
    channel: str,
    now: datetime,
    actor: str,
) -> None:
    """Record one batch whose messages are found."""
    ids = {message_id for message_id in found if message_id is not None}
    messages = {
        message.pk: message
        for message in Message.objects.filter(id__in=ids)
        .select_for_update(no_key=True, of=("self",))
        .select_related("case")
        .only(*_READ)
        .order_by("id")
    }
    # Read once the messages are held: a report that comes twice at once waits, then is known.
    known = set(
        DeliveryEvent.objects.filter(message_id__in=ids).values_list("message_id", "external_id")
    )
    new: list[_New] = []
    numbered: list[Message] = []  # those whose number a provider tells
    for event, message_id in zip(batch, found, strict=True):
        if message_id is None:
            unknown.append(event)
            continue
        external_id = _external_id(event, channel)
        if event.kind == "sent" or (message_id, external_id) in known:
            done.repeated += 1
            continue
        known.add((message_id, external_id))
        message = messages[message_id]
        if event.number and not message.number:
            message.number = number_clean(event.number)
            numbered.append(message)
        new.append(_new(message, event, external_id, channel=channel, now=now))
    Message.objects.bulk_update(numbered, ["number"], batch_size=BATCH)
    done.recorded += len(new)
    done.messages |= {each.message.pk for each in new}
    new += _everybody(new, known, channel, now)
    DeliveryEvent.objects.bulk_create([each.row for each in new], batch_size=BATCH)
    _apply(new, now=now, actor=actor or channel)


def _apply(new: Iterable[_New], *, now: datetime, actor: str) -> None:
    """Tell the files of what is new and draw the consequences, organization by organization."""
    by_organization: dict[int, list[_New]] = defaultdict(list)
    for each in new:
        by_organization[each.message.organization_id].append(each)
    for organization_id, some in by_organization.items():
        on = timezone.localtime(now).date()
        _tell(organization_id, some, on=on, actor=actor)
        # What went to the organization's own address says nothing of the customer.
        real = [each for each in some if not each.message.is_test]
        news_apply(organization_id, [_news(each) for each in real], on=on, actor=actor)


# Without the content, which may be megabytes.
_READ = (
    "id", "organization_id", "medium", "recipient", "recipients", "number", "is_test", "case__id",
    "case__customer_id",
)  # fmt: skip


def _messages(
    events: Sequence[ReportedEvent], channel: str, organization_id: int | None
) -> list[int | None]:
    """The message each event speaks of: four queries at most for any number of them."""
    scope = Message.objects.all()
    if organization_id is not None:
        scope = scope.filter(organization_id=organization_id)
    by_key = _by_key(scope, {event.key for event in events})
    left = scope.exclude(state=Message.State.WITHDRAWN)
    sent = left.filter(channel=channel)
    by_provider = _by(sent, "provider_id", {event.provider_id for event in events})
    by_mail = _by(left, "message_id", {_angled(event.message_id) for event in events})
    by_number = _by(left, "number", {number_clean(event.number) for event in events})
    return [
        by_key.get(event.key)
        or by_provider.get(_clean(event.provider_id))
        or by_mail.get(_angled(event.message_id))
        or by_number.get(number_clean(event.number))
        for event in events
    ]


def _by_key(rows: QuerySet[Message], keys: Collection[str]) -> dict[str, int]:
    """Message ids by Outgoing.key: organization, own key and id, as `services.outgoing` writes."""
    ids = {message_id for key in keys if (message_id := _id_of(key))}
    found = rows.filter(id__in=ids) if ids else rows.none()
    return {
        # A message that was written anew since has given up its own key.
        f"{owner}:{own.partition('~')[0]}:{message_id}": message_id
        for message_id, owner, own in found.values_list("id", "organization_id", "key")
    }


def _by(rows: QuerySet[Message], name: str, values: Collection[str]) -> dict[str, int]:
    """Message ids by a reference; one that several messages bear finds none of them."""
    wanted = {_clean(value) for value in values} - {""}
    found: dict[str, set[int]] = defaultdict(set)
    if wanted:
        for value, message_id in rows.filter(**{f"{name}__in": wanted}).values_list(name, "id"):
            found[value].add(message_id)
    return {value: ids.pop() for value, ids in found.items() if len(ids) == 1}


def _id_of(key: str) -> int | None:
    """The message's id that an Outgoing.key ends with; None when it is none of ours."""
    last = key.rpartition(":")[2]
    return int(last) if last.isascii() and last.isdecimal() and len(last) < 18 else None


def _clean(text: str) -> str:
    """Text that both databases take."""
    return text.replace("\0", "").strip()


def _angled(message_id: str) -> str:
    """A Message-ID as it is stored, within its angle brackets."""
    bare = _clean(message_id).strip("<>")
    return f"<{bare}>" if bare else ""


def _external_id(event: ReportedEvent, channel: str) -> str:
    """What makes a report unique among those of a message."""
    own = f"{channel}:{_clean(event.event_id)}"
    if event.event_id and len(own) <= 120:
        return own
    told = f"{event.event_id}|{event.kind}|{event.at}|{event.recipient}|{event.detail}"
    return f"{channel}:{hashlib.sha256(told.encode(errors='replace')).hexdigest()}"


def _new(
    message: Message, event: ReportedEvent, external_id: str, *, channel: str, now: datetime
) -> _New:
    """The row of a report; a moment that has not come yet is now."""
    row = DeliveryEvent(
        organization_id=message.organization_id,
        message=message,
        kind=event.kind,
        at=min(event.at, now) if event.at else now,
        recipient=_recipient(message, event.recipient),
        detail=_clean(event.detail)[:500],
        source=channel[:30],
        external_id=external_id,
    )
    return _New(message, row)


def _recipient(message: Message, address: str) -> str:
    """Whom a report speaks of; "" = everybody the message is for."""
    if len(message.recipients) < 2 or not address.strip():
        # With one recipient, a report that names another address tells where it was forwarded to.
        return ""
    wanted = _clean(address).casefold()
    own = (each["address"] for each in message.recipients)
    return next((one for one in own if one.casefold() == wanted), _clean(address)[:300])


def _everybody(
    new: Iterable[_New], known: set[tuple[int, str]], channel: str, now: datetime
) -> list[_New]:
    """Note which of several recipients a message came back from; once it has from all of them,
    nobody got it, which is an event of its own."""
    changed: dict[int, Message] = {}
    last: list[_New] = []
    for each in new:
        if each.row.kind == "bounced" and each.row.recipient:
            each.message.recipients = [
                {**one, "state": "bounced"} if one["address"] == each.row.recipient else one
                for one in each.message.recipients
            ]
            changed[each.message.pk] = each.message
    Message.objects.bulk_update(changed.values(), ["recipients"], batch_size=BATCH)
    for message in changed.values():
        nobody = all(one["state"] in _NOT_REACHED for one in message.recipients)
        if nobody and (message.pk, EVERYBODY) not in known:
            row = DeliveryEvent(
                organization_id=message.organization_id, message=message, kind="bounced", at=now,
                detail=str(Sentence("delivery.everybody")), source=channel[:30],
                external_id=EVERYBODY,
            )  # fmt: skip
            last.append(_New(message, row))
    return last


def _tell(organization_id: int, new: Iterable[_New], *, on: date, actor: str) -> None:
    """The evidence file's share: what counts in law or ends a way to reach somebody."""
    happenings_record(
        organization_id,
        [
            Happening(
                f"delivery.{each.row.kind}",
                on,
                actor,
                each.message.case_id,
                {
                    "message": each.message.pk, "at": each.row.at.isoformat(),
                    "recipient": each.row.recipient, "detail": each.row.detail,
                },
            )
            for each in new
            if each.row.kind in _TOLD and each.row.external_id != EVERYBODY
        ],
    )  # fmt: skip


def _news(each: _New) -> News:
    message, row = each.message, each.row
    address = row.recipient or message.recipient
    if row.external_id == EVERYBODY:
        address = ""  # each address is marked already
    elif not row.recipient and len(message.recipients) > 1:
        address = message.recipients[0]["address"]
    return News(row.kind, message.case.customer_id, message.medium, address, row.detail[:200])
