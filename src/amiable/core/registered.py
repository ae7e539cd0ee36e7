"""Registered letters: where one stands by what was told of it, what to do next, what its number and
the words of the post say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

from amiable.core.delivery import PRESENTED, EventKind
from amiable.core.numbers import plain
from amiable.core.sentences import Sentence, declare, gettext_noop

RegisteredState = Literal[
    "to_deposit", "deposited", "presented", "accepted", "refused", "unclaimed", "returned"
]
STATES: tuple[RegisteredState, ...] = get_args(RegisteredState)
# The post keeps a letter for 15 days; an electronic one waits 15 days from the day after its
# notice (CPCE L100, R53 and those that follow).
KEPT_DAYS = 15
# After so many days without news, somebody looks the letter up.
SILENT_DAYS = 10
# What a person or a file may say of a registered letter.
TOLD: tuple[EventKind, ...] = (
    "deposited", "presented", "accepted", "refused", "unclaimed", "returned",
)  # fmt: skip

declare(
    {
        "registered.to_deposit": gettext_noop(
            "Take it to the post office, then write its number and the day here."
        ),
        "registered.deposited": gettext_noop("On its way since {since}: nothing to do yet."),
        "registered.silent": gettext_noop(
            "Nothing is known since it was deposited on {since}: look its number up."
        ),
        "registered.presented": gettext_noop(
            "Presented on {since}: the addressee has until {until} to collect it."
        ),
        "registered.not_collected": gettext_noop(
            "Presented on {since} and not said to be collected within 15 days: look its number up, "
            "and write whether it came back unclaimed."
        ),
        "registered.accepted": gettext_noop("Delivered on {since}. Keep the receipt here."),
        "registered.refused": gettext_noop(
            "Refused on {since}: the notice counts from its presentation. Keep the envelope here."
        ),
        "registered.unclaimed": gettext_noop(
            "Never collected: the notice counts from its presentation. Keep the envelope here."
        ),
        "registered.returned": gettext_noop(
            "Came back on {since}, addressee unknown there: find another address."
        ),
        "registered.no_number": gettext_noop(
            "{number} is not the number of a registered letter: it has 10 to 20 letters and digits."
        ),
        "registered.check_digit": gettext_noop(
            "{number} has a wrong digit: its check digit does not match (UPU S10)."
        ),
    }
)

_RANKS: Mapping[str, int] = {state: rank for rank, state in enumerate(STATES)}
# What stands at the end of a letter's way.
_ENDS = frozenset({"accepted", "refused", "unclaimed", "returned"})


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a registered letter stands, since when, and the day it was first presented."""

    state: RegisteredState
    since: date | None = None
    presented_on: date | None = None

    def is_overdue(self, on: date) -> bool:
        """Presented, and the days to collect it are over: a person is asked what became of it."""
        kept = self.since is not None and on > self.since + timedelta(days=KEPT_DAYS)
        return self.state == "presented" and kept

    def next_step(self, on: date) -> Sentence:
        """What to do with it."""
        if self.since is None:
            return Sentence("registered.to_deposit")
        if self.is_overdue(on):
            return Sentence("registered.not_collected", {"since": self.since})
        if self.state == "presented":
            until = self.since + timedelta(days=KEPT_DAYS)
            return Sentence("registered.presented", {"since": self.since, "until": until})
        if self.state == "deposited" and on > self.since + timedelta(days=SILENT_DAYS):
            return Sentence("registered.silent", {"since": self.since})
        if self.state == "unclaimed":
            return Sentence("registered.unclaimed")
        return Sentence(f"registered.{self.state}", {"since": self.since})


def standing(told: Iterable[tuple[str, date]]) -> Standing:
    """Where a letter stands by its events (kind, day), in any order. An end counts before what led
    to it; of several ends the latest day's, as a person may set an earlier word right.

    "delivered" says that it was handed over. Kinds that say nothing of a letter are passed over.
    """
    days = [("accepted" if kind == "delivered" else kind, on) for kind, on in told]
    known = [(kind, on) for kind, on in days if kind in _RANKS]
    if not known:
        return Standing("to_deposit")
    presented_on = min((on for kind, on in known if kind in PRESENTED), default=None)
    ends = [(on, _RANKS[kind]) for kind, on in known if kind in _ENDS]
    if ends:
        since, rank = max(ends)
        return Standing(STATES[rank], since, presented_on)
    if presented_on is not None:
        return Standing("presented", presented_on, presented_on)
    return Standing("deposited", min(on for _, on in known))


def number_clean(number: str) -> str:
    """A number as it is kept: capitals and figures, without what separates them."""
    return "".join(sign for sign in number.upper() if sign.isascii() and sign.isalnum())[:40]


def number_problem(number: str) -> Sentence | None:
    """What is wrong with a letter's number; None when nothing is.

    Numbers of the form RR123456785FR bear a check digit (UPU S10): weights 8 6 4 2 3 5 9 7, 11
    less the sum modulo 11, 10 read as 0 and 11 as 5. The rule of French domestic numbers (2C 123
    456 7890 1) is published nowhere we know of: they are not checked.
    """
    clean = number_clean(number)
    if not 10 <= len(clean) <= 20 or sum(sign.isdigit() for sign in clean) < 8:
        return Sentence("registered.no_number", {"number": number[:40]})
    found = re.fullmatch(r"[A-Z]{2}(\d{8})(\d)[A-Z]{2}", clean)
    if found and _check_digit(found[1]) != int(found[2]):
        return Sentence("registered.check_digit", {"number": number[:40]})
    return None


def _check_digit(digits: str) -> int:
    total = sum(int(d) * w for d, w in zip(digits, (8, 6, 4, 2, 3, 5, 9, 7), strict=True))
    return {10: 0, 11: 5}.get(11 - total % 11, 11 - total % 11)


# What the post and its partners write, without accents, the surest first: "avisé et non réclamé"
# is unclaimed, not presented.
_WORDS: tuple[tuple[str, EventKind | None], ...] = (
    (r"non reclame|non retire|unclaimed|not (?:claimed|collected)", "unclaimed"),
    (r"npai|n habite (?:pas|plus)|inconnu a (?:l |cette )?adresse|(?:destinataire|addressee) (?:"
     r"inconnu|unknown|not known)|adress(?:e|age) (?:incomplet|incorrect|erronee|inexact)|"
     r"defaut d (?:acces|adressage)|unknown addressee|addressee (?:has )?moved|parti sans laisser",
     "returned"),
    (r"\brefus", "refused"),
    # It did not arrive, and why is not said.
    (r"non distribu|non remis|not delivered", None),
    (r"\bdistribue|\bremis\b|\blivre\b|\bretire\b|\baccepte|\bdelivered|\baccepted|\bsigned|"
     r"\bcollected", "accepted"),
    (r"\bavise|avis de passage|\bpresent(?:e|ed|ation)|instance|attente de retrait|\bnotifie|"
     r"\bnotified|\bdisponible", "presented"),
    (r"\bdepose|\bdepot|pris en charge|prise en charge|\bposted|\bdeposited|handed in",
     "deposited"),
)  # fmt: skip
_STATUSES = tuple((re.compile(words), kind) for words, kind in _WORDS)


def status_kind(text: str) -> EventKind | None:
    """What a status in the words of the post says; None when it is not known.

    "Retourné à l'expéditeur" alone is not: it may have been refused, unclaimed or unknown there.
    """
    words = re.sub(r"[^a-z0-9]+", " ", plain(text))
    return next((kind for pattern, kind in _STATUSES if pattern.search(words)), None)
