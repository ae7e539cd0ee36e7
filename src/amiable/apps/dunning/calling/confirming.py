"""The email that says to the customer what was agreed on the telephone.

Written and frozen in the gesture that closes the call; it leaves WAIT later, so that the gesture
can be taken back, and only while what it says still holds. It asks for nothing: neither the caps
nor the gaps between reminders count it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from amiable.apps.audit.models import Event
from amiable.apps.audit.services import Happening, events_record
from amiable.apps.cases.models import Dispute, Hold, Promise
from amiable.apps.cases.services import CallOutcome
from amiable.apps.customers.models import ContactPoint
from amiable.apps.dunning.facts import case_facts
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.planning import scenario_of
from amiable.apps.dunning.writing.drafts import Ready, drafts
from amiable.apps.dunning.writing.recipients import Reach, reaches
from amiable.apps.messaging.library.resolution import own_texts
from amiable.apps.messaging.models import Message
from amiable.apps.messaging.rendering.messages import Material, drafts_render
from amiable.apps.messaging.sending.modes import test_recipient
from amiable.apps.messaging.sending.routes import Routes
from amiable.apps.messaging.services import messages_freeze, messages_send, messages_withdraw
from amiable.apps.receivables.models import Installment
from amiable.core.call_cases import asked_of
from amiable.core.drafts import Confirmed, Draft, Recipient
from amiable.core.scenario import Step
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "call.confirm_no_email": gettext_noop(
            "No confirmation: no email address is known that may be used."
        ),
        "call.confirm_stopped": gettext_noop(
            "No confirmation: nothing is sent to a customer who is insolvent or has died."
        ),
        "call.confirm_settled": gettext_noop(
            "No confirmation: nothing that the call was about is open."
        ),
        "call.confirm_incomplete": gettext_noop(
            "Fill in what was agreed to see what the confirmation says."
        ),
    }
)

# The text that confirms each result.
CONFIRMED = {
    "promise": "call_promise",
    "callback": "call_callback",
    "dispute": "call_dispute",
    "already_paid": "call_already_paid",
}
WAIT = timedelta(minutes=10)
LEASE = timedelta(minutes=10)
_PREFIX, _BATCH = "call/", 200
State = Message.State


def confirmation_draft(
    action: Action, outcome: CallOutcome, *, on: date
) -> Draft | Sentence | None:
    """What would confirm this outcome of a call that is still open; None for one that agrees
    nothing, a Sentence for why nothing can be sent. `action` with its case, customer and scenario.
    """
    if outcome.result not in CONFIRMED:
        return None
    if not _is_complete(outcome):
        return Sentence("call.confirm_incomplete")
    facts = case_facts(action.organization_id, [action.case_id], on=on)[action.case_id]
    if facts.insolvent_since or facts.deceased_since:
        return Sentence("call.confirm_stopped")
    about = set(action.items.values_list("installment_id", flat=True))
    definition = scenario_of(action.scenario)
    called = definition.by_code.get(action.step)
    if outcome.result == "dispute":
        about = {outcome.installment_id}
    asked = {item.id: item.open_minor for item in facts.items if item.id in about}
    if called is not None and outcome.result != "dispute":
        asked = asked_of(facts, called, item_ids=about, on=on) or asked
    if not asked:
        return Sentence("call.confirm_settled")
    code = CONFIRMED[outcome.result]
    roles = called.recipients if called else ()
    step = Step(code, 0, "email", "friendly", template=code, recipients=roles)
    written = Message.objects.filter(
        organization_id=action.organization_id, key__startswith=f"{_PREFIX}{action.pk}/"
    ).count()
    key = f"{_PREFIX}{action.pk}/{written + 1}"
    mail = Action(key=key, medium="email", case_id=action.case_id)
    (draft,) = drafts(action.organization_id, [Ready(mail, facts, definition, step, asked)], on=on)
    reach = reaches(action.organization_id, [facts.customer_id])[facts.customer_id]
    if person := spoken_with(reach, outcome.phone):
        draft = replace(
            draft, recipient=person.address, recipient_name=person.name,
            recipient_role=person.role, copies=(), notes=(),
        )  # fmt: skip
    if not draft.recipient:
        return Sentence("call.confirm_no_email")
    lines = tuple(line for line in draft.lines if line.group == "due")
    return replace(draft, lines=lines, confirms=_confirmed(outcome))


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
            on, "amiable", case_id, {"message": message_id, "call": key.split("/")[1]},
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
            retry_at__lte=now, key__startswith=_PREFIX,
        ).select_for_update(skip_locked=True, no_key=True, of=("self",))  # fmt: skip
        ids = list(rows.order_by("retry_at").values_list("id", flat=True)[:_BATCH])
        Message.objects.filter(id__in=ids).update(retry_at=now + LEASE)
    return set(ids)


def _outdated(organization_id: int, ids: Collection[int], *, on: date) -> set[int]:
    """Those that say what holds no more, or go to an address that may not be used any more."""
    messages = Message.objects.filter(id__in=ids, state=State.FROZEN)
    rows = list(messages.values_list("id", "case_id", "case__customer_id", "recipient", "is_test"))
    told = Event.objects.filter(
        organization_id=organization_id, case_id__in={row[1] for row in rows},
        kind="call.recorded",
    ).values_list("payload", flat=True)  # fmt: skip
    brought = {each["brought"].get("confirmation"): each["brought"] for each in told
               if "brought" in each}  # fmt: skip
    kinds = (
        (Promise, "promise", {"cancelled_on__isnull": False}),
        (Dispute, "dispute", {"is_mistake": True}),
        (Hold, "hold", {"ends_on__lt": on}),
    )
    over: dict[str, set[int]] = {}
    for model, name, ended in kinds:
        named = {each[name] for each in brought.values() if name in each}
        gone = model.objects.filter(id__in=named, **ended)  # type: ignore[attr-defined]  # models
        over[name] = set(gone.values_list("id", flat=True))
    unusable = {
        (customer_id, value.casefold())
        for customer_id, value in ContactPoint.objects.filter(
            organization_id=organization_id, customer_id__in={row[2] for row in rows}, kind="email"
        )
        .exclude(opted_out_at__isnull=True, invalid_since__isnull=True)
        .values_list("customer_id", "value")
    }
    return {
        message_id
        for message_id, _, customer_id, recipient, is_test in rows
        if any(brought.get(message_id, {}).get(name) in ids_over for name, ids_over in over.items())
        or (not is_test and (customer_id, recipient.casefold()) in unusable)
    }


def _is_complete(outcome: CallOutcome) -> bool:
    """Whether everything is known that the text says."""
    needed = {
        "promise": (outcome.amount_minor, outcome.due_on),
        "callback": (outcome.callback_on,),
        "dispute": (outcome.installment_id,),
    }
    return all(value is not None for value in needed.get(outcome.result, ()))


def spoken_with(reach: Reach, phone: str) -> Recipient | None:
    """The email address of the person whose number was called; None when none is known."""
    called = next((p for p in reach.points if p.medium == "phone" and p.value == phone), None)
    if called is None or called.contact_id is None:
        return None
    theirs = (p for p in reach.points if p.medium == "email")
    found = next((p for p in theirs if p.contact_id == called.contact_id), None)
    return Recipient(found.value, found.name, found.role) if found else None


def _confirmed(outcome: CallOutcome) -> Confirmed:
    number = ""
    if outcome.installment_id is not None:
        rows = Installment.objects.filter(id=outcome.installment_id)
        number = rows.values_list("invoice__number", flat=True).get()
    days = {"promise": outcome.due_on, "callback": outcome.callback_on}
    return Confirmed(
        kind=outcome.result,
        amount_minor=outcome.amount_minor or outcome.disputed_minor,
        on=days.get(outcome.result),
        at=outcome.callback_at,
        number=number,
        reason=outcome.reason,
    )
