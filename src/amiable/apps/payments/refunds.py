"""Writes about money to give back: asked for, ordered at the bank, seen to leave."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db import transaction

from amiable.apps.payments.decisions import (
    Kind,
    Wish,
    decision_begin,
    decision_locked,
    decision_tell,
    decisions_tell,
    standing_check,
)
from amiable.apps.payments.models import CreditDecision
from amiable.apps.payments.telling import Cases, PaymentError
from amiable.apps.receivables.allocations import credits_lock
from amiable.apps.receivables.draws import Draw, draw_record
from amiable.apps.receivables.models import Entry
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.virtual_ibans import iban_clean, iban_problem

declare(
    {
        "refund.no_iban": gettext_noop("write the account that the money goes back to, an IBAN"),
        "refund.no_account": gettext_noop("None is noted."),
        "refund.not_iban": gettext_noop("“{value}” is no IBAN that a SEPA transfer reaches."),
        "refund.ordered": gettext_noop("the refund {reference} has already been ordered"),
    }
)


@transaction.atomic
def refund_request(
    organization_id: int,
    wish: Wish,
    *,
    amount_minor: int,
    iban: str,
    name: str,
    on: date,
    actor: str,
    cases: Cases,
) -> CreditDecision:
    """Note money to give back, and to which account; it leaves the customer's credit at once.

    Its reference is what the transfer shall carry, so that the bank's line is recognized.
    """
    if not iban:
        raise PaymentError(Sentence("refund.no_iban"))
    decision, fresh = decision_begin(
        organization_id,
        wish,
        Kind.REFUND,
        amount_minor=amount_minor,
        on=on,
        actor=actor,
        iban=iban,
        name=name,
    )
    if not fresh:
        return decision
    draw = Draw(wish.credit_id, amount_minor, Entry.Kind.REFUND, on, decision.source)
    draw_record(organization_id, draw)
    told = {"reference": decision.reference, "iban": iban}
    decision_tell(decision, "refund.requested", on=on, actor=actor, cases=cases, **told)
    return decision


@transaction.atomic
def refund_make(
    organization_id: int, decision_id: int, *, made: bool, on: date, actor: str, cases: Cases
) -> CreditDecision:
    """Note that a refund was ordered at the bank on `on`, or (False) that it was not after all.

    One that was in a file is no longer: the bank refused it, and the file cannot be taken again.
    """
    decision = decision_locked(organization_id, decision_id)
    standing_check(decision)
    if decision.kind != Kind.REFUND or decision.settled_on is not None:
        raise PaymentError(Sentence("credit.moved"))
    if (decision.made_on is not None) != made:
        decision.made_on, decision.file = on if made else None, None
        decision.save(update_fields=["made_on", "file"])
        kind = "refund.made" if made else "refund.not_made"
        decision_tell(decision, kind, on=on, actor=actor, cases=cases)
    return decision


@transaction.atomic
def refund_readdress(
    organization_id: int,
    decision_id: int,
    *,
    iban: str,
    name: str,
    on: date,
    actor: str,
    cases: Cases,
) -> CreditDecision:
    """Correct to whose account a refund goes, before it is ordered. Raises PaymentError."""
    decision = decision_locked(organization_id, decision_id)
    standing_check(decision)
    iban = iban_clean(iban)
    if decision.kind != Kind.REFUND or decision.made_on or decision.settled_on:
        raise PaymentError(Sentence("refund.ordered", {"reference": decision.reference}))
    if problem := account_problem(iban):
        raise PaymentError(problem)
    decision.iban, decision.name = iban, name.strip()[:200] or decision.name
    decision.save(update_fields=["iban", "name"])
    told = {"reference": decision.reference, "iban": iban}
    decision_tell(decision, "refund.readdressed", on=on, actor=actor, cases=cases, **told)
    return decision


@transaction.atomic
def refunds_settle(
    organization_id: int,
    decision_ids: Collection[int],
    *,
    booked_on: date | None,
    on: date,
    actor: str,
    cases: Cases,
) -> list[CreditDecision]:
    """A statement shows in one sum that refunds left our account, or (None) not after all."""
    refunds = refunds_locked(organization_id, decision_ids)
    for refund in refunds:
        standing_check(refund)
        if (refund.settled_on is None) == (booked_on is None):
            raise PaymentError(Sentence("credit.moved"))
        refund.settled_on = booked_on
    CreditDecision.objects.bulk_update(refunds, ["settled_on"], batch_size=250)
    kind = "refund.settled" if booked_on else "refund.not_settled"
    decisions_tell(refunds, kind, on=on, actor=actor, cases=cases)
    return refunds


def account_problem(iban: str) -> Sentence | None:
    """Why no SEPA transfer reaches an account, or leaves it; None when one does."""
    if not iban:
        return Sentence("refund.no_account")
    return Sentence("refund.not_iban", {"value": iban[:40]}) if iban_problem(iban) else None


def refunds_locked(organization_id: int, decision_ids: Collection[int]) -> list[CreditDecision]:
    """Refunds in the order of their ids, their credits locked before them, as decisions are.

    Raises PaymentError when one of them is no refund of this organization.
    """
    rows = CreditDecision.objects.filter(
        organization_id=organization_id, kind=Kind.REFUND, id__among=set(decision_ids)
    )
    credits_lock(organization_id, set(rows.values_list("credit_id", flat=True)))
    found = rows.select_related("customer", "to_customer", "file").order_by("id")
    refunds = list(found.select_for_update(no_key=True, of=("self",)))
    if len(refunds) != len(set(decision_ids)):
        raise PaymentError(Sentence("credit.moved"))
    return refunds
