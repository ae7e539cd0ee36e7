"""Writes about money that pays no invoice: used, kept, moved to who owed it, given back.

Each decision stands on one credit and can be undone whole: everything it entered carries its
source. Sent twice, it is taken once (see CreditDecision.serial).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from amiable.apps.audit.services import Happening, events_record
from amiable.apps.customers.models import Customer
from amiable.apps.payments.models import CreditDecision
from amiable.apps.payments.telling import Cases, PaymentError
from amiable.apps.receivables.allocations import (
    AllocationError,
    Credit,
    Use,
    WriteOff,
    allocations_reverse,
    credit_record,
    credit_remainders,
    credits_lock,
    entries_reverse,
    uses_record,
    write_offs_record,
)
from amiable.apps.receivables.draws import Draw, draw_record
from amiable.apps.receivables.models import Allocation, Entry, Installment
from amiable.apps.receivables.queries import installment_balances
from amiable.apps.receivables.write_offs import DECIDED, write_off_reverse, written_off
from amiable.core.law.insolvency import UnknownLawError, payment_bar
from amiable.core.money import Money, major
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "credit.moved": gettext_noop(
            "something was decided about this money meanwhile: look at it again"
        ),
        "credit.too_little": gettext_noop("the amount must be more than zero"),
        "credit.nothing": gettext_noop("choose at least one invoice"),
        "credit.same_customer": gettext_noop("the money is this customer's already"),
        "credit.other_creditor": gettext_noop(
            "{customer} owes another creditor: money of one cannot pay the other. Give it back, or "
            "pay it on to that creditor's account"
        ),
        "credit.used_since": gettext_noop(
            "{customer} has used the money moved to it: undo that first"
        ),
        "credit.undone": gettext_noop("this decision has already been undone"),
        "refund.made": gettext_noop(
            "the refund of {amount} is ordered at the bank: say first that it was not, then undo it"
        ),
        "refund.left": gettext_noop(
            "the refund of {amount} is on a statement: undo that line on the bank page first"
        ),
    }
)

Kind = CreditDecision.Kind


@dataclass(frozen=True, slots=True)
class Wish:
    """A decision to take on a credit. `serial` = how many decisions on it the person has seen."""

    credit_id: int
    serial: int


@transaction.atomic
def credit_allocate(
    organization_id: int,
    wish: Wish,
    parts: Sequence[tuple[int, int]],
    *,
    on: date,
    actor: str,
    cases: Cases,
    despite_insolvency: bool = False,
) -> CreditDecision:
    """Use a credit on installments [(id, minor units)]; what was given up of one is taken up again.

    `despite_insolvency` = a person says that the money may settle claims from before the judgment
    (paid under the plan, or by another than the debtor). Raises AllocationError, PaymentError.
    """
    amount = sum(part for _, part in parts)
    if not parts:
        raise PaymentError(Sentence("credit.nothing"))
    decision, fresh = decision_begin(
        organization_id, wish, Kind.ALLOCATED, amount_minor=amount, on=on, actor=actor
    )
    if not fresh:
        return decision
    if not despite_insolvency:
        _insolvency_check(organization_id, decision, [i for i, _ in parts])
    given_up = written_off(organization_id, installment_ids=[i for i, _ in parts])
    opened = installment_balances(organization_id, [i for i, _ in parts])
    for installment_id, part in parts:
        missing = part - opened[installment_id]
        if missing > 0 and given_up.get(installment_id):
            taken = write_off_reverse(
                organization_id, installment_id, on=on, source=decision.source, amount_minor=missing
            )
            decision.recovered.append([installment_id, taken])
    if decision.recovered:
        decision.save(update_fields=["recovered"])
    uses = [Use(wish.credit_id, i, part, on, decision.source) for i, part in parts]
    uses_record(organization_id, uses, on=on)
    kind = "write_off.recovered" if decision.recovered else "credit.allocated"
    decision_tell(decision, kind, on=on, actor=actor, cases=cases)
    return decision


@transaction.atomic
def credit_keep(
    organization_id: int, wish: Wish, *, on: date, actor: str, cases: Cases
) -> CreditDecision:
    """Leave what is left of a credit on the account, for the next invoice: it was looked at."""
    credits_lock(organization_id, [wish.credit_id])
    left = credit_remainders(organization_id, [wish.credit_id])[wish.credit_id]
    decision, fresh = decision_begin(
        organization_id, wish, Kind.KEPT, amount_minor=left, on=on, actor=actor
    )
    if fresh:
        decision_tell(decision, "credit.kept", on=on, actor=actor, cases=cases)
    return decision


@transaction.atomic
def credit_transfer(
    organization_id: int,
    wish: Wish,
    *,
    to_customer_id: int,
    amount_minor: int,
    on: date,
    actor: str,
    cases: Cases,
) -> CreditDecision:
    """Move money to the account of the customer who really owed it; both accounts show it.

    Raises PaymentError when that is the same customer, or one of another creditor.
    """
    target = Customer.objects.filter(organization_id=organization_id, id=to_customer_id).first()
    if target is None:
        raise AllocationError(Sentence("allocation.unknown"))
    decision, fresh = decision_begin(
        organization_id,
        wish,
        Kind.TRANSFERRED,
        amount_minor=amount_minor,
        on=on,
        actor=actor,
        to=target,
    )
    if not fresh:
        return decision
    if target.pk == decision.customer_id:
        raise PaymentError(Sentence("credit.same_customer"))
    if target.creditor_id != decision.customer.creditor_id:
        raise PaymentError(Sentence("credit.other_creditor", {"customer": target.name}))
    kind = Entry.Kind.TRANSFER
    draw_record(organization_id, Draw(wish.credit_id, amount_minor, kind, on, decision.source))
    credit_record(
        organization_id,
        Credit(target.pk, amount_minor, decision.currency, on, decision.source, kind),
    )
    told = {"to": target.name, "from": decision.customer.name}
    decision_tell(decision, "credit.transferred", on=on, actor=actor, cases=cases, **told)
    return decision


@transaction.atomic
def credit_decision_undo(
    organization_id: int, decision_id: int, *, on: date, actor: str, cases: Cases
) -> CreditDecision:
    """Take a decision back whole: the money is on the account again, invoices open again, what
    had been given up is given up again.

    Raises PaymentError when it was undone before, a refund has left, or moved money was used.
    """
    decision = decision_locked(organization_id, decision_id)
    standing_check(decision)
    if decision.made_on is not None or decision.settled_on is not None:
        amount = Money(decision.amount_minor, decision.currency)
        code = "refund.left" if decision.settled_on else "refund.made"
        raise PaymentError(Sentence(code, {"amount": amount}))
    for moved in Entry.objects.filter(**_own(decision), amount_minor__lt=0):
        credits_lock(organization_id, [moved.pk])
        if credit_remainders(organization_id, [moved.pk])[moved.pk] < decision.amount_minor:
            values = {"customer": decision.to_customer.name if decision.to_customer else ""}
            raise PaymentError(Sentence("credit.used_since", values))
    _reverse(decision, on=on, actor=actor, cases=cases)
    return decision


def decisions_end(
    organization_id: int, credit_id: int, *, on: date, actor: str, cases: Cases, force: bool
) -> None:
    """The credit itself is taken back: what was decided about it ends, the newest first.

    `force` = the bank took the money: what was moved to another customer is taken from there even
    if it was used, and a refund that has left stays. Otherwise raises PaymentError for either.
    """
    rows = CreditDecision.objects.filter(
        organization_id=organization_id, credit_id=credit_id, undone_on__isnull=True
    )
    for decision in rows.select_related("customer", "to_customer").order_by("-serial"):
        if not force:
            credit_decision_undo(organization_id, decision.pk, on=on, actor=actor, cases=cases)
            continue
        if decision.made_on is not None or decision.settled_on is not None:
            continue
        if decision.kind == Kind.ALLOCATED and not decision.recovered:
            # The caller takes its allocations back with those of the money itself.
            _end(decision, on=on, actor=actor, cases=cases)
            continue
        for moved in Entry.objects.filter(**_own(decision), amount_minor__lt=0):
            decisions_end(organization_id, moved.pk, on=on, actor=actor, cases=cases, force=True)
            used = Allocation.objects.filter(credit_id=moved.pk, reverses__isnull=True)
            taken = list(used.values_list("id", flat=True))
            allocations_reverse(organization_id, taken, on=on, source=decision.source)
            if credit_remainders(organization_id, [moved.pk])[moved.pk] < decision.amount_minor:
                break  # given back to the other customer, and left: it is owed by this one
        else:
            _reverse(decision, on=on, actor=actor, cases=cases)


def decision_begin(
    organization_id: int,
    wish: Wish,
    kind: str,
    *,
    amount_minor: int,
    on: date,
    actor: str,
    to: Customer | None = None,
    iban: str = "",
    name: str = "",
) -> tuple[CreditDecision, bool]:
    """The decision to fill, or the same one taken before (False). Locks the credit first."""
    account = credits_lock(organization_id, [wish.credit_id]).get(wish.credit_id)
    if account is None:
        raise AllocationError(Sentence("allocation.unknown"))
    known = CreditDecision.objects.filter(
        organization_id=organization_id, credit_id=wish.credit_id
    ).select_related("customer", "to_customer")
    rows = {row.serial: row for row in known}
    row = rows.get(wish.serial)
    if row is not None:
        same = (row.kind, row.amount_minor, row.to_customer_id, row.iban)
        wished = (kind, amount_minor or row.amount_minor, to.pk if to else None, iban)
        if same == wished and row.undone_on is None:
            return row, False
    if row is not None or wish.serial != len(rows):
        raise PaymentError(Sentence("credit.moved"))
    left = credit_remainders(organization_id, [wish.credit_id])[wish.credit_id]
    if amount_minor <= 0:
        raise AllocationError(Sentence("credit.too_little"))
    if amount_minor > left:
        values = {
            "wanted": Money(amount_minor, account[1]),
            "available": Money(max(left, 0), account[1]),
        }
        raise AllocationError(Sentence("allocation.credit_exceeded", values))
    reference = f"RBT{wish.credit_id:06d}{wish.serial:02d}" if kind == Kind.REFUND else ""
    fresh = CreditDecision.objects.create(
        organization_id=organization_id, customer_id=account[0], credit_id=wish.credit_id,
        kind=kind, serial=wish.serial, amount_minor=amount_minor, currency=account[1],
        to_customer=to, iban=iban[:34], name=name[:200], reference=reference, decided_on=on,
        decided_by=actor[:120],
    )  # fmt: skip
    return fresh, True


def _insolvency_check(
    organization_id: int, decision: CreditDecision, installment_ids: Sequence[int]
) -> None:
    """Raise PaymentError when the customer's money may not settle these claims any more."""
    judgment = decision.customer.insolvent_since
    if judgment is None:
        return
    rows = Installment.objects.filter(organization_id=organization_id, id__in=installment_ids)
    for issued in rows.values_list("invoice__issue_date", flat=True):
        try:
            barred = payment_bar(
                claim_on=issued, judgment_on=judgment, paid_on=decision.credit.on_date
            )
        except UnknownLawError as error:
            raise PaymentError(error.sentence) from error
        if barred:
            raise PaymentError(barred)


