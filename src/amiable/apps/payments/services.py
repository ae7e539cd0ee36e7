"""Writes of payments: received, returned by the bank, undone. Each is entries and allocations.

Callers wake the customers' cases: payments do not know conversations. `cases` maps
(customer id, currency) to the case whose history tells the event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import QuerySet

from amiable.apps.audit.services import Happening, events_record
from amiable.apps.payments.decisions import decisions_end
from amiable.apps.payments.models import Payment, PaymentReturn
from amiable.apps.payments.telling import Cases, PaymentError
from amiable.apps.receivables.allocations import (
    Credit,
    Use,
    WriteOff,
    allocations_reverse,
    credits_lock,
    credits_record,
    entries_reverse,
    uses_record,
    write_offs_record,
)
from amiable.apps.receivables.models import Allocation, Entry
from amiable.apps.receivables.queries import chunks
from amiable.apps.receivables.services import installments_settle
from amiable.core.money import major
from amiable.core.sentences import Sentence, declare, gettext_noop

__all__ = [
    "Cases",
    "PaymentError",
    "PaymentIn",
    "payment_record",
    "payment_return",
    "payment_return_undo",
    "payment_undo",
    "payments_record",
]

declare(
    {
        "payment.already_returned": gettext_noop("the bank has already taken this payment back"),
        "payment.not_returned": gettext_noop("the bank has not taken this payment back"),
        "payment.already_undone": gettext_noop("this payment has already been undone"),
    }
)


@dataclass(frozen=True, slots=True)
class PaymentIn:
    """A payment to record, amounts in minor units > 0.

    `parts` = ((installment, amount), ...) of the payment itself; `credit_uses` = ((credit entry,
    installment, amount), ...) of credits netted by the payer; `confirms` = installments that the
    accounts already showed as settled by this money: that entry gives way to the payment;
    `write_offs` = ((installment, amount), ...) that the payer kept and that is given up.
    """

    customer_id: int
    amount_minor: int
    currency: str
    received_on: date
    external_id: str
    method: str = Payment.Method.TRANSFER
    payer_name: str = ""
    payer_iban: str = ""
    reference: str = ""
    parts: tuple[tuple[int, int], ...] = ()
    credit_uses: tuple[tuple[int, int, int], ...] = ()
    confirms: tuple[int, ...] = ()
    write_offs: tuple[tuple[int, int], ...] = ()


def payment_record(
    organization_id: int, incoming: PaymentIn, *, on: date, actor: str, cases: Cases
) -> Payment:
    """Record one payment; the same external_id again returns the payment already there."""
    payments = payments_record(organization_id, [incoming], on=on, actor=actor, cases=cases)
    return payments[incoming.external_id]


@transaction.atomic
def payments_record(
    organization_id: int, incoming: Sequence[PaymentIn], *, on: date, actor: str, cases: Cases
) -> dict[str, Payment]:
    """Record payments, all or none, in a number of queries that does not grow with them.

    Returns them by external_id; those already recorded are returned as they are.
    Raises AllocationError when a part is more than what is open.
    """
    known = _by_external_id(organization_id, [p.external_id for p in incoming])
    fresh = [p for p in incoming if p.external_id not in known]
    if not fresh:
        return known
    entries = credits_record(
        organization_id,
        [
            Credit(p.customer_id, p.amount_minor, p.currency, p.received_on, p.external_id)
            for p in fresh
        ],
    )
    payments = Payment.objects.bulk_create(
        [_payment(organization_id, p, entry) for p, entry in zip(fresh, entries, strict=True)],
        batch_size=1000,
    )
    confirmed = [(i, p.external_id) for p in fresh for i in p.confirms]
    _books_reverse(organization_id, confirmed)
    uses = [
        Use(entry.id, installment_id, amount, p.received_on, p.external_id)
        for p, entry in zip(fresh, entries, strict=True)
        for installment_id, amount in p.parts
    ]
    uses += [
        Use(credit_id, installment_id, amount, p.received_on, p.external_id)
        for p in fresh
        for credit_id, installment_id, amount in p.credit_uses
    ]
    uses_record(organization_id, uses, on=on)
    given_up = [
        WriteOff(installment_id, amount, p.received_on, p.external_id)
        for p in fresh
        for installment_id, amount in p.write_offs
    ]
    if given_up:
        write_offs_record(organization_id, given_up, on=on)
    happenings = [
        _happening("payment.recorded", payment, on=on, actor=actor, cases=cases)
        for payment in payments
    ]
    events_record(organization_id, happenings)
    return known | {payment.external_id: payment for payment in payments}


@transaction.atomic
def payment_return(
    organization_id: int,
    payment_id: int,
    *,
    on: date,
    reason_code: str,
    external_id: str,
    actor: str,
    cases: Cases,
) -> PaymentReturn:
    """The bank took the payment back: exactly the installments it had settled are open again.

    The same external_id again changes nothing. Raises PaymentError when the payment was taken
    back before by another movement, or undone.
    """
    payment = _locked(organization_id, payment_id)
    before = PaymentReturn.objects.filter(payment=payment).first()
    if before and before.external_id == external_id:
        return before
    decisions_end(organization_id, payment.entry_id, on=on, actor=actor, cases=cases, force=True)
    entry = _take_back(payment, kind=Entry.Kind.RETURN, on=on, source=external_id)
    returned = PaymentReturn.objects.create(
        organization_id=organization_id,
        payment=payment,
        entry=entry,
        returned_on=on,
        reason_code=reason_code[:10],
        external_id=external_id,
    )
    happening = _happening(
        "payment.returned", payment, on=on, actor=actor, cases=cases, reason=reason_code
    )
    events_record(organization_id, [happening])
    return returned


@transaction.atomic
def payment_undo(
    organization_id: int, payment_id: int, *, on: date, actor: str, cases: Cases
) -> Payment:
    """Take back a payment recorded by mistake: everything it paid, netted or confirmed returns.

    Raises PaymentError when it was returned or undone before, or money of it has left since.
    """
    payment = _locked(organization_id, payment_id)
    decisions_end(organization_id, payment.entry_id, on=on, actor=actor, cases=cases, force=False)
    _take_back(payment, kind=Entry.Kind.PAYMENT, on=on, source=payment.external_id)
    netted = Allocation.objects.filter(
        organization_id=organization_id,
        source=payment.external_id,
        credit__customer_id=payment.customer_id,
        reverses__isnull=True,
    ).values_list("id", flat=True)
    allocations_reverse(organization_id, list(netted), on=on, source="undo")
    confirmed = list(
        Entry.objects.filter(
            organization_id=organization_id,
            customer_id=payment.customer_id,
            kind=Entry.Kind.BOOKS,
            source=payment.external_id,
            reversed_by__isnull=True,
        )
    )
    entries_reverse(organization_id, confirmed, kind=None, on=None, source="undo")
    installments_settle(
        organization_id, {e.installment_id for e in confirmed if e.installment_id}, on=on
    )
    events_record(
        organization_id, [_happening("payment.undone", payment, on=on, actor=actor, cases=cases)]
    )
    return payment


@transaction.atomic
def payment_return_undo(
    organization_id: int, payment_id: int, *, on: date, actor: str, cases: Cases
) -> Payment:
    """A return was recorded by mistake: the money is entered again, on what it had paid.

    The returned payment stays as it is; a new one of the same day and amount takes its place.
    Raises PaymentError when the payment was not returned, AllocationError when what it had paid
    has been paid otherwise since.
    """
    payment = _locked(organization_id, payment_id)
    back = PaymentReturn.objects.filter(payment=payment).first()
    if back is None:
        raise PaymentError(Sentence("payment.not_returned"))
    reversed_rows = Allocation.objects.filter(
        credit_id=payment.entry_id, source=back.external_id, reverses__isnull=False
    )
    again = PaymentIn(
        customer_id=payment.customer_id,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        received_on=payment.received_on,
        external_id=f"{payment.external_id}:again",
        method=payment.method,
        payer_name=payment.payer_name,
        payer_iban=payment.payer_iban,
        reference=payment.reference,
        parts=tuple((row.installment_id, -row.amount_minor) for row in reversed_rows),
        write_offs=tuple(
            (row.installment_id, -row.amount_minor)
            for row in _write_offs(payment).filter(reversed_by__source=back.external_id)
            if row.installment_id
        ),
    )
    return payment_record(organization_id, again, on=on, actor=actor, cases=cases)


def _take_back(payment: Payment, *, kind: str, on: date, source: str) -> Entry:
    """Reverse the payment's allocations and its entry. Raises PaymentError the second time."""
    reversal = Entry.objects.filter(reverses_id=payment.entry_id).first()
    if reversal:
        returned = reversal.kind == Entry.Kind.RETURN
        code = "payment.already_returned" if returned else "payment.already_undone"
        raise PaymentError(Sentence(code))
    # Whoever is using the money right now is seen, or waits and finds it gone.
    credits_lock(payment.organization_id, [payment.entry_id])
    used = Allocation.objects.filter(credit_id=payment.entry_id, reverses__isnull=True)
    allocations_reverse(
        payment.organization_id, list(used.values_list("id", flat=True)), on=on, source=source
    )
    given_up = list(_write_offs(payment).filter(reversed_by__isnull=True))
    entries_reverse(payment.organization_id, given_up, kind=None, on=on, source=source)
    installments_settle(
        payment.organization_id, {e.installment_id for e in given_up if e.installment_id}, on=on
    )
    (entry,) = entries_reverse(
        payment.organization_id, [payment.entry], kind=kind, on=on, source=source
    )
    return entry


