"""Payers' names: read from a label, compared without legal form, found among the customers'."""

from __future__ import annotations

import functools
import re
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import takewhile

from rapidfuzz import fuzz, process

from amiable.core.matching.cuts import mended
from amiable.core.matching.labels import canonical, flat_of, plain, words_of

# fmt: off
LEGAL_FORMS = frozenset({
    "SARL", "SAS", "SASU", "SA", "EURL", "SCI", "SNC", "EI", "EIRL", "SCOP", "SCS", "SELARL",
    "SELAS", "GIE", "GAEC", "EARL", "SCEA", "SCM", "SCP", "STE", "SOCIETE", "ETS",
    "ETABLISSEMENTS", "ETABLISSEMENT", "ENTREPRISE", "CIE", "M", "MR", "MME", "MLLE",
    "MONSIEUR", "MADAME", "ET", "AUTO", "LTD", "GMBH", "BV",
})
# fmt: on
_SENDER = re.compile(
    r"(?:/DE|\bDE ?:) ?(.+?)(?: ?/(?:MOTIF|REF|EREF|RNF|ID|LIB)\b| (?:MOTIF|REF|ID|LIB|DATE) ?:|$)"
)
_PREFIX = re.compile(
    r"^(?:VIR(?:EMENT|T)?|VRT)\b"
    r"(?: (?:SEPA|INSTANTANE|INST|RECU|EUROPEEN|DE|FAVEUR|TIERS|PERMANENT|EN VOTRE FAVEUR)\b)*"
)
_GLUED = re.compile(
    r"^(?:VIR(?:EMENT|T)?|VRT)(?:SEPA|INSTANTANE|INST|RECU|EUROPEEN|(?:ENVOTRE)?FAVEUR|TIERS)*(?:/?DE)?"
)
# Banks cut names; fewer signs than this could be anybody.
SHORTEST_CUT = 8
# A label without a space in so many signs (a line of a bank) has lost its spaces.
GLUED_SIGNS = 31
# token_sort_ratio from which a name is a misspelt customer's, and its lead over the next best.
CLOSE, MARGIN = 88, 8
# Likeness under which a given name is somebody else's.
STRANGER = 55
SHORTEST_BEGUN = 4  # signs of a name that begins as another's
# Likeness from which a name may be a customer's, written otherwise.
ALIKE = 80
# Customers that share a word: more of them are not compared one by one.
MOST_COMPARED = 400
MOST_CUT = 50

Words = tuple[str, ...]


@functools.lru_cache(maxsize=100_000)
def name_tokens(name: str) -> Words:
    """Words of a name without legal form, in order: "S.A.R.L. Dupont & Fils" -> DUPONT FILS."""
    merged: list[str] = []
    run = ""
    for word in [*words_of(plain(name)), ""]:
        if len(word) == 1:
            run += word
            continue
        if run:
            merged.append(run)
            run = ""
        if word:
            merged.append(word)
    return tuple(word for word in merged if word not in LEGAL_FORMS)


def sender_tokens(label: str) -> tuple[Words, bool]:
    """(words of the sender in a French transfer label, whether nothing else is among them)."""
    text = plain(label)
    named = _SENDER.search(text) if "/DE" in text or "DE:" in text or "DE :" in text else None
    if named:
        return name_tokens(named.group(1)), named.end(1) < len(text)
    prefix = _PREFIX.match(text)
    return (name_tokens(text[prefix.end() :].split("/")[0]) if prefix else (), False)


def name_confirms(payer: Words, customer: Words) -> bool:
    """Same words in any order, or the payer's name cut by the bank after 8 signs or more."""
    if not payer or not customer:
        return False
    if payer == customer or sorted(payer) == sorted(customer):
        return True
    cut = " ".join(payer)
    return len(cut) >= SHORTEST_CUT and " ".join(customer).startswith(cut)


def name_likeness(payer: Words, customer: Words) -> float:
    """0 to 100: how alike two names are, in any order of words, or as a cut of one another."""
    if not payer or not customer:
        return 0.0
    mine, theirs = " ".join(payer), " ".join(customer)
    whole = fuzz.token_sort_ratio(mine, theirs)
    if len(mine) < len(theirs) and len(mine) >= SHORTEST_CUT:
        return float(max(whole, fuzz.ratio(mine, theirs[: len(mine)])))
    return float(whole)


