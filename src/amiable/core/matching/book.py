"""The working state of a run: indexes over open items, credits, payers and payments.

Built once from an Opening, moved by each decision that posts: the next line sees its effect.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from amiable.core.matching.facts import Decision, Item, Line, OpenCredit, Opening, Paid
from amiable.core.matching.labels import (
    SHORTEST_CUT,
    Finder,
    canonical,
    is_strong,
    name_tokens,
    sender_tokens,
)
from amiable.core.references import customer_references

# Shorter than a month: a subscription paid twice within it is rather the same invoice again.
SAME_AMOUNT = timedelta(days=25)


@dataclass(frozen=True, slots=True)
class Party:
    """Who the line says has paid: customers known by our own reference, by IBAN, by exact name.

    `by_cut_name` = customers whose name begins with the payer's, as banks cut it: enough to doubt
    another customer, not to post.
    """

    by_iban: frozenset[int]
    by_name: frozenset[int]
    tokens: tuple[tuple[str, ...], ...]
    by_cut_name: frozenset[int] = frozenset()
    by_reference: frozenset[int] = frozenset()

    @property
    def customer_id(self) -> int | None:
        """The one customer that our reference, or else the IBAN, or else the name, tells."""
        for found in (self.by_reference, self.by_iban, self.by_name):
            if len(found) == 1:
                return next(iter(found))
        return None


@dataclass(frozen=True, slots=True)
class Cited:
    """What the texts of a line name. `weak` = it may be there by chance."""

    items: tuple[Item, ...]
    credits: tuple[OpenCredit, ...]
    customers: frozenset[int]
    unknown: tuple[str, ...]
    weak: bool = False


class Book:
    """Mutable only through `apply`."""

    def __init__(self, opening: Opening) -> None:
        self.items = {item.id: item for item in opening.items}
        self.credits = {credit.entry_id: credit for credit in opening.credits}
        self.customers = {customer.id: customer for customer in opening.customers}
        self.payments: list[Paid] = list(opening.payments)
        self.refused = opening.refused
        self.touched = {line_id for line_id, _ in opening.refused}
        self.by_customer: dict[tuple[int, str], list[int]] = defaultdict(list)
        self.credits_of: dict[tuple[int, str], list[int]] = defaultdict(list)
        self.by_amount: dict[tuple[int, str], set[int]] = defaultdict(set)
        self.ibans: dict[str, set[int]] = defaultdict(set)
        self.names: dict[tuple[str, ...], set[int]] = defaultdict(set)
        self.tokens: dict[int, tuple[str, ...]] = {}
        self._index()
        self.recent: dict[tuple[int, int, str], list[date]] = defaultdict(list)
        for customer_id, amount, currency, day in opening.recent:
            self.recent[customer_id, amount, currency].append(day)
        for iban, customer_id in opening.ibans:
            self.ibans[iban].add(customer_id)

    def _index(self) -> None:
        targets: dict[str, list[tuple[str, int]]] = defaultdict(list)
        weak_targets: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for item in sorted(self.items.values(), key=lambda i: (i.due_date, i.id)):
            self.by_customer[item.customer_id, item.currency].append(item.id)
            if item.open_minor > 0:
                self.by_amount[item.open_minor, item.currency].add(item.id)
            for text in (item.number, item.payment_reference):
                _add(targets, text, ("item", item.id))
            digits = "".join(sign for sign in item.number if sign.isdigit())
            for text in (item.order_reference, digits if len(digits) >= 6 else ""):
                _add(weak_targets, text, ("item", item.id))
        for credit in self.credits.values():
            self.credits_of[credit.customer_id, credit.currency].append(credit.entry_id)
            _add(targets, credit.number, ("credit", credit.entry_id))
        for customer in self.customers.values():
            self.tokens[customer.id] = name_tokens(customer.name)
            self.names[tuple(sorted(self.tokens[customer.id]))].add(customer.id)
            _add(weak_targets, customer.code, ("customer", customer.id))
        self.names.pop((), None)
        self.sorted_names = sorted(
            (" ".join(words), i) for i, words in self.tokens.items() if words
        )
        self.targets, self.weak_targets = targets, weak_targets
        numbers = {canonical(item.number) for item in self.items.values()}
        self.finder = Finder([*targets, *weak_targets], numbers)

    def cited(self, line: Line) -> Cited:
        """What the line names: certain references first; doubtful ones only without them."""
        targets: dict[tuple[str, int], None] = {}
        doubtful: dict[tuple[str, int], None] = {}
        unknown: list[str] = []
        for text in dict.fromkeys((line.structured_reference, line.end_to_end_id, line.label)):
            for found in self.finder.find(text) if text else ():
                if found.unknown:
                    unknown.append(found.key)
                    continue
                strong = self.targets.get(found.key, ()) if is_strong(found.key) else ()
                targets.update(dict.fromkeys(strong))
                both = (*self.targets.get(found.key, ()), *self.weak_targets.get(found.key, ()))
                doubtful.update(dict.fromkeys(both))
        weak = not any(kind == "item" for kind, _ in targets)
        used = [*targets, *(x for x in doubtful if x not in targets)] if weak else list(targets)
        items = (self.items[i] for kind, i in used if kind == "item")
        credits_ = (self.credits[i] for kind, i in used if kind == "credit")
        return Cited(
            items=tuple(item for item in items if item.currency == line.currency),
            credits=tuple(c for c in credits_ if c.currency == line.currency and c.left_minor > 0),
            customers=frozenset(i for kind, i in doubtful if kind == "customer"),
            unknown=tuple(dict.fromkeys(unknown)),
            weak=weak,
        )

    def party(self, line: Line) -> Party:
        """Customers known by the payer's IBAN, and customers of exactly the payer's name."""
        tokens = [name_tokens(name) for name in (line.payer_name, line.ultimate_payer) if name]
        by_name: set[int] = set()
        for words in tokens:
            by_name |= self.names.get(tuple(sorted(words)), set())
        if not line.payer_name:
            words = sender_tokens(line.label)
            tokens.append(words)
            for length in range(min(len(words), 6), 0, -1):
                found = self.names.get(tuple(sorted(words[:length])))
                if found and (length > 1 or len(words) == 1):
                    by_name |= found
                    break
        return Party(
            by_iban=frozenset(self.ibans.get(line.payer_iban, ()) if line.payer_iban else ()),
            by_name=frozenset(by_name),
            tokens=tuple(tokens),
            by_cut_name=frozenset(i for words in tokens for i in self._begins_with(words)),
            by_reference=frozenset(
                customer_id
                for text in (line.structured_reference, line.end_to_end_id, line.label)
                for customer_id in customer_references(text)
                if customer_id in self.customers
            ),
        )

    def _begins_with(self, words: tuple[str, ...]) -> Iterator[int]:
        cut = " ".join(words)
        if len(cut) < SHORTEST_CUT:
            return
        at = bisect_left(self.sorted_names, (cut, 0))
        while at < len(self.sorted_names) and self.sorted_names[at][0].startswith(cut):
            yield self.sorted_names[at][1]
            at += 1

    def open_of(self, customer_id: int, currency: str) -> list[Item]:
        """Open items of a customer, oldest due first."""
        rows = (self.items[i] for i in self.by_customer.get((customer_id, currency), ()))
        return [item for item in rows if item.open_minor > 0]

    def credits_left(self, customer_id: int, currency: str) -> list[OpenCredit]:
        """Credits of a customer with something left."""
        rows = (self.credits[i] for i in self.credits_of.get((customer_id, currency), ()))
        return [credit for credit in rows if credit.left_minor > 0]

    def paid_lately(self, customer_id: int, line: Line) -> date | None:
        """The day the customer paid the same amount within SAME_AMOUNT before the line."""
        days = self.recent.get((customer_id, line.amount_minor, line.currency), ())
        near = [d for d in days if line.booked_on - SAME_AMOUNT <= d <= line.booked_on]
        return max(near, default=None)

    def apply(self, line: Line, decision: Decision) -> None:
        """Move the book by what a decision posts; nothing else moves it."""
        if decision.action != "post":
            return
        (chosen,) = decision.hypotheses
        if chosen.returns:
            self.payments.remove(chosen.returns)
            for item_id, amount in chosen.returns.parts:
                self._move(item_id, amount)
            return
        for item_id in chosen.confirms:
            self._confirm(item_id)
        for item_id, amount in chosen.parts:
            self._move(item_id, -amount)
        for entry_id, item_id, amount in chosen.credit_uses:
            credit = self.credits[entry_id]
            self.credits[entry_id] = replace(credit, left_minor=credit.left_minor - amount)
            self._move(item_id, -amount)
        if chosen.customer_id is not None:
            if chosen.teaches:
                self.ibans[line.payer_iban].add(chosen.customer_id)
            paid = (chosen.customer_id, line.amount_minor, line.currency)
            self.recent[paid].append(line.booked_on)
            self.payments.append(_paid(line, chosen.customer_id, chosen.parts))

    def _move(self, item_id: int, amount_minor: int) -> None:
        item = self.items.get(item_id)
        if item is None:  # settled long ago: it cannot be cited, its balance is not needed
            return
        self.by_amount[item.open_minor, item.currency].discard(item_id)
        item = replace(item, open_minor=item.open_minor + amount_minor)
        self.items[item_id] = item
        if item.open_minor > 0:
            self.by_amount[item.open_minor, item.currency].add(item_id)

    def _confirm(self, item_id: int) -> None:
        books_minor = self.items[item_id].books_minor
        self._move(item_id, books_minor)
        self.items[item_id] = replace(self.items[item_id], books_minor=0)


def _add(targets: dict[str, list[tuple[str, int]]], text: str, target: tuple[str, int]) -> None:
    key = canonical(text)
    if sum(sign.isdigit() for sign in key) >= 3:
        targets[key].append(target)


def _paid(line: Line, customer_id: int, parts: Iterable[tuple[int, int]]) -> Paid:
    return Paid(
        customer_id=customer_id,
        amount_minor=line.amount_minor,
        currency=line.currency,
        received_on=line.booked_on,
        parts=tuple(parts),
        line_id=line.id,
        end_to_end_id=line.end_to_end_id,
        mandate_id=line.mandate_id,
        payer_name=line.payer_name,
        payer_iban=line.payer_iban,
    )
