"""A line beside what the book says of it: the frame in which readings are made."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from amiable.core.allocation import Debt, allocate
from amiable.core.matching.book import NOTHING_CITED, Book, Cited
from amiable.core.matching.facts import Item, Line, OpenCredit
from amiable.core.matching.labels import (
    canonical,
    digits_of,
    flat_of,
    is_ordered,
    joined,
    plain,
    tails,
)
from amiable.core.matching.names import SHORTEST_CUT, STRANGER, Words, name_confirms, name_likeness
from amiable.core.matching.party import Party
from amiable.core.matching.slips import is_near
from amiable.core.matching.sums import sets_of
from amiable.core.matching.words import invoice_days, parted_numbers
from amiable.core.money import Money
from amiable.core.sentences import Sentence

Parts = tuple[tuple[int, int], ...]
Uses = tuple[tuple[int, int, int], ...]
SHORTEST_BEGUN = 6  # signs of a number cut at its end


class Forms(NamedTuple):
    """A number as letters and digits; its digits, without zeros in front; all but its end."""

    key: str
    digits: str
    bare: str
    begun: str


@functools.lru_cache(maxsize=200_000)
def forms_of(number: str) -> Forms:
    """The forms of a number that a garbled one is compared with."""
    key = canonical(number)
    digits = key if key.isdigit() else digits_of(key)
    begun = key[:-2] if len(key) >= SHORTEST_BEGUN + 2 else ""
    return Forms(key, digits, digits.lstrip("0"), begun)


@dataclass(slots=True)
class Clues:
    """What of a text may be a garbled number: numbers that are none of ours, ends of numbers,
    and numbers of another's (one exchanged digit leads there)."""

    unknown: tuple[str, ...]
    cited: tuple[tuple[str, int], ...]  # key, customer
    ends: frozenset[str]
    filled: tuple[str, ...]  # the ends, with zeros to four
    flat: str
    joined: frozenset[str]  # digits that a space may have parted

    @property
    def any(self) -> bool:
        return bool(self.flat or self.unknown or self.cited)

    def hints(self, items: Sequence[Item]) -> list[tuple[Item, Sentence]]:
        """The items that a garbled number in the text may be, each with the reason."""
        ends, filled, flat, joined_ = self.ends, self.filled, self.flat, self.joined
        found: list[tuple[Item, Sentence]] = []
        given: tuple[str, ...] = ()  # the numbers that are not this customer's
        owner = None
        for item in items:
            key, digits, bare, begun = forms_of(item.number)
            if item.customer_id != owner:
                owner, given = item.customer_id, self._not_of(item.customer_id)
            near = _near(given, item, key) if given else None
            if near is not None:
                found.append((item, near))
            elif digits in joined_:
                found.append((item, Sentence("match.parted", {"number": item.number})))
            elif ends and (digits.endswith(filled) or bare in ends):
                found.append((item, Sentence("match.tail", {"number": item.number})))
            elif begun and begun in flat and (cut := self._cut(item, key, begun)):
                found.append((item, cut))
        return found

    def _not_of(self, customer_id: int) -> tuple[str, ...]:
        """Numbers that are none of ours, and those of others."""
        return (*self.unknown, *[key for key, owner in self.cited if owner != customer_id])

    def _cut(self, item: Item, key: str, begun: str) -> Sentence | None:
        """The text names the number but for one or two signs at its end."""
        at = self.flat.index(begun)
        rest = self.flat[at + len(begun) : at + len(begun) + 2]
        begun += key[-2] if rest[:1] == key[-2] else ""
        after = self.flat[at + len(begun) : at + len(begun) + 1]
        if after.isdigit():
            return None
        return Sentence("match.cut_number", {"given": begun, "number": item.number})


def _near(given: tuple[str, ...], item: Item, key: str) -> Sentence | None:
    """The text has the number but for a slip."""
    for each in given:
        if is_near(each, key):
            return Sentence("match.near", {"given": each, "number": item.number})
    return None


NO_CLUES = Clues((), (), frozenset(), (), "", frozenset())


