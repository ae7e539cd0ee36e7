"""Readings of a line that names invoices, or credit notes, of one customer.

A hypothesis is `sure` when it could be posted; the vetoes and the uniqueness test come after,
in the engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from amiable.core.allocation import Debt, allocate
from amiable.core.matching.balances import balance
from amiable.core.matching.barred import kind_of_settled, said_of_settled
from amiable.core.matching.cuts import cuts
from amiable.core.matching.facts import Hypothesis, Item, OpenCredit
from amiable.core.matching.labels import plain
from amiable.core.matching.lists import listed_hypotheses
from amiable.core.matching.residuals import residual_hypotheses
from amiable.core.matching.sums import sets_of
from amiable.core.matching.view import (
    View,
    by_age,
    difference,
    exact,
    forms_of,
    listed,
    numbers,
    oldest_first,
    order_said,
    spread,
    total_of,
    whole,
)
from amiable.core.matching.words import names_credit
from amiable.core.money import major
from amiable.core.sentences import Sentence

# A label this long may have been cut by a bank, and a list of numbers with it.
MAY_BE_CUT = 120
FEWEST_DIGITS = 4  # of a number that hardly is another of the payer's own by chance
BEGUN = 6  # signs by which numbers of one kind begin
MOST_HINTED = 60  # items of a customer that are compared with garbled numbers


class Named(NamedTuple):
    """Items that a line names: those open, oldest first, and those already paid.

    `meant` = they hardly stand there by chance.
    """

    customer_id: int
    open: tuple[Item, ...]
    settled: tuple[Item, ...]
    evidence: tuple[Sentence, ...]
    confirmed: bool
    meant: bool

    @property
    def one(self) -> bool:
        """Whether they are one invoice (in any number of installments)."""
        return len({item.number for item in self.open}) == 1


def cited_hypotheses(view: View, items: Sequence[Item]) -> Iterator[Hypothesis]:
    """Readings of a line that names items of one customer (open, or already paid)."""
    customer_id = items[0].customer_id
    confirmation = view.confirmation(customer_id)
    own = confirmation is not None and view.payer == customer_id
    meant = not view.cited.weak or (own and all(_is_said(view, item) for item in items))
    code = "match.cited" if meant else "match.cited_weakly"
    evidence = [Sentence(code, {"numbers": numbers(items)})]
    evidence += [confirmation] if confirmation else []
    open_items = tuple([item for item in items if item.open_minor > 0])
    if len(open_items) > 1:
        open_items = tuple(by_age(open_items))
    settled = tuple([i for i in items if i.open_minor <= 0 and i.books_minor <= 0])
    if any(i.books_minor for i in items) and not settled:
        yield from _books(view, items, evidence)
    if settled:
        evidence.append(said_of_settled(view, settled))
    confirmed = confirmation is not None
    named = Named(customer_id, open_items, settled, tuple(evidence), confirmed, meant)
    if not open_items:
        if settled:
            yield Hypothesis(kind_of_settled(view, settled), customer_id, named.evidence)
        return
    found = list(_exact(view, named))
    if beside := [item for item in view.cited.beside if item.customer_id == customer_id]:
        found += _with_beside(view, named, beside)
    yield from found
    if not any(hypothesis.sure for hypothesis in found):
        yield from _inexact(view, named, sure=not beside)


def _with_beside(view: View, named: Named, beside: list[Item]) -> Iterator[Hypothesis]:
    """Items named with others that the text names by the number of their order: together exact."""
    both = tuple(by_age([*named.open, *beside]))
    said = Sentence("match.cited", {"numbers": numbers(both)})
    yield from _exact(view, named._replace(open=both, evidence=(said, *named.evidence[1:])))


def _is_said(view: View, item: Item) -> bool:
    """Whether a short number of the payer's own stands in the text, and is no year or amount."""
    number, label = forms_of(item.number).digits, plain(view.line.label)
    year = len(number) == FEWEST_DIGITS and number[:2] in ("19", "20")
    units = major(view.line.amount_minor, view.line.currency).partition(".")[0]
    if len(number) < FEWEST_DIGITS or year or number == units:
        return False
    written = plain(item.number)
    joins = [at for at in cuts(label) if label[at - 1].isdigit() and label[at + 1].isdigit()]
    texts = (label, *[label[:at] + label[at + 1 :] for at in joins])
    return any(_stands_in(text, written) for text in texts)


