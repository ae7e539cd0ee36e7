"""What a person makes of an answer, in one gesture: the promise, dispute, pause, mark or task it
brings, and the way to take it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, get_args

from django.db import transaction
from django.utils import timezone

from amiable.apps.audit.models import Event
from amiable.apps.audit.services import Happening, event_record
from amiable.apps.cases import services as cases
from amiable.apps.cases.disputed import Contested
from amiable.apps.cases.models import Case
from amiable.apps.customers.models import ContactPoint
from amiable.apps.dunning.planning import cases_replan
from amiable.apps.messaging.delivery.news import as_written
from amiable.apps.messaging.models import Reply
from amiable.apps.messaging.replies.receiving import replies_wake
from amiable.apps.messaging.services import messages_withdraw
from amiable.apps.receivables.models import Installment
from amiable.apps.tenants.models import Organization
from amiable.core.sentences import Sentence, declare, gettext_noop

Verdict = Literal[
    "promise", "dispute", "already_paid", "needs_copy", "wrong_contact", "absence", "hardship",
    "refusal", "stop", "other", "ignored",
]  # fmt: skip
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
# What each asks of somebody in the house; the first waits for the bank first.
TASKS = {
    "already_paid": "check_payment", "needs_copy": "send_copy", "wrong_contact": "find_contact",
    "hardship": "agree_plan",
}  # fmt: skip
# Days during which nothing is sent, unless a person says otherwise; None = a person has to say.
# While a payment is looked for, as many as the organization has chosen.
_PAUSES = {"already_paid": None, "needs_copy": 7, "hardship": 7, "absence": None}
PAUSING = frozenset(_PAUSES)
_DECIDED, _REOPENED = "reply.decided", "reply.reopened"
State = Reply.State

declare(
    {
        "reply.no_file": gettext_noop("Choose the customer it is about first."),
        "reply.decided_before": gettext_noop("Something was decided on this answer already."),
        "reply.promise_incomplete": gettext_noop("Write how much is promised, and for which day."),
        "reply.dispute_incomplete": gettext_noop("Choose the invoice that is disputed, and why."),
        "reply.no_address": gettext_noop(
            "No address of this customer is concerned: mark it on the customer's file."
        ),
        "reply.until_past": gettext_noop("The pause ends on a later day."),
    }
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What an answer says, according to a person.

    `amount_minor`, `due_on` = what is promised, `later` = further parts of it as (amount, day);
    `invoice`, or the `installment_id` of a part of it,
    `reason`, `disputed_minor` (None = the whole), `lines` = what is disputed; `until` = last day
    without a reminder (None = the usual, or no pause for an absence); `contact_name`,
    `contact_email`, `contact_phone` = whom to turn to instead; `words` = why the case is paused,
    or an address marked, as the history tells it.
    """

    verdict: Verdict
    note: str = ""
    amount_minor: int | None = None
    due_on: date | None = None
    later: tuple[tuple[int, date], ...] = ()
    invoice: str = ""
    reason: str = ""
    disputed_minor: int | None = None
    until: date | None = None
    contact_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    words: str = ""
    installment_id: int | None = None
    lines: tuple[Contested, ...] = ()


@transaction.atomic
def reply_decide(
    organization_id: int,
    reply_id: int,
    decision: Decision,
    *,
    on: date,
    actor: str,
    now: datetime,
    beside: Mapping[str, Any] | None = None,
) -> None:
    """Do what a person read in an answer; its case is planned anew at once. `beside` = what was
    done with it besides (see confirming.answers), to be taken back together.

    Raises CaseError when something is missing or cannot be; then nothing is written.
    """
    row = _locked(organization_id, reply_id, State.UNREAD)
    if row is None:
        raise cases.CaseError(Sentence("reply.decided_before"))
    verdict, done = decision.verdict, {}
    if verdict not in {"ignored", "other"}:
        if row.case is None:
            raise cases.CaseError(Sentence("reply.no_file"))
        done = _EFFECTS[verdict](row, decision, on, actor)
    row.state = State.IGNORED if verdict == "ignored" else State.DONE
    row.label, row.decided_at, row.decided_by = verdict, now, actor
    # A contact that was given is known: there is nobody to find any more.
    row.task = "" if done.get("contact") else _task(row, verdict)
    if row.task:
        waits = done.get("until") if verdict == "already_paid" else None
        row.task_on = date.fromisoformat(waits) + timedelta(days=1) if waits else on
    fields = ["state", "label", "decided_at", "decided_by", "task", "task_on", "dispute"]
    row.save(update_fields=fields)
    told = {"reply": row.pk, "verdict": verdict, "note": decision.note, **done, **(beside or {})}
    event_record(organization_id, Happening(_DECIDED, on, actor, row.case_id, told))
    _replan(row, on)


