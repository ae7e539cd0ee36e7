"""Writes of what payments left open: named by one person, approved or refused by another.

Within the limits a rest is given up at once. Above them the payment stays posted, the rest stays
open, and its dunning is held for WAIT_DAYS at most while somebody else decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.banking.models import Match, Rest
from amiable.apps.banking.terms import limits_of
from amiable.apps.cases.models import Case, Dispute
from amiable.apps.cases.services import (
    cases_wake,
    dispute_open,
    dispute_withdraw,
    hold_lift,
    hold_place,
)
from amiable.apps.receivables.allocations import WriteOff, entries_reverse, write_offs_record
from amiable.apps.receivables.models import Entry, Installment
from amiable.apps.receivables.queries import installment_balances
from amiable.apps.receivables.services import installments_settle
from amiable.core.matching import rests
from amiable.core.sentences import Sentence, declare, gettext_noop

# Long enough for an approver's holidays, short enough that nobody is forgotten for a month.
WAIT_DAYS = 14
STANDING = (Rest.State.WAITING, Rest.State.WITHIN, Rest.State.DISPUTED, Rest.State.APPROVED)

declare(
    {
        "rest.not_posted": gettext_noop("this payment is no longer posted"),
        "rest.nothing_left": gettext_noop("nothing is left open of this invoice"),
        "rest.named_already": gettext_noop("it has been said already what this rest is"),
        "rest.unknown_reason": gettext_noop("choose what the rest is"),
        "rest.words_needed": gettext_noop(
            "say in words what was deducted: the approver decides on them"
        ),
        "rest.until_needed": gettext_noop(
            "say until when the guarantee is retained: a later day than today"
        ),
        "rest.disputed_already": gettext_noop("a dispute is already open on this invoice"),
        "rest.not_waiting": gettext_noop("this rest no longer waits for a decision"),
        "rest.four_eyes": gettext_noop("who asks cannot approve: another manager decides"),
        "rest.why_refused": gettext_noop("say why it is refused"),
        "rest.not_decided": gettext_noop("there is no decision to take back"),
    }
)


class RestError(ValueError):
    """A rest that cannot be named or decided so; `sentence` says why."""

    def __init__(self, code: str) -> None:
        self.sentence = Sentence(code)
        super().__init__(str(self.sentence))


@dataclass(frozen=True, slots=True)
class RestSaid:
    """What a person says a rest is. `detail` = the kind of a deduction, or the reason of a dispute;
    `until` = when a retention is owed again; `hold_words` = how the pause reads in the file."""

    installment_id: int
    reason: str
    detail: str = ""
    note: str = ""
    until: date | None = None
    hold_words: str = ""


@transaction.atomic
def rests_name(
    organization_id: int, match_id: int, said: Sequence[RestSaid], *, on: date, actor: str
) -> list[Rest]:
    """Say what a posted match left open: given up, disputed, or waiting for another person.

    Whatever is called a part payment stays due. Raises RestError, AllocationError, CaseError.
    """
    match = (
        Match.objects.select_related("payment", "line")
        .filter(organization_id=organization_id, state=Match.State.POSTED, payment__isnull=False)
        .filter(id=match_id)
        .first()
    )
    if match is None:
        raise RestError("rest.not_posted")
    return [
        _name(match, each, on=on, actor=actor)
        for each in said
        if each.reason != "part" and _checked(match, each, on)
    ]


@transaction.atomic
def rest_approve(organization_id: int, rest_id: int, *, on: date, actor: str) -> Rest:
    """Another person agrees: the rest is given up, a retention is paused until its day.

    Raises RestError; AllocationError when less is open by now.
    """
    rest = _waiting(organization_id, rest_id)
    if actor == rest.asked_by:
        raise RestError("rest.four_eyes")
    if rest.hold_id:
        hold_lift(organization_id, rest.hold_id, on=on, actor=actor)
    if rest.until:
        rest.hold_id = hold_place(
            organization_id,
            _case_id(rest),
            installment_id=rest.installment_id,
            reason=rest.hold.reason if rest.hold else rest.note[:200],
            ends_on=max(rest.until, on),
            on=on,
            actor=actor,
        )
    else:
        _give_up(rest, on)
    return _decide(rest, Rest.State.APPROVED, on=on, actor=actor)


@transaction.atomic
def rest_refuse(organization_id: int, rest_id: int, *, reason: str, on: date, actor: str) -> Rest:
    """The rest is due again and its dunning goes on. Raises RestError without a reason."""
    rest = _waiting(organization_id, rest_id)
    if not reason.strip():
        raise RestError("rest.why_refused")
    rest.decision = reason.strip()[:500]
    if rest.hold_id:
        hold_lift(organization_id, rest.hold_id, on=on, actor=actor)
    return _decide(rest, Rest.State.REFUSED, on=on, actor=actor)


@transaction.atomic
def rest_reopen(organization_id: int, rest_id: int, *, on: date, actor: str) -> Rest:
    """Take a decision back: the rest is open and waits again. Raises RestError."""
    rest = _locked(organization_id, rest_id)
    if rest.state not in (Rest.State.APPROVED, Rest.State.REFUSED):
        raise RestError("rest.not_decided")
    named_again = Rest.objects.filter(
        match=rest.match, installment=rest.installment, state__in=STANDING
    ).exclude(id=rest.id)
    if rest.match.state != Match.State.POSTED or named_again.exists():
        raise RestError("rest.not_posted")
    words = rest.hold.reason if rest.hold else rest.note[:200]
    if rest.state == Rest.State.APPROVED:
        _take_back(rest, on=on, actor=actor)
    rest.hold_id = _pause(rest, words, on=on, actor=actor)
    rest.decision = ""
    return _decide(rest, Rest.State.WAITING, on=on, actor=actor)


def rests_withdraw(organization_id: int, payment_id: int, *, on: date, actor: str) -> None:
    """A payment is undone, or was taken back by the bank: nothing said of its rests stands.

    Entries follow their payment; holds and disputes end here. Call in a transaction.
    """
    rows = Rest.objects.filter(
        organization_id=organization_id, match__payment_id=payment_id, state__in=STANDING
    )
    for rest in rows.select_for_update(of=("self",)).order_by("id"):
        if rest.hold_id:
            hold_lift(organization_id, rest.hold_id, on=on, actor=actor)
        if rest.dispute_id:
            dispute_withdraw(organization_id, rest.dispute_id, outcome="", on=on, actor=actor)
        rest.state = Rest.State.WITHDRAWN
        rest.save(update_fields=["state"])


def _checked(match: Match, said: RestSaid, on: date) -> bool:
    """True when it may be said so of this match. Raises RestError."""
    ours = {part["installment"] for part in match.allocations}
    if said.reason not in rests.REASONS or said.installment_id not in ours:
        raise RestError("rest.unknown_reason")
    if said.reason == "deduction":
        if said.detail not in rests.DEDUCTIONS:
            raise RestError("rest.unknown_reason")
        if not said.note.strip():
            raise RestError("rest.words_needed")
        if said.detail == "retention" and (said.until is None or said.until <= on):
            raise RestError("rest.until_needed")
    if said.reason == "dispute" and said.detail not in Dispute.Reason.values:
        raise RestError("rest.unknown_reason")
    named = Rest.objects.filter(match=match, installment_id=said.installment_id, state__in=STANDING)
    if named.exists():
        raise RestError("rest.named_already")
    return True


def _name(match: Match, said: RestSaid, *, on: date, actor: str) -> Rest:
    organization_id = match.organization_id
    installment = Installment.objects.select_for_update(no_key=True).get(
        organization_id=organization_id, id=said.installment_id
    )
    left = installment_balances(organization_id, [installment.id])[installment.id]
    if left <= 0:
        raise RestError("rest.nothing_left")
    rest = Rest(
        organization_id=organization_id,
        match=match,
        installment=installment,
        reason=said.reason,
        detail=said.detail[:12] if said.reason == "deduction" else "",
        amount_minor=left,
        note=said.note.strip()[:500],
        asked_by=actor,
        asked_on=on,
        until=said.until if said.detail == "retention" else None,
    )
    facts = rest_facts(match, installment, left_minor=left)
    if said.reason == "dispute":
        _dispute(rest, said, on=on, actor=actor)
    elif rests.is_within(said.reason, facts, limits=limits_of(organization_id, match.customer_id)):
        rest.state = Rest.State.WITHIN
        _give_up(rest, on)
    else:
        rest.state = Rest.State.WAITING
        rest.hold_id = _pause(rest, said.hold_words or rest.note, on=on, actor=actor)
    rest.save()
    _tell(rest, f"rest.{rest.state}", on=on, actor=actor)
    return rest


def rest_facts(match: Match, installment: Installment, *, left_minor: int) -> rests.Rest:
    """The rest of an installment after a match's payment, for core."""
    paid = sum(
        part["amount_minor"]
        for part in match.allocations
        if part["installment"] == installment.id and not part.get("reason")
    )
    record = match.line.record
    return rests.Rest(
        left_minor=left_minor,
        open_minor=left_minor + paid,
        currency=installment.currency,
        due_date=installment.due_date,
        received_on=match.line.booked_on,
        label=match.line.label,
        payer_iban=record.get("payer_iban", ""),
        operation=record.get("operation", ""),
    )