def _reverse(decision: CreditDecision, *, on: date, actor: str, cases: Cases) -> None:
    """Take back all that a decision entered."""
    organization_id, source = decision.organization_id, f"undo:{decision.pk}"
    own = _own(decision)
    used = Allocation.objects.filter(
        organization_id=organization_id, credit_id=decision.credit_id, source=decision.source,
        reverses__isnull=True,
    )  # fmt: skip
    allocations_reverse(
        organization_id, list(used.values_list("id", flat=True)), on=on, source=source
    )
    moved = list(Entry.objects.filter(**own, kind__in=["refund", "transfer"]).order_by("id"))
    entries_reverse(organization_id, moved, kind=None, on=on, source=source)
    again = [WriteOff(i, amount, on, DECIDED) for i, amount in decision.recovered]
    if again:
        write_offs_record(organization_id, again, on=on)
    _end(decision, on=on, actor=actor, cases=cases)


def _end(decision: CreditDecision, *, on: date, actor: str, cases: Cases) -> None:
    decision.undone_on, decision.undone_by = on, actor[:120]
    decision.save(update_fields=["undone_on", "undone_by"])
    decision_tell(decision, "credit.undone", on=on, actor=actor, cases=cases)


def _own(decision: CreditDecision) -> dict[str, Any]:
    """Which standing entries are the decision's."""
    return {
        "organization_id": decision.organization_id,
        "source": decision.source,
        "customer_id__in": {decision.customer_id, decision.to_customer_id or 0},
        "installment__isnull": True,
        "reverses__isnull": True,
        "reversed_by__isnull": True,
    }


