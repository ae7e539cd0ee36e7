"""Payments of a payout made past us: whose they may be, and entered when a person says so.

They are read like bank lines, by the same engine, and never entered unasked.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.banking.models import Match
from amiable.apps.banking.opening import creditors_apart, opening
from amiable.apps.banking.posting import case_ids
from amiable.apps.cases.services import cases_wake
from amiable.apps.customers.models import Customer
from amiable.apps.payments.models import Payment, Payout, PayoutPart
from amiable.apps.payments.services import PaymentError, PaymentIn, payment_record, payment_undo
from amiable.apps.receivables.models import Installment
from amiable.core.matching.engine import decide_all
from amiable.core.matching.facts import Hypothesis, Line
from amiable.core.money import Money
from amiable.core.payouts import provider_label
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "payout.part_known": gettext_noop("this payment is on an account already"),
        "payout.part_no_payment": gettext_noop("only a payment can be given to a customer"),
        "payout.part_unknown_customer": gettext_noop("this customer does not exist here"),
        "payout.part_other_creditor": gettext_noop(
            "{customer} owes {creditor}, and the payout came in on an account of {account}"
        ),
        "payout.part_not_ours": gettext_noop(
            "this payment was entered when its provider confirmed it: it is undone there"
        ),
    }
)
# Parts of one payout that are read at once for a page.
MOST_READ = 200
_METHODS = {"gocardless": Payment.Method.DIRECT_DEBIT, "stripe": Payment.Method.CARD}


@dataclass(frozen=True, slots=True)
class PartReading:
    """Whose a payment may be: the invoices with what it pays of each, and why."""

    customer_id: int
    customer: str
    parts: tuple[tuple[str, Money], ...]
    evidence: tuple[Sentence, ...]


def part_readings(
    organization_id: int, parts: Sequence[PayoutPart], *, on: date
) -> dict[int, PartReading]:
    """The best reading of each part that somebody's may be, in a fixed number of queries."""
    found = _read(organization_id, parts, on=on)
    ids = {item for each in found.values() for item, _ in each.parts}
    numbers = dict(
        Installment.objects.filter(organization_id=organization_id, id__among=ids).values_list(
            "id", "invoice__number"
        )
    )
    names = dict(
        Customer.objects.filter(
            organization_id=organization_id, id__in={each.customer_id for each in found.values()}
        ).values_list("id", "name")
    )
    currencies = {part.pk: part.payout.currency for part in parts}
    return {
        part_id: PartReading(
            customer_id=each.customer_id or 0,
            customer=names[each.customer_id or 0],
            parts=tuple((numbers[i], Money(n, currencies[part_id])) for i, n in each.parts),
            evidence=each.evidence,
        )
        for part_id, each in found.items()
    }


@transaction.atomic
def payout_part_settle(
    organization_id: int, part_id: int, *, customer_id: int, on: date, actor: str
) -> Payment:
    """Enter a payment of a payout for a customer: on what it names, as the engine reads it; else it
    stays on the account as money to settle. Raises PaymentError, AllocationError."""
    part = _locked(organization_id, part_id)
    if part.kind != PayoutPart.Kind.PAYMENT or part.amount_minor <= 0:
        raise PaymentError(Sentence("payout.part_no_payment"))
    if part.payment_id:
        raise PaymentError(Sentence("payout.part_known"))
    _check_customer(organization_id, part, customer_id)
    read = _read(organization_id, [part], on=on).get(part.pk)
    chosen = read if read and read.customer_id == customer_id else None
    incoming = PaymentIn(
        customer_id=customer_id,
        amount_minor=part.amount_minor,
        currency=part.payout.currency,
        received_on=part.on_date or part.payout.arrives_on,
        external_id=_external_id(part),
        method=_METHODS.get(part.payout.provider, Payment.Method.OTHER),
        payer_name=part.payer_name,
        reference=settled_as(part.payout),
        parts=chosen.parts if chosen else (),
    )
    cases = case_ids(organization_id, {customer_id})
    part.payment = payment_record(organization_id, incoming, on=on, actor=actor, cases=cases)
    part.save(update_fields=["payment"])
    cases_wake(organization_id, {customer_id}, on=on)
    _tell("payout.part_settled", part, on=on, actor=actor, case_id=_case(part, cases))
    return part.payment


