"""The readings of a line of money in, each with its evidence, the surest kinds first.

A hypothesis is `sure` when it could be posted; the vetoes and the uniqueness test come after,
in the engine. Subsets of an amount are never searched: only sets that mean something are tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from amiable.core.allocation import Debt, allocate
from amiable.core.matching.book import Book, Cited, Party
from amiable.core.matching.facts import Hypothesis, Item, Line, OpenCredit
from amiable.core.matching.labels import canonical, is_near, name_confirms, tails
from amiable.core.money import Money
from amiable.core.sentences import Sentence

Parts = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class View:
    """A line with what the book says of it."""

    line: Line
    cited: Cited
    party: Party
    book: Book

    def money(self, amount_minor: int) -> Money:
        return Money(amount_minor, self.line.currency)

    def name(self, customer_id: int) -> str:
        customer = self.book.customers.get(customer_id)
        return customer.name if customer else f"#{customer_id}"

    def confirmation(self, customer_id: int) -> Sentence | None:
        """Evidence other than the reference that this customer paid; None without any."""
        if self.party.by_reference == {customer_id}:
            return Sentence("match.our_reference", {"customer": self.name(customer_id)})
        if self.party.by_iban == {customer_id}:
            return Sentence("match.iban_known", {"customer": self.name(customer_id)})
        tokens = self.book.tokens.get(customer_id, ())
        if any(name_confirms(words, tokens) for words in self.party.tokens) or (
            customer_id in self.party.by_name
        ):
            return Sentence("match.name_same", {"customer": self.name(customer_id)})
        return None

    def teaches(self, customer_id: int | None) -> bool:
        """Whether the payer's account is the customer's own: its name agrees, or none is given.

        A parent or a factor that pays one invoice by its number must not become that customer.
        """
        if customer_id is None or not self.line.payer_iban:
            return False
        given = [words for words in self.party.tokens if words]
        tokens = self.book.tokens.get(customer_id, ())
        return not given or any(name_confirms(words, tokens) for words in given)


def numbers(items: Sequence[Item | OpenCredit]) -> str:
    """The numbers of items as a list for a sentence, ten at most."""
    distinct = list(dict.fromkeys(item.number for item in items))
    return ", ".join(distinct[:10]) + (" …" if len(distinct) > 10 else "")


def whole(items: Sequence[Item]) -> Parts:
    """Each item's open amount."""
    return tuple((item.id, item.open_minor) for item in items)


def cited_hypotheses(view: View, items: Sequence[Item]) -> Iterator[Hypothesis]:
    """Readings of a line that names items of one customer (open, or already paid)."""
    customer_id = items[0].customer_id
    code = "match.cited_weakly" if view.cited.weak else "match.cited"
    evidence = [Sentence(code, {"numbers": numbers(items)})]
    confirmation = view.confirmation(customer_id)
    evidence += [confirmation] if confirmation else []
    open_items = sorted((i for i in items if i.open_minor > 0), key=lambda i: (i.due_date, i.id))
    settled = [i for i in items if i.open_minor <= 0 and i.books_minor <= 0]
    if any(i.books_minor for i in items) and not settled:
        yield from _books(view, items, evidence)
    if not open_items:
        if settled:
            named = Sentence("match.already_paid", {"numbers": numbers(settled)})
            yield Hypothesis("double", customer_id, (*evidence, named))
        return
    if settled:
        evidence.append(Sentence("match.already_paid", {"numbers": numbers(settled)}))
    exact = list(_exact_cited(view, open_items, evidence, sure=not settled))
    yield from exact
    if not any(hypothesis.sure for hypothesis in exact):
        yield from _inexact_cited(view, open_items, evidence, confirmed=confirmation is not None)


def _exact_cited(
    view: View, items: Sequence[Item], evidence: list[Sentence], *, sure: bool
) -> Iterator[Hypothesis]:
    """The amount is the sum of the items named, or that less credit notes, to the cent."""
    customer_id, amount = items[0].customer_id, view.line.amount_minor
    total = sum(item.open_minor for item in items)
    if amount == total:
        said = _exact(view, items)
        yield Hypothesis(
            "cited_exact", customer_id, (*evidence, said), parts=whole(items), sure=sure
        )
        return
    if len({item.number for item in items}) == 1 and len(items) > 1:
        for count, part in enumerate(accumulate(item.open_minor for item in items), 1):
            if part == amount:  # the first instalments of one invoice
                kept = items[:count]
                said = _exact(view, kept)
                yield Hypothesis(
                    "cited_exact", customer_id, (*evidence, said), parts=whole(kept), sure=sure
                )
    yield from _netted(view, items, evidence, sure=sure)


