"""Days that people name in French and English, resolved against a reference day.

"fin de mois", "sous huitaine", "next Friday", "le 15", "14/12". What can be read in two ways is
found but carries no day: a wrong day costs a customer, a missing one costs a key press.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from amiable.core.replies.day_words import FULL_DAYS, MONTHS, NUMBERS, WEEKDAYS, M, N, W
from amiable.core.replies.proposals import Language
from amiable.core.replies.wording import fold

MAX_CHARS = 3000  # whoever names a day or a sum does it before that
MAX_DAYS = 50
_BARE_DAY = re.compile(r"(?:on )?(?:le|au|the) \d{1,2}(?:er|st|nd|rd|th)?")
_FARTHEST = 300  # days: a date without its year that lies farther is a date of the past


@dataclass(frozen=True, slots=True)
class NamedDay:
    """Words of a text that name a day; `day` is None when they can be read in two ways."""

    start: int
    end: int
    day: date | None


@dataclass(frozen=True, slots=True)
class _Context:
    on: date
    month_first: bool | None  # of 5/12; None = nobody knows
    past: bool


_Reader = Callable[[re.Match[str], _Context], date | None]


def named_days(
    text: str, *, on: date, language: Language = "fr", past: bool = False
) -> list[NamedDay]:
    """Days named in a text, in its order, without overlaps.

    `on` is the day it was written; `past` reads days without a year as gone by ("paid on the
    15th"), else as to come. In English 5/12 is nobody knows which: no day.
    """
    folded = fold(text[:MAX_CHARS])
    context = _Context(on, _month_first(folded, language), past)
    taken = bytearray(len(folded))
    found: list[NamedDay] = []
    for pattern, reader in _PATTERNS:
        for match in pattern.finditer(folded):
            start, end = match.span()
            if len(found) == MAX_DAYS or any(taken[start:end]):
                continue
            taken[start:end] = b"\1" * (end - start)
            found.append(NamedDay(start, end, _plausible(reader(match, context), on)))
    found.sort(key=lambda one: one.start)
    return found if past else _in_turn(found, folded)


def _in_turn(found: list[NamedDay], folded: str) -> list[NamedDay]:
    """ "Le 10 et le 25", written on the 24th: the 25th is the one that follows the 10th."""
    result: list[NamedDay] = []
    for one in found:
        day, before = one.day, result[-1].day if result else None
        bare = _BARE_DAY.fullmatch(folded[one.start : one.end])
        if day and before and bare and day < before and day.day > before.day:
            day = _date(before.year, before.month, day.day)
        result.append(NamedDay(one.start, one.end, day))
    return result


def _month_first(folded: str, language: Language) -> bool | None:
    """In English, where one numeric date can be read in one way only the others are read alike."""
    if language != "en":
        return False
    pairs = re.findall(r"\b([0-3]?\d)/([0-3]?\d)\b", folded)[:MAX_DAYS]
    seen = {int(second) > 12 for first, second in pairs if max(int(first), int(second)) > 12}
    return seen.pop() if len(seen) == 1 else None


def _plausible(day: date | None, on: date) -> date | None:
    return day if day and abs((day - on).days) <= 800 else None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _year(text: str | None) -> int | None:
    if not text:
        return None
    return int(text) if len(text) == 4 else 2000 + int(text)


def _nearest(month: int, day: int, context: _Context) -> date | None:
    """The year that a day and month mean: the next ones, or the last ones of the past."""
    years = range(context.on.year - 1, context.on.year + 2)
    days = [found for year in years if (found := _date(year, month, day))]
    if context.past:
        gone = [one for one in days if one <= context.on]
        return gone[-1] if gone and (context.on - gone[-1]).days <= _FARTHEST else None
    ahead = [one for one in days if one >= context.on]
    return ahead[0] if ahead and (ahead[0] - context.on).days <= _FARTHEST else None


def _iso(found: re.Match[str], _context: _Context) -> date | None:
    return _date(int(found[1]), int(found[2]), int(found[3]))


def _numeric(found: re.Match[str], context: _Context) -> date | None:
    first, second, year = int(found["a"]), int(found["b"]), _year(found["y"])
    month_first = context.month_first if found["s"] == "/" else False
    if month_first is None and first != second and max(first, second) <= 12:
        return None  # 5/12: the fifth of December or May the twelfth
    day, month = (second, first) if month_first else (first, second)
    resolved = _date(year, month, day) if year else _with_month(month, day, context)
    return _agreeing(resolved, found["w"])


def _with_month(month: int, day: int, context: _Context) -> date | None:
    return _nearest(month, day, context) if 1 <= month <= 12 else None


def _agreeing(day: date | None, weekday: str | None) -> date | None:
    """None when the weekday that stands before contradicts the date."""
    if day and weekday and WEEKDAYS[weekday.rstrip(".")] != day.weekday():
        return None
    return day


def _worded(found: re.Match[str], context: _Context) -> date | None:
    month, day = MONTHS[found["m"].rstrip(".")], int(found["d"])
    year = _year(found["y"])
    resolved = _date(year, month, day) if year else _nearest(month, day, context)
    return _agreeing(resolved, found["w"])


def _day_of_month(found: re.Match[str], context: _Context) -> date | None:
    day, which = int(found["d"]), found["which"] or ""
    if not 1 <= day <= 31:
        return None
    offset = 1 if re.search("prochain|next|suivant", which) else 0
    if which:
        return _in_month(context.on, offset, day)
    if context.past:
        this = _in_month(context.on, 0, day)
        return this if this and this <= context.on else _in_month(context.on, -1, day)
    this = _in_month(context.on, 0, day)
    resolved = this if this and this >= context.on else _in_month(context.on, 1, day)
    return _agreeing(resolved, found["w"])


def _in_month(on: date, offset: int, day: int) -> date | None:
    month = on.month - 1 + offset
    return _date(on.year + month // 12, month % 12 + 1, day)


def _weekday(found: re.Match[str], context: _Context) -> date | None:
    wanted, on = WEEKDAYS[found["w"]], context.on
    before, after = found["before"] or "", found["after"] or ""
    if context.past or re.search("dernier|passe|last", before + after):
        return on - timedelta((on.weekday() - wanted - 1) % 7 + 1)
    coming = on + timedelta((wanted - on.weekday() - 1) % 7 + 1)
    if re.search("semaine prochaine|next week", after):
        return on + timedelta(7 - on.weekday() + wanted)
    if "en quinze" in after:
        return coming + timedelta(14)
    if "en huit" in after or "week" in before + after:
        return coming + timedelta(7)
    if "next" in before and coming.isocalendar().week == on.isocalendar().week:
        return None  # of this week or of the next: speakers differ
    return coming


def _relative(found: re.Match[str], context: _Context) -> date | None:
    word = found["n"]
    count = int(word) if word.isdecimal() else NUMBERS[word]
    if not count:
        return None
    unit = found["unit"]
    if unit.startswith(("h", "H")):
        return context.on + timedelta(count // 24) if count % 24 == 0 else None
    if re.match("working|business|jours? ouvr", unit):
        return _working(context.on, count) if count <= 60 else None
    if unit.startswith(("mois", "month")):
        return _months_later(context.on, -count if found["ago"] else count)
    days = count * (7 if unit.startswith(("sem", "week")) else 1)
    return context.on + timedelta(-days if found["ago"] else days)


def _working(on: date, count: int) -> date:
    """Monday to Friday; holidays are the reader's business."""
    day = on
    while count:
        day += timedelta(1)
        count -= day.weekday() < 5
    return day


def _months_later(on: date, count: int) -> date | None:
    month = on.month - 1 + count
    year, number = on.year + month // 12, month % 12 + 1
    return _date(year, number, min(on.day, monthrange(year, number)[1]))


def _end_of_month(found: re.Match[str], context: _Context) -> date | None:
    on, name = context.on, found["m"]
    if name:
        month = MONTHS[name.rstrip(".")]
        turn = (
            -1 if context.past and month > on.month else int(not context.past and month < on.month)
        )
        year = _year(found["y"]) or on.year + turn
        return _date(year, month, monthrange(year, month)[1])
    month = on.month - 1 + bool(re.search("prochain|next|suivant", found[0]))
    year, number = on.year + month // 12, month % 12 + 1
    return _date(year, number, monthrange(year, number)[1])


def _middle_of_month(found: re.Match[str], context: _Context) -> date | None:
    return _nearest(MONTHS[found["m"].rstrip(".")], 15, context)


def _end_of_week(found: re.Match[str], context: _Context) -> date | None:
    friday = context.on + timedelta((4 - context.on.weekday()) % 7)
    return friday + timedelta(7 if re.search("prochaine|next", found[0]) else 0)


def _week_number(found: re.Match[str], context: _Context) -> date | None:
    """The Friday of a numbered week: of this year, or of the next when it is over."""
    number, on = int(found["n"] or found["n2"]), context.on
    for year in (on.isocalendar().year, on.isocalendar().year + 1):
        try:
            friday = date.fromisocalendar(year, number, 5)
        except ValueError:
            continue
        if friday >= on and (friday - on).days <= _FARTHEST:
            return friday
    return None


def _week_of(found: re.Match[str], context: _Context) -> date | None:
    """ "La semaine du 7 décembre": its Friday."""
    first = _worded(found, context) if found["m"] else _day_of_month(found, context)
    return first + timedelta(4 - first.weekday()) if first and first.weekday() < 5 else None


def _weekend(found: re.Match[str], context: _Context) -> date | None:
    sunday = context.on + timedelta(6 - context.on.weekday())
    return sunday + timedelta(7 if re.search("prochain|next", found[0]) else 0)


def _christmas(found: re.Match[str], context: _Context) -> date | None:
    return _nearest(12, 24 if re.match("avant|before|by", found[0]) else 25, context)


def _last_of_month(found: re.Match[str], context: _Context) -> date | None:
    last = _in_month(context.on, 0, monthrange(context.on.year, context.on.month)[1])
    name = found["w"]
    if last is None or not name:
        return last
    return last - timedelta((last.weekday() - WEEKDAYS[name]) % 7)


def _end_of_year(_found: re.Match[str], context: _Context) -> date | None:
    return date(context.on.year, 12, 31)


_STEPS = (
    ("day after|apres[- ]demain", 2),
    ("day before|avant[- ]hier", -2),
    ("hier|yesterday", -1),
    ("demain|tomorrow|tmrw", 1),
)


def _close(found: re.Match[str], context: _Context) -> date | None:
    steps = (step for words, step in _STEPS if re.search(words, found[0]))
    return context.on + timedelta(next(steps, 0))


def _fixed(days: int) -> _Reader:
    return lambda _found, context: context.on + timedelta(days)


def _vague(_found: re.Match[str], _context: _Context) -> date | None:
    return None


_PATTERNS: tuple[tuple[re.Pattern[str], _Reader], ...] = tuple(
    (re.compile(pattern), reader)
    for pattern, reader in (
        # Terms of payment, counted from the invoice: no day of their own.
        (r"\b\d{1,3} ?(?:j|jours?|days?)(?: nets?)?,? (?:from )?(?:le |the )?(?:fin (?:de|du) mois|"
         r"end of (?:the )?month|eom|fdm)\b", _vague),
        (r"\b(?:semaine|sem\.?|week|wk) ?(?:n[°o]\.? ?)?(?P<n>[0-5]?\d)\b(?![.,/:]?\d)|"
         r"\bs(?P<n2>[0-5]\d)\b", _week_number),
        (rf"\b(?:(?:la )?semaine du|(?:the )?week (?:of|beginning|commencing)|w/c)"
         rf"(?P<w>) (?:the )?(?:{FULL_DAYS})? ?(?P<d>[0-3]?\d)(?:er|st|nd|rd|th)?(?P<which>)"
         rf"(?: (?P<m>{M}))?(?: (?P<y>20\d\d))?\b", _week_of),
        (r"\b(?:ce |le |this |next |over the |at the )?week-?end(?! of)(?: prochain)?\b",
         _weekend),
        (r"\b(?:avant |before |by )?(?:la |le )?(?:noel|christmas|xmas)\b", _christmas),
        (rf"\b(?:le )?dernier (?:jour|(?P<w>{FULL_DAYS})) (?:du|de ce) mois\b(?! prochain)",
         _last_of_month),
        (rf"\b(?:the )?last (?:day|(?P<w>{FULL_DAYS})) of the month\b", _last_of_month),
        (r"\b(20\d\d)-([01]?\d)-([0-3]?\d)\b", _iso),
        (rf"\b(?:(?P<w>{W}),? )?(?:le |the )?(?P<a>[0-3]?\d) ?"
         r"(?P<s>[/.]|-(?=[01]?\d-)) ?(?P<b>[0-3]?\d)"
         r"(?:(?P=s)(?P<y>20\d\d|\d\d))?\b(?![.,/]?\d| ?(?:€|eur|%))", _numeric),
        (rf"\b(?:(?P<w>{W}),? )?(?:le |the )?(?P<d>[0-3]?\d)(?:er|st|nd|rd|"
         rf"th|\.)?(?: of| de)?[ -]?(?P<m>{M})"
         r"(?:,? ?(?:de )?(?P<y>20\d\d)\b)?", _worded),
        (rf"\b(?:(?P<w>{W}),? )?(?P<m>{M}) (?:the )?"
         r"(?:[0-3]?\d(?:st|nd|rd|th)? ?(?:-|–|to|through) ?)?"
         r"(?P<d>[0-3]?\d)(?:st|nd|rd|th)?\b"
         r"(?:,? (?P<y>20\d\d)\b)?(?![.,/]?\d)", _worded),
        (rf"\b(?:(?:en |a |at )?(?:la |the )?(?:fin|end)(?: du mois)?(?: de| d'|"
         rf" of)?(?: the)?(?: mois de)? "
         rf"?)(?P<m>{M})(?: (?P<y>20\d\d)\b)?", _end_of_month),
        (r"\b(?:fin (?:du |de |ce |de ce )?mois|end of (?:the |this |next )?month|month[- ]end|eom)"
         r"\b(?: prochain| suivant)?(?P<m>)(?P<y>)", _end_of_month),
        (rf"\b(?:mi|mid)[- ](?P<m>{M})", _middle_of_month),
        (rf"\b(?:(?:au |le )?(?:tout )?debut(?: du mois)?(?: de| d')?|(?:early|late|beginning of|"
         rf"courant)"
         rf"(?: in)?) ?(?:{M}|(?:le |the )?(?:mois|month|semaine|"
         rf"week)\b(?: prochaine?)?)", _vague),
        (r"\b(?:(?:en |a |d'ici )?(?:la )?fin de (?:la |cette )?semaine|end of (?:the |this |"
         r"next )?week|"
         r"week'?s? end)\b(?: prochaine)?", _end_of_week),
        (r"\b(?:fin (?:de l')?(?:d')?annee|end of (?:the |this )?year|"
         r"year[- ]end)\b", _end_of_year),
        (r"\bsous huitaine\b|\bdans la huitaine\b|\bd'ici (?:une )?huitaine\b|"
         r"\bsous une huitaine\b",
         _fixed(8)),
        (r"\bsous quinzaine\b|\bdans (?:la|une) quinzaine\b|\bd'ici (?:une )?quinzaine\b|"
         r"\bsous une quinzaine\b|\b(?:in|within) a fortnight\b", _fixed(15)),
        (rf"\b(?:dans|sous|d'ici|in|within|d ici)(?: les| un delai de| the next| environ| about)? "
         rf"(?P<n>{N}) ?(?P<unit>(?:working|business) days?|jours? ouvr[a-z]{{1,4}}|h(?:eures?|"
         rf"ours?|rs)?\b|"
         r"j(?:ours?)?\b|days?|semaines?|sem\b|weeks?|mois|months?)(?P<ago>)", _relative),
        (rf"\b(?P<ago>il y a (?:deja )?)(?P<n>{N}) (?P<unit>jours?|semaines?|mois)\b", _relative),
        (rf"\b(?P<n>{N}) (?P<unit>days?|weeks?|months?)(?P<ago> ago)\b", _relative),
        (r"\b(?:aujourd'?hui|ce jour\b|ce soir|ce matin|cet(?:te)? apres|today|tonight|"
         r"this morning|"
         r"this afternoon|(?:the )?day after tomorrow|apres[- ]demain|avant[- ]hier|hier|yesterday|"
         r"(?:day before yesterday)|demain|tomorrow|tmrw|eod)\b", _close),
        (rf"\b(?P<w>{FULL_DAYS}),? (?:le |the )?(?P<d>[0-3]?\d)(?:er|st|nd|rd|th)?\b(?P<which>)"
         r"(?![.,/:]?\d| ?(?:h\b|h\d|€|eur|%|heures?|am\b|pm\b|k\b|x\b|fois\b))", _day_of_month),
        (rf"\b(?P<before>next |last |this |ce |le |(?:a )?week on |on |by )?(?P<w>{FULL_DAYS})\b"
         r"(?P<after> (?:(?:de |of )?(?:la )?(?:semaine prochaine|next week)|prochain|qui vient|"
         r"dernier|passe|en huit|en quinze|week)\b)?", _weekday),
        (rf"\b(?:(?P<w>{W}) )?(?:le|du|au|the) (?P<d>[0-3]?\d)(?:er|st|nd|rd|th)?\b"
         rf"(?![.,/:]?\d|[h%€]|"
         rf"\d| ?(?:€|eur|%"
         r"|h\b|heures?|jours?|days?|factures?|invoices?|rue|avenue|mois\b))(?P<which> (?:du |"
         r"de |of )?(?:ce |this "
         r"|next |the next )?(?:mois|month|courant)(?: prochain| suivant)?)?", _day_of_month),
        (r"\b(?:on|by|for|before) (?:(?P<w>)the )?(?P<d>[0-3]?\d)(?:st|nd|rd|th)\b(?P<which>)",
         _day_of_month),
        (r"\b(?:la )?semaine prochaine\b|\bnext week\b|\b(?:le )?mois prochain\b|\bnext month\b|"
         r"\bprochainement\b|\bdes que possible\b|\bsoon\b|\basap\b|\bce mois[- ]ci\b|"
         r"\bthis month\b|"
         r"\bcette semaine\b|\bthis week\b|\bdans (?:le courant de )?la semaine\b|"
         r"\bsous peu\b|\bshortly\b|"
         r"\bdans les (?:prochains )?jours\b|\bin the coming days\b", _vague),
    )
)  # fmt: skip