def _write_offs(payment: Payment) -> QuerySet[Entry]:
    """What was given up with the payment, taken back since or not."""
    return Entry.objects.filter(
        organization_id=payment.organization_id,
        customer_id=payment.customer_id,
        kind=Entry.Kind.WRITE_OFF,
        source=payment.external_id,
        reverses__isnull=True,
    ).order_by("id")


def _locked(organization_id: int, payment_id: int) -> Payment:
    rows = Payment.objects.filter(organization_id=organization_id).select_related("entry")
    return rows.select_for_update(of=("self",)).get(id=payment_id)


def _by_external_id(organization_id: int, external_ids: Sequence[str]) -> dict[str, Payment]:
    found: dict[str, Payment] = {}
    for start in range(0, len(external_ids), 5000):
        rows = Payment.objects.filter(
            organization_id=organization_id, external_id__in=external_ids[start : start + 5000]
        )
        found |= {payment.external_id: payment for payment in rows}
    return found


def _payment(organization_id: int, incoming: PaymentIn, entry: Entry) -> Payment:
    return Payment(
        organization_id=organization_id,
        customer_id=incoming.customer_id,
        entry=entry,
        method=incoming.method,
        amount_minor=incoming.amount_minor,
        currency=incoming.currency,
        received_on=incoming.received_on,
        external_id=incoming.external_id,
        payer_name=incoming.payer_name[:200],
        payer_iban=incoming.payer_iban[:34],
        reference=incoming.reference[:200],
    )


def _books_reverse(organization_id: int, confirmed: Sequence[tuple[int, str]]) -> None:
    """Reverse what the accounts had entered as settled on installments, marked by the payment."""
    by_installment = dict(confirmed)
    entries: list[Entry] = []
    for ids in chunks(by_installment):
        entries += Entry.objects.filter(
            organization_id=organization_id,
            installment_id__in=ids,
            kind=Entry.Kind.BOOKS,
            amount_minor__lt=0,
            reversed_by__isnull=True,
        ).order_by("id")
    sources = [by_installment[entry.installment_id or 0] for entry in entries]
    entries_reverse(organization_id, entries, kind=None, on=None, source=sources)


def _happening(
    kind: str, payment: Payment, *, on: date, actor: str, cases: Cases, **more: str
) -> Happening:
    payload = {
        "payment": payment.id,
        "amount": major(payment.amount_minor, payment.currency),
        "currency": payment.currency,
        "received_on": payment.received_on.isoformat(),
        **more,
    }
    case_id = cases.get((payment.customer_id, payment.currency))
    return Happening(kind=kind, on_date=on, actor=actor, case_id=case_id, payload=payload)