def _netted(
    view: View, items: Sequence[Item], evidence: list[Sentence], *, sure: bool
) -> Iterator[Hypothesis]:
    customer_id, amount = items[0].customer_id, view.line.amount_minor
    cited = [c for c in view.cited.credits if c.customer_id == customer_id]
    every = view.book.credits_left(customer_id, view.line.currency)
    total = sum(item.open_minor for item in items)
    for credits_ in ([cited] if cited else []) + ([every] if every and every != cited else []):
        left = sum(credit.left_minor for credit in credits_)
        if total - left != amount:
            continue
        parts, uses = _spread(items, credits_, amount)
        said = Sentence(
            "match.exact_netted",
            {"amount": view.money(amount), "credit": view.money(left)},
        )
        known = credits_ is cited or view.confirmation(customer_id) is not None
        yield Hypothesis(
            "cited_netted",
            customer_id,
            (*evidence, said),
            parts=parts,
            credit_uses=uses,
            sure=sure and known,
        )


def _inexact_cited(
    view: View, items: Sequence[Item], evidence: list[Sentence], *, confirmed: bool
) -> Iterator[Hypothesis]:
    """Less or more than the items named. Only a part payment of one invoice can be sure."""
    customer_id, amount = items[0].customer_id, view.line.amount_minor
    total = sum(item.open_minor for item in items)
    yield from _balance(view, customer_id, evidence, must_hold={item.id for item in items})
    if amount > total:
        said = _left("match.over", view, total)
        yield Hypothesis("cited_over", customer_id, (*evidence, said), parts=whole(items))
        return
    one = len({item.number for item in items}) == 1
    others = view.book.open_of(customer_id, view.line.currency)
    # Exchanged digits of a number may name another invoice of the same customer.
    other = [i for i in others if i.open_minor == amount and i not in items]
    if other:
        said = Sentence("match.other_exact", {"number": other[0].number})
        yield Hypothesis("other_exact", customer_id, (*evidence, said), parts=whole(other[:1]))
    said = (
        _left("match.partial", view, total)
        if one
        else Sentence("match.subset", {"amount": view.money(amount)})
    )
    doubt = () if confirmed or not one else (Sentence("match.veto_party"),)
    yield Hypothesis(
        "cited_partial" if one else "cited_subset",
        customer_id,
        (*evidence, said, *doubt),
        parts=_oldest_first(view, items),
        sure=one and confirmed and not view.cited.weak and not other,
    )


def _books(view: View, items: Sequence[Item], evidence: list[Sentence]) -> Iterator[Hypothesis]:
    """The accounts had shown the items as paid before the bank's line came in."""
    if view.line.amount_minor != sum(item.open_minor + item.books_minor for item in items):
        return
    said = (_exact(view, items), Sentence("match.books_confirmed"))
    yield Hypothesis(
        "books_confirmed",
        items[0].customer_id,
        (*evidence, *said),
        parts=tuple((item.id, item.open_minor + item.books_minor) for item in items),
        confirms=tuple(item.id for item in items if item.books_minor),
        sure=True,
    )


def party_hypotheses(view: View, customer_id: int) -> Iterator[Hypothesis]:
    """Readings of a line that names nothing, from a customer known by account or name."""
    line, book = view.line, view.book
    known = customer_id in view.party.by_reference or view.party.by_iban == {customer_id}
    same_name = Sentence("match.name_same", {"customer": view.name(customer_id)})
    evidence = [view.confirmation(customer_id) or same_name]
    open_items = book.open_of(customer_id, line.currency)
    if not open_items:
        said = Sentence("match.no_open", {"customer": view.name(customer_id)})
        yield Hypothesis("advance", customer_id, (*evidence, said))
        return
    same = [item for item in open_items if item.open_minor == line.amount_minor]
    if len(same) == 1:
        alone = not _other_sets(open_items, line.amount_minor)
        said = Sentence("match.only_amount" if alone else "match.other_sets")
        both = (*evidence, _exact(view, same), said)
        yield Hypothesis("party_exact", customer_id, both, parts=whole(same), sure=alone)
    yield from _garbled(view, same, evidence)
    for item in same if len(same) > 1 else ():
        both = (*evidence, _exact(view, [item]), Sentence("match.same_amounts"))
        yield Hypothesis("party_twins", customer_id, both, parts=whole([item]))
    yield from _balance(view, customer_id, evidence, must_hold=set())
    if known:
        yield from _prefix(view, open_items, evidence)
    if same:
        return
    total = sum(item.open_minor for item in open_items)
    short = line.amount_minor <= total
    said_last = Sentence("match.oldest_first") if short else _left("match.over", view, total)
    yield Hypothesis(
        "party_oldest",
        customer_id,
        (*evidence, said_last),
        parts=_oldest_first(view, open_items),
    )


def _garbled(view: View, same: Sequence[Item], evidence: list[Sentence]) -> Iterator[Hypothesis]:
    """Of the payer's invoices of this amount, the one whose number is named in part or garbled."""
    ends = tails(view.line.label)
    found: list[tuple[Item, Sentence]] = []
    for item in same:
        key = canonical(item.number)
        digits = "".join(sign for sign in key if sign.isdigit())
        near = next((given for given in view.cited.unknown if is_near(given, key)), None)
        if near is not None:
            values = {"given": near, "number": item.number}
            found.append((item, Sentence("match.near", values)))
        elif any(digits.endswith(end.zfill(4)) or digits.lstrip("0") == end for end in ends):
            found.append((item, Sentence("match.tail", {"number": item.number})))
    if len(found) == 1:
        item, said = found[0]
        both = (*evidence, said, _exact(view, [item]))
        kind = "party_near" if said.code == "match.near" else "party_tail"
        yield Hypothesis(kind, item.customer_id, both, parts=whole([item]), sure=True)


