"""The email that says to the customer what was agreed on the telephone."""

from __future__ import annotations

from datetime import date

from amiable.apps.cases.services import CallOutcome
from amiable.apps.dunning.confirming.drafting import About, draft_of, facts_of, reach_of
from amiable.apps.dunning.confirming.leaving import OF_CALL
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.planning import scenario_of
from amiable.apps.dunning.writing.recipients import Reach
from amiable.apps.messaging.models import Message
from amiable.apps.receivables.models import Installment
from amiable.core.call_cases import asked_of
from amiable.core.drafts import Confirmed, Draft, Recipient
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
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
    facts = facts_of(action.organization_id, action.case_id, on=on)
    if isinstance(facts, Sentence):
        return facts
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
    key = f"{OF_CALL}{action.pk}/{_written(action) + 1}"
    roles = called.recipients if called else ()
    subject = About(key, CONFIRMED[outcome.result], facts, definition, asked, roles)
    to = spoken_with(reach_of(facts), outcome.phone)
    draft = draft_of(subject, _confirmed(outcome), to=to, on=on)
    return draft if draft.recipient else Sentence("confirm.no_email")


def _written(action: Action) -> int:
    """How many confirmations of a call were written: it may have been taken back and made anew."""
    rows = Message.objects.filter(organization_id=action.organization_id)
    return rows.filter(key__startswith=f"{OF_CALL}{action.pk}/").count()


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
