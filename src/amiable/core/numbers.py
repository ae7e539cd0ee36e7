"""Amounts and dates as people type them, in French and English files.

An amount is read only when one reading is possible; "1.234" is read by the convention the rest
of its file proves, and refused when nothing proves it. Never a float, never a default.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Literal

from amiable.core.sentences import declare, gettext_noop

DecimalMark = Literal[",", ".", ""]
DayOrder = Literal["dmy", "mdy", "ymd"]

declare(
    {
        "amount.unreadable": gettext_noop(
            "“{value}” is not an amount. Write it like 1252.23 or 1 252,23."
        ),
        "amount.ambiguous": gettext_noop(
            "“{value}” can be read in two ways and nothing in the file tells which. "
            "Write it with two decimals."
        ),
        "amount.decimals": gettext_noop(
            "“{value}” has more decimals than {currency} allows. Round it in the source."
        ),
        "amount.too_large": gettext_noop("“{value}” is too large to be an amount. Check it."),
        "amount.symbol": gettext_noop(
            "“{value}” is not in {currency}. State the right currency in the currency column."
        ),
        "date.unreadable": gettext_noop(
            "“{value}” is not a date. Write it like 31/12/2026 or 2026-12-31."
        ),
    }
)

# ISO 4217 codes of currencies in circulation.
_CODES = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP
    BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP
    GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR
    KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK
    MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR
    SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS
    UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW
"""
CURRENCIES = frozenset(_CODES.split())
_SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY"}
_SPACES = str.maketrans(
    {"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\t": " ", "’": "'", "−": "-", "–": "-"}
)
_SIMPLE = re.compile(r"-?[0-9]+(?:[.,][0-9]{1,2})?", re.ASCII)
_UNIT = re.compile(r"^(€|\$|£|¥|[A-Za-z]{3})?\s*(.*?)\s*(€|\$|£|¥|[A-Za-z]{3})?$")
_SIGN_FIRST = re.compile(r"^([+-])\s*([€$£¥])\s*")
# Digits, or groups of three behind one repeated separator; then another mark and decimals.
_NUMBER = re.compile(
    r"(?P<whole>[1-9][0-9]{0,2}(?:(?P<group>[ '.,])[0-9]{3})(?:(?P=group)[0-9]{3})*|[0-9]*)"
    r"(?:(?P<mark>[.,])(?P<cents>[0-9]+))?"
)
_LONGEST = 40  # characters; a longer text is no amount and would slow the patterns down


