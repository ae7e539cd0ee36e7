"""A line beside what the book says of it: the frame in which readings are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from amiable.core.allocation import Debt, allocate
from amiable.core.matching.book import Book, Cited
from amiable.core.matching.facts import Item, Line, OpenCredit
from amiable.core.matching.labels import canonical, is_exchanged, is_near, tails
from amiable.core.matching.names import SHORTEST_CUT, name_confirms, name_likeness
from amiable.core.matching.party import Party
from amiable.core.money import Money
from amiable.core.sentences import Sentence

Parts = tuple[tuple[int, int], ...]
Uses = tuple[tuple[int, int, int], ...]
# Likeness under which a given name is somebody else's, and from which it may be this one's.
STRANGER, ALIKE = 55, 80
MOST_RIVALS = 400


@dataclass(slots=True)
class View:
    """A line with what the book says of it. Answers about customers are kept."""

    line: Line
    cited: Cited
    party: Party
    book: Book
    _confirmations: dict[int, Sentence | None] = field(default_factory=dict)
    _flat: str = ""

    @property
    def flat(self) -> str:
        """The label's letters and digits."""
        if not self._flat:
            self._flat = canonical(self.line.label)
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
        if party.by_reference == {customer_id}:
            return "match.our_reference"
        if party.by_iban == {customer_id}:
            return "match.iban_known"
        tokens = self.book.names.tokens.get(customer_id, ())
        flat = "".join(tokens)
        ways = (
            ("match.name_same", customer_id in party.by_name),
            ("match.name_same", any(name_confirms(words, tokens) for words in party.tokens)),
            ("match.name_inside", len(flat) >= SHORTEST_CUT and flat in self.flat),
            ("match.paid_before", customer_id in party.links or customer_id in party.by_iban),
            ("match.name_misspelt", party.close == customer_id),
        )
        return next((code for code, holds in ways if holds), "")

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
        tokens = self.book.names.tokens.get(customer_id, ())
        return not self.party.tokens or any(
            name_confirms(words, tokens) for words in self.party.tokens
        ) or customer_id in self.party.by_name  # fmt: skip

    def has_rival(self, item: Item) -> bool:
        """Whether the same amount is owed elsewhere under a number, or by a name, much alike.

        Then one exchanged digit would have led here just as well.
        """
        same = self.book.by_amount.get((item.open_minor, item.currency), set())
        if len(same) > MOST_RIVALS:
            return True
        key = canonical(item.number)
        for other in (self.book.items[i] for i in same if i != item.id):
            tokens = self.book.names.tokens.get(other.customer_id, ())
            alike = any(name_likeness(words, tokens) >= ALIKE for words in self.party.tokens)
            if alike or is_exchanged(canonical(other.number), key):
                return True
        return False

    def hint(self, item: Item) -> Sentence | None:
        """Why a garbled number in the text may be this item's; None when nothing looks so.

        Only asked of the payer's own items: elsewhere such likeness is chance.
        """
        key = canonical(item.number)
        wrong = [
            cited.number
            for cited in self.cited.items
            if cited.open_minor <= 0 or cited.customer_id != item.customer_id
        ]
        given = (*self.cited.unknown, *map(canonical, wrong))
        near = next((text for text in given if text != key and is_near(text, key)), None)
        if near is not None:
            return Sentence("match.near", {"given": near, "number": item.number})
        digits = "".join(sign for sign in key if sign.isdigit())
        ends = tails(self.line.label)
        if any(digits.endswith(end.zfill(4)) or digits.lstrip("0") == end for end in ends):
            return Sentence("match.tail", {"number": item.number})
        for missing in (1, 2):
            begun = key[:-missing]
            at = self.flat.find(begun) if len(begun) >= 7 else -1
            if at >= 0 and not self.flat[at + len(begun) : at + len(begun) + 1].isdigit():
                return Sentence("match.cut_number", {"given": begun, "number": item.number})
        return None


def numbers(items: Sequence[Item | OpenCredit]) -> str:
    """The numbers of items as a list for a sentence, ten at most."""
    distinct = list(dict.fromkeys(item.number for item in items))
    return ", ".join(distinct[:10]) + (" …" if len(distinct) > 10 else "")


def whole(items: Sequence[Item]) -> Parts:
    """Each item's open amount."""
    return tuple((item.id, item.open_minor) for item in items)


def total_of(items: Sequence[Item]) -> int:
    """What is open on items together."""
    return sum(item.open_minor for item in items)


def by_age(items: Sequence[Item]) -> list[Item]:
    """Oldest due first."""
    return sorted(items, key=lambda item: (item.due_date, item.id))


def exact(view: View, items: Sequence[Item]) -> Sentence:
    """The amount is exactly that of the items."""
    amount = view.money(view.line.amount_minor)
    if len(items) == 1:
        return Sentence("match.exact_one", {"amount": amount})
    return Sentence("match.exact_set", {"amount": amount, "count": len(items)})


def difference(code: str, view: View, total_minor: int) -> Sentence:
    """The amount, what is open, and what lies between them."""
    values = {
        "amount": view.money(view.line.amount_minor),
        "open": view.money(total_minor),
        "left": view.money(abs(view.line.amount_minor - total_minor)),
    }
    return Sentence(code, values)


def oldest_first(view: View, items: Sequence[Item]) -> Parts:
    """The line's amount over the items in the order of C. civ. 1342-10."""
    debts = [Debt(item.id, item.due_date, item.open_minor) for item in items]
    return tuple(allocate(view.line.amount_minor, debts, on=view.line.booked_on))


def spread(
    items: Sequence[Item], credits_: Sequence[OpenCredit], amount_minor: int
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