def standing_check(decision: CreditDecision) -> None:
    """Raise PaymentError when the decision has been undone."""
    if decision.undone_on is not None:
        raise PaymentError(Sentence("credit.undone"))


def decision_locked(organization_id: int, decision_id: int) -> CreditDecision:
    """The decision, its credit locked before it: the order in which decisions are taken."""
    rows = CreditDecision.objects.filter(organization_id=organization_id)
    credits_lock(organization_id, [rows.values_list("credit_id", flat=True).get(id=decision_id)])
    found = rows.select_related("customer", "to_customer", "credit")
    return found.select_for_update(no_key=True, of=("self",)).get(id=decision_id)


def decision_tell(
    decision: CreditDecision, kind: str, *, on: date, actor: str, cases: Cases, **more: str
) -> None:
    """One event in the history of each customer that the decision touches."""
    decisions_tell([decision], kind, on=on, actor=actor, cases=cases, **more)


def decisions_tell(
    decisions: Sequence[CreditDecision],
    kind: str,
    *,
    on: date,
    actor: str,
    cases: Cases,
    **more: str,
) -> None:
    """The same happened to decisions of one organization: each is told to those it touches."""
    happenings = [
        Happening(kind, on, actor, cases.get((i, each.currency)), {**_told(each), **more})
        for each in decisions
        for i in (each.customer_id, each.to_customer_id)
        if i
    ]
    if decisions:
        events_record(decisions[0].organization_id, happenings)


def _told(decision: CreditDecision) -> dict[str, Any]:
    return {
        "decision": decision.pk,
        "kind": decision.kind,
        "amount": major(decision.amount_minor, decision.currency),
        "amount_minor": decision.amount_minor,
        "currency": decision.currency,
    }
