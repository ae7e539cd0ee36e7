"""From a line of money out to the refund that it is: closed, noted late, or opened again."""

from __future__ import annotations

from datetime import date

from amiable.apps.banking.models import Match
from amiable.apps.banking.opening import open_credits
from amiable.apps.banking.posting import Posting, case_ids
from amiable.apps.payments.decisions import Wish, credit_decision_undo
from amiable.apps.payments.models import CreditDecision
from amiable.apps.payments.refunds import refund_request, refund_settle
from amiable.apps.payments.telling import PaymentError
from amiable.core.matching.facts import Line
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "refund.no_credit": gettext_noop(
            "no single credit of this customer is as large as the refund: transfer or free it first"
        )
    }
)
# Readings of money out.
REFUNDS = frozenset({"refund", "refund_found"})


def post_refund(organization_id: int, posting: Posting, *, on: date, actor: str) -> Match:
    """Close the refund that the line shows; one that nobody noted is noted now. In a transaction.

    Raises PaymentError when the refund is closed or undone, or no credit is left for it.
    """
    line, chosen = posting.line, posting.chosen
    customer_id = chosen.customer_id or 0
    cases = case_ids(organization_id, {customer_id})
    refund_id = chosen.repays
    if refund_id is None:
        refund_id = _noted_late(organization_id, customer_id, line, on=on, actor=actor).pk
    refund_settle(
        organization_id, refund_id, booked_on=line.booked_on, on=on, actor=actor, cases=cases
    )
    match = posting.match or Match(
        organization_id=organization_id,
        line_id=line.id,
        customer_id=customer_id,
        kind=chosen.kind,
        evidence=[sentence.to_json() for sentence in posting.evidence],
    )
    match.state, match.decided_by = Match.State.POSTED, actor
    match.refund_id = refund_id
    match.save()
    return match


def refund_unmatch(organization_id: int, match: Match, *, on: date, actor: str) -> None:
    """The line was not that refund: it waits again; one noted from the line was never there."""
    cases = case_ids(organization_id, {match.customer_id or 0})
    refund_id = match.refund_id or 0
    refund_settle(organization_id, refund_id, booked_on=None, on=on, actor=actor, cases=cases)
    if match.kind == "refund_found":
        credit_decision_undo(organization_id, refund_id, on=on, actor=actor, cases=cases)


def _noted_late(
    organization_id: int, customer_id: int, line: Line, *, on: date, actor: str
) -> CreditDecision:
    """Note a refund that has left: from the credit of its amount, else the smallest above it."""
    amount = -line.amount_minor
    fitting = [
        credit
        for credit in open_credits(organization_id, customer_id)
        if credit.currency == line.currency and credit.left_minor >= amount
    ]
    if not fitting:
        raise PaymentError(Sentence("refund.no_credit"))
    credit = min(fitting, key=lambda credit: (credit.left_minor, credit.entry_id))
    known = CreditDecision.objects.filter(
        organization_id=organization_id, credit_id=credit.entry_id
    ).count()
    return refund_request(
        organization_id,
        Wish(credit.entry_id, known),
        amount_minor=amount,
        iban=line.payer_iban or "-",
        name=line.payer_name,
        on=on,
        actor=actor,
        cases=case_ids(organization_id, {customer_id}),
    )
