"""Small differences with a name: cents, a bank's fee, a discount for paying early.

Each is a reading of its own with its limit; what has no name stays a part payment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from amiable.core.matching.facts import Hypothesis, Item
from amiable.core.matching.view import View, difference, total_of, whole
from amiable.core.money import Money, split
from amiable.core.sentences import Sentence

# Rates in use for early payment, per thousand.
DISCOUNTS = (5, 10, 15, 20, 25, 30)
# A bank keeps no less; and half of an invoice is no fee.
SMALLEST_FEE_MINOR, LARGEST_FEE_SHARE = 300, 2


def residual_hypotheses(
    view: View, items: Sequence[Item], *, evidence: Sequence[Sentence], sure: bool
) -> Iterator[Hypothesis]:
    """The amount is that of the items but for a small difference that has a name."""
    customer_id, total = items[0].customer_id, total_of(items)
    missing = total - view.line.amount_minor
    if 0 < -missing <= view.book.limits_of(customer_id).cents_minor:
        said = difference(view, total, code="match.over_cents")
        yield Hypothesis("cents_over", customer_id, (*evidence, said), whole(items), sure=sure)
    reason = residual_reason(view, items)
    if reason is None:
        return
    code, said = reason
    shares = split(missing, [item.open_minor for item in items])
    rows = [(item, share) for item, share in zip(items, shares, strict=True)]
    yield Hypothesis(
        code,
        customer_id,
        (*evidence, said),
        parts=tuple((item.id, item.open_minor - share) for item, share in rows),
        write_offs=tuple((item.id, share) for item, share in rows if share),
        reason=code,
        sure=sure,
    )


def residual_reason(view: View, items: Sequence[Item]) -> tuple[str, Sentence] | None:
    """(cents | discount | bank_fee, why) of what is missing; None when it has no name."""
    limits, total = view.book.limits_of(items[0].customer_id), total_of(items)
    missing = total - view.line.amount_minor
    most = max(limits.cents_minor, limits.bank_fee_minor)
    if missing <= 0 or (missing > most and missing * 1000 > (total + 1) * limits.discount_permille):
        return None
    left = {"left": Money(missing, view.line.currency)}
    if missing <= limits.cents_minor:
        return "cents", Sentence("match.cents", left)
    if all(item.due_date >= view.line.booked_on for item in items):
        terms = view.book.terms.get(items[0].customer_id)
        agreed = terms.discount_permille if terms else None
        for permille in (agreed, *DISCOUNTS) if agreed else DISCOUNTS:
            off = (total * permille + 500) // 1000
            # Every invoice may have been rounded by itself; a round sum rather is a part.
            most = len(items) if view.line.amount_minor % 100 else 0
            if permille <= limits.discount_permille and abs(off - missing) <= most:
                rate = f"{permille / 10:g}"
                return "discount", Sentence("match.discount", {**left, "rate": rate})
    one = len({item.number for item in items}) == 1
    small = missing * LARGEST_FEE_SHARE < total
    if one and small and SMALLEST_FEE_MINOR <= missing <= limits.bank_fee_minor:
        return "bank_fee", Sentence("match.bank_fee", left)
    return None
