"""The working state of a run: indexes over open items, credits, payers and payments.

Built once from an Opening, moved by each decision that posts: the next line sees its effect.
"""

from __future__ import annotations

import functools
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from operator import attrgetter

from amiable.core.matching.facts import (
    Barred,
    Customer,
    Decision,
    Habit,
    Hypothesis,
    Item,
    Limits,
    Line,
    OpenCredit,
    Opening,
    Paid,
    Payout,
    Refund,
    Virtual,
)
from amiable.core.matching.labels import (
    Finder,
    canonical,
    digits_of,
    flat_of,
    is_strong,
    plain,
    range_after,
)
from amiable.core.matching.names import Names, name_tokens, tells_other
from amiable.core.memory import collector_paused

# Shorter than a month: a subscription paid twice within it is rather the same invoice again.
SAME_AMOUNT = timedelta(days=25)
# Paid again within two months although the only invoice of this amount is far from due: likewise.
SAME_AMOUNT_EARLY, FAR_FROM_DUE = timedelta(days=62), timedelta(days=10)
# Digits alone from this length on are worth looking for without the letters of their number.
SHORTEST_DIGITS, CERTAIN_DIGITS = 6, 8

Account = tuple[int, str]  # customer and currency
AGE = attrgetter("due_date", "id")  # of an item: the order in which debts fall due
NOTHING_OPEN: list[Item] = []


@dataclass(slots=True)
class Cited:
    """What the texts of a line name. `weak` = it may be there by chance; `span` = the first number
    of a range and the end of its last; `beside` = what the customers of certain items owe too, and
    the text may name (by their own order's number)."""

    items: tuple[Item, ...]
    credits: tuple[OpenCredit, ...]
    customers: frozenset[int]
    unknown: tuple[str, ...]
    weak: bool = False
    span: tuple[str, str] | None = None
    beside: tuple[Item, ...] = ()


NOTHING_CITED = Cited((), (), frozenset(), (), weak=True)