@transaction.atomic
def payout_part_unsettle(organization_id: int, part_id: int, *, on: date, actor: str) -> None:
    """Take such a payment back whole. Raises PaymentError when it was entered otherwise."""
    part = _locked(organization_id, part_id)
    payment = part.payment
    if payment is None or payment.reference != settled_as(part.payout):
        raise PaymentError(Sentence("payout.part_not_ours"))
    cases = case_ids(organization_id, {payment.customer_id})
    payment_undo(organization_id, payment.pk, on=on, actor=actor, cases=cases)
    case_id = _case(part, cases)
    part.payment = None
    part.save(update_fields=["payment"])
    cases_wake(organization_id, {payment.customer_id}, on=on)
    _tell("payout.part_unsettled", part, on=on, actor=actor, case_id=case_id)


def settled_as(payout: Payout) -> str:
    """The reference of payments that a person entered from a payout."""
    return f"{provider_label(payout.provider)} {payout.name}"


def _read(organization_id: int, parts: Sequence[PayoutPart], *, on: date) -> dict[int, Hypothesis]:
    """The first reading of each part, as if it were a line of the bank."""
    received = _received_by(organization_id, parts)
    lines = [
        Line(
            id=-part.pk,  # of no line of the bank
            booked_on=part.on_date or part.payout.arrives_on,
            amount_minor=part.amount_minor,
            currency=part.payout.currency,
            label=part.label,
            payer_name=part.payer_name,
            creditor_id=received.get(part.payout_id),
        )
        for part in parts[:MOST_READ]
    ]
    if not lines:
        return {}
    state = opening(organization_id, lines, on=on)
    owed = {each.id: each.creditor_id for each in state.customers}
    accounts = {line.id: line.creditor_id for line in lines}
    apart = {creditor_id for creditor_id, _ in state.creditors}
    return {
        -each.line_id: each.hypotheses[0]
        for each in decide_all(state, lines)
        if each.hypotheses
        and _is_plain(each.hypotheses[0])
        and not _is_apart(apart, accounts[each.line_id], owed[each.hypotheses[0].customer_id or 0])
    }


def _check_customer(organization_id: int, part: PayoutPart, customer_id: int) -> None:
    """A customer of ours, and of no creditor that has accounts of its own beside this one's."""
    rows = Customer.objects.filter(organization_id=organization_id, id=customer_id)
    found = rows.values_list("name", "creditor_id").first()
    if found is None:
        raise PaymentError(Sentence("payout.part_unknown_customer"))
    name, owed = found
    names = dict(creditors_apart(organization_id))
    received = _received_by(organization_id, [part]).get(part.payout_id)
    if _is_apart(names, received, owed):
        values = {"customer": name, "creditor": names[owed], "account": names[received or 0]}
        raise PaymentError(Sentence("payout.part_other_creditor", values))


def _received_by(organization_id: int, parts: Sequence[PayoutPart]) -> dict[int, int]:
    """The creditor whose payout it is, by payout: its own, else that of the account it came in
    on; no other is known."""
    found = {part.payout_id: part.payout.creditor_id for part in parts}
    shown = Match.objects.filter(
        organization_id=organization_id, payout_id__among=set(found), state=Match.State.POSTED
    ).values_list("payout_id", "line__statement__account__creditor_id")
    found |= {payout: creditor for payout, creditor in shown if found[payout] is None}
    return {payout: creditor for payout, creditor in found.items() if creditor is not None}


def _is_apart(creditors: Collection[int], received: int | None, owed: int) -> bool:
    """Whether money of one creditor would pay a debt to another with accounts of its own."""
    return received in creditors and owed in creditors and received != owed


def _is_plain(reading: Hypothesis) -> bool:
    """Whether it pays invoices of a customer, and does nothing else."""
    more = reading.credit_uses or reading.confirms or reading.write_offs or reading.returns
    return reading.customer_id is not None and not more


def _external_id(part: PayoutPart) -> str:
    """The name that its provider's own news of it would be entered under, so that it is entered
    once; after an undo the next one."""
    name = f"{part.payout.provider}:{part.reference or part.name}"
    same = Q(external_id=name) | Q(external_id__startswith=f"{name}:")
    known = Payment.objects.filter(same, organization_id=part.organization_id).count()
    return f"{name}:{known}" if known else name


def _locked(organization_id: int, part_id: int) -> PayoutPart:
    rows = PayoutPart.objects.filter(organization_id=organization_id)
    rows = rows.select_related("payout", "payment")
    return rows.select_for_update(no_key=True, of=("self",)).get(id=part_id)


def _case(part: PayoutPart, cases: dict[tuple[int, str], int]) -> int | None:
    customer_id = part.payment.customer_id if part.payment else 0
    return cases.get((customer_id, part.payout.currency))


def _tell(kind: str, part: PayoutPart, *, on: date, actor: str, case_id: int | None) -> None:
    payload: dict[str, Any] = {"part": part.pk, "payout": part.payout.name}
    event_record(part.organization_id, Happening(kind, on, actor, case_id, payload))
