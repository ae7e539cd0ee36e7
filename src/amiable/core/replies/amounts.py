"""Amounts that people name in free text: "1 200,50 €", "EUR 300", "la somme de 500", "2 k€"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from amiable.core.money import AmountError, Money, minor
from amiable.core.numbers import DecimalMark, ParseError, amount
from amiable.core.replies.proposals import Language
from amiable.core.replies.wording import fold

MAX_CHARS = 3000  # whoever names a day or a sum does it before that
MAX_AMOUNTS = 50
_SYMBOLS = {"€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "e": "EUR", "$": "USD",
            "usd": "USD", "£": "GBP", "gbp": "GBP", "chf": "CHF", "cad": "CAD",
            "$ca": "CAD", "balles": "EUR", "quid": "GBP", "pounds": "GBP"}  # fmt: skip
_UNIT = r"(?:€|euros?|eur|\$ca|\$|usd|£|gbp|chf|cad|balles|quid|pounds)"
_NUMBER = r"\d{1,3}(?:[ '.,]\d{3}){1,4}(?:[.,]\d{1,2})?|\d{1,9}(?:[.,]\d{1,3})?"
_AMOUNT = re.compile(
    rf"(?<![\w.,/-])(?P<before>{_UNIT} ?)?(?P<number>{_NUMBER})(?P<kilo> ?k(?![a-z]))?"
    rf"(?: ?(?P<after>{_UNIT}|(?<=\d)e)(?![a-z])(?P<cents>\d\d(?!\d))?)?(?![\d/%-])"
)
# Words after which a bare number is an amount.
_LEAD = re.compile(
    r"(?:somme|montant|acompte|versement|virement|reglement|paiement|cheque|solde|total|amount|sum|"
    r"payment|transfer|deposit|instal?l?ment|balance|check|verser|payer|regler|paie|verse|pay|"
    r"paying)"
    r"(?:s)? (?:de |d'un montant de |of |for |total |partiel de |a hauteur de |vous )?$"
)
# A bare number with a day right behind it: "200 le 5", "300 on the 20th".
_DATED = re.compile(r" (?:pour |avant )?(?:le|on|by|au) (?:the )?(?:\w+di |\w+day )?\d{1,2}\b")
_NUMBERED = re.compile(
    r"(?:facture|invoice|inv|commande|order|ref|dossier|n|no|numero|number|rue|fa)"
    r"\W{0,3}$"
)
# One group of three behind the mark that is the decimal one in the language of the text.
_OTHER = {"en": r"\d{1,3}\.\d{3}", "fr": r"\d{1,3},\d{3}", "": r"\d{1,3}[.,]\d{3}"}
_SHARES = (
    (r"\bla moitie\b|\bmoitie\b|\bhalf\b", 50), (r"\ble tiers\b|\bun tiers\b|\ba third\b", 33),
    (r"\bun quart\b|\ba quarter\b", 25), (r"\bles deux tiers\b|\btwo thirds\b", 67),
)  # fmt: skip
_PERCENT = re.compile(r"(?<![\d.,])(\d{1,2}) ?%")


@dataclass(frozen=True, slots=True)
class NamedAmount:
    """Words of a text that name an amount; `money` is None when they can be read in two ways."""

    start: int
    end: int
    money: Money | None


def named_amounts(
    text: str, *, language: Language = "fr", currency: str = "EUR"
) -> list[NamedAmount]:
    """Amounts in a text, in its order: with a currency, with two decimals, or after a telling word.

    `currency` is that of amounts without one. "1.200 €" is read in French, "1,200" in English;
    the other way round each could mean two things and carries no money.
    """
    folded = fold(text[:MAX_CHARS])
    found: list[NamedAmount] = []
    for match in _AMOUNT.finditer(folded):
        if len(found) == MAX_AMOUNTS or not _is_amount(folded, match):
            continue
        found.append(NamedAmount(match.start(), match.end(), _money(match, language, currency)))
    return found


def named_share(text: str) -> int | None:
    """Percent of the debt, in words or below 100 as a percentage; None when none or several."""
    folded = fold(text[:MAX_CHARS])
    shares = {pct for pattern, pct in _SHARES if re.search(pattern, folded)}
    shares |= {int(found) for found in _PERCENT.findall(folded) if int(found)}
    return shares.pop() if len(shares) == 1 else None


def _is_amount(folded: str, match: re.Match[str]) -> bool:
    if match["before"] or match["after"]:
        return True
    number = match["number"]
    if re.search(r"[.,]\d\d$", number) and not re.fullmatch(r"\d{1,2}\.\d\d", number):
        return True  # 10.30 may be an hour or a day
    before = folded[max(0, match.start() - 60) : match.start()]
    dated = re.fullmatch(r"\d{2,6}", number) and _DATED.match(folded, match.end())
    return bool(_LEAD.search(before) or (dated and not _NUMBERED.search(before)))


def _money(match: re.Match[str], language: Language, currency: str) -> Money | None:
    unit = (match["before"] or match["after"] or "").strip()
    code = _SYMBOLS.get(unit, currency)
    if unit == "$" and currency == "CAD":
        code = "CAD"
    mark: DecimalMark = "." if language == "en" else ","
    try:
        value, _ = amount(match["number"], mark)
        if not match["kilo"] and re.fullmatch(_OTHER[language], match["number"]):
            return None
        if match["kilo"]:
            value *= Decimal(1000)
        if match["cents"]:
            value += Decimal(match["cents"]) / 100
        return Money(minor(value, code), code) if value > 0 else None
    except (ParseError, AmountError):
        return None