@transaction.atomic
def reply_reopen(organization_id: int, reply_id: int, *, on: date, actor: str) -> bool:
    """Take back what was decided on the same day, with everything it brought. False otherwise."""
    row = _locked(organization_id, reply_id, State.DONE, State.IGNORED)
    if row is None or row.decided_at is None or timezone.localtime(row.decided_at).date() != on:
        return False
    events = Event.objects.filter(
        organization_id=organization_id, case_id=row.case_id, kind=_DECIDED, payload__reply=row.pk
    )
    done = events.order_by("-id").values_list("payload", flat=True).first() or {}
    _take_back(organization_id, done, on=on, actor=actor)
    row.state, row.label, row.decided_at, row.decided_by = State.UNREAD, "", None, ""
    row.task, row.task_on, row.task_done_on = "", None, None
    row.save()
    told = {"reply": row.pk, "verdict": done.get("verdict", "")}
    event_record(organization_id, Happening(_REOPENED, on, actor, row.case_id, told))
    _replan(row, on)
    return True


@transaction.atomic
def reply_task_close(
    organization_id: int, reply_id: int, *, done: bool, on: date, actor: str
) -> bool:
    """Say that the task of an answer is done, or (`done` False) that it is not after all."""
    row = _locked(organization_id, reply_id, State.DONE)
    if row is None or not row.task or (row.task_done_on is not None) == done:
        return False
    row.task_done_on = on if done else None
    row.save(update_fields=["task_done_on"])
    kind = "reply.task_done" if done else "reply.task_reopened"
    told = {"reply": row.pk, "task": row.task}
    event_record(organization_id, Happening(kind, on, actor, row.case_id, told))
    return True


def pause_days(organization_id: int, verdict: str) -> int | None:
    """Days that an answer pauses a case from now on, None where a person says how long or where
    it pauses nothing."""
    if verdict != "already_paid":
        return _PAUSES.get(verdict)
    rows = Organization.objects.filter(id=organization_id)
    found: int = rows.values_list("claim_days", flat=True).get()
    return found


def _task(row: Reply, verdict: Verdict) -> str:
    """What a verdict asks of somebody here. What a customer contests on the payment page nobody
    here has read yet."""
    if row.medium == "portal" and verdict == "dispute":
        return "answer_dispute"
    return TASKS.get(verdict, "")


def _locked(organization_id: int, reply_id: int, *states: str) -> Reply | None:
    rows = Reply.objects.filter(organization_id=organization_id, id=reply_id, state__in=states)
    return rows.select_for_update(no_key=True, of=("self",)).defer("content").first()


def _replan(row: Reply, on: date) -> None:
    if row.case_id is None:
        replies_wake(row.organization_id, row.candidates, on=on)
    else:
        replies_wake(row.organization_id, [row.case_id], on=on)
        cases_replan(row.organization_id, [_case(row).customer_id], on=on)


def _case(row: Reply) -> Case:
    case = row.case
    if case is None:
        raise cases.CaseError(Sentence("reply.no_file"))
    return case


def _promise(row: Reply, decision: Decision, on: date, actor: str) -> dict[str, Any]:
    if decision.amount_minor is None or decision.due_on is None:
        raise cases.CaseError(Sentence("reply.promise_incomplete"))
    told = [
        cases.promise_record(
            row.organization_id, _case(row).pk, amount_minor=amount_minor, due_on=due_on,
            note=decision.note[:200], on=on, actor=actor,
        )
        for amount_minor, due_on in ((decision.amount_minor, decision.due_on), *decision.later)
    ]  # fmt: skip
    return {"promise": told[0], **({"later": told[1:]} if told[1:] else {})}


def _dispute(row: Reply, decision: Decision, on: date, actor: str) -> dict[str, Any]:
    case = _case(row)
    item = (
        Installment.objects.filter(
            organization_id=row.organization_id, customer_id=case.customer_id,
            currency=case.currency, invoice__number=decision.invoice, settled_on__isnull=True,
            **({"id": decision.installment_id} if decision.installment_id else {}),
        )
        .order_by("due_date", "id")
        .first()
    )  # fmt: skip
    if item is None or not decision.reason:
        raise cases.CaseError(Sentence("reply.dispute_incomplete"))
    dispute = cases.dispute_open(
        row.organization_id, item.pk, reason=decision.reason, on=on, actor=actor,
        amount_minor=decision.disputed_minor, note=decision.note, lines=decision.lines,
    )  # fmt: skip
    row.dispute_id = dispute
    return {"dispute": dispute}


