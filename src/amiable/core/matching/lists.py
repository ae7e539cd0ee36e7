"""Lists of numbers as payers shorten them: "FACT 14099 ET 53", "2717;475;216", "0144261 4645".

Read beside what one customer owes: each piece of the list must name an invoice of its own, by its
number, by its end or but for one character, and together they must be just the amount.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from amiable.core.matching.cuts import cuts
from amiable.core.matching.facts import Hypothesis, Item
from amiable.core.matching.labels import is_guarded, plain, unguarded
from amiable.core.matching.slips import is_near
from amiable.core.matching.view import View, by_age, exact, forms_of, numbers, whole
from amiable.core.sentences import Sentence

_RUN = re.compile(r"\d+")
# Between two numbers of a list: what separates them, "ET", and the letters of a number.
_LINK = re.compile(r"[ .,;:/+&_-]{0,20}(?:(?:ET|AND) ?)?(?:[A-Z]{1,4}[ ./_-]{0,3})?")
MOST_OPEN, MOST_PIECES, MOST_TRIES = 200, 24, 2_000
# One piece of this many digits says that it is a list of ours; shorter ones only end a number.
ANCHOR, SHORTEST, LONGEST_SLIP = 4, 2, 5


# What stands right before the number of an invoice, if shortened.
_INVOICE = re.compile(
    r"\b(?:FACTURES?|FACTS?|FACS?|FC|RGT|INV)(?: ?N[O.]?)?[ .:/]{0,3}(\d{3,6})(?!\d)"
)


class Owed:
    """What one customer owes, by the forms of its numbers."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.forms = [(item, forms_of(item.number)) for item in items]
        self.by_digits: dict[str, tuple[Item, ...]] = {}
        for item, form in self.forms:
            self.by_digits[form.digits] = (*self.by_digits.get(form.digits, ()), item)

    def near(self, digits: str) -> tuple[Item, ...]:
        """Invoices whose digits these are but for one."""
        return tuple([item for item, form in self.forms if is_near(digits, form.digits)])


class Piece(NamedTuple):
    """Digits of a list (with those before, were they parted) and the invoices they may name."""

    digits: str
    items: tuple[Item, ...]


def listed_hypotheses(
    view: View, customer_id: int, *, evidence: Sequence[Sentence], sure: bool
) -> Iterator[Hypothesis]:
    """The only invoices of a customer that a list names piece by piece and that are the amount."""
    owed = view.book.open_of(customer_id, view.line.currency)
    if not 1 < len(owed) <= MOST_OPEN:
        return
    known = Owed(owed)
    for text in _texts(view.line.label):
        for pieces in _lists(text, known):
            found = _choices([*pieces[:-1], _cut(pieces[-1], known)], view.line.amount_minor)
            if not found:
                continue
            kept = by_age(found[0])
            said = Sentence("match.tails", {"numbers": numbers(kept)})
            yield Hypothesis(
                "listed", customer_id, (*evidence, said, exact(view, kept)), whole(kept),
                sure=sure and len(found) == 1 and not _may_be_cut(pieces),
            )  # fmt: skip
            return


def _may_be_cut(pieces: Sequence[Piece]) -> bool:
    """Whether the last number may as well begin as one before: "13901 - 139", cut by a bank."""
    *before, last = [piece.digits for piece in pieces]
    return any(digits != last and digits.startswith(last) for digits in before)


def shortened(view: View, same: Sequence[Item]) -> tuple[Item, Sentence] | None:
    """The only of these invoices whose number the text gives by its last three
    digits or more, but for its last one or but for a slip, right behind the word: "FACT 172"."""
    found: dict[int, tuple[Item, Sentence]] = {}
    for given in _given(view.line.label):
        for item in same:
            form = forms_of(item.number)
            if form.digits.endswith(given):
                found[item.id] = item, Sentence("match.tail", {"number": item.number})
            elif form.bare[:-1] == given and len(given) > SHORTEST:
                values = {"given": given, "number": item.number}
                found[item.id] = item, Sentence("match.cut_number", values)
            elif len(given) >= LONGEST_SLIP and is_near(given, form.bare):
                values = {"given": given, "number": item.number}
                found[item.id] = item, Sentence("match.near", values)
    return next(iter(found.values())) if len(found) == 1 else None