class Book:
    """Mutable only through `apply` and the `add_...` methods."""

    def __init__(self, opening: Opening) -> None:
        self.items: dict[int, Item] = {}
        self.credits: dict[int, OpenCredit] = {}
        self.customers: dict[int, Customer] = {}
        self.names = Names()
        self.finder = Finder()
        # Key of a text -> who bears it: items by number, by what may be chance; credits; customers
        self.numbers: dict[str, tuple[int, ...]] = {}
        self.other_numbers: dict[str, tuple[int, ...]] = {}
        self.credit_numbers: dict[str, tuple[int, ...]] = {}
        self.codes: dict[str, tuple[int, ...]] = {}
        self.groups: dict[str, set[int]] = defaultdict(set)
        self._open: dict[Account, list[Item]] = defaultdict(list)  # oldest due first
        self.items_of: dict[Account, list[int]] = defaultdict(list)
        self.credits_of: dict[Account, list[int]] = defaultdict(list)
        self.by_amount: dict[tuple[int, str], set[int]] = defaultdict(set)
        self.ibans: dict[str, set[int]] = defaultdict(set)
        self.links: dict[str, dict[int, int]] = defaultdict(dict)  # payer -> customer, payments
        self.recent: dict[tuple[int, int, str], list[date]] = defaultdict(list)
        self.payments: dict[tuple[int, str], list[Paid]] = defaultdict(list)
        # The payments of a shared line by its amount, those taken back since too
        self.shared: dict[tuple[int, str], dict[int, list[Paid]]] = defaultdict(dict)
        self.refunds: dict[str, list[Refund]] = defaultdict(list)
        self.payouts: dict[str, list[Payout]] = defaultdict(list)
        for payout in opening.payouts:
            self.payouts[payout.currency].append(payout)
        self.barred: dict[int, Barred] = {}
        self.refused = opening.refused
        self.touched = {line_id for line_id, _ in opening.refused}
        self.limits = opening.limits
        self.terms = {terms.customer_id: terms for terms in opening.terms}
        self.habits: dict[int, dict[str, Habit]] = defaultdict(dict)
        for habit in opening.habits:
            self.habits[habit.customer_id][habit.code] = habit
        self.own = opening.own
        self.creditors = dict(opening.creditors)
        self.virtual: dict[str, list[Virtual]] = defaultdict(list)
        self.against = opening.against
        with collector_paused():
            self._fill(opening)

    def _fill(self, opening: Opening) -> None:
        for customer in opening.customers:
            self.add_customer(customer)
        for item in sorted(opening.items, key=lambda item: (item.due_date, item.id)):
            self.add_item(item)
        for credit in opening.credits:
            self.add_credit(credit)
        for customer_id, amount, currency, day in opening.recent:
            self.recent[customer_id, amount, currency].append(day)
        for held in opening.virtual:
            self.virtual[held.iban].append(held)
        for iban, customer_id in opening.ibans:
            self.ibans[iban].add(customer_id)
        for payer, customer_id, count in opening.links:
            self._link(payer, customer_id, count)
        for paid in opening.payments:
            self._add_paid(paid)
        for refund in opening.refunds:
            self.refunds[refund.currency].append(refund)
        self.barred = {bar.item_id: bar for bar in opening.barred}

    def add_customer(self, customer: Customer) -> None:
        """A customer to know from now on."""
        self.customers[customer.id] = customer
        if customer.group:
            self.groups[customer.group].add(customer.id)
        self.names.add(customer.id, customer.name)
        self._key(self.codes, canonical(customer.code), customer.id)

    def add_item(self, item: Item) -> None:
        """An installment, open or settled, to know from now on."""
        self.items[item.id] = item
        self.items_of[item.customer_id, item.currency].append(item.id)
        if item.open_minor > 0:
            insort(self._open[item.customer_id, item.currency], item, key=AGE)
            self.by_amount[item.open_minor, item.currency].add(item.id)
        number = canonical(item.number)
        self._key(self.numbers, number, item.id)
        self.finder.add_shape(number)
        if not is_strong(number):
            self.finder.add_written(item.number)
        if item.payment_reference:
            self._key(self.numbers, canonical(item.payment_reference), item.id)
        if item.order_reference:
            self._key(self.other_numbers, flat_of(plain(item.order_reference)), item.id)
        digits = digits_of(number)
        if digits != number and len(digits) >= SHORTEST_DIGITS:
            certain = len(digits) >= CERTAIN_DIGITS
            self._key(self.numbers if certain else self.other_numbers, digits, item.id)

    def add_credit(self, credit: OpenCredit) -> None:
        """A credit to know from now on."""
        self.credits[credit.entry_id] = credit
        self.credits_of[credit.customer_id, credit.currency].append(credit.entry_id)
        if credit.number:
            number = canonical(credit.number)
            self._key(self.credit_numbers, number, credit.entry_id)
            self.finder.add_shape(number)

    def _key(self, index: dict[str, tuple[int, ...]], key: str, owner: int) -> None:
        known = index.get(key)
        if known is not None:
            index[key] = (*known, owner)
        elif self.finder.add(key):
            index[key] = (owner,)

    def cited(self, line: Line) -> Cited:
        """What the line names: certain references first; doubtful ones only without them."""
        certain: dict[int, None] = {}
        doubtful: dict[int, None] = {}
        credits_: dict[int, None] = {}
        customers: set[int] = set()
        unknown: dict[str, None] = {}
        span: tuple[str, str] | None = None
        for text in _texts(line):
            hits = self.finder.find(text)
            for found in hits:
                key = found.key
                if found.unknown:
                    unknown[key] = None
                    continue
                strong = is_strong(key) and not found.torn
                for i in self.numbers.get(key, ()):
                    (certain if strong else doubtful)[i] = None
                for i in self.other_numbers.get(key, ()):
                    doubtful[i] = None
                for i in self.credit_numbers.get(key, ()):
                    credits_[i] = None
                customers.update(self.codes.get(key, ()))
            if hits and span is None:
                span = range_after(text, hits)
        if not (certain or doubtful or credits_ or customers or unknown):
            return NOTHING_CITED
        used = [self.items[i] for i in certain or doubtful]
        left = [self.credits[i] for i in credits_ if self.credits[i].left_minor > 0]
        return Cited(
            items=tuple([item for item in used if item.currency == line.currency]),
            credits=tuple([credit for credit in left if credit.currency == line.currency]),
            customers=frozenset(customers),
            unknown=tuple(unknown),
            weak=not certain,
            span=span,
            beside=self._beside(used, doubtful) if certain and doubtful else (),
        )

    def _beside(self, certain: list[Item], doubtful: Iterable[int]) -> tuple[Item, ...]:
        owners = {(item.customer_id, item.currency) for item in certain}
        more = [item for i in doubtful if (item := self.items[i]).open_minor > 0]
        known = {item.id for item in certain}
        return tuple(
            [i for i in more if i.id not in known and (i.customer_id, i.currency) in owners]
        )

    def open_of(self, customer_id: int, currency: str) -> list[Item]:
        """Open items of a customer, oldest due first. The list is the book's own: only read it."""
        return self._open.get((customer_id, currency), NOTHING_OPEN)

    def limits_of(self, customer_id: int) -> Limits:
        """What this customer may keep without a person being asked."""
        terms = self.terms.get(customer_id)
        return self.limits.agreed(terms) if terms else self.limits

    def credits_left(self, customer_id: int, currency: str) -> list[OpenCredit]:
        """Credits of a customer with something left."""
        ids = self.credits_of.get((customer_id, currency), ())
        return [credit for i in ids if (credit := self.credits[i]).left_minor > 0]

    def paid_lately(self, line: Line, chosen: Hypothesis) -> date | None:
        """The day the customer paid this same amount, when the line may be that money again."""
        days = self.recent.get((chosen.customer_id or 0, line.amount_minor, line.currency))
        if not days:
            return None
        dues = [self.items[i].due_date for i, _ in chosen.parts if i in self.items]
        early = bool(dues) and min(dues) > line.booked_on + FAR_FROM_DUE
        since = line.booked_on - (SAME_AMOUNT_EARLY if early else SAME_AMOUNT)
        return max((day for day in days if since <= day <= line.booked_on), default=None)

    def _is_awaited(self, currency: str, chosen: Hypothesis) -> bool:
        """Whether it is a refund of ours or a payout to us, which then waits no more."""
        noted, payouts = self.refunds[currency], self.payouts[currency]
        if chosen.repays is not None:
            noted[:] = [refund for refund in noted if refund.id != chosen.repays]
        elif chosen.repays_file is not None:
            noted[:] = [refund for refund in noted if refund.file_id != chosen.repays_file]
        elif chosen.pays_out is not None:
            payouts[:] = [payout for payout in payouts if payout.id != chosen.pays_out]
        else:
            return False
        return True

    def apply(self, line: Line, decision: Decision) -> None:
        """Move the book by what a decision posts; of what it proposes only its coming counts."""
        if decision.action == "propose":
            self._await(line, decision.hypotheses[0])
        if decision.action != "post":
            return
        (chosen,) = decision.hypotheses
        if self._is_awaited(line.currency, chosen):
            return
        if chosen.returns:
            for paid in chosen.returns:
                self._take_back(paid)
            return
        for item_id in chosen.confirms:
            self._confirm(item_id)
        for item_id, amount in (*chosen.parts, *chosen.write_offs):
            self._move(item_id, -amount)
        for entry_id, item_id, amount in chosen.credit_uses:
            credit = self.credits[entry_id]
            self.credits[entry_id] = replace(credit, left_minor=credit.left_minor - amount)
            self._move(item_id, -amount)
        if chosen.customer_id is not None:
            self._remember(line, chosen, chosen.customer_id)

    def _await(self, line: Line, first: Hypothesis) -> None:
        """Money that waits for a person was received all the same: what comes again is seen."""
        if line.amount_minor > 0 and first.customer_id and not first.kind.startswith("amount"):
            self.recent[first.customer_id, line.amount_minor, line.currency].append(line.booked_on)

    def _remember(self, line: Line, chosen: Hypothesis, customer_id: int) -> None:
        if chosen.teaches and customer_id not in self.ibans.get(line.payer_iban, ()):
            words = self.names.tokens.get(customer_id, ())
            if line.payer_name or not tells_other(line.label, words):
                self.ibans[line.payer_iban].add(customer_id)
        for payer in payer_keys(line):
            self._link(payer, customer_id, 1)
        self.recent[customer_id, line.amount_minor, line.currency].append(line.booked_on)
        paid = _paid(line, customer_id, chosen.parts)
        self.payments[paid.amount_minor, paid.currency].append(paid)

    def _add_paid(self, paid: Paid) -> None:
        if paid.spent != "returned":
            self.payments[paid.amount_minor, paid.currency].append(paid)
        if paid.line_id is not None and paid.whole_minor:
            lines = self.shared[paid.whole_minor, paid.currency]
            lines.setdefault(paid.line_id, []).append(paid)

    def _take_back(self, paid: Paid) -> None:
        self.payments[paid.amount_minor, paid.currency].remove(paid)
        for item_id, amount in paid.parts:
            self._move(item_id, amount)
        if paid.line_id is not None and paid.whole_minor:
            parts = self.shared[paid.whole_minor, paid.currency][paid.line_id]
            parts[parts.index(paid)] = paid._replace(spent="returned")

    def _link(self, payer: str, customer_id: int, count: int) -> None:
        known = self.links[payer]
        known[customer_id] = known.get(customer_id, 0) + count

    def _move(self, item_id: int, amount_minor: int) -> None:
        item = self.items.get(item_id)
        if item is None:  # settled long ago: it cannot be cited, its balance is not needed
            return
        row = self._open[item.customer_id, item.currency]
        start = end = bisect_left(row, AGE(item), key=AGE)
        if item.open_minor > 0:
            self.by_amount[item.open_minor, item.currency].discard(item_id)
            end += 1
        item = item.moved(amount_minor)
        self.items[item_id] = item
        if item.open_minor > 0:
            self.by_amount[item.open_minor, item.currency].add(item_id)
        row[start:end] = [item] if item.open_minor > 0 else []

    def _confirm(self, item_id: int) -> None:
        books_minor = self.items[item_id].books_minor
        self.items[item_id] = replace(self.items[item_id], books_minor=0)
        self._move(item_id, books_minor)


def _texts(line: Line) -> Iterable[str]:
    if not line.structured_reference and not line.end_to_end_id:
        return (line.label,)
    return dict.fromkeys((line.structured_reference, line.end_to_end_id, line.label))


@functools.lru_cache(maxsize=100_000)
def payer_key(name: str) -> str:
    """Under what a payer's name is remembered: its words without legal form."""
    return " ".join(name_tokens(name))


def payer_keys(line: Line) -> list[str]:
    """Under what a payer is remembered besides customers' own accounts: its account, its name."""
    return [key for key in (line.payer_iban, payer_key(line.payer_name)) if key]


def _paid(line: Line, customer_id: int, parts: Iterable[tuple[int, int]]) -> Paid:
    return Paid(
        customer_id, line.amount_minor, line.currency, line.booked_on, tuple(parts), None, line.id,
        line.end_to_end_id, line.mandate_id, line.payer_name, line.payer_iban,
    )  # fmt: skip