def _dispute(rest: Rest, said: RestSaid, *, on: date, actor: str) -> None:
    organization_id = rest.organization_id
    running = Dispute.objects.filter(installment=rest.installment, closed_on__isnull=True)
    if running.exists():
        raise RestError("rest.disputed_already")
    rest.state = Rest.State.DISPUTED
    rest.dispute_id = dispute_open(
        organization_id, rest.installment_id, reason=said.detail, amount_minor=rest.amount_minor,
        note=rest.note, on=on, actor=actor,
    )  # fmt: skip


def _pause(rest: Rest, words: str, *, on: date, actor: str) -> int:
    return hold_place(
        rest.organization_id, _case_id(rest), installment_id=rest.installment_id,
        reason=words[:200], ends_on=on + timedelta(days=WAIT_DAYS), on=on, actor=actor,
    )  # fmt: skip


def _give_up(rest: Rest, on: date) -> None:
    """Under the source of the payment: what becomes of the payment becomes of the rest."""
    written = WriteOff(rest.installment_id, rest.amount_minor, on, _source(rest))
    write_offs_record(rest.organization_id, [written], on=on)


def _take_back(rest: Rest, *, on: date, actor: str) -> None:
    """Undo what an approval did."""
    if rest.until:
        if rest.hold_id:
            hold_lift(rest.organization_id, rest.hold_id, on=on, actor=actor)
        return
    rows = Entry.objects.filter(
        organization_id=rest.organization_id,
        kind=Entry.Kind.WRITE_OFF,
        installment_id=rest.installment_id,
        amount_minor=-rest.amount_minor,
        source=_source(rest),
        reverses__isnull=True,
        reversed_by__isnull=True,
    )
    entries_reverse(rest.organization_id, list(rows[:1]), kind=None, on=on, source="undo")
    installments_settle(rest.organization_id, [rest.installment_id], on=on)