class ParseError(ValueError):
    """A text that cannot be read; `code` is a code of the sentence catalog."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class PlainNumber(str):
    """A number that a typed cell (XLSX) holds: point decimals, no grouping, no doubt."""

    __slots__ = ()


def amount(text: str, mark: DecimalMark = "") -> tuple[Decimal, str]:
    """(value, currency code or "") of an amount in major units.

    Accepts spaces (also U+00A0, U+202F), apostrophes, points or commas between thousands, a sign
    before or after, parentheses for negatives, and a currency before or after. `mark` is the
    decimal mark the file uses, "" when unknown; it only decides texts like "1.234". Raises
    ParseError with code amount.unreadable or amount.ambiguous.
    """
    if type(text) is PlainNumber:
        return Decimal(text), ""
    if len(text) > _LONGEST:
        raise ParseError("amount.unreadable")
    if _SIMPLE.fullmatch(text):
        return Decimal(text.replace(",", ".")), ""
    negative, body, currency = _unwrapped(text)
    found = _NUMBER.fullmatch(body)
    if found is None or not any(c.isdigit() for c in body):
        raise ParseError("amount.unreadable")
    whole, group, own, cents = found.group("whole", "group", "mark", "cents")
    if own and own == group:
        raise ParseError("amount.unreadable")
    if _is_ambiguous(found):
        if not mark:
            raise ParseError("amount.ambiguous")
        if mark == group:
            whole, cents = whole.split(group)
    digits = re.sub(r"[^0-9]", "", whole) or "0"
    value = Decimal(f"{digits}.{cents}" if cents else digits)
    return (-value if negative else value), currency


def decimal_mark(texts: Iterable[str]) -> DecimalMark:
    """The decimal mark that every telling amount among `texts` agrees on, or ""."""
    marks = set()
    for text in texts:
        if type(text) is PlainNumber or not text or len(text) > _LONGEST:
            continue
        try:
            found = _NUMBER.fullmatch(_unwrapped(text)[1])
        except ParseError:
            continue
        if found is None or _is_ambiguous(found):
            continue
        if found["mark"]:
            marks.add(found["mark"])
        elif found["group"] in (".", ","):
            marks.add("," if found["group"] == "." else ".")
    if len(marks) == 1:
        return "," if "," in marks else "."
    return ""


def _is_ambiguous(found: re.Match[str]) -> bool:
    """One point or comma with three digits behind it, and no other evidence: "1.234"."""
    whole, group = found["whole"], found["group"]
    return group in (".", ",") and not found["mark"] and whole.count(group) == 1


def _unwrapped(text: str) -> tuple[bool, str, str]:
    """(negative, digits with separators, currency code or "")."""
    body = _SIGN_FIRST.sub(r"\2\1", text.translate(_SPACES).strip())
    negative = False
    for _ in range(3):  # a sign, parentheses and a currency may enclose each other
        if body.startswith("(") and body.endswith(")"):
            if negative:
                raise ParseError("amount.unreadable")
            negative, body = True, body[1:-1].strip()
        found = _UNIT.match(body)
        before, inner, after = found.groups() if found else (None, body, None)
        if before and after:
            raise ParseError("amount.unreadable")
        unit = before or after
        if unit:
            return (*_signed(inner, negative=negative), _currency(unit))
        if inner == body:
            break
    return (*_signed(body, negative=negative), "")


def _signed(body: str, *, negative: bool) -> tuple[bool, str]:
    body = body.strip()
    if body.startswith("(") and body.endswith(")") and not negative:
        return True, body[1:-1].strip()
    signs = (body[:1] in "+-") + (body[-1:] in "+-") if body else 0
    if signs > 1 or (signs and negative):
        raise ParseError("amount.unreadable")
    if signs:
        negative = "-" in (body[0], body[-1])
        body = (body[1:] if body[0] in "+-" else body[:-1]).strip()
    return negative, body


def _currency(unit: str) -> str:
    code = _SYMBOLS.get(unit, unit.upper())
    if code not in CURRENCIES:
        raise ParseError("amount.unreadable")
    return code


_ISO = re.compile(
    r"(\d{4})([-/.]?)(\d{2})\2(\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?)?", re.A
)
_FRENCH = re.compile(
    r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4}|\d{2})(?: \d{1,2}:\d{2}(?::\d{2})?)?", re.A
)
_YEAR_FIRST = re.compile(r"(\d{2})([-/. ]?)(\d{1,2})\2(\d{1,2})", re.A)
_WORDED = re.compile(r"(\d{1,2})(?:er)?[ .-]([a-z]{3,9})\.?[ .-](\d{4})", re.A)
_MONTHS = {
    name: month
    for month, names in enumerate(
        (
            "janvier janv jan january", "fevrier fevr fev february feb", "mars march mar",
            "avril avr april apr", "mai may", "juin june jun", "juillet juil july jul",
            "aout august aug", "septembre sept september sep", "octobre oct october",
            "novembre nov november", "decembre dec december",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip


@functools.lru_cache(maxsize=8192)
def day(text: str, order: DayOrder = "dmy") -> date:
    """A date: ISO (2026-12-31, 20261231), day first (31/12/2026, 31.12.26) or worded.

    A two-digit year is of this century. Month-first dates (12/31/2026), or such that begin with
    two digits of the year (26/12/31), are read only where `order` says that a source writes them.
    Raises ParseError date.unreadable, also outside 1980 to 2099.
    """
    try:
        found = _parts(text.translate(_SPACES).strip(), order)
        parsed = date(*found)
    except (TypeError, ValueError) as error:
        raise ParseError("date.unreadable") from error
    if not 1980 <= parsed.year <= 2099:
        raise ParseError("date.unreadable")
    return parsed


def _parts(text: str, order: DayOrder) -> tuple[int, int, int]:
    if found := _ISO.fullmatch(text):
        return int(found[1]), int(found[3]), int(found[4])
    if order == "ymd" and (found := _YEAR_FIRST.fullmatch(text)):
        return 2000 + int(found[1]), int(found[3]), int(found[4])
    if found := _FRENCH.fullmatch(text):
        year, first, second = int(found[4]), int(found[1]), int(found[3])
        month, number = (first, second) if order == "mdy" else (second, first)
        return (year if len(found[4]) == 4 else 2000 + year), month, number
    if found := _WORDED.fullmatch(plain(text)):
        return int(found[3]), _MONTHS.get(found[2], 0), int(found[1])
    raise ParseError("date.unreadable")


def plain(text: str) -> str:
    """Lower case, without accents: what names of columns and terms are compared by."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))
