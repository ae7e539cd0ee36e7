"""Readings of a line that names no invoice, from a customer known by account or by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate

from amiable.core.matching.balances import balance
from amiable.core.matching.barred import kind_of_settled, said_of_settled, written_off_of
from amiable.core.matching.cited import MOST_HINTED, net_of
from amiable.core.matching.facts import Hypothesis, Item
from amiable.core.matching.lists import listed_hypotheses, shortened
from amiable.core.matching.residuals import residual_hypotheses, residual_reason
from amiable.core.matching.sums import Found, is_rare, is_telling, sets_of
from amiable.core.matching.view import (
    View,
    by_age,
    difference,
    exact,
    listed,
    numbers,
    oldest_first,
    order_said,
    total_of,
    whole,
)
from amiable.core.matching.words import invoice_days, months_named, names_credit, names_part
from amiable.core.sentences import Sentence

MOST_SHOWN = 3  # invoices of one amount, when nothing else tells
MOST_NEAR = 2  # invoices that the amount meets but for a rest with a name
MOST_SETTLED = 24  # of the latest items of a customer, those paid are compared with them too


def party_hypotheses(view: View, customer_id: int) -> Iterator[Hypothesis]:
    """Readings for this customer: its own garbled numbers, one amount, a set, its balance."""
    line, book = view.line, view.book
    same_name = Sentence("match.name_same", {"customer": view.name(customer_id)})
    evidence = [view.confirmation(customer_id) or same_name]
    open_items = book.open_of(customer_id, line.currency)
    if not open_items:
        if given_up := written_off_of(view, customer_id):
            said = said_of_settled(view, given_up)
            yield Hypothesis("written_off", customer_id, (*evidence, said))
            return
        said = Sentence("match.no_open", {"customer": view.name(customer_id)})
        yield Hypothesis("advance", customer_id, (*evidence, said))
        return
    same = [item for item in open_items if item.open_minor == line.amount_minor]
    garbled = list(_garbled(view, same, evidence))
    doubles = list(_paid_number(view, customer_id, evidence, far=bool(garbled)))
    # An end may fit a paid number as well: twice only when this amount was paid before.
    twice = doubles and (customer_id, line.amount_minor, line.currency) in book.recent
    yield from (h._replace(sure=not twice) for h in garbled)
    yield from doubles
    again = [] if doubles else list(_repeated(view, customer_id, evidence))
    hinted = [] if garbled else _named(view, open_items)
    if not garbled:
        yield from _lists(view, customer_id, hinted=hinted, evidence=evidence, sure=not doubles)
    for hypothesis in () if garbled else _by_amount(view, open_items, evidence):
        doubt = hypothesis.sure and (doubles or not _fits(view, hypothesis, hinted))
        yield hypothesis._replace(sure=False) if doubt else hypothesis
        if again:
            yield again.pop()
    yield from again
    if same:
        return
    yield from _consecutive(view, open_items, evidence)
    yield from _hinted(view, hinted, evidence)
    yield from _nearly(view, open_items, evidence)
    total = total_of(open_items)
    said_last = (
        order_said(view, customer_id, code="match.oldest_first")
        if line.amount_minor <= total
        else difference(view, total, code="match.over")
    )
    yield Hypothesis(
        "party_oldest",
        customer_id,
        (*evidence, said_last),
        parts=oldest_first(view, open_items),
    )


def _lists(
    view: View,
    customer_id: int,
    *,
    hinted: Sequence[tuple[Item, Sentence]],
    evidence: list[Sentence],
    sure: bool,
) -> Iterator[Hypothesis]:
    """The list of numbers that the text is, else the invoices of which it names the ends."""
    lists = listed_hypotheses(view, customer_id, evidence=evidence, sure=sure)
    found = list(lists) if view.clues.any else []
    yield from found or _ended(view, hinted, evidence, sure=sure)


def _fits(view: View, hypothesis: Hypothesis, hinted: Sequence[tuple[Item, Sentence]]) -> bool:
    """Whether the reading uses the credit that the text speaks of, and a number it may name."""
    used = {item_id for item_id, _ in hypothesis.parts}
    used |= {item_id for _, item_id, _ in hypothesis.credit_uses}
    if hinted and not any(item.id in used for item, _ in hinted):
        return False
    label = view.line.label
    speaks = bool(view.cited.credits) or names_credit(label)
    return (bool(hypothesis.credit_uses) or not speaks) and not names_part(label)


def _by_amount(
    view: View, open_items: Sequence[Item], evidence: list[Sentence]
) -> Iterator[Hypothesis]:
    """Invoices that together are exactly the amount.

    The only set there is says what is meant, when such a sum is rare by chance or the set means
    something: one invoice, the oldest, all that is due. Where sets are too many to count, only
    those that mean something are tried.
    """
    amounts = [item.open_minor for item in open_items]
    found = sets_of(amounts, view.line.amount_minor)
    if found is not None and found.count == 1:
        yield _only_set(view, open_items, found, evidence)
        return
    yield from _months(view, open_items, evidence)
    if found is None or found.count:
        yield from _singles(view, open_items, evidence, countless=found is None)
        yield from _prefix(view, open_items, evidence, countless=found is None)
    yield from balance(view, open_items[0].customer_id, evidence=evidence, must_hold=set())
    clear = found is not None and found.count == 0
    yield from _net_sets(view, open_items, evidence, clear=clear)


def _months(
    view: View, open_items: Sequence[Item], evidence: list[Sentence]
) -> Iterator[Hypothesis]:
    """All that is open of the month that the text names; on a price list others sum up alike."""
    named = months_named(view.line.label)
    if len(named) != 1:
        return
    ((month, year),) = named
    days = {item.id: item.issued_on for item in open_items}
    kept = [
        i
        for i in open_items
        if (day := days[i.id]) and day.month == month and year in (0, day.year)
    ]
    years = {day.year for i in kept if (day := days[i.id])}
    if len(kept) > 1 and len(years) == 1 and total_of(kept) == view.line.amount_minor:
        said = Sentence("match.month", {"amount": view.money(view.line.amount_minor)})
        both = (*evidence, Sentence("match.month_named"), exact(view, kept), said)
        sure = is_telling([i.open_minor for i in open_items], total_of(kept), choices=len(kept))
        yield Hypothesis("month", kept[0].customer_id, both, parts=whole(kept), sure=sure)


def _only_set(
    view: View, open_items: Sequence[Item], found: Found, evidence: list[Sentence]
) -> Hypothesis:
    kept = [open_items[at] for at in found.members]
    due = [item for item in open_items if item.due_date <= view.line.booked_on]
    meant = len(kept) == 1 or kept in (due, open_items, open_items[: len(kept)])
    code = "match.only_amount" if len(kept) == 1 else "match.only_set"
    kind = "party_exact" if len(kept) == 1 else "party_set"
    said = (exact(view, kept), Sentence(code))
    return Hypothesis(
        kind, kept[0].customer_id, (*evidence, *said), whole(kept), sure=meant or found.rare
    )


def _singles(
    view: View, open_items: Sequence[Item], evidence: list[Sentence], *, countless: bool
) -> Iterator[Hypothesis]:
    """The invoices of this very amount, when they are not the only set to make it."""
    amounts = [item.open_minor for item in open_items]
    same = [item for item in open_items if item.open_minor == view.line.amount_minor]
    if len(same) == 1:
        alone = countless and is_rare(amounts, view.line.amount_minor, choices=len(amounts))
        said = Sentence("match.only_amount" if alone else "match.other_sets")
        both = (*evidence, exact(view, same), said)
        yield Hypothesis("party_exact", same[0].customer_id, both, parts=whole(same), sure=alone)
    for item in same[:3] if len(same) > 1 else ():
        both = (*evidence, exact(view, [item]), Sentence("match.same_amounts"))
        yield Hypothesis("party_twins", item.customer_id, both, parts=whole([item]))


def _garbled(view: View, same: Sequence[Item], evidence: list[Sentence]) -> Iterator[Hypothesis]:
    """Of the payer's invoices of this amount, all of them, the one that is named in part."""
    found = _named(view, same, most=len(same)) if same else []
    if len(found) == 1:
        item, said = found[0]
        both = (*evidence, said, exact(view, [item]))
        kind = "party_near" if said.code == "match.near" else "party_tail"
        yield Hypothesis(kind, item.customer_id, both, parts=whole([item]), sure=True)


