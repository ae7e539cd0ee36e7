"""What a row of a bank's table says beside its amount: whether it took place, and on which day.

Cards and neobanks export what is still to come and what was refused beside what was booked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from amiable.core.numbers import DayOrder, ParseError, day, plain
from amiable.core.sentences import declare, gettext_noop

declare(
    {
        "statement.row_void": gettext_noop(
            "the row is left out: its status “{value}” says that no money moved"
        ),
        "statement.row_note": gettext_noop(
            "the row is left out: it has neither a day nor an amount (“{value}”)"
        ),
    }
)

# What a column of sides says, by language: money out and money in.
_PAIRS = tuple(
    frozenset(pair)
    for pair in (("d", "c"), ("debit", "credit"), ("db", "cr"), ("dr", "cr"), ("s", "h"),
                 ("soll", "haben"), ("af", "bij"), ("-", "+"))
)  # fmt: skip
Standing = Literal["booked", "pending", "void"]

# Words that only a status of these kinds begins with, in the languages of bank exports.
_PENDING = re.compile(
    r"(?:pending|processing|authori[sz]ed|reserved|scheduled|upcoming|en attente|en cours|a venir"
    r"|programme|prevu|autorise|vorgemerkt|pendiente|in attesa)\b"
)
_VOID = re.compile(
    r"(?:declined|rejected|failed|reverted|cancell?ed|expired|refused|refuse|refusee|rejete"
    r"|rejetee|echoue|echouee|echec|annule|annulee|expire|expiree|abgelehnt|storniert|rechazad[oa]"
    r"|rifiutat[oa])\b"
)
_CLOCK = re.compile(r"(\d{4}-\d{2}-\d{2})[T ]\d{1,2}:\d{2}.{0,24}", re.S)


class Unnamed:
    """The columns of a table that bear no known name, and the first few texts they hold."""

    def __init__(self, header: Sequence[str], columns: Mapping[str, int]) -> None:
        self._texts: dict[int, set[str]] = {
            index: set() for index in range(len(header)) if index not in columns.values()
        }

    def see(self, cells: Sequence[str]) -> None:
        """Take a row; a column of more than two texts is no column of sides."""
        for index, texts in list(self._texts.items()):
            if index < len(cells) and (text := plain(cells[index].strip())):
                texts.add(text)
                if len(texts) > 2:
                    del self._texts[index]

    def take_side(self, columns: dict[str, int], *, signed: bool) -> None:
        """Add the column that says debit or credit, where no amount has a sign of its own."""
        found = [index for index, texts in self._texts.items() if texts in _PAIRS]
        if len(found) == 1 and not signed:
            columns["side"] = found[0]


def standing_of(state: str) -> Standing:
    """Whether a status says that a movement is booked (also when it says nothing known), is to
    come, or never takes place."""
    words = plain(state.strip())
    if _PENDING.match(words):
        return "pending"
    return "void" if _VOID.match(words) else "booked"


def order_of(texts: Collection[str], chosen: DayOrder) -> DayOrder:
    """The order of the days of a file: month first when that alone reads all that can be read
    ("12/31/2026" proves it, "31/12/2026" disproves it), else the one chosen."""
    if chosen != "dmy":
        return chosen
    readable = [(_reads(text, "dmy"), _reads(text, "mdy")) for text in texts]
    return "mdy" if (False, True) in readable and (True, False) not in readable else chosen


def _reads(text: str, order: DayOrder) -> bool:
    try:
        return bool(day(text, order))
    except ParseError:
        return False


def clockless(text: str) -> str:
    """A day without the hour, the zone or the closing point some banks write behind it."""
    found = _CLOCK.fullmatch(text)
    return found[1] if found else text.rstrip(".")