def is_own_name(payer: str, customer: str) -> bool:
    """Whether an account under the payer's name may be remembered as the customer's own: the names
    are alike, or none is given. A parent or an owner who pays for others keeps its own."""
    given = name_tokens(payer)
    words = name_tokens(customer)
    return not given or name_confirms(given, words) or name_likeness(given, words) >= ALIKE


@functools.lru_cache(maxsize=512)
def tells_other(label: str, customer: Words) -> bool:
    """Whether a label tells a payer whose name is nothing like the customer's: where a bank gives
    no name apart, whose account it is stands in the label alone."""
    text, name = plain(label), " ".join(customer)
    flat = "".join(customer)
    if not flat:
        return False
    glued = _GLUED.match(text) if " " not in text[:GLUED_SIGNS] else None
    if glued:
        given = flat_of(text[glued.end() :])[: len(flat)]
        return fuzz.ratio(given, flat) < STRANGER
    told = [sender_tokens(each)[0] for each in (text, *mended(text))]
    starts = [words[:count] for words in told for count in range(1, len(customer) + 2)]
    return any(told) and not any(
        name_likeness(words, customer) >= STRANGER or _begins(words, name) for words in starts
    )


def _begins(words: Words, name: str) -> bool:
    given = " ".join(words)
    return len(given) >= SHORTEST_BEGUN and name.startswith(given)