def _stands_in(text: str, written: str) -> bool:
    """Whether a number stands in a text by itself."""
    at = text.find(written)
    while at >= 0:
        before, after = text[at - 1 : at] if at else "", text[at + len(written) :][:1]
        if not before.isdigit() and not after.isalnum():
            return True
        at = text.find(written, at + 1)
    return False


def _books(view: View, items: Sequence[Item], evidence: list[Sentence]) -> Iterator[Hypothesis]:
    """The accounts had shown the items as paid before the bank's line came in."""
    if view.line.amount_minor != sum(item.open_minor + item.books_minor for item in items):
        return
    said = (exact(view, items), Sentence("match.books_confirmed"))
    yield Hypothesis(
        "books_confirmed",
        items[0].customer_id,
        (*evidence, *said),
        parts=tuple((item.id, item.open_minor + item.books_minor) for item in items),
        confirms=tuple(item.id for item in items if item.books_minor),
        sure=True,
    )


def _exact(view: View, named: Named) -> Iterator[Hypothesis]:
    """The amount is the sum of the items named, or that less credit notes, to the cent."""
    amount, items = view.line.amount_minor, named.open
    if amount == total_of(items):
        sure = not named.settled and stands_alone(view, items)
        yield _exactly("cited_exact", view, named, items, sure=sure)
        return
    if named.one and len(items) > 1:
        for count, part in enumerate(accumulate(item.open_minor for item in items), 1):
            if part == amount:  # the first installments of one invoice
                kept = items[:count]
                yield _exactly("cited_exact", view, named, kept, sure=not named.settled)
    yield from _ranged(view, named)
    yield from _netted(view, named, items)


def _exactly(
    kind: str, view: View, named: Named, items: Sequence[Item], *, sure: bool
) -> Hypothesis:
    said = (*named.evidence, exact(view, items))
    return Hypothesis(kind, named.customer_id, said, parts=whole(items), sure=sure)


def stands_alone(view: View, items: Sequence[Item]) -> bool:
    """Whether number and amount suffice: of one invoice, they may be a neighbor's by a slip.

    A stranger, or a number that may be chance, must meet an amount owed under no number like it.
    """
    customer_id = items[0].customer_id
    if len(items) > 1 or view.confirmation(customer_id) is not None:
        return True
    if view.cited.weak or view.is_stranger(customer_id):
        return not view.has_rival(items[0])
    return True


def _ranged(view: View, named: Named) -> Iterator[Hypothesis]:
    """Everything open from one number to another; both must be the customer's, and open."""
    if view.cited.span is None:
        return
    first, end = view.cited.span
    owed = view.book.open_of(named.customer_id, view.line.currency)
    keys = {item.id: forms_of(item.number).key for item in owed}
    # "0042 A 51" is 0051 of the same year if there is one, else of the only year that has it.
    near = first[: -len(end)] + end
    ends_so = [key for key in keys.values() if key.endswith(end) and key > first]
    lasts = [near] if near in ends_so else ends_so
    if len(lasts) != 1 or first not in keys.values():
        return
    (last,) = lasts
    inside = [i for i in owed if len(keys[i.id]) == len(first) and first <= keys[i.id] <= last]
    said = Sentence("match.range", {"first": first, "last": last})
    ranged = named._replace(evidence=(*named.evidence, said))
    if total_of(inside) == view.line.amount_minor:
        yield _exactly("cited_range", view, ranged, inside, sure=not named.settled)
        return
    yield from _netted(view, ranged, inside)
    ends = [item for item in inside if keys[item.id] in (first, last)]
    middle = [item for item in inside if item not in ends]
    rest = view.line.amount_minor - total_of(ends)
    found = sets_of([item.open_minor for item in middle], rest) if rest > 0 else None
    if found and found.count == 1:
        # Some of the range were paid otherwise, or not at all: only one choice makes the sum.
        kept = by_age([*ends, *(middle[at] for at in found.members)])
        yield _exactly("cited_range", view, ranged, kept, sure=named.confirmed and found.rare)