def _pause(row: Reply, decision: Decision, on: date, actor: str) -> dict[str, Any]:
    usual = pause_days(row.organization_id, decision.verdict)
    until = decision.until or (on + timedelta(days=usual) if usual else None)
    if until is None:
        return {}
    if until < on:
        raise cases.CaseError(Sentence("reply.until_past"))
    reason = (decision.words or decision.verdict)[:200]
    hold = cases.hold_place(
        row.organization_id, _case(row).pk, reason=reason, ends_on=until, on=on, actor=actor
    )
    return {"hold": hold, "until": until.isoformat()}


def _wrong_contact(row: Reply, decision: Decision, on: date, actor: str) -> dict[str, Any]:
    done = _mark(row, "invalid", decision, on, actor)
    email, phone = decision.contact_email, decision.contact_phone
    if email or phone:
        contact, points = cases.contact_add(
            row.organization_id, _case(row).customer_id,
            name=decision.contact_name or email or phone, email=email, phone=phone, on=on,
            actor=actor,
        )  # fmt: skip
        done |= {"contact": contact, "points": points}
    return done


def _stop(row: Reply, decision: Decision, on: date, actor: str) -> dict[str, Any]:
    done = _mark(row, "opted_out", decision, on, actor)
    if not done:
        raise cases.CaseError(Sentence("reply.no_address"))
    return done


def _mark(
    row: Reply, mark: Literal["invalid", "opted_out"], decision: Decision, on: date, actor: str
) -> dict[str, Any]:
    """Mark the address the answer came from, else the one that the message went to."""
    kind = "phone" if row.medium == "sms" else "email"
    written = row.message.recipient if row.message is not None else ""
    points = {
        as_written(kind, value): point_id
        for point_id, value in ContactPoint.objects.filter(
            organization_id=row.organization_id, customer_id=_case(row).customer_id, kind=kind
        ).values_list("id", "value")
    }
    wanted = (row.sender.casefold(), written.casefold(), *_reported(row))
    point_id = next((points[one] for one in wanted if one in points), None)
    if point_id is None:
        return {}
    before = cases.point_mark(
        row.organization_id, point_id, mark, on=on, actor=actor, reason=decision.words[:200]
    )
    return {"point": point_id, "before": before}


def _reported(row: Reply) -> list[str]:
    """Addresses that the match itself speaks of: those of a report by a mail server."""
    addresses = (why["params"].get("address", "") for why in row.matched_by)
    return [str(address).casefold() for address in addresses]


def _refusal(row: Reply, decision: Decision, on: date, actor: str) -> dict[str, Any]:
    told = {"note": decision.note, "reply": row.pk}
    happening = Happening("payment.refused", on, actor, _case(row).pk, told)
    event_record(row.organization_id, happening)
    return {}


_EFFECTS = {
    "promise": _promise, "dispute": _dispute, "already_paid": _pause, "needs_copy": _pause,
    "hardship": _pause, "absence": _pause, "wrong_contact": _wrong_contact, "stop": _stop,
    "refusal": _refusal,
}  # fmt: skip


def _take_back(organization_id: int, done: dict[str, Any], *, on: date, actor: str) -> None:
    """Undo each thing that a decision brought. A confirmation that has left stays as it is: what
    was noted stood on the page, too."""
    if "confirmation" in done:
        messages_withdraw(organization_id, [done["confirmation"]])
    for promise in [done["promise"], *done.get("later", [])] if "promise" in done else []:
        cases.promise_cancel(organization_id, promise, on=on, actor=actor)
    if "moved" in done:
        cases.promise_restore(organization_id, done["moved"], on=on, actor=actor)
    if "dispute" in done:
        cases.dispute_withdraw(organization_id, done["dispute"], outcome="", on=on, actor=actor)
    if "hold" in done:
        cases.hold_lift(organization_id, done["hold"], on=on, actor=actor)
    if "contact" in done:
        cases.contact_remove(
            organization_id, done["contact"], point_ids=done["points"], on=on, actor=actor
        )
    if "point" in done:
        cases.point_mark(organization_id, done["point"], done["before"], on=on, actor=actor)
    if "marked" in done:
        marks = {point_id: (before, "") for point_id, before in done["marked"]}
        cases.points_mark(organization_id, marks, on=on, actor=actor)