def _source(rest: Rest) -> str:
    payment = rest.match.payment
    return payment.external_id if payment else ""


def _decide(rest: Rest, state: str, *, on: date, actor: str) -> Rest:
    open_again = state == Rest.State.WAITING
    rest.state = state
    rest.decided_by, rest.decided_on = ("", None) if open_again else (actor, on)
    rest.save()
    _tell(rest, "rest.reopened" if open_again else f"rest.{state}", on=on, actor=actor)
    return rest


def _waiting(organization_id: int, rest_id: int) -> Rest:
    rest = _locked(organization_id, rest_id)
    if rest.state != Rest.State.WAITING:
        raise RestError("rest.not_waiting")
    return rest


def _locked(organization_id: int, rest_id: int) -> Rest:
    rows = Rest.objects.select_related("match__payment", "match__line", "installment", "hold")
    return rows.select_for_update(of=("self",)).get(organization_id=organization_id, id=rest_id)


def _case_id(rest: Rest) -> int:
    owed = rest.installment
    return Case.objects.get(customer_id=owed.customer_id, currency=owed.currency).pk


def _tell(rest: Rest, kind: str, *, on: date, actor: str) -> None:
    told = {
        "rest": rest.pk, "installment": rest.installment_id, "reason": rest.reason,
        "amount_minor": rest.amount_minor, "asked_by": rest.asked_by,
    }  # fmt: skip
    event_record(rest.organization_id, Happening(kind, on, actor, _case_id(rest), told))
    cases_wake(rest.organization_id, {rest.installment.customer_id}, on=on)