def amount_hypotheses(view: View) -> Iterator[Hypothesis]:
    """The only open invoice of this amount anywhere: worth showing, never worth posting."""
    found = view.book.by_amount.get((view.line.amount_minor, view.line.currency), set())
    if len(found) != 1:
        return
    item = view.book.items[next(iter(found))]
    said = (_exact(view, [item]), Sentence("match.only_amount_anywhere"))
    yield Hypothesis("amount_only", item.customer_id, said, parts=whole([item]))


def _balance(
    view: View, customer_id: int, evidence: list[Sentence], *, must_hold: set[int]
) -> Iterator[Hypothesis]:
    """The amount is the customer's whole balance, due or open, less its credits."""
    line = view.line
    open_items = view.book.open_of(customer_id, line.currency)
    credits_ = view.book.credits_left(customer_id, line.currency)
    left = sum(credit.left_minor for credit in credits_)
    due = [item for item in open_items if item.due_date <= line.booked_on]
    confirmed = view.confirmation(customer_id) is not None
    for items, code in ((due, "match.exact_due"), (open_items, "match.exact_all")):
        if len(items) < 2 and not left:
            continue
        if not must_hold <= {item.id for item in items}:
            continue
        total = sum(item.open_minor for item in items)
        for netted in (credits_, []) if left else ([],):
            if total - sum(c.left_minor for c in netted) != line.amount_minor:
                continue
            parts, uses = _spread(items, netted, line.amount_minor)
            said = Sentence(code, {"amount": view.money(line.amount_minor)})
            yield Hypothesis(
                "balance",
                customer_id,
                (*evidence, said),
                parts=parts,
                credit_uses=uses,
                sure=confirmed,
            )


def _prefix(
    view: View, open_items: Sequence[Item], evidence: list[Sentence]
) -> Iterator[Hypothesis]:
    """The amount is exactly the two or more oldest invoices, and their order is not in doubt."""
    for count, total in enumerate(accumulate(i.open_minor for i in open_items), 1):
        if total != view.line.amount_minor or count < 2 or count == len(open_items):
            continue
        kept = open_items[:count]
        tied = kept[-1].due_date == open_items[count].due_date
        said = Sentence("match.exact_prefix", {"amount": view.money(total), "count": count})
        yield Hypothesis(
            "prefix", kept[0].customer_id, (*evidence, said), parts=whole(kept), sure=not tied
        )


def _other_sets(items: Sequence[Item], amount_minor: int) -> bool:
    """Whether two or three of the items also sum to the amount: on a price list they often do."""
    amounts = [item.open_minor for item in items]
    seen: set[int] = set()
    for at, amount in enumerate(amounts):
        if amount_minor - amount in seen:
            return True
        pairs = {amount + other for other in amounts[:at]}
        if any(amount_minor - later in pairs for later in amounts[at + 1 :]):
            return True
        seen.add(amount)
    return False


def _spread(
    items: Sequence[Item], credits_: Sequence[OpenCredit], amount_minor: int
) -> tuple[Parts, tuple[tuple[int, int, int], ...]]:
    """Credits first on the oldest items, the payment on the rest; together they pay all."""
    uses: list[tuple[int, int, int]] = []
    left = [[item.id, item.open_minor] for item in items]
    for credit in credits_:
        remaining = credit.left_minor
        for row in left:
            part = min(remaining, row[1])
            if part > 0:
                uses.append((credit.entry_id, row[0], part))
                row[1] -= part
                remaining -= part
    parts = tuple((item_id, rest) for item_id, rest in left if rest > 0)
    if sum(part for _, part in parts) != amount_minor:
        raise AssertionError("a netted set must be conserved to the cent")
    return parts, tuple(uses)


def _oldest_first(view: View, items: Sequence[Item]) -> Parts:
    debts = [Debt(item.id, item.due_date, item.open_minor) for item in items]
    return tuple(allocate(view.line.amount_minor, debts, on=view.line.booked_on))


def _exact(view: View, items: Sequence[Item]) -> Sentence:
    amount = view.money(view.line.amount_minor)
    if len(items) == 1:
        return Sentence("match.exact_one", {"amount": amount})
    return Sentence("match.exact_set", {"amount": amount, "count": len(items)})


def _left(code: str, view: View, total_minor: int) -> Sentence:
    difference = abs(view.line.amount_minor - total_minor)
    values = {
        "amount": view.money(view.line.amount_minor),
        "open": view.money(total_minor),
        "left": view.money(difference),
    }
    return Sentence(code, values)
