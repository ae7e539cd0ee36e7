"""Writes of banking: statements in, lines matched, and what a person decides about them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import transaction

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.banking.habits import habits_refused
from amiable.apps.banking.matching import lines_match
from amiable.apps.banking.models import Match, StatementLine
from amiable.apps.banking.opening import WAITING, hypothesis_of
from amiable.apps.banking.payout_doubts import posting_restore
from amiable.apps.banking.payouts import payout_tie
from amiable.apps.banking.posting import (
    Posting,
    case_ids,
    learned_from,
    lines_state,
    post_payments,
)
from amiable.apps.banking.proposed import proposals_drop, proposals_wake
from amiable.apps.banking.repaying import REFUNDS, post_refund, refund_unmatch
from amiable.apps.banking.rests import RestError, RestSaid, rests_name, rests_withdraw
from amiable.apps.banking.returning import payments_left, post_return
from amiable.apps.banking.sharing import shares_of, shares_post
from amiable.apps.banking.statements import StatementError, statement_import
from amiable.apps.banking.twins import twin_choose, twins_of
from amiable.apps.banking.undecided import MatchError, facts_of, line_locked, line_waiting
from amiable.apps.cases.services import cases_wake
from amiable.apps.customers.models import Customer, CustomerIban
from amiable.apps.payments.services import payment_return_undo, payment_undo
from amiable.core.matching.facts import Hypothesis
from amiable.core.matching.returns import RETURN_LINE
from amiable.core.matching.several import SEVERAL
from amiable.core.sentences import Sentence, declare, gettext_noop

__all__ = [
    "MatchError",
    "RestError",
    "RestSaid",
    "StatementError",
    "line_assign",
    "line_ignore",
    "line_restore",
    "lines_match",
    "match_confirm",
    "match_refuse",
    "match_undo",
    "statement_import",
]

declare(
    {
        "bank.not_proposed": gettext_noop("this proposal no longer stands"),
        "bank.not_equal": gettext_noop("this invoice is not open for the same amount any more"),
        "bank.not_posted": gettext_noop("this match is not posted, so it cannot be undone"),
        "bank.money_out_assign": gettext_noop("only money in can be assigned to a customer"),
        "bank.unknown_customer": gettext_noop("this customer does not exist here"),
        "bank.assigned": gettext_noop("assigned by {person}"),
        "bank.ignored_by": gettext_noop("set aside by {person}: {reason}"),
        "bank.refused_by": gettext_noop("the proposals were turned down by {person}"),
        "bank.undone_by": gettext_noop("the match was undone by {person}"),
        "bank.restored_by": gettext_noop("taken up again by {person}"),
        "bank.confirmed_by": gettext_noop("confirmed by {person}"),
    }
)


@transaction.atomic
def match_confirm(
    organization_id: int,
    match_id: int,
    *,
    on: date,
    actor: str,
    rests: Sequence[RestSaid] = (),
    instead: int | None = None,
) -> Match:
    """Post a proposal, and say what it leaves open: `rests`, else it stays due. `instead` = the
    installment that is paid, of those of one amount among which the reading cannot tell. A proposal
    for several customers is posted as a part for each; the first is returned.

    Raises MatchError, AllocationError or PaymentError when it is overtaken, RestError or CaseError
    when a rest cannot be what is said.
    """
    match, row = _locked(organization_id, match_id)
    if match.state == Match.State.PROPOSED and match.payout_id:
        _make_way(match, row, on=on, actor=actor)
    if match.state != Match.State.PROPOSED or row.state not in WAITING:
        raise MatchError("bank.not_proposed")
    if match.kind == SEVERAL:
        why = [Sentence.from_json(each) for each in match.evidence]
        shares = shares_of(organization_id, match)
        return shares_post(organization_id, row, shares, on=on, actor=actor, why=why)[0]
    proposals_drop(organization_id, [row.pk], on=on, but=match.id)
    match.line = row
    if instead is not None and not twin_choose(match, instead):
        raise MatchError("bank.not_equal")
    chosen = hypothesis_of(match)
    said = Sentence("bank.confirmed_by", {"person": actor})
    match.evidence = [*match.evidence, said.to_json()]
    posting = Posting(facts_of(row), chosen, match=match)
    _post(organization_id, posting, on=on, actor=actor)
    row.state, row.evidence = StatementLine.State.POSTED, match.evidence
    row.save(update_fields=["state", "evidence"])
    if rests:
        rests_name(organization_id, match.id, rests, on=on, actor=actor)
    _tell(organization_id, "match.confirmed", match, on=on, actor=actor)
    if match.state == Match.State.SUPERSEDED:  # one for each payment stands in its place
        return Match.objects.filter(line=row, state=Match.State.POSTED).order_by("id")[0]
    return match


def _make_way(match: Match, row: StatementLine, *, on: date, actor: str) -> None:
    """The line is a payout, whatever was posted on it: that is undone first, with its proposal
    kept."""
    posted = Match.objects.filter(line=row, state=Match.State.POSTED).first()
    if posted:
        match_undo(match.organization_id, posted.pk, on=on, actor=actor)
        row.refresh_from_db()
        match.state = Match.State.PROPOSED


@transaction.atomic
def match_refuse(organization_id: int, match_id: int, *, on: date, actor: str) -> Match:
    """Turn a proposal down, with those of other invoices of the same amount; it never comes back.

    A line without proposals is left to people.
    """
    match, row = _locked(organization_id, match_id)
    if match.state != Match.State.PROPOSED:
        raise MatchError("bank.not_proposed")
    match.state, match.decided_by = Match.State.REFUSED, actor
    match.save(update_fields=["state", "decided_by"])
    twins_of(match).update(state=match.state, decided_by=actor)
    habits_refused(match)
    standing = Match.objects.filter(line=row, state=Match.State.PROPOSED).order_by("rank")
    for rank, each in enumerate(standing, 1):  # the next best is the first now
        Match.objects.filter(id=each.pk).update(rank=rank)
    proposals_wake(organization_id, [match, *standing], on=on)
    if row.state in WAITING and not standing:
        said = Sentence("bank.refused_by", {"person": actor})
        lines_state([row], StatementLine.State.LEFT, evidence=[said])
    _tell(organization_id, "match.refused", match, on=on, actor=actor)
    return match


@transaction.atomic
def match_undo(organization_id: int, match_id: int, *, on: date, actor: str) -> Match:
    """Take a posted match back: its payment (or return), what it netted, confirmed and taught. Of
    a line shared over several customers, all parts are.

    The line waits again, and nothing is posted on it unasked; what a payout took the place of is
    posted again. Raises MatchError, PaymentError.
    """
    match, row = _locked(organization_id, match_id)
    if match.state != Match.State.POSTED:
        raise MatchError("bank.not_posted")
    parts = list(Match.objects.filter(line=row, state=Match.State.POSTED).order_by("payment_id"))
    for each in parts:
        _take_back(each, on=on, actor=actor)
    # That it is a payout was proposed of the posted line: it is read again.
    proposals_drop(organization_id, [row.pk], on=on)
    # Nor does the proposal come back that was confirmed for several customers.
    Match.objects.filter(
        line=row, state=Match.State.SUPERSEDED, kind__in=(SEVERAL, RETURN_LINE)
    ).update(state=Match.State.UNDONE)
    CustomerIban.objects.filter(
        organization_id=organization_id, source=learned_from(row.id)
    ).delete()
    said = Sentence("bank.undone_by", {"person": actor})
    lines_state([row], StatementLine.State.NEW, evidence=[said])
    posting_restore(match, row, on=on, actor=actor)
    cases_wake(organization_id, {each.customer_id or 0 for each in parts}, on=on)
    for each in parts:
        _tell(organization_id, "match.undone", each, on=on, actor=actor)
    match.refresh_from_db()
    return match


def _take_back(match: Match, *, on: date, actor: str) -> None:
    """Undo what one posted match entered, and note that it was."""
    organization_id = match.organization_id
    cases = case_ids(organization_id, {match.customer_id or 0})
    if match.refund_id or match.refund_file_id:
        refund_unmatch(organization_id, match, on=on, actor=actor)
    elif match.returned_payment_id:
        again = payment_return_undo(
            organization_id, match.returned_payment_id, on=on, actor=actor, cases=cases
        )
        # The line that the money came by stands for the new payment: it can be undone in turn.
        received = Match.objects.filter(payment_id=match.returned_payment_id)
        received.update(payment=again)
    elif match.payment_id:
        rests_withdraw(organization_id, match.payment_id, on=on, actor=actor)
        payment_undo(organization_id, match.payment_id, on=on, actor=actor, cases=cases)
    match.state, match.decided_by = Match.State.UNDONE, actor
    match.save(update_fields=["state", "decided_by"])
    habits_refused(match)


@transaction.atomic
def line_ignore(
    organization_id: int, line_id: int, *, on: date, actor: str, reason: str = ""
) -> None:
    """Set a waiting line aside: it concerns no customer."""
    row = line_waiting(organization_id, line_id)
    proposals_drop(organization_id, [row.pk], on=on)
    said = Sentence("bank.ignored_by", {"person": actor, "reason": reason or "-"})
    lines_state([row], StatementLine.State.IGNORED, evidence=[said])
    _tell_line(organization_id, "line.ignored", row, on=on, actor=actor)


@transaction.atomic
def line_restore(organization_id: int, line_id: int, *, on: date, actor: str) -> None:
    """Take a line that was set aside up again."""
    row = line_locked(organization_id, line_id)
    if row.state != StatementLine.State.IGNORED:
        raise MatchError("bank.not_waiting")
    said = Sentence("bank.restored_by", {"person": actor})
    lines_state([row], StatementLine.State.LEFT, evidence=[said])
    _tell_line(organization_id, "line.restored", row, on=on, actor=actor)


@transaction.atomic
def line_assign(
    organization_id: int,
    line_id: int,
    customer_id: int,
    *,
    allocations: Sequence[tuple[int, int]],
    on: date,
    actor: str,
    credit_uses: Sequence[tuple[int, int, int]] = (),
    why: Sequence[Sentence] = (),
    rests: Sequence[RestSaid] = (),
) -> Match:
    """Post a waiting line to a customer as a person says: [(installment, minor units)].

    `credit_uses` = credits that the payer netted: [(credit entry, installment, minor units)].
    What is not allocated stays on the account. `why` = the order in which items were chosen;
    `rests` = what is left open of them. Raises MatchError, AllocationError, RestError, CaseError.
    """
    row = line_waiting(organization_id, line_id)
    if row.amount_minor <= 0:
        raise MatchError("bank.money_out_assign")
    if not Customer.objects.filter(organization_id=organization_id, id=customer_id).exists():
        raise MatchError("bank.unknown_customer")
    proposals_drop(organization_id, [row.pk], on=on)
    said = Sentence("bank.assigned", {"person": actor})
    chosen = Hypothesis(
        "assigned",
        customer_id,
        (said, *why),
        parts=tuple(allocations),
        credit_uses=tuple(credit_uses),
    )
    posting = Posting(facts_of(row), chosen, evidence=chosen.evidence)
    _post(organization_id, posting, on=on, actor=actor)
    lines_state([row], StatementLine.State.POSTED, evidence=chosen.evidence)
    match = Match.objects.get(line=row, state=Match.State.POSTED)
    if rests:
        rests_name(organization_id, match.id, rests, on=on, actor=actor)
    _tell(organization_id, "match.assigned", match, on=on, actor=actor)
    return match


def _post(organization_id: int, posting: Posting, *, on: date, actor: str) -> None:
    taken, shared = posting.chosen.returns, posting.chosen.returns_line
    if posting.chosen.kind in REFUNDS:
        post_refund(organization_id, posting, on=on, actor=actor)
    elif posting.chosen.pays_out:
        payout_tie(organization_id, posting, actor=actor)
    elif shared is not None:
        left = payments_left(organization_id, shared)
        if not left:
            raise MatchError("bank.not_proposed")
        post_return(organization_id, posting, payment_ids=left, on=on, actor=actor)
    elif not taken:
        post_payments(organization_id, [posting], on=on, actor=actor)
    elif taken[0].payment_id:
        ids = [taken[0].payment_id]
        post_return(organization_id, posting, payment_ids=ids, on=on, actor=actor)


def _locked(organization_id: int, match_id: int) -> tuple[Match, StatementLine]:
    """The line first, then the match: the order in which the tick locks them."""
    scope = Match.objects.filter(organization_id=organization_id)
    line_id = scope.values_list("line_id", flat=True).get(id=match_id)
    row = line_locked(organization_id, line_id)
    return scope.select_for_update(no_key=True).get(id=match_id), row


def _tell(organization_id: int, kind: str, match: Match, *, on: date, actor: str) -> None:
    cases = case_ids(organization_id, {match.customer_id or 0})
    case_id = cases.get((match.customer_id or 0, match.line.currency))
    payload = {"match": match.id, "line": match.line_id}
    event_record(organization_id, Happening(kind, on, actor, case_id, payload))


def _tell_line(
    organization_id: int, kind: str, row: StatementLine, *, on: date, actor: str
) -> None:
    event_record(organization_id, Happening(kind, on, actor, payload={"line": row.id}))
