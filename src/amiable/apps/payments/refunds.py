"""Writes about money to give back: asked for, ordered at the bank, seen to leave."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from amiable.apps.payments.decisions import (
    Kind,
    Wish,
    decision_begin,
    decision_locked,
    decision_tell,
    standing_check,
)
from amiable.apps.payments.models import CreditDecision
from amiable.apps.payments.telling import Cases, PaymentError
from amiable.apps.receivables.draws import Draw, draw_record
from amiable.apps.receivables.models import Entry
from amiable.core.sentences import Sentence, declare, gettext_noop

declare({"refund.no_iban": gettext_noop("write the account that the money goes back to, an IBAN")})


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
    """Note that a refund was ordered at the bank on `on`, or (False) that it was not after all."""
    decision = decision_locked(organization_id, decision_id)
    standing_check(decision)
    if decision.kind != Kind.REFUND or decision.settled_on is not None:
        raise PaymentError(Sentence("credit.moved"))
    if (decision.made_on is not None) != made:
        decision.made_on = on if made else None
        decision.save(update_fields=["made_on"])
        kind = "refund.made" if made else "refund.not_made"
        decision_tell(decision, kind, on=on, actor=actor, cases=cases)
    return decision


@transaction.atomic
def refund_settle(
    organization_id: int, decision_id: int, *, booked_on: date | None, on: date, actor: str,
    cases: Cases,
) -> CreditDecision:  # fmt: skip
    """A statement shows that the refund left our account on a day, or (None) not after all."""
    decision = decision_locked(organization_id, decision_id)
    standing_check(decision)
    if decision.kind != Kind.REFUND or (decision.settled_on is None) == (booked_on is None):
        raise PaymentError(Sentence("credit.moved"))
    decision.settled_on = booked_on
    decision.save(update_fields=["settled_on"])
    kind = "refund.settled" if booked_on else "refund.not_settled"
    decision_tell(decision, kind, on=on, actor=actor, cases=cases)
    return decision