class Names:
    """The names of the customers, to look up by what a bank gives of one."""

    def __init__(self) -> None:
        self.tokens: dict[int, Words] = {}
        self.exact: dict[Words, set[int]] = defaultdict(set)
        self.flat: dict[str, set[int]] = defaultdict(set)
        # Word -> who bears it, and the whole name in the order of its letters: names of one word
        # are compared at a stretch.
        self.by_word: dict[str, dict[int, str]] = defaultdict(dict)
        self.sorted: list[tuple[str, int]] = []
        self.joined: dict[int, str] = {}
        self.ordered: dict[int, str] = {}
        self._close: dict[Words, int | None] = {}
        self._longest = 0

    def add(self, customer_id: int, name: str) -> None:
        """A customer to find from now on."""
        words = name_tokens(name)
        self.tokens[customer_id] = words
        self._close.clear()
        if not words:
            return
        self.exact[tuple(sorted(words))].add(customer_id)
        for flat in ("".join(words), canonical(name)):
            if len(flat) >= SHORTEST_CUT:
                self.flat[flat].add(customer_id)
                self._longest = max(self._longest, len(flat))
        joined = self.joined[customer_id] = " ".join(words)
        ordered = self.ordered[customer_id] = _ordered(words)
        for word in words:
            self.by_word[word][customer_id] = ordered
        insort(self.sorted, (joined, customer_id))

    def same(self, words: Words) -> set[int]:
        """Customers of exactly these words, in any order."""
        return self.exact.get(tuple(sorted(words)), set())

    def leading(self, words: Words) -> set[int]:
        """Customers whose name the text begins with; one word alone says nothing."""
        known = tuple(takewhile(self.by_word.__contains__, words[:6]))
        for length in range(len(known), 0, -1):
            found = self.same(known[:length])
            if found and (length > 1 or len(words) == 1):
                return found
        return set()

    def begins(self, text: str) -> set[int]:
        """Customers whose whole name the text begins with; one word alone must be a long one."""
        words = [word for word in words_of(plain(text)[:80]) if word not in LEGAL_FORMS][:6]
        for length in range(len(words), 0, -1):
            found = self.same(tuple(words[:length]))
            if found and (length > 1 or len(words[0]) >= SHORTEST_CUT):
                return found
        return set()

    def inside(self, text: str, *, but: set[str]) -> set[int]:
        """Customers whose whole name of two words or more stands in the text, not of words in
        `but` alone."""
        words = tuple([word for word in words_of(plain(text)) if word not in LEGAL_FORMS])
        known = [word in self.by_word for word in words]
        for start in range(len(words) - 1):
            if not (known[start] and known[start + 1]):
                continue
            for length in range(min(len(words) - start, 6), 1, -1):
                some = words[start : start + length]
                if not but.issuperset(some) and self.same(some):
                    return set(self.same(some))
        return set()

    def glued(self, label: str) -> set[int]:
        """Customers whose name a label without spaces begins with, after the bank's words."""
        text = plain(label)
        prefix = _GLUED.match(text)
        if not prefix:
            return set()
        flat = flat_of(text[prefix.end() : prefix.end() + self._longest + 8])
        for length in range(min(self._longest, len(flat)), SHORTEST_CUT - 1, -1):
            found = self.flat.get(flat[:length])
            if found:
                return found
        return set()

    def cut(self, words: Words) -> set[int]:
        """Customers whose name begins with these words, the last one perhaps cut; none when so
        many do that it says nothing."""
        cut = " ".join(words)
        if len(cut) < SHORTEST_CUT:
            return set()
        start = bisect_left(self.sorted, (cut, 0))
        end = bisect_left(self.sorted, (cut + "~", 0))  # after every sign of a name
        return {i for _, i in self.sorted[start:end]} if end - start <= MOST_CUT else set()

    def close(self, words: Words) -> int | None:
        """The customer whose name this is misspelt: alike enough, and no other nearly as much."""
        if words not in self._close:
            self._close[words] = self._closest(words)
        return self._close[words]

    def _closest(self, words: Words) -> int | None:
        given = _ordered(words)
        if len(given) < SHORTEST_CUT:
            return None
        scores = process.extract(
            given,
            self._sharing(words),
            scorer=fuzz.ratio,
            limit=2,
            score_cutoff=CLOSE - MARGIN,
        )
        if not scores or scores[0][1] < CLOSE:
            return None
        if len(scores) > 1 and scores[0][1] - scores[1][1] < MARGIN:
            return None
        return int(scores[0][2])

    def confirmed(self, payers: Iterable[Words], among: set[int]) -> set[int]:
        """Customers among these whose name `name_confirms` for one of the payers."""
        found: set[int] = set()
        for words in payers:
            found |= self.same(words) & among
            cut = " ".join(words)
            if len(cut) >= SHORTEST_CUT:
                found |= {i for i in among if self.joined.get(i, "").startswith(cut)}
        return found

    def alike(self, words: Words, among: Collection[int] | None = None) -> list[int]:
        """Customers whose name this may be, written otherwise or cut: of those given, else of those
        with a word of it."""
        given = " ".join(words)
        if among is None:
            near = self._sharing(words)
        else:
            near = {i: self.ordered[i] for i in among if i in self.ordered}
        found = _perhaps(_ordered(words), near)
        size = len(given)
        if size >= SHORTEST_CUT:
            longer = [i for i, name in near.items() if len(name) > size]
            found |= _perhaps(given, {i: self.joined[i][:size] for i in longer})
        return [i for i in found if name_likeness(words, self.tokens[i]) >= ALIKE]

    def akin(self, words: Words) -> set[int]:
        """Customers that share a word with this name which few bear."""
        rare = [bearers for word in words if len(bearers := self.by_word.get(word, {})) <= MOST_CUT]
        return set().union(*rare)

    def _sharing(self, words: Words) -> dict[int, str]:
        """Customers with a word of these, and their names, by the rarest words first."""
        near: dict[int, str] = {}
        for word in sorted(words, key=lambda word: len(self.by_word.get(word, ()))):
            more = self.by_word.get(word, {})
            if near and len(near) + len(more) > MOST_COMPARED:
                break
            near = near | more if near else more
        return near


def _ordered(words: Words) -> str:
    """A name with its words sorted: as likeness in any order of words compares it."""
    return " ".join(sorted(words))


def _perhaps(given: str, names: dict[int, str]) -> set[int]:
    """Whose names may be as alike as ALIKE: far fewer than all to look at one by one."""
    rows = process.extract(given, names, scorer=fuzz.ratio, limit=None, score_cutoff=ALIKE - 1)
    return {customer_id for _, _, customer_id in rows}
