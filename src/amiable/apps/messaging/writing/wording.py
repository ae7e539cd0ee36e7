"""Amounts, dates and labels in the language of a message (not of the screen)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import yaml

from amiable.core.money import exponent

TEXTS = Path(__file__).resolve().parent / "shipped"
LANGUAGES = ("fr", "en")
_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}
NARROW, NBSP = "\u202f", "\u00a0"


def language_of(code: str) -> str:
    """The shipped language nearest to a language tag: "fr-BE" -> "fr", "de" -> "en", "" -> "fr"."""
    prefix = (code or "fr").lower()[:2]
    return prefix if prefix in LANGUAGES else "en"


@cache
def labels(language: str) -> dict[str, Any]:
    """The labels of a language, as texts/<language>/labels.yaml holds them."""
    loaded: dict[str, Any] = yaml.safe_load((TEXTS / language / "labels.yaml").read_text("utf-8"))
    return loaded


def money_text(amount_minor: int, currency: str, *, language: str) -> str:
    """1 252,23 € (French: narrow and plain no-break spaces) or €1,252.23 (English)."""
    digits = exponent(currency)
    units, cents = divmod(abs(amount_minor), 10**digits)
    sign = "−" if amount_minor < 0 else ""
    grouped = f"{units:,}"
    if language == "fr":
        number = grouped.replace(",", NARROW) + (f",{cents:0{digits}d}" if digits else "")
        return f"{sign}{number}{NBSP}{'€' if currency == 'EUR' else currency}"
    number = grouped + (f".{cents:0{digits}d}" if digits else "")
    symbol = _SYMBOLS.get(currency)
    return f"{sign}{symbol}{number}" if symbol else f"{sign}{currency}{NBSP}{number}"


def running_sums(amounts: Iterable[int], *, currency: str, language: str) -> tuple[str, ...]:
    """What amounts add up to after each."""
    return tuple(money_text(total, currency, language=language) for total in accumulate(amounts))


def carry(language: str) -> tuple[str, str]:
    """What a sum is called at the foot of a page and at the head of the next."""
    words = labels(language)["table"]
    return words["carried"], words["brought"]


def date_text(day: date, language: str) -> str:
    """21 novembre 2026, 1er décembre 2026; 21 November 2026."""
    number = "1er" if day.day == 1 and language == "fr" else str(day.day)
    return f"{number}{NBSP}{labels(language)['months'][day.month - 1]} {day.year}"


def short_date(day: date, language: str) -> str:
    """21/11/2026 in French; 21 Nov 2026 in English, where 05/11 would be ambiguous."""
    if language == "fr":
        return f"{day:%d/%m/%Y}"
    return f"{day.day} {labels('en')['months'][day.month - 1][:3]} {day.year}"


def days_text(days: int, language: str) -> str:
    """30 jours, 1 day; a dash for what is not late."""
    words = labels(language)["table"]
    if days <= 0:
        return "–"
    return f"{days}{NBSP}{words['days_one'] if days == 1 else words['days_many']}"


def of_name(name: str) -> str:
    """French "de" before a name: d’Atelier Vauban, de Menuiserie Duval."""
    first = unicodedata.normalize("NFD", name[:1]).lower()[:1]
    return f"d’{name}" if first in set("aeiouœæ") else f"de {name}"


def siren_text(siren: str) -> str:
    """732829320 -> 732 829 320."""
    return NBSP.join(siren[i : i + 3] for i in range(0, len(siren), 3))


def typeset(text: str, language: str) -> str:
    """No-break spaces where French wants them: before : ; ! ? » and €, and after «."""
    if language != "fr":
        return text
    text = re.sub(r" ([;!?])", rf"{NARROW}\1", text)
    text = re.sub(r" ([:»])", rf"{NBSP}\1", text)
    text = re.sub(r"(?<=\d) €", f"{NBSP}€", text)
    return text.replace("« ", f"«{NBSP}")
