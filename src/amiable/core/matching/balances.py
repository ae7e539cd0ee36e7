"""The reading that a line pays a customer's whole balance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from amiable.core.matching.facts import Hypothesis
from amiable.core.matching.sums import is_telling
from amiable.core.matching.view import View, spread, total_of
from amiable.core.sentences import Sentence


def balance(
    view: View, customer_id: int, *, evidence: Sequence[Sentence], must_hold: set[int]
) -> Iterator[Hypothesis]:
    """The amount is the customer's whole balance, due or open, less its credits."""
    line = view.line
    open_items = view.book.open_of(customer_id, line.currency)
    credits_ = view.book.credits_left(customer_id, line.currency)
    left = sum(credit.left_minor for credit in credits_)
    due = [item for item in open_items if item.due_date <= line.booked_on]
    for items, code in ((due, "match.exact_due"), (open_items, "match.exact_all")):
        total = total_of(items)
        if total not in (line.amount_minor, line.amount_minor + left):
            continue
        if len(items) < 2 and not left:
            continue
        if not must_hold <= {item.id for item in items}:
            continue
        confirmed = view.confirmation(customer_id) is not None
        amounts = [item.open_minor for item in open_items]
        for netted in (credits_, []) if left else ([],):
            if total - sum(c.left_minor for c in netted) != line.amount_minor:
                continue
            parts, uses = spread(items, netted, amount_minor=line.amount_minor)
            said = Sentence(code, {"amount": view.money(line.amount_minor)})
            yield Hypothesis(
                "balance",
                customer_id,
                (*evidence, said),
                parts=parts,
                credit_uses=uses,
                # On a price list others make the same sum, and which are meant is not said.
                sure=confirmed and is_telling(amounts, total, choices=4),
            )
