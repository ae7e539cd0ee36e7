"""One payment for several customers: a parent, a group or a factor pays all at once.

Such a reading is only ever proposed: who is paid for, a person says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from amiable.core.matching.facts import Hypothesis, Item
from amiable.core.matching.sums import sets_of
from amiable.core.matching.view import View, by_age, exact, numbers, total_of, whole
from amiable.core.sentences import Param, Sentence, declare, gettext_noop

SEVERAL = "several"
# Of larger groups too many sets make any sum.
MOST_MEMBERS = 40

declare(
    {
        "match.group_named": gettext_noop("the remittance names {numbers}, of {count} customers"),
        "match.group_payer": gettext_noop("{payer} pays for {count} customers of one group"),
        "match.group_due": gettext_noop("{amount} is exactly everything due by the group"),
        "match.group_all": gettext_noop("{amount} is exactly everything open of the group"),
        "match.group_ask": gettext_noop("money for several customers is never posted unasked"),
    }
)


def several_cited(view: View) -> Iterator[Hypothesis]:
    """All that the text names, of several customers, when it is exactly the amount."""
    items = by_age([item for item in view.cited.items if item.open_minor > 0])
    if total_of(items) == view.line.amount_minor and _is_several(view, items):
        values: dict[str, Param] = {"numbers": numbers(items), "count": len(_owners(items))}
        yield _reading(items, Sentence("match.group_named", values), exact(view, items))


def group_hypotheses(view: View) -> Iterator[Hypothesis]:
    """What the customers that the payer may pay for owe together: all that is due, all that is
    open, or the only set of their invoices that is exactly the amount."""
    members = _members(view)
    if not 1 < len(members) <= MOST_MEMBERS:
        return
    line, book = view.line, view.book
    items = by_age([item for i in members for item in book.open_of(i, line.currency)])
    if len(_owners(items)) < 2 or total_of(items) < line.amount_minor:
        return
    payer = line.payer_name or view.name(min(members))
    first = Sentence("match.group_payer", {"payer": payer, "count": len(_owners(items))})
    amount = view.money(line.amount_minor)
    due = [item for item in items if item.due_date <= line.booked_on]
    for code, kept in (("match.group_due", due), ("match.group_all", items)):
        if total_of(kept) == line.amount_minor and _is_several(view, kept):
            yield _reading(kept, first, Sentence(code, {"amount": amount}))
            return
    found = sets_of([item.open_minor for item in items], line.amount_minor)
    if found and found.count == 1 and found.rare:
        kept = [items[at] for at in found.members]
        if _is_several(view, kept):
            yield _reading(kept, first, exact(view, kept))


def _members(view: View) -> set[int]:
    """Customers for whom this payer has paid, or who share with it, or with them, who decides."""
    book, party = view.book, view.party
    if not book.groups and len(party.links) < 2:
        return set()
    near = {*party.by_iban, *party.by_name, *party.links} & book.customers.keys()
    if view.payer is not None:
        near.add(view.payer)
    groups = {book.customers[customer_id].group for customer_id in near} - {""}
    return near.union(*(book.groups[group] for group in groups))


def _reading(items: Sequence[Item], *said: Sentence) -> Hypothesis:
    return Hypothesis(
        SEVERAL, None, (*said, Sentence("match.group_ask")), parts=whole(items), sure=False
    )


def _owners(items: Sequence[Item]) -> set[int]:
    return {item.customer_id for item in items}


def _is_several(view: View, items: Sequence[Item]) -> bool:
    """Whether they are of several customers of one creditor: money of one pays no other's debt."""
    owners = _owners(items)
    return len(owners) > 1 and len({view.book.customers[i].creditor_id for i in owners}) == 1