@functools.lru_cache(maxsize=512)
def _given(label: str) -> tuple[str, ...]:
    """The digits right behind the word invoice."""
    return tuple(_INVOICE.findall(unguarded(plain(label))))


def _texts(label: str) -> Iterator[str]:
    """The text without dates and amounts; and with digits put together that the bank cut."""
    text = plain(label)
    yield unguarded(text)
    for at in cuts(text):
        cut = text[at - 1].isdigit() and text[at + 1].isdigit()
        if cut and not is_guarded(text, (at - 1, at + 2)):
            yield unguarded(text[:at] + text[at + 1 :])


def _lists(text: str, owed: Owed) -> Iterator[list[Piece]]:
    """Runs of two or more linked pieces, each of which may name something owed."""
    runs = list(_RUN.finditer(text))
    if len(runs) < 2:
        return
    pieces: list[Piece] = []
    end = -1
    at = 0
    while at < len(runs):
        linked = end >= 0 and _LINK.fullmatch(text, end, runs[at].start())
        piece, used = _piece(runs, at, owed)
        if pieces and not (linked and piece):
            if len(pieces) > 1:
                yield pieces
            pieces = []
        if piece and len(pieces) < MOST_PIECES:
            pieces.append(piece)
        end = runs[at + used - 1].end()
        at += used
    if len(pieces) > 1:
        yield pieces


def _piece(runs: Sequence[re.Match[str]], at: int, owed: Owed) -> tuple[Piece | None, int]:
    """The piece that begins with this run, of as many runs as a number of ours is written in."""
    some = runs[at : at + 3]
    for count in range(len(some), 0, -1):
        digits = "".join([run.group() for run in some[:count]])
        items = owed.by_digits.get(digits, ())
        if items and all(b.start() - a.end() <= 4 for a, b in pairwise(some[:count])):
            return Piece(digits, items), count
    digits = runs[at].group()
    items = _named_by(digits, owed)
    if not items and at + 1 < len(runs) and len(digits) < SHORTEST + 3:
        # The letters and the year of a number stand before: "FA-2025-34679".
        both = digits + runs[at + 1].group()
        near = owed.near(both) if runs[at + 1].start() - runs[at].end() <= 4 else ()
        if near:
            return Piece(both, near), 2
    return (Piece(digits, items) if items else None), 1


def _cut(piece: Piece, owed: Owed) -> Piece:
    """The last piece of a list, which may be a number cut at its end as well."""
    begun = [item for item, form in owed.forms if form.bare.startswith(piece.digits)]
    return Piece(piece.digits, tuple(dict.fromkeys([*piece.items, *begun])))


def _named_by(digits: str, owed: Owed) -> tuple[Item, ...]:
    """Invoices of which this is the end, or all; else those it is but for one character."""
    bare = digits.lstrip("0")
    if len(digits) < SHORTEST or not bare:
        return ()
    found = [i for i, form in owed.forms if form.bare == bare or form.digits.endswith(digits)]
    if not found and len(digits) >= LONGEST_SLIP:
        found = [i for i, form in owed.forms if is_near(bare, form.bare)]
    return tuple(found)


def _choices(pieces: Sequence[Piece], amount_minor: int) -> list[list[Item]]:
    """Up to two ways to take one invoice for each piece so that they sum to the amount."""
    if not any(len(piece.digits) >= ANCHOR for piece in pieces):
        return []
    order = sorted(pieces, key=lambda piece: len(piece.items))
    found: dict[frozenset[int], list[Item]] = {}
    tries = 0
    stack: list[tuple[list[Item], int]] = [([], amount_minor)]
    while stack and len(found) < 2 and tries < MOST_TRIES:
        taken, left = stack.pop()
        tries += 1
        if len(taken) == len(order):
            if not left:
                found[frozenset(item.id for item in taken)] = taken
            continue
        able = [i for i in order[len(taken)].items if i.open_minor <= left and i not in taken]
        stack += [([*taken, item], left - item.open_minor) for item in able]
    return list(found.values()) if tries < MOST_TRIES else []
