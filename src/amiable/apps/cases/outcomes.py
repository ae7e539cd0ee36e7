"""What a call brought, written down in the gesture that closes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time

from django.db import transaction

from amiable.apps.cases.changes import CaseError, case_find, case_tell
from amiable.apps.cases.pauses import dispute_open, hold_place
from amiable.apps.cases.plans import promise_record
from amiable.apps.cases.stops import point_mark
from amiable.apps.customers.contacts import phone_of
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "call.promise_incomplete": gettext_noop("Write how much is promised, and for which day."),
        "call.dispute_incomplete": gettext_noop("Choose the invoice that is disputed, and why."),
        "call.callback_incomplete": gettext_noop("Choose a later day to call again."),
    }
)


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """How a call ended (`result`: one of dunning's CALL_RESULTS), and the facts it brought.

    `amount_minor` and `due_on` = what is promised; `installment_id`, `reason` and
    `disputed_minor` (None = the whole invoice) = what is disputed; `callback_on` = the day to
    call again, at `callback_at` when an hour was agreed: nothing is sent until it is over, for
    the reason `callback_reason`; `phone` = the number that was called.
    """

    result: str
    note: str = ""
    amount_minor: int | None = None
    due_on: date | None = None
    installment_id: int | None = None
    reason: str = ""
    disputed_minor: int | None = None
    callback_on: date | None = None
    callback_at: time | None = None
    callback_reason: str = "Call again"
    phone: str = ""
    phone_reason: str = "Wrong number"


@transaction.atomic
def call_outcome_apply(
    organization_id: int, case_id: int, outcome: CallOutcome, *, on: date, actor: str
) -> None:
    """Write what a call brought: a promise, a dispute, a wrong number, a pause until the day to
    call again, a refusal. Results that bring nothing change nothing.

    Call it together with dunning's call_record, in one transaction. Raises CaseError when what
    the result asks for is missing or cannot be; then nothing is written.
    """
    case = case_find(organization_id, case_id)
    who = {"on": on, "actor": actor}
    if outcome.result == "promise":
        if outcome.amount_minor is None or outcome.due_on is None:
            raise CaseError(Sentence("call.promise_incomplete"))
        promise_record(
            organization_id, case_id, amount_minor=outcome.amount_minor, due_on=outcome.due_on,
            note=outcome.note[:200], **who,
        )  # fmt: skip
    elif outcome.result == "dispute":
        if outcome.installment_id is None or not outcome.reason:
            raise CaseError(Sentence("call.dispute_incomplete"))
        case_find(organization_id, case_id, outcome.installment_id)
        dispute_open(
            organization_id, outcome.installment_id, reason=outcome.reason,
            amount_minor=outcome.disputed_minor, note=outcome.note, **who,
        )  # fmt: skip
    elif outcome.result == "callback":
        if outcome.callback_on is None or outcome.callback_on <= on:
            raise CaseError(Sentence("call.callback_incomplete"))
        hold_place(
            organization_id, case_id, reason=outcome.callback_reason[:200],
            ends_on=outcome.callback_on, **who,
        )  # fmt: skip
    elif outcome.result == "wrong_number":
        point_id = phone_of(organization_id, case.customer_id, outcome.phone)
        if point_id is not None:
            point_mark(organization_id, point_id, "invalid", reason=outcome.phone_reason, **who)
    elif outcome.result == "refused":
        case_tell(case, "payment.refused", told={"note": outcome.note}, on=on, actor=actor)