@dataclass(slots=True)
class View:
    """A line with what the book says of it. `payer` = the customer that the party tells, if one.
    Answers about customers are kept."""

    line: Line
    cited: Cited
    party: Party
    book: Book
    payer: int | None = None
    _confirmations: dict[int, Sentence | None] = field(default_factory=dict)
    _flat: str = ""
    _clues: Clues | None = None

    @property
    def flat(self) -> str:
        """The label's letters and digits."""
        if not self._flat:
            self._flat = flat_of(plain(self.line.label))
        return self._flat

    def money(self, amount_minor: int) -> Money:
        return Money(amount_minor, self.line.currency)

    def name(self, customer_id: int) -> str:
        customer = self.book.customers.get(customer_id)
        return customer.name if customer else f"#{customer_id}"

    def confirmation(self, customer_id: int) -> Sentence | None:
        """Evidence other than the reference that this customer paid; None without any."""
        if customer_id not in self._confirmations:
            code = self._confirmed_by(customer_id)
            said = Sentence(code, {"customer": self.name(customer_id)}) if code else None
            self._confirmations[customer_id] = said
        return self._confirmations[customer_id]

    def _confirmed_by(self, customer_id: int) -> str:
        party = self.party
        tokens = self.book.names.tokens.get(customer_id, ())
        code = ""
        if party.holder_id == customer_id:
            code = "match.virtual_iban"
        elif party.by_reference == {customer_id}:
            code = "match.our_reference"
        elif party.by_iban == {customer_id}:
            code = "match.iban_known"
        elif customer_id in party.by_name or _same_name(party, tokens):
            code = "match.name_same"
        elif self._holds("".join(tokens)):
            code = "match.name_inside"
        elif customer_id in party.links or customer_id in party.by_iban:
            code = "match.paid_before"
        elif party.close == customer_id:
            code = "match.name_misspelt"
        return code

    def _holds(self, name: str) -> bool:
        return len(name) >= SHORTEST_CUT and name in self.flat

    def is_stranger(self, customer_id: int) -> bool:
        """Whether the line names a payer, and nothing ties that name to the customer."""
        if self.confirmation(customer_id) is not None or not self.party.tokens:
            return False
        tokens = self.book.names.tokens.get(customer_id, ())
        return all(name_likeness(words, tokens) < STRANGER for words in self.party.tokens)

    def teaches(self, customer_id: int | None) -> bool:
        """Whether the payer's account is the customer's own: its name agrees, or none is given.

        A parent or a factor that pays one invoice by its number must not become that customer.
        """
        if customer_id is None or not self.line.payer_iban:
            return False
        if self.line.payer_iban in self.book.virtual:
            return False
        tokens = self.book.names.tokens.get(customer_id, ())
        party = self.party
        return not party.tokens or customer_id in party.by_name or _same_name(party, tokens)

    def has_rival(self, item: Item) -> bool:
        """Whether the same amount is owed elsewhere under a number, or by a name, much alike.

        Then one exchanged digit would have led here just as well.
        """
        book, key = self.book, forms_of(item.number).key
        same = book.by_amount.get((item.open_minor, item.currency), set())
        if len(same) == 1:
            return False
        for at in range(len(key) - 1):
            slip = key[:at] + key[at + 1] + key[at] + key[at + 2 :]
            if slip != key and any(i in same for i in book.numbers.get(slip, ())):
                return True

        def owes(customer_id: int) -> bool:
            owed = book.open_of(customer_id, item.currency)
            return item.open_minor in [other.open_minor for other in owed]

        if any(owes(i) for words in self.party.tokens for i in book.names.alike(words)):
            return True
        # A payer that bears a word of another's name, and a number one slip away from the other's.
        akin = {i for words in self.party.tokens for i in book.names.akin(words)}
        owed = [other for i in akin for other in book.open_of(i, item.currency)]
        others = [other for other in owed if other.open_minor == item.open_minor]
        return any(is_near(key, forms_of(other.number).key) for other in others)

    def hinted(self, items: Sequence[Item]) -> list[tuple[Item, Sentence]]:
        """Items whose number the text may name garbled, each with the reason.

        Only asked of the payer's own items: elsewhere such likeness is chance.
        """
        if not items or not self.clues.any:
            return []
        return self.clues.hints(items)

    def dated(self, items: Sequence[Item]) -> list[tuple[Item, Sentence]]:
        """Items that the text names by their day, each with the reason: the payer's own, too."""
        days = invoice_days(self.line.label)
        found = [(item, item.issued_on) for item in items if item.issued_on in days] if days else []
        return [(item, Sentence("match.dated", {"date": day})) for item, day in found if day]

    @property
    def clues(self) -> Clues:
        """What of the label may be a garbled number."""
        if self._clues is None:
            self._clues = self._find_clues()
        return self._clues

    def _find_clues(self) -> Clues:
        flat, cited = self.flat, self.cited
        if flat.isalpha() and cited is NOTHING_CITED:
            return NO_CLUES
        noted = [digits_of(canonical(credit.number)) for credit in cited.credits]
        codes = [digits_of(canonical(self.book.customers[i].code)) for i in cited.customers]
        year = self.line.booked_on.year
        others = (*noted, *codes, str(year - 1), str(year), str(year + 1))
        ends = frozenset([e for e in tails(self.line.label) if not _ends(others, e)])
        keys = [(forms_of(item.number).key, item.customer_id) for item in cited.items]
        return Clues(
            unknown=cited.unknown,
            # Of others' only what stands there itself: not the invoice of an order's number.
            cited=tuple([pair for pair in keys if self._is_written(pair[0])]),
            ends=ends,
            filled=tuple([end.zfill(4) for end in ends]),
            flat="" if flat.isalpha() else flat,
            joined=joined(self.line.label) | parted_numbers(self.line.label),
        )  # fmt: skip

    def _is_written(self, key: str) -> bool:
        return digits_of(key) in self.flat and not is_ordered(self.line.label, key)