def _netted(view: View, named: Named, items: Sequence[Item]) -> Iterator[Hypothesis]:
    """The items less the credit notes named, less one not named, or less all."""
    amount = view.line.amount_minor
    gap = total_of(items) - amount
    if gap <= 0:
        return
    cited = [c for c in view.cited.credits if c.customer_id == named.customer_id]
    every = view.book.credits_left(named.customer_id, view.line.currency)
    choices = [cited, every, *([credit] for credit in every)]
    seen: set[frozenset[int]] = set()
    for credits_ in choices:
        key = frozenset(credit.entry_id for credit in credits_)
        if not credits_ or key in seen or sum(c.left_minor for c in credits_) != gap:
            continue
        seen.add(key)
        known = credits_ is cited or named.confirmed
        yield net_of(
            view, items, kind="cited_netted", evidence=named.evidence, credits_=credits_,
            sure=known and not named.settled,
        )  # fmt: skip
        if credits_ is cited:
            return


def net_of(
    view: View,
    items: Sequence[Item],
    *,
    kind: str,
    evidence: Sequence[Sentence],
    credits_: Sequence[OpenCredit],
    sure: bool,
) -> Hypothesis:
    """The items less these credits are exactly the amount."""
    left = sum(credit.left_minor for credit in credits_)
    amount = view.line.amount_minor
    parts, uses = spread(items, credits_, amount_minor=amount)
    said = Sentence(
        "match.exact_netted", {"amount": view.money(amount), "credit": view.money(left)}
    )
    return Hypothesis(
        kind, items[0].customer_id, (*evidence, said), parts=parts, credit_uses=uses, sure=sure
    )


def _inexact(view: View, named: Named, *, sure: bool) -> Iterator[Hypothesis]:
    """Less or more than the items named: a rest with a name, a list cut, a part payment."""
    amount, total, items = view.line.amount_minor, total_of(named.open), named.open
    certain = sure and named.confirmed and named.meant and not named.settled
    if certain and view.cited.weak:
        owed = view.book.open_of(named.customer_id, view.line.currency)
        certain = not view.hinted([each for each in owed if each not in items][:MOST_HINTED])
    lists: list[Hypothesis] = []
    if amount > total:
        # A list with one number in full, to the cent, needs no name beside it.
        alone = certain or (named.meant and not named.settled)
        said = named.evidence
        lists = list(listed_hypotheses(view, named.customer_id, evidence=said, sure=alone))
        yield from lists
        if any(hypothesis.sure for hypothesis in lists):
            return
    found = list(residual_hypotheses(view, items, evidence=named.evidence, sure=certain))
    # A list that may be read in two ways is not completed in one of them.
    found += [
        h._replace(sure=h.sure and not lists) for h in _completed(view, named, certain=certain)
    ]
    guessed = [h for h in found if h.kind == "cited_filled" and not h.sure]
    yield from (hypothesis for hypothesis in found if hypothesis not in guessed)
    held = {item.id for item in items}
    yield from balance(view, named.customer_id, evidence=named.evidence, must_hold=held)
    if amount > total:
        yield from _oldest_with(view, named, certain=certain)
        # Before a set that nothing in the text speaks of: what the law says of the rest.
        yield _over(view, named)
        yield from guessed
        return
    if all(hypothesis.reason == "bank_fee" for hypothesis in found):
        yield from _part(view, named, certain=certain and not found)


def _oldest_with(view: View, named: Named, *, certain: bool) -> Iterator[Hypothesis]:
    """The oldest invoices, all that are named among them, are exactly the amount: a list cut.

    Sure when the text begins just as many numbers, some of them cut or garbled.
    """
    held, kept, total = {item.id for item in named.open}, [], 0
    for item in view.book.open_of(named.customer_id, view.line.currency):
        kept.append(item)
        total += item.open_minor
        if total >= view.line.amount_minor:
            break
    if total == view.line.amount_minor and held <= {item.id for item in kept}:
        exactly = Sentence("match.exact_prefix", {"amount": view.money(total), "count": len(kept)})
        said = (*named.evidence, exactly)
        begun = forms_of(kept[0].number).key[:BEGUN]
        alike = all(forms_of(item.number).key.startswith(begun) for item in kept)
        counted = alike and view.flat.count(begun) == len(kept)
        sure = certain and counted and not view.cited.weak
        yield Hypothesis("cited_prefix", named.customer_id, said, whole(kept), sure=sure)