def _named(
    view: View, items: Sequence[Item], *, most: int = MOST_HINTED
) -> list[tuple[Item, Sentence]]:
    """Those whose number is named in part or garbled; else the one that is shortened."""
    found = view.hinted(items[:most])
    if not found and (only := shortened(view, items)):
        return [only]
    return found or view.dated(items)


def _paid_number(
    view: View, customer_id: int, evidence: list[Sentence], *, far: bool
) -> Iterator[Hypothesis]:
    """The text names an invoice that this customer has paid: the same money again?"""
    if not (view.clues.any or invoice_days(view.line.label)):
        return
    ids = view.book.items_of.get((customer_id, view.line.currency), ())
    settled = [
        item
        for i in ids[-MOST_HINTED if far else -MOST_SETTLED :]
        if (item := view.book.items[i]).open_minor <= 0
    ]
    named = [item for item, _ in view.hinted(settled) or view.dated(settled)]
    if named:
        said = said_of_settled(view, named)
        yield Hypothesis(kind_of_settled(view, named), customer_id, (*evidence, said))


def _repeated(view: View, customer_id: int, evidence: list[Sentence]) -> Iterator[Hypothesis]:
    """This customer paid this very amount lately: the same money again, perhaps."""
    twice = Hypothesis("double", customer_id, tuple(evidence))
    before = view.book.paid_lately(view.line, twice)
    if before is not None:
        said = Sentence("match.repeated", {"date": before})
        yield twice._replace(evidence=(*evidence, said))


