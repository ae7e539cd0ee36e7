"""Who a line says has paid: by our reference, by account, by name, by what was paid before."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import Literal, NamedTuple

from amiable.core.matching.book import Book, payer_keys
from amiable.core.matching.cuts import mended
from amiable.core.matching.facts import Line, Virtual
from amiable.core.matching.labels import plain, words_of
from amiable.core.matching.names import (
    GLUED_SIGNS,
    LEGAL_FORMS,
    Names,
    Words,
    name_tokens,
    sender_tokens,
)
from amiable.core.references import customer_references

# From so many payments for one customer alone on, another payer is taken for it.
HABIT = 2
# Words that follow a payer's name where nothing else ends it.
# fmt: off
_AFTER_NAME = frozenset({
    "FACT", "FACTURE", "FACTURES", "FAC", "REGLT", "REGLEMENT", "REF", "REFERENCE", "NO", "NUM",
    "LOYER", "PAIEMENT", "VIREMENT", "RELEVE", "SOLDE", "ACOMPTE", "CDE", "COMMANDE", "ECHEANCE",
    "ESCOMPTE", "MOTIF", "CESSION", "AVOIR", "VOTRE", "VOS", "NOTRE", "INV", "INVOICE", "PARTIEL",
})
# fmt: on
NOBODY: Mapping[int, int] = MappingProxyType({})
NONE: frozenset[int] = frozenset()
# After these the payer's name is over: "N/REF", or "P/C" (for the account of somebody else).
_OURS = re.compile(r"\b[NV] ?/|\bP ?/ ?C\b|\bPOUR (?:LE )?C(?:OM)?PTE\b|\bCEDANT\b")


class Standing(NamedTuple):
    """A virtual IBAN of ours on the day of a line. `holder` = whom it stands for (`current`), or
    stood for last (`ended`); None when it stood for nobody yet (`unassigned`)."""

    iban: str
    state: Literal["current", "ended", "unassigned"]
    holder: Virtual | None = None

    @property
    def customer_id(self) -> int | None:
        return self.holder.customer_id if self.holder else None


@dataclass(slots=True)
class Party:
    """Customers by each kind of evidence.

    `by_cut_name` = whose name begins with the payer's, as banks cut it; `names` = where the one
    that it misspells is looked for, once asked; `links` = for whom this payer has paid before, and
    how often; `virtual` = what the virtual IBAN tells that the money came in on, which goes before
    all else.
    """

    by_iban: frozenset[int]
    by_name: frozenset[int]
    tokens: tuple[Words, ...]
    by_cut_name: frozenset[int]
    by_reference: frozenset[int]
    names: Names | None
    links: Mapping[int, int]
    virtual: Standing | None

    @property
    def holder_id(self) -> int | None:
        """The customer that a virtual IBAN stands for on the day."""
        current = self.virtual is not None and self.virtual.state == "current"
        return self.virtual.customer_id if self.virtual and current else None

    @property
    def customer_id(self) -> int | None:
        """The one customer that the best evidence tells; None when it tells none, or several."""
        if self.holder_id is not None or len(self.by_reference) == 1:
            return self.holder_id or next(iter(self.by_reference))
        if self.by_iban:
            both = self.by_iban & (self.by_name or self.by_cut_name) or self.by_iban
            return next(iter(both)) if len(both) == 1 else None
        if self.by_name:
            return next(iter(self.by_name)) if len(self.by_name) == 1 else None
        if len(self.links) == 1:
            customer_id, count = next(iter(self.links.items()))
            if count >= HABIT:
                return customer_id
        if self.by_cut_name:
            return next(iter(self.by_cut_name)) if len(self.by_cut_name) == 1 else None
        return self.close

    @property
    def close(self) -> int | None:
        """The customer whose name the payer's is, misspelt; None where anything better tells it."""
        if self.names is None or self.by_name or len(self.by_iban) == 1:
            return None
        return next(filter(None, map(self.names.close, self.tokens)), None)

    @property
    def known(self) -> bool:
        """Whether our reference, a virtual IBAN or the customer's own account tells it, not a
        name alone."""
        return self.holder_id is not None or len(self.by_reference) == 1 or len(self.by_iban) == 1


