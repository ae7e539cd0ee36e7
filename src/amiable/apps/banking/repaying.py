"""From a line of money out to the refund, or the file of refunds, that it is: closed, noted late,
or opened again."""

from __future__ import annotations

from datetime import date

from amiable.apps.banking.models import Match
from amiable.apps.banking.opening import open_credits
from amiable.apps.banking.posting import Posting, case_ids
from amiable.apps.payments.decisions import Wish, credit_decision_undo
from amiable.apps.payments.models import CreditDecision
from amiable.apps.payments.refund_files import file_locked
from amiable.apps.payments.refunds import refund_request, refunds_settle
from amiable.apps.payments.telling import PaymentError
from amiable.core.matching.facts import Line
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "refund.no_credit": gettext_noop(
            "no single credit of this customer is as large as the refund: transfer or free it first"
        ),
        "refund.file_sum": gettext_noop(
            "the refunds of the file {file} that have not left no longer come to this amount"
        ),
    }
)
# Readings of money out.
REFUNDS = frozenset({"refund", "refund_found", "refunds"})


def post_refund(organization_id: int, posting: Posting, *, on: date, actor: str) -> Match:
    """Close the refund, or those of a file, that the line shows; one that nobody noted is noted
    now. In a transaction.

    Raises PaymentError when a refund is closed or undone, or no credit is left for it.
    """
    line, chosen = posting.line, posting.chosen
    refund_id, file_id = chosen.repays, chosen.repays_file
    if file_id is not None:
        refund_ids = _left_of_file(organization_id, file_id, line)
    else:
        if refund_id is None:
            refund_id = _noted_late(organization_id, line, posting, on=on, actor=actor).pk
        refund_ids = [refund_id]
    _settle(organization_id, refund_ids, booked_on=line.booked_on, on=on, actor=actor)
    match = posting.match or Match(
        organization_id=organization_id,
        line_id=line.id,
        customer_id=chosen.customer_id,
        kind=chosen.kind,
        evidence=[sentence.to_json() for sentence in posting.evidence],
    )
    match.state, match.decided_by = Match.State.POSTED, actor
    match.refund_id, match.refund_file_id = refund_id, file_id
    match.save()
    return match


def refund_unmatch(organization_id: int, match: Match, *, on: date, actor: str) -> None:
    """The line was not that refund, or file: it waits again; one noted from the line never was."""
    refund_id = match.refund_id or 0
    refund_ids = [refund_id]
    if match.refund_file_id:
        rows = CreditDecision.objects.filter(file_id=match.refund_file_id)
        single = rows.filter(matches__state=Match.State.POSTED)
        kept = set(single.values_list("id", flat=True))
        refund_ids = [i for i in rows.values_list("id", flat=True) if i not in kept]
    _settle(organization_id, refund_ids, booked_on=None, on=on, actor=actor)
    if match.kind == "refund_found":
        cases = case_ids(organization_id, {match.customer_id or 0})
        credit_decision_undo(organization_id, refund_id, on=on, actor=actor, cases=cases)


def _settle(
    organization_id: int, refund_ids: list[int], *, booked_on: date | None, on: date, actor: str
) -> None:
    rows = CreditDecision.objects.filter(organization_id=organization_id, id__among=set(refund_ids))
    cases = case_ids(organization_id, set(rows.values_list("customer_id", flat=True)))
    refunds_settle(
        organization_id, refund_ids, booked_on=booked_on, on=on, actor=actor, cases=cases
    )


def _left_of_file(organization_id: int, file_id: int, line: Line) -> list[int]:
    """The refunds of a file that no statement has shown yet, when they come to the line."""
    file = file_locked(organization_id, file_id)
    rows = CreditDecision.objects.filter(file=file, settled_on__isnull=True)
    left = dict(rows.values_list("id", "amount_minor"))
    if sum(left.values()) != -line.amount_minor or file.currency != line.currency:
        raise PaymentError(Sentence("refund.file_sum", {"file": file.reference}))
    return sorted(left)


def _noted_late(
    organization_id: int, line: Line, posting: Posting, *, on: date, actor: str
) -> CreditDecision:
    """Note a refund that has left: from the credit of its amount, else the smallest above it."""
    customer_id, amount = posting.chosen.customer_id or 0, -line.amount_minor
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
