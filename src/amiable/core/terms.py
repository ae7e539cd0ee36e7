"""Payment terms: from the words of a contract to a due date.

"45 jours fin de mois" has two lawful readings (DGCCRF, CEPC): A adds the days, then goes to the
end of the month; B goes to the end of the month, then adds the days. A text that states the order
("fin de mois 45 jours") is B; otherwise the caller chooses. An unreadable text is an error.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from amiable.core.numbers import plain
from amiable.core.sentences import Sentence, declare, gettext_noop

Reading = Literal["A", "B"]

declare(
    {
        "term.unreadable": gettext_noop(
            "“{value}” is not a payment term. Write it like “30 days net”, “45 days end of month” "
            "or “on receipt”, or give the due date."
        ),
        "term.above_net_cap": gettext_noop(
            "{days} days net is above the legal maximum of 60 days from the invoice date "
            "(French commercial code, L441-10)."
        ),
        "term.above_month_cap": gettext_noop(
            "{days} days end of month is above the legal maximum of 45 days end of month "
            "(French commercial code, L441-10)."
        ),
    }
)

NET_CAP_DAYS = 60  # C. com. L441-10 I
MONTH_CAP_DAYS = 45  # C. com. L441-10 I
_LONGEST_DAYS = 365

_ON_RECEIPT = re.compile(
    r"(?:paiement |payable |due )?(?:comptant|cash|immediate?|(?:a |on |upon |des )?"
    r"(?:reception|receipt)(?: (?:de |of )?(?:la |the )?(?:facture|invoice))?)"
)
_UNIT = r"(?:j|jrs?|jours?|d|days?)"
_MONTH_END = r"(?:fin (?:de |du )?mois|fdm|fm|eom|end (?:of )?(?:the )?month)"
_ON_DAY = r"(?: (?:le |the |on the )(?P<day>\d{1,2})(?:th)?)?"
_READING = r"(?: \(?(?P<reading>[ab])\)?)?"
_NET = re.compile(
    rf"(?:net |a |sous |within )?(?:net )?(?P<days>\d{{1,3}}) ?{_UNIT}?(?: nets?)?"
    r"(?: (?:date )?(?:de |d')?(?:la )?(?:facture|facturation|emission)| from (?:the )?invoice"
    r"(?: date)?| invoice date)?"
)
_DAYS_FIRST = re.compile(
    rf"(?:a |net )?(?P<days>\d{{1,3}}) ?{_UNIT}?(?: nets?)? ?{_MONTH_END}{_ON_DAY}{_READING}"
)
_MONTH_FIRST = re.compile(rf"{_MONTH_END} ?\+? ?(?P<days>\d{{1,3}}) ?{_UNIT}?(?: nets?)?{_ON_DAY}")
_MONTH_ONLY = re.compile(rf"(?:a )?{_MONTH_END}{_ON_DAY}")


class TermError(ValueError):
    """A text that is not a payment term."""


@dataclass(frozen=True, slots=True)
class Term:
    """`days` after the invoice; optionally to the end of the month, then to the next `day`."""

    days: int
    end_of_month: bool = False
    reading: Reading = "A"
    day: int | None = None


def parse_term(text: str, reading: Reading = "A") -> Term:
    """The term a text states. `reading` decides "45 days end of month" when the text does not.

    Raises TermError when the text is not understood, or is longer than a year.
    """
    words = plain(text[:80]).replace("f.d.m", "fdm").replace("e.o.m", "eom")
    words = " ".join(re.sub(r"[.,;:]", " ", words).replace("’", "'").split())
    if _ON_RECEIPT.fullmatch(words):
        return Term(0)
    if found := _NET.fullmatch(words):
        return _term(found, end_of_month=False, reading="A")
    if found := _MONTH_FIRST.fullmatch(words):
        return _term(found, end_of_month=True, reading="B")
    if found := _DAYS_FIRST.fullmatch(words):
        stated = found["reading"]
        chosen: Reading = reading if stated is None else ("A" if stated == "a" else "B")
        return _term(found, end_of_month=True, reading=chosen)
    if found := _MONTH_ONLY.fullmatch(words):
        return _term(found, end_of_month=True, reading="A")
    raise TermError(text)


def due_date(term: Term, issued: date) -> date:
    """The due date of an invoice issued on `issued`; never moved for weekends (contract law)."""
    if not term.end_of_month:
        return issued + timedelta(days=term.days)
    if term.reading == "A":
        due = month_end(issued + timedelta(days=term.days))
    else:
        due = month_end(issued) + timedelta(days=term.days)
    return due if term.day is None else _next_day(due, term.day)


def legal_warning(term: Term) -> Sentence | None:
    """What to report about a term between professionals above its cap (L441-10 I), or None."""
    if term.end_of_month and term.days > MONTH_CAP_DAYS:
        return Sentence("term.above_month_cap", {"days": term.days})
    if not term.end_of_month and term.days > NET_CAP_DAYS:
        return Sentence("term.above_net_cap", {"days": term.days})
    return None


def month_end(day: date) -> date:
    """The last day of the month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _term(found: re.Match[str], *, end_of_month: bool, reading: Reading) -> Term:
    groups = found.groupdict()
    days = int(groups.get("days") or 0)
    day = int(groups["day"]) if groups.get("day") else None
    if days > _LONGEST_DAYS or (day is not None and not 1 <= day <= 31):
        raise TermError(found.string)
    return Term(days, end_of_month, reading, day)


def _next_day(after: date, day: int) -> date:
    """The first `day`-th of a month after `after`; a shorter month counts by its last day."""
    candidate = after
    for _ in range(2):
        last = month_end(candidate)
        fitting = candidate.replace(day=min(day, last.day))
        if fitting > after:
            return fitting
        candidate = last + timedelta(days=1)
    return candidate.replace(day=min(day, month_end(candidate).day))
