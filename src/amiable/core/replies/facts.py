"""Facts that a reply states for its intent: day, amount, reason, means, whom to write to.

A fact that can be read in two ways is left out: the person who confirms fills it in.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from typing import cast

from amiable.core.replies.absences import absent_until, other_contact
from amiable.core.replies.amounts import NamedAmount, named_amounts, named_share
from amiable.core.replies.days import MAX_CHARS, NamedDay, named_days
from amiable.core.replies.phrases import phrases_in
from amiable.core.replies.proposals import (
    MOST_PARTS,
    DisputeReason,
    Facts,
    Label,
    Language,
    Means,
    Part,
    Span,
)
from amiable.core.replies.wording import fold

_REASONS: tuple[tuple[str, DisputeReason], ...] = (
    ("dispute.duplicate", "duplicate"), ("dispute.quality", "quality"),
    ("dispute.not_delivered", "delivery"), ("dispute.late", "delivery"),
    ("dispute.document", "missing_document"), ("dispute.quantity", "quantity"),
    ("dispute.price", "price"), ("dispute.credit", "other"), ("dispute.contest", "other"),
)  # fmt: skip
_MEANS: tuple[tuple[Means, str], ...] = (
    ("transfer", r"\bvir(?:e|er|ement|ements|ee|ons)\b|\btransfer\w*|\bwire[ds]?\b|interac|"
     "\bsepa\b|\bbacs\b"),
    ("card", r"\bcb\b|carte|\bcard\b|en ligne|online|bancontact|amex"),
    ("cheque", r"\bcheques?\b|\bcheck (?:no|n|for|was|in|of)\b|\b(?:a|the|our|by|your) check\b"),
    ("direct_debit", r"preleve?(?:ment|e)?s?\b|direct debit"),
    ("cash", r"\bespeces?\b|\bcash\b(?! flow| is| left)|liquide\b"),
)  # fmt: skip
# A day or an amount of the invoice, not of the payment.
_OF_INVOICE = re.compile(
    r"(?:facture|invoice|relance|reminder|courrier|mail|email|letter|message|commande|order|"
    r"avoir|devis|"
    r"quote|echeance|due)(?: \S+){0,3} (?:du|de|of|dated|from|en date du|le)? ?$"
)
_NO_PROMISE = re.compile(
    r"(?:au lieu de|instead of|devis(?: \w+)? (?:de|:)|not|avoir (?:de|d'un montant de)|"
    r"credit note (?:of|for)|(?:facture|invoice)(?: \S+){0,5} (?:de|of|for)) $"
)

_CLAUSE = re.compile(
    r"[.!?;:,\n]|\b(?:mais|but|par contre|en revanche|however|plutot|rather|instead|sinon|"
    r"otherwise|et je|and i|et nous|and we|donc|so)\b"
)
_NEGATED = re.compile(
    r"\b(?:pas|jamais|impossible|incapable|aucun|not|never|cannot|cant|wont|unable|sans)\b|n't\b"
)
_NO_NEGATION = re.compile(
    r"(?:pas de |aucun |no )(?:souci|probleme|inquietude|stress)|n'(?:ai|avons) pas oublie|not? "
    r"(?:a problem|worries|forgotten)|haven't forgotten|pas plus tard|not? later|sans faute|"
    r"sans attendre|without (?:fail|delay)"
)


def facts_of(
    text: str, label: Label, *, on: date, language: Language, currency: str
) -> tuple[Facts, list[Span]]:
    """(facts of one intent, where in the text they are said)."""
    if label in {"promise", "hardship"}:
        return _money(text, on=on, language=language, currency=currency, past=False)
    if label == "already_paid":
        facts, spans = _money(text, on=on, language=language, currency=currency, past=True)
        return facts, spans
    if label == "dispute":
        return _dispute(text, language=language, currency=currency)
    if label == "absence":
        day, span = absent_until(text, on=on)
        contact, place = other_contact(text)
        return Facts(day=day, contact=contact), [one for one in (span, place) if one[1]]
    if label == "wrong_contact":
        contact, place = other_contact(text)
        return Facts(contact=contact), [place] if place[1] else []
    return Facts(), []


def _money(
    text: str, *, on: date, language: Language, currency: str, past: bool
) -> tuple[Facts, list[Span]]:
    folded = fold(text[:MAX_CHARS])
    days = [
        one
        for one in named_days(text, on=on, language=language or "fr", past=past)
        if not _OF_INVOICE.search(folded[max(0, one.start - 60) : one.start])
        and (past or not _is_negated(folded, one.start))
    ]
    day = _one_day(days, on, past=past)
    amounts = [
        one
        for one in named_amounts(text, language=language or "fr", currency=currency)
        if not _NO_PROMISE.search(folded[max(0, one.start - 60) : one.start])
    ]
    amount = amounts[0] if len(amounts) == 1 else _nearest_amount(folded, amounts, day)
    means, place = _means(folded)
    parts = [] if past else _parts(folded, amounts, days, on)
    if parts:
        day, amount = parts[0]
    facts = Facts(
        day=day.day if day else None,
        amount=amount.money if amount else None,
        share_pct=None if amount else named_share(text),
        means=means,
        later=tuple(
            Part(then.day, sum_.money) for then, sum_ in parts[1:] if then.day and sum_.money
        ),
    )
    named = [day, amount] if not parts else [one for pair in parts for one in pair]
    said = [(one.start, one.end) for one in named if one]
    # Further instalments are shown too: the person who confirms sees the whole offer.
    later = [(one.start, one.end) for one in days if one.day and day and not (past or parts)]
    return facts, [*said, *later, *([place] if place[1] else [])]


def _is_negated(folded: str, start: int) -> bool:
    """Whether what is said of a day is that nothing happens on it: "I cannot pay on the 15th"."""
    before = folded[max(0, start - 120) : start]
    ends = [found.end() for found in _CLAUSE.finditer(before)]
    clause = _NO_NEGATION.sub(" ", before[ends[-1] if ends else 0 :])
    return _NEGATED.search(clause) is not None


def _one_day(days: list[NamedDay], on: date, *, past: bool) -> NamedDay | None:
    """The only day of the right direction; when there are several, the first of instalments."""
    if any(one.day is None for one in days) and not past and len(days) == 1:
        return None
    fitting = [
        one
        for one in days
        if one.day and (one.day <= on if past else on <= one.day <= on + timedelta(400))
    ]
    different = {one.day for one in fitting}
    if past and len(different) > 1:
        return None
    return min(fitting, key=lambda one: (one.day or on, one.start)) if fitting else None


def _parts(
    folded: str, amounts: list[NamedAmount], days: list[NamedDay], on: date
) -> list[tuple[NamedDay, NamedAmount]]:
    """A promise in several parts, each a day with the amount in the same breath, in the order of
    the days: "200 on the 5th and 300 on the 20th". Empty when any of it can be read in two ways."""
    fitting = [one for one in days if one.day and on <= one.day <= on + timedelta(400)]
    several = 2 <= len(fitting) <= MOST_PARTS and len(fitting) == len(days) == len(amounts)
    if not several or len({one.day for one in fitting}) < len(fitting):
        return []
    pairs = list(zip(sorted(fitting, key=_start), sorted(amounts, key=_start), strict=True))
    # Always the amount first, or always the day: "200 le 5 et 300 le 20", "le 5 200, le 20 300".
    leading = {amount.start < day.start for day, amount in pairs}
    gaps = [
        folded[min(day.end, amount.end) : max(day.start, amount.start)] for day, amount in pairs
    ]
    if len(leading) > 1 or any(len(gap) > 40 or re.search(r"[.;\n]", gap) for gap in gaps):
        return []
    if any(amount.money is None for _, amount in pairs):
        return []
    return sorted(pairs, key=lambda pair: pair[0].day or on)


def _start(named: NamedDay | NamedAmount) -> int:
    return named.start


def _nearest_amount(
    folded: str, amounts: list[NamedAmount], day: NamedDay | None
) -> NamedAmount | None:
    """Of several amounts the one in the same breath as the day; none when that is not plain."""
    if day is None:
        return None
    gaps = {
        one: folded[one.end : day.start] if one.end <= day.start else folded[day.end : one.start]
        for one in amounts
    }
    near = [one for one, gap in gaps.items() if len(gap) <= 40]
    joined = [one for one in near if not re.search(r"\b(?:et|puis|and|then)\b|[,;.]", gaps[one])]
    near = joined or near
    return near[0] if len(near) == 1 else None


def _dispute(text: str, *, language: Language, currency: str) -> tuple[Facts, list[Span]]:
    names = Counter(name for name, _, _ in phrases_in(fold(text[:MAX_CHARS])))
    reason = next((reason for name, reason in _REASONS if names[name]), None)
    amounts = named_amounts(text, language=language or "fr", currency=currency)
    money = amounts[0].money if len(amounts) == 1 and reason in {"price", "other"} else None
    spans = [(amounts[0].start, amounts[0].end)] if money else []
    return Facts(dispute_reason=cast(DisputeReason, reason or "other"), amount=money), spans


def _means(folded: str) -> tuple[Means, Span]:
    found = [
        (means, match.span()) for means, pattern in _MEANS if (match := re.search(pattern, folded))
    ]
    return found[0] if len(found) == 1 else ("", (0, 0))
