"""The three facts that matter in a call: the oldest debt, the last word, the last message."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone

from amiable.apps.dunning.calling.listing import Known
from amiable.apps.dunning.models import Action
from amiable.apps.messaging.models import DeliveryEvent, Message, Reply
from amiable.apps.messaging.queries import OF_CODE
from amiable.core.delivery import PRESENTED
from amiable.core.money import Money
from amiable.core.promises import Standing, commitments
from amiable.core.sentences import Param, Sentence, declare, gettext_noop

declare(
    {
        "call.oldest": gettext_noop("{number} is open for {amount}; days late: {days}."),
        "call.oldest_of": gettext_noop(
            "{count} invoices are open for {amount}; days late of the oldest, {number}: {days}."
        ),
        "call.oldest_upcoming": gettext_noop("{number} is open for {amount}, due on {due}."),
        "call.nothing_open": gettext_noop("Nothing of what the call is about is open any more."),
        "call.word_broken": gettext_noop(
            "Promised on {made}: {amount} by {due}. {received} came: the promise is broken."
        ),
        "call.word_running": gettext_noop(
            "Promised on {made}: {amount} by {due}. {received} came so far."
        ),
        "call.word_kept": gettext_noop("Promised on {made}: {amount} by {due}, and kept."),
        "call.word_reply": gettext_noop("Last word, written on {on}: “{words}”"),
        "call.word_call": gettext_noop("Last call, on {on}: {result}."),
        "call.word_call_note": gettext_noop("Last call, on {on}: {result}. “{note}”"),
        "call.word_none": gettext_noop("Nothing was ever said or promised."),
        "call.sent_delivered": gettext_noop(
            "The last message, by {medium} on {on}, reached them on {delivered}."
        ),
        "call.sent_lost": gettext_noop("The last message, by {medium} on {on}, did not arrive."),
        "call.sent": gettext_noop(
            "The last message left by {medium} on {on}; nothing says that it did not arrive."
        ),
        "call.habit": gettext_noop(
            "Average days late of {count} invoices settled in a year: {days}."
        ),
        "call.habit_early": gettext_noop(
            "Average days early of {count} invoices settled in a year: {days}."
        ),
        "call.nothing_sent": gettext_noop("No message was sent yet, and none was ever settled."),
        "call.by_email": gettext_noop("email"),
        "call.by_letter": gettext_noop("letter"),
        "call.by_registered_letter": gettext_noop("registered letter"),
        "call.by_sms": gettext_noop("text message"),
        "call.was_promise": gettext_noop("promised to pay"),
        "call.was_callback": gettext_noop("to be called again"),
        "call.was_dispute": gettext_noop("disputes the invoice"),
        "call.was_no_answer": gettext_noop("no answer"),
        "call.was_voicemail": gettext_noop("a message was left"),
        "call.was_wrong_number": gettext_noop("wrong number"),
        "call.was_refused": gettext_noop("refuses to pay"),
        "call.was_already_paid": gettext_noop("says it is paid"),
        "call.was_done": gettext_noop("done"),
    }
)

_LOST = frozenset({"bounced", "failed", "returned", "refused"})
LONGEST_WORDS = 140


def three_facts(organization_id: int, known: Known, *, on: date) -> tuple[Sentence, ...]:
    """What to have in mind before dialing; five queries at most."""
    return (
        _oldest(known, on),
        _last_word(organization_id, known, on),
        _last_sent(organization_id, known),
    )


def _oldest(known: Known, on: date) -> Sentence:
    items = [item for item in known.facts.items if item.id in known.call.item_ids]
    if not items:
        return Sentence("call.nothing_open")
    first = min(items, key=lambda item: (item.due_date, item.id))
    amount = Money(sum(item.open_minor for item in items), known.facts.currency)
    days = (on - first.due_date).days
    params: dict[str, Param] = {"number": first.number, "amount": amount}
    if len(items) > 1:
        return Sentence("call.oldest_of", {**params, "count": len(items), "days": max(0, days)})
    if days <= 0:
        return Sentence("call.oldest_upcoming", {**params, "due": first.due_date})
    return Sentence("call.oldest", {**params, "days": days})


def _last_word(organization_id: int, known: Known, on: date) -> Sentence:
    """The promise made last, unless an answer or a call came after it."""
    said: list[tuple[date, int, Sentence]] = []
    promises = commitments(known.facts, on).standings
    if promises:
        last = max(promises, key=lambda s: (s.promise.made_on or date.min, s.promise.id))
        said.append((last.promise.made_on or date.min, 2, _promised(last, known.facts.currency)))
    replies = Reply.objects.filter(
        organization_id=organization_id, case_id=known.facts.case_id, kind=Reply.Kind.REPLY
    )
    for text, received_at in (
        replies.order_by("-received_at", "-id").values_list("text", "received_at")[:1]
    ):  # fmt: skip
        day, words = timezone.localtime(received_at).date(), " ".join(text.split())
        shown = words if len(words) <= LONGEST_WORDS else f"{words[: LONGEST_WORDS - 1]}…"
        said.append((day, 3, Sentence("call.word_reply", {"on": day, "words": shown})))
    calls = Action.objects.filter(
        organization_id=organization_id, case_id=known.facts.case_id, medium="phone",
        state=Action.State.DONE,
    )  # fmt: skip
    row = calls.order_by("-closed_on", "-id").first()
    if row is not None:
        said.append((row.closed_on or date.min, 1, _called(row)))
    return max(said, default=(None, 0, Sentence("call.word_none")), key=lambda each: each[:2])[2]


def _promised(standing: Standing, currency: str) -> Sentence:
    promise = standing.promise
    code = {"running": "running", "kept": "kept"}.get(standing.state, "broken")
    return Sentence(
        f"call.word_{code}",
        {
            "made": promise.made_on or promise.due_on,
            "amount": Money(promise.amount_minor, currency),
            "due": promise.due_on,
            "received": Money(standing.received_minor, currency),
        },
    )


def _called(row: Action) -> Sentence:
    note: Any = row.outcome[0]["params"].get("note", "") if row.outcome else ""
    result = Sentence(f"call.was_{row.result or 'done'}")
    params: dict[str, Param] = {"on": row.closed_on or row.due_on, "result": result}
    if note:
        return Sentence("call.word_call_note", {**params, "note": str(note)[:LONGEST_WORDS]})
    return Sentence("call.word_call", params)


def _last_sent(organization_id: int, known: Known) -> Sentence:
    """The last message and whether it arrived; without one, how the payer usually pays."""
    messages = Message.objects.filter(
        organization_id=organization_id, case_id=known.facts.case_id,
        state=Message.State.SENT, is_test=False,
    ).exclude(key__startswith=OF_CODE)  # fmt: skip
    last = messages.order_by("-on_date", "-id").values_list("id", "medium", "on_date").first()
    if last is None:
        return _habit(known)
    message_id, medium, sent_on = last
    events = DeliveryEvent.objects.filter(message_id=message_id, recipient="").order_by("at")
    kinds = {kind: timezone.localtime(at).date() for kind, at in events.values_list("kind", "at")}
    params: dict[str, Param] = {"medium": Sentence(f"call.by_{medium}"), "on": sent_on}
    arrived = next((kinds[kind] for kind in ("delivered", *sorted(PRESENTED)) if kind in kinds), 0)
    if arrived:
        return Sentence("call.sent_delivered", {**params, "delivered": arrived})
    return Sentence("call.sent_lost" if _LOST & kinds.keys() else "call.sent", params)


def _habit(known: Known) -> Sentence:
    delays = known.past.delays
    if not delays:
        return Sentence("call.nothing_sent")
    days = round(sum(delays) / len(delays))
    code = "call.habit" if days >= 0 else "call.habit_early"
    return Sentence(code, {"count": len(delays), "days": abs(days)})