def _over(view: View, named: Named) -> Hypothesis:
    """What is named first, as the payer says; the rest on what else is due (C. civ. 1342-10)."""
    said = [difference(view, total_of(named.open), code="match.over")]
    ids = tuple(item.id for item in named.open)
    owed = view.book.open_of(named.customer_id, view.line.currency)
    debts = [Debt(item.id, item.due_date, item.open_minor) for item in owed]
    day = view.line.booked_on
    terms = view.book.terms.get(named.customer_id)
    order = terms.order if terms else "law"
    amount = view.line.amount_minor
    parts = allocate(amount, debts, on=day, chosen=ids, not_due=False, order=order)
    if len(parts) > len(ids):
        said.append(order_said(view, named.customer_id, code="match.rest_oldest_first"))
    return Hypothesis("cited_over", named.customer_id, (*named.evidence, *said), tuple(parts))


def _part(view: View, named: Named, *, certain: bool) -> Iterator[Hypothesis]:
    """A part payment of one invoice can be sure; of several, a person says of which."""
    amount, items = view.line.amount_minor, named.open
    owed = view.book.open_of(named.customer_id, view.line.currency)
    # Exchanged digits of a number may name another invoice of the same customer.
    other = [item for item in owed if item.open_minor == amount and item not in items]
    for item in other[:2]:
        said = Sentence("match.other_exact", {"number": item.number})
        both = (*named.evidence, *(hint for _, hint in view.hinted([item])), said)
        yield Hypothesis("other_exact", named.customer_id, both, parts=whole([item]))
    total = total_of(items)
    code = "match.partial" if named.one else "match.subset"
    said = difference(view, total, code=code)
    note = bool(view.cited.credits) or names_credit(view.line.label)
    doubts = [Sentence("match.veto_party")] if named.one and not named.confirmed else []
    doubts += [Sentence("match.credit_differs")] if note else []
    yield Hypothesis(
        "cited_partial" if named.one else "cited_subset",
        named.customer_id,
        (*named.evidence, said, *doubts),
        parts=oldest_first(view, items),
        sure=certain and named.one and not other and not note and not view.cited.unknown,
    )


def _completed(view: View, named: Named, *, certain: bool) -> list[Hypothesis]:
    """The items named and others of the customer that only together make the amount.

    Posted when the text shows that something is missing from the list: a garbled number, or a
    label cut by the bank.
    """
    rest = view.line.amount_minor - total_of(named.open)
    ids = {item.id for item in named.open}
    owed = view.book.open_of(named.customer_id, view.line.currency)
    others = [item for item in owed if item.id not in ids]
    hinted = view.hinted(others[:MOST_HINTED])
    same = [(item, said) for item, said in hinted if item.open_minor == rest] or hinted
    if len(same) == 1:
        item, said = same[0]
        both = named._replace(evidence=(*named.evidence, said))
        kept = by_age([*named.open, item])
        if item.open_minor == rest:
            # One number in full and another garbled, to the cent, need no name beside them.
            alone = named.meant and not named.settled
            return [_exactly("cited_completed", view, both, kept, sure=certain or alone)]
        found = [h._replace(kind="cited_completed") for h in _netted(view, both, kept)]
        found += residual_hypotheses(view, kept, evidence=both.evidence, sure=certain)
        if found:
            return found
    ended = listed(hinted, rest) if rest > 0 and len(hinted) > 1 else []
    if ended:
        said = Sentence("match.tails", {"numbers": numbers(ended)})
        both = named._replace(evidence=(*named.evidence, said))
        kept = by_age([*named.open, *ended])
        # A whole list, one number in full and the ends of others, needs no name beside it.
        alone = named.meant and not named.settled and len(ended) == len(hinted)
        return [_exactly("cited_completed", view, both, kept, sure=certain or alone)]
    return _filled(view, named, others, certain=certain) if rest > 0 else []


def _filled(view: View, named: Named, others: Sequence[Item], *, certain: bool) -> list[Hypothesis]:
    """The only other items of the customer that make up what the named ones leave."""
    rest = view.line.amount_minor - total_of(named.open)
    found = sets_of([item.open_minor for item in others], rest)
    if found is None or found.count != 1:
        return []
    added = [others[at] for at in found.members]
    said = Sentence("match.completed", {"numbers": numbers(added)})
    both = named._replace(evidence=(*named.evidence, said))
    shown = bool(view.cited.unknown) or len(view.line.label) >= MAY_BE_CUT
    kept = by_age([*named.open, *added])
    return [_exactly("cited_filled", view, both, kept, sure=certain and shown and found.rare)]