def _ended(
    view: View, hinted: Sequence[tuple[Item, Sentence]], evidence: list[Sentence], *, sure: bool
) -> Iterator[Hypothesis]:
    """The text names several of the payer's invoices by their ends: together just the amount."""
    ended = listed(hinted, view.line.amount_minor) if len(hinted) > 1 else []
    if len(ended) > 1:
        said = (Sentence("match.tails", {"numbers": numbers(ended)}), exact(view, ended))
        whole_list = len(ended) == len(hinted)
        yield Hypothesis(
            "party_tails", ended[0].customer_id, (*evidence, *said), whole(ended),
            sure=sure and whole_list and not view.cited.credits,
        )  # fmt: skip


def _net_sets(
    view: View, open_items: Sequence[Item], evidence: list[Sentence], *, clear: bool
) -> Iterator[Hypothesis]:
    """Invoices less one credit note: the one named, or any while no invoices alone do."""
    customer_id, amounts = open_items[0].customer_id, [item.open_minor for item in open_items]
    cited = [c for c in view.cited.credits if c.customer_id == customer_id]
    credits_ = cited or view.book.credits_left(customer_id, view.line.currency)
    for credit in credits_[:3]:
        target = view.line.amount_minor + credit.left_minor
        netted = sets_of(amounts, target)
        if netted and netted.count == 1:
            kept = [open_items[at] for at in netted.members]
            sure = netted.rare and len(credits_) == 1 and (clear or bool(cited))
            yield net_of(
                view, kept, kind="party_netted", evidence=evidence, credits_=[credit], sure=sure
            )
        elif kept := _meant_by(open_items, target):
            yield net_of(
                view, kept, kind="party_netted", evidence=evidence, credits_=[credit], sure=False
            )


def _meant_by(open_items: Sequence[Item], target: int) -> list[Item]:
    """Of the sets that make a sum the one that means something: one invoice, else the oldest."""
    for item in open_items:
        if item.open_minor == target:
            return [item]
    total = 0
    for count, item in enumerate(open_items, 1):
        total += item.open_minor
        if total >= target:
            return list(open_items[:count]) if total == target else []
    return []