def party_of(line: Line, book: Book) -> Party:
    """All that the line tells of its payer."""
    by_name: set[int] = set()
    given = [name_tokens(name) for name in (line.payer_name, line.ultimate_payer) if name]
    for words in given:
        by_name |= book.names.same(words)
    if not line.payer_name:
        told, by_name = _told(line.label, book)
        given += told
    if len(by_name) > 1:
        by_name = _of_form(line, book, by_name)
    by_iban = frozenset(book.ibans.get(line.payer_iban, NONE)) if line.payer_iban else NONE
    cut: set[int] = set()
    if not by_name and len(by_iban) != 1:
        for words in given:
            cut |= book.names.cut(words)
    return Party(
        by_iban=by_iban,
        by_name=frozenset(by_name),
        tokens=tuple([words for words in given if words]),
        by_cut_name=frozenset(cut),
        by_reference=_referred(line, book),
        names=book.names,
        links=_links(line, book),
        virtual=_standing(line, book) if line.credited_iban in book.virtual else None,
    )


def _told(label: str, book: Book) -> tuple[list[Words], set[int]]:
    """The payer's words in a label, as written or else with a word put together that the bank cut;
    and the customers of that name."""
    given: list[Words] = []
    for text in chain((label,), _mended(label)):
        words, whole = _sender(text)
        found = book.names.same(words) if whole else book.names.leading(words)
        if found:
            return [words], set(found)
        if words not in given:
            given.append(words)
    if " " not in label[:GLUED_SIGNS]:
        return given, book.names.glued(label)
    return given, set() if any(given) else book.names.begins(label)


def _mended(label: str) -> Iterator[str]:
    yield from mended(plain(label))  # only when it is asked for


def _of_form(line: Line, book: Book, namesakes: set[int]) -> set[int]:
    """Of customers of one name the one of the legal form that the payer's name bears."""
    given = _words(line.payer_name)
    if not line.payer_name:
        told = set(words_of(plain(line.label)))
        forms = {i: LEGAL_FORMS.intersection(_words(book.customers[i].name)) for i in namesakes}
        same = {i for i in namesakes if forms[i] and forms[i] <= told}
    elif len(given) == len(name_tokens(line.payer_name)):
        return namesakes
    else:
        same = {i for i in namesakes if _words(book.customers[i].name) == given}
    return same if len(same) == 1 else namesakes


@functools.lru_cache(maxsize=100_000)
def _words(name: str) -> list[str]:
    return sorted(words_of(plain(name)))


def _standing(line: Line, book: Book) -> Standing:
    """What the virtual IBAN tells that the money came in on: of those whom it stood for, the one
    whose time the day of the line is in."""
    rows = [row for row in book.virtual[line.credited_iban] if row.customer_id in book.customers]
    begun = [row for row in rows if row.since_on <= line.booked_on]
    if not begun:
        return Standing(line.credited_iban, "unassigned")
    current = [row for row in begun if row.until_on is None or line.booked_on <= row.until_on]
    if current:
        return Standing(line.credited_iban, "current", max(current, key=lambda row: row.since_on))
    last = max(begun, key=lambda row: (row.until_on or line.booked_on, row.since_on))
    return Standing(line.credited_iban, "ended", last)


def _referred(line: Line, book: Book) -> frozenset[int]:
    """Customers whose own payment reference (RF..C..) the line carries."""
    texts = (line.structured_reference, line.end_to_end_id, line.label)
    bearing = [text for text in texts if text and "RF" in text.upper()]
    if not bearing:
        return NONE
    found = {customer_id for text in bearing for customer_id in customer_references(text)}
    return frozenset(found & book.customers.keys())


def _links(line: Line, book: Book) -> Mapping[int, int]:
    """For whom this account has paid, else for whom this name has."""
    for key in payer_keys(line):
        if key in book.links:
            return book.links[key]
    return NOBODY


@functools.lru_cache(maxsize=4_096)
def _sender(label: str) -> tuple[Words, bool]:
    """Words of the payer in a label, and whether the bank tells where they end."""
    before = _OURS.split(label.upper(), maxsplit=1)[0] if "/DE" not in label else label
    words, whole = sender_tokens(before)
    for at, word in enumerate(words):
        if at and (word in _AFTER_NAME or not word.isalpha()):
            return words[:at], False
    return words, whole