def listed(hinted: Sequence[tuple[Item, Sentence]], amount_minor: int) -> list[Item]:
    """Of items that a text names in part, those that make the amount: all, else the only set."""
    items = [item for item, _ in hinted]
    if total_of(items) == amount_minor:
        return items
    found = sets_of([item.open_minor for item in items], amount_minor)
    return [items[at] for at in found.members] if found and found.count == 1 else []


def _ends(numbers_: Sequence[str], end: str) -> bool:
    """Whether this is the end of one of the numbers."""
    return any(number.endswith(end) for number in numbers_)


def _same_name(party: Party, tokens: Words) -> bool:
    return any(name_confirms(words, tokens) for words in party.tokens)


def numbers(items: Sequence[Item | OpenCredit]) -> str:
    """The numbers of items as a list for a sentence, ten at most."""
    if len(items) == 1:
        return items[0].number
    distinct = list(dict.fromkeys(item.number for item in items))
    return ", ".join(distinct[:10]) + (" …" if len(distinct) > 10 else "")


def whole(items: Sequence[Item]) -> Parts:
    """Each item's open amount."""
    return tuple([(item.id, item.open_minor) for item in items])


def total_of(items: Sequence[Item]) -> int:
    """What is open on items together."""
    return sum([item.open_minor for item in items])


def by_age(items: Sequence[Item]) -> list[Item]:
    """Oldest due first."""
    return sorted(items, key=lambda item: (item.due_date, item.id))


def exact(view: View, items: Sequence[Item]) -> Sentence:
    """The amount is exactly that of the items."""
    amount = view.money(view.line.amount_minor)
    if len(items) == 1:
        return Sentence("match.exact_one", {"amount": amount})
    return Sentence("match.exact_set", {"amount": amount, "count": len(items)})


def difference(view: View, total_minor: int, *, code: str) -> Sentence:
    """The amount, what is open, and what lies between them."""
    values = {
        "amount": view.money(view.line.amount_minor),
        "open": view.money(total_minor),
        "left": view.money(abs(view.line.amount_minor - total_minor)),
    }
    return Sentence(code, values)


def oldest_first(view: View, items: Sequence[Item]) -> Parts:
    """The line's amount over the items of one customer, oldest due first: in the order of
    C. civ. 1342-10, or as agreed with the customer.

    Items beyond those that the amount reaches are not looked at.
    """
    parts: list[tuple[int, int]] = []
    left, before = view.line.amount_minor, None
    for item in items:
        if item.due_date == before:
            return _shared(view, items)
        if left <= 0:
            break
        part, before = min(left, item.open_minor), item.due_date
        parts.append((item.id, part))
        left -= part
    return tuple(parts)


def _shared(view: View, items: Sequence[Item]) -> Parts:
    """The same where several items are due on one day."""
    reached: list[Debt] = []
    total = 0
    for item in items:
        if total >= view.line.amount_minor and item.due_date != reached[-1].due_date:
            break
        reached.append(Debt(item.id, item.due_date, item.open_minor))
        total += item.open_minor
    terms = view.book.terms.get(items[0].customer_id) if items else None
    order = terms.order if terms else "law"
    return tuple(allocate(view.line.amount_minor, reached, on=view.line.booked_on, order=order))


def order_said(view: View, customer_id: int, *, code: str) -> Sentence:
    """In which order this customer's money counts: `code` for the law's, or what was agreed."""
    terms = view.book.terms.get(customer_id)
    if terms is None or terms.order == "law":
        return Sentence(code)
    if terms.order == "agreed":
        return Sentence("order.agreed", {"agreed": terms.agreed})
    return Sentence("order.agreed_oldest")


def spread(
    items: Sequence[Item], credits_: Sequence[OpenCredit], *, amount_minor: int
) -> tuple[Parts, Uses]:
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
