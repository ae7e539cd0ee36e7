"""What a call brought, written down in the gesture that closes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from django.db import transaction

from amiable.apps.cases.changes import CaseError, case_find, case_tell
from amiable.apps.cases.models import Case
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
        "call.pause_past": gettext_noop("The pause ends on a later day."),
    }
)


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """How a call ended (`result`: one of dunning's CALL_RESULTS), and the facts it brought.

    `amount_minor` and `due_on` = what is promised; `installment_id`, `reason` and
    `disputed_minor` (None = the whole invoice) = what is disputed; `callback_on` = the day to
    call again, at `callback_at` when an hour was agreed: nothing is sent until it is over, for
    the reason `callback_reason`; `phone` = the number that was called; `pause_until` = the last
    day on which nobody is reminded of what is said to be paid, for `pause_reason`.
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
    pause_until: date | None = None
    pause_reason: str = "Says it is paid"


@transaction.atomic
def call_outcome_apply(
    organization_id: int, case_id: int, outcome: CallOutcome, *, on: date, actor: str
) -> dict[str, Any]:
    """Write what a call brought: a promise, a dispute, a wrong number, a pause until the day to
    call again or while the bank is watched, a refusal. Results that bring nothing change nothing.
    Returns the ids of what was written, by kind ("promise", "dispute", "hold", "point").

    Call it together with dunning's call_record, in one transaction. Raises CaseError when what
    the result asks for is missing or cannot be; then nothing is written.
    """
    case = case_find(organization_id, case_id)
    effect = _EFFECTS.get(outcome.result)
    return effect(case, outcome, on, actor) if effect else {}


def _promise(case: Case, outcome: CallOutcome, on: date, actor: str) -> dict[str, Any]:
    if outcome.amount_minor is None or outcome.due_on is None:
        raise CaseError(Sentence("call.promise_incomplete"))
    promise = promise_record(
        case.organization_id, case.pk, amount_minor=outcome.amount_minor, due_on=outcome.due_on,
        note=outcome.note[:200], on=on, actor=actor,
    )  # fmt: skip
    return {"promise": promise}


def _dispute(case: Case, outcome: CallOutcome, on: date, actor: str) -> dict[str, Any]:
    if outcome.installment_id is None or not outcome.reason:
        raise CaseError(Sentence("call.dispute_incomplete"))
    case_find(case.organization_id, case.pk, outcome.installment_id)
    dispute = dispute_open(
        case.organization_id, outcome.installment_id, reason=outcome.reason,
        amount_minor=outcome.disputed_minor, note=outcome.note, on=on, actor=actor,
    )  # fmt: skip
    return {"dispute": dispute}


def _callback(case: Case, outcome: CallOutcome, on: date, actor: str) -> dict[str, Any]:
    if outcome.callback_on is None or outcome.callback_on <= on:
        raise CaseError(Sentence("call.callback_incomplete"))
    return _hold(case, outcome.callback_reason, outcome.callback_on, on, actor)


def _already_paid(case: Case, outcome: CallOutcome, on: date, actor: str) -> dict[str, Any]:
    """The bank is watched until a day, when one is given."""
    if outcome.pause_until is None:
        return {}
    if outcome.pause_until < on:
        raise CaseError(Sentence("call.pause_past"))
    return _hold(case, outcome.pause_reason, outcome.pause_until, on, actor)


def _hold(case: Case, reason: str, ends_on: date, on: date, actor: str) -> dict[str, Any]:
    hold = hold_place(
        case.organization_id, case.pk, reason=reason[:200], ends_on=ends_on, on=on, actor=actor
    )
    return {"hold": hold}


def _wrong_number(case: Case, outcome: CallOutcome, on: date, actor: str) -> dict[str, Any]:
    point_id = phone_of(case.organization_id, case.customer_id, outcome.phone)
    if point_id is None:
        return {}
    before = point_mark(
        case.organization_id, point_id, "invalid", reason=outcome.phone_reason, on=on, actor=actor
    )
    return {"point": point_id, "before": before}


def _refused(case: Case, outcome: CallOutcome, on: date, actor: str) -> dict[str, Any]:
    case_tell(case, "payment.refused", told={"note": outcome.note}, on=on, actor=actor)
    return {}


_EFFECTS: Mapping[str, Callable[[Case, CallOutcome, date, str], dict[str, Any]]] = {
    "promise": _promise,
    "dispute": _dispute,
    "callback": _callback,
    "already_paid": _already_paid,
    "wrong_number": _wrong_number,
    "refused": _refused,
}