def _prefix(
    view: View, open_items: Sequence[Item], evidence: list[Sentence], *, countless: bool
) -> Iterator[Hypothesis]:
    """The amount is exactly the two or more oldest invoices: most payers go by age."""
    amounts = [item.open_minor for item in open_items]
    for count, total in enumerate(accumulate(amounts), 1):
        if total != view.line.amount_minor or count < 2 or count == len(open_items):
            continue
        kept = open_items[:count]
        ordered = kept[-1].due_date < open_items[count].due_date
        sure = countless and ordered and is_rare(amounts, total, choices=count)
        said = Sentence("match.exact_prefix", {"amount": view.money(total), "count": count})
        yield Hypothesis(
            "prefix", kept[0].customer_id, (*evidence, said), parts=whole(kept), sure=sure
        )


def _consecutive(
    view: View, open_items: Sequence[Item], evidence: list[Sentence]
) -> Iterator[Hypothesis]:
    """Invoices that follow one another by age, but not the oldest: worth showing."""
    amount, sums = view.line.amount_minor, accumulate([item.open_minor for item in open_items])
    upto = {total: count for count, total in enumerate(sums, 1)}
    for total in [total for total in upto if total - amount in upto]:
        kept = open_items[upto[total - amount] : upto[total]]
        if len(kept) > 1:
            said = (exact(view, kept), Sentence("match.other_sets"))
            yield Hypothesis("consecutive", kept[0].customer_id, (*evidence, *said), whole(kept))
            return


def _hinted(
    view: View, hinted: Sequence[tuple[Item, Sentence]], evidence: list[Sentence]
) -> Iterator[Hypothesis]:
    """One invoice named in part or garbled, of another amount: a credit, a rest with a name, or a
    part."""
    if len(hinted) != 1:
        return
    item, said = hinted[0]
    both, gap = [*evidence, said], item.open_minor - view.line.amount_minor
    for credit in view.book.credits_left(item.customer_id, item.currency):
        if credit.left_minor == gap:
            yield net_of(
                view,
                [item],
                kind="hinted_netted",
                evidence=both,
                credits_=[credit],
                sure=view.party.known,
            )
            return
    rest = list(residual_hypotheses(view, [item], evidence=both, sure=view.party.known))
    yield from (h._replace(sure=False) if h.reason == "bank_fee" else h for h in rest)
    if not rest and gap > 0:
        part = difference(view, item.open_minor, code="match.partial")
        yield Hypothesis(
            "hinted_partial", item.customer_id, (*both, part), oldest_first(view, [item])
        )


def _nearly(
    view: View, open_items: Sequence[Item], evidence: list[Sentence]
) -> Iterator[Hypothesis]:
    """The only invoice that the amount meets but for a rest with a name."""
    amount = view.line.amount_minor
    more = [item for item in open_items if item.open_minor > amount]
    near = [(item, reason) for item in more if (reason := residual_reason(view, [item]))]
    if len(near) > MOST_NEAR:  # of many only those where nothing but cents is missing
        near = [pair for pair in near if pair[1][0] == "cents"]
    for item, _ in near[:MOST_NEAR]:
        yield from residual_hypotheses(view, [item], evidence=evidence, sure=False)


def amount_hypotheses(
    view: View, *, close: Callable[[set[int]], Iterable[int]] = lambda _: ()
) -> Iterator[Hypothesis]:
    """The few open invoices of this amount anywhere, of many those of customers that are `close`
    (told the invoices): worth showing, never worth posting."""
    book, amount, currency = view.book, view.line.amount_minor, view.line.currency
    found = book.by_amount.get((amount, currency), set())
    if len(found) <= MOST_SHOWN:
        shown = [book.items[i] for i in found]
    else:
        owed = [item for i in close(found) for item in book.open_of(i, currency)]
        shown = [item for item in owed if item.open_minor == amount]
    few = Sentence("match.few_amounts", {"count": len(found)})
    said = Sentence("match.only_amount_anywhere") if len(found) == 1 else few
    for item in by_age(shown)[:MOST_SHOWN]:
        both = (exact(view, [item]), said)
        yield Hypothesis("amount_only", item.customer_id, both, parts=whole([item]))
