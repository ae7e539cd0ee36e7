"""One line of money in that pays for several customers: shared in one act, each part to the cent.

Every customer gets a payment of its own; together they are the line. Undoing one undoes all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from amiable.apps.audit.services import Happening, events_record
from amiable.apps.banking.models import Match, StatementLine
from amiable.apps.banking.posting import SHARED, Posting, case_ids, lines_state, post_payments
from amiable.apps.banking.proposed import proposals_drop
from amiable.apps.banking.undecided import MatchError, facts_of, line_waiting
from amiable.apps.customers.models import Customer
from amiable.apps.receivables.models import Installment
from amiable.core.matching.facts import Hypothesis
from amiable.core.money import Money, major
from amiable.core.sentences import Sentence, declare, gettext_noop

MOST_CUSTOMERS = 100

declare(
    {
        "bank.share_money_out": gettext_noop("only money in can be shared over customers"),
        "bank.share_nobody": gettext_noop("choose what the money pays, of two customers at least"),
        "bank.share_many": gettext_noop("share it over {most} customers at most"),
        "bank.share_amount": gettext_noop("every amount must be more than zero"),
        "bank.share_more": gettext_noop(
            "{shared} is more than the {amount} received: take {over} off somewhere"
        ),
        "bank.share_less": gettext_noop(
            "{left} of the {amount} received is left: say on whose account it stays, or share it "
            "too"
        ),
        "bank.share_creditors": gettext_noop(
            "they owe different creditors: money of one cannot pay the other"
        ),
        "bank.share_unknown": gettext_noop("one of these customers does not exist here"),
        "bank.shared": gettext_noop("{amount} shared over {count} customers by {person}"),
    }
)


@dataclass(frozen=True, slots=True)
class Share:
    """A customer's part of a line. `parts` = ((installment, minor units), ...) that it pays;
    `kept_minor` of it stays on the customer's account."""

    customer_id: int
    parts: tuple[tuple[int, int], ...] = ()
    kept_minor: int = 0

    @property
    def amount_minor(self) -> int:
        return sum(amount for _, amount in self.parts) + self.kept_minor


@transaction.atomic
def line_share(
    organization_id: int,
    line_id: int,
    parts: Sequence[tuple[int, int]],
    *,
    on: date,
    actor: str,
    rest_for: int | None = None,
) -> list[Match]:
    """Share a waiting line over the customers of installments [(id, minor units)].

    What is left stays on the account of the customer `rest_for`; without one, nothing may be left.
    Raises MatchError, AllocationError.
    """
    row = line_waiting(organization_id, line_id)
    if row.amount_minor <= 0:
        raise MatchError("bank.share_money_out")
    shares = _shares(organization_id, row, parts, rest_for)
    _check(organization_id, shares)
    return shares_post(organization_id, row, shares, on=on, actor=actor)


def shares_post(
    organization_id: int,
    row: StatementLine,
    shares: Sequence[Share],
    *,
    on: date,
    actor: str,
    why: Iterable[Sentence] = (),
) -> list[Match]:
    """Post the parts of a line that is locked and waits. Call in a transaction."""
    proposals_drop(row.organization_id, [row.pk], on=on)
    amount = Money(row.amount_minor, row.currency)
    values = {"amount": amount, "count": len(shares), "person": actor}
    evidence = (*why, Sentence("bank.shared", values))
    line = facts_of(row)
    postings = [
        Posting(
            line,
            Hypothesis(SHARED, each.customer_id, evidence, parts=each.parts),
            evidence,
            part=each.amount_minor,
        )
        for each in shares
    ]
    post_payments(organization_id, postings, on=on, actor=actor)
    lines_state([row], StatementLine.State.POSTED, evidence=evidence)
    matches = list(Match.objects.filter(line=row, state=Match.State.POSTED).order_by("id"))
    _tell(organization_id, row, zip(matches, shares, strict=True), on=on, actor=actor)
    return matches


def shares_of(organization_id: int, match: Match) -> list[Share]:
    """The parts of a proposal for several customers. Raises MatchError when it is no longer theirs.

    An invoice that is open for less by now is refused when it is posted.
    """
    parts = [(part["installment"], part["amount_minor"]) for part in match.allocations]
    shares = _shares(organization_id, match.line, parts, None)
    _check(organization_id, shares)
    return shares


def _shares(
    organization_id: int,
    row: StatementLine,
    parts: Sequence[tuple[int, int]],
    rest_for: int | None,
) -> list[Share]:
    """The parts by customer, and what is left for one of them, together the amount of the line."""
    if any(amount <= 0 for _, amount in parts):
        raise MatchError("bank.share_amount")
    owners = dict(
        Installment.objects.filter(
            organization_id=organization_id, id__among={item_id for item_id, _ in parts}
        ).values_list("id", "customer_id")
    )
    by_customer: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for item_id, amount in parts:
        if item_id not in owners:
            raise MatchError("bank.share_unknown")
        by_customer[owners[item_id]].append((item_id, amount))
    received = Money(row.amount_minor, row.currency)
    left = row.amount_minor - sum(amount for _, amount in parts)
    if left < 0:
        shared = Money(row.amount_minor - left, row.currency)
        over = Money(-left, row.currency)
        raise MatchError("bank.share_more", shared=shared, amount=received, over=over)
    if left and rest_for is None:
        raise MatchError("bank.share_less", left=Money(left, row.currency), amount=received)
    kept = {rest_for: left} if left and rest_for is not None else {}
    return [
        Share(customer_id, tuple(by_customer.get(customer_id, ())), kept.get(customer_id, 0))
        for customer_id in dict.fromkeys([*by_customer, *kept])
    ]


def _check(organization_id: int, shares: Sequence[Share]) -> None:
    """Raise MatchError when money of one line may not go to these together."""
    if len(shares) < 2:
        raise MatchError("bank.share_nobody")
    if len(shares) > MOST_CUSTOMERS:
        raise MatchError("bank.share_many", most=MOST_CUSTOMERS)
    rows = Customer.objects.filter(
        organization_id=organization_id, id__in=[each.customer_id for each in shares]
    )
    creditors = dict(rows.values_list("id", "creditor_id"))
    if len(creditors) != len(shares):
        raise MatchError("bank.share_unknown")
    if len(set(creditors.values())) > 1:
        raise MatchError("bank.share_creditors")


def _tell(
    organization_id: int,
    row: StatementLine,
    shared: Iterable[tuple[Match, Share]],
    *,
    on: date,
    actor: str,
) -> None:
    """One event in the history of each customer, with its part."""
    pairs = list(shared)
    cases = case_ids(organization_id, {share.customer_id for _, share in pairs})
    happenings = [
        Happening(
            "match.shared",
            on,
            actor,
            cases.get((share.customer_id, row.currency)),
            {
                "match": match.pk,
                "line": row.pk,
                "count": len(pairs),
                "amount": major(share.amount_minor, row.currency),
                "amount_minor": share.amount_minor,
                "currency": row.currency,
            },
        )
        for match, share in pairs
    ]
    events_record(organization_id, happenings)
