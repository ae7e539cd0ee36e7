"""Amounts, numbers and dates as the reader's language writes them. French: `1 252,23 €`."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal
from django.utils import timezone, translation

from amiable.core.money import Money, exponent, major

_DAYS = {"fr": "dd/MM/yyyy", "en": "d MMM yyyy"}
_TIMES = {"fr": "dd/MM/yyyy à HH:mm", "en": "d MMM yyyy 'at' HH:mm"}
_LONG = {"fr": "EEEE d MMMM yyyy", "en": "EEEE d MMMM yyyy"}


def _language() -> str:
    language = (translation.get_language() or "fr")[:2]
    return language if language in _DAYS else "en"


def _locale() -> Locale:
    return Locale.parse(_language())


def decimal_mark() -> Literal[",", "."]:
    """Between units and decimals, as the reader writes it."""
    return "," if _language() == "fr" else "."


def money(amount_minor: int, currency: str = "EUR") -> str:
    """Minor units with their currency: 125223 -> `1 252,23 €` (U+202F, U+00A0) in French."""
    locale, digits = _locale(), exponent(currency)
    # The digits of ISO 4217, which babel shortens where people rarely count them (IQD).
    decimals = f".{'0' * digits}" if digits else ""
    pattern = locale.currency_formats["standard"].pattern.replace(".00", decimals)
    value = Decimal(major(amount_minor, currency))
    return format_currency(value, currency, pattern, locale=locale, currency_digits=False)


def money_short(amount_minor: int, currency: str = "EUR") -> str:
    """Whole major units, for headlines and chart axes."""
    whole = Decimal(major(amount_minor, currency)).quantize(Decimal(1))
    return format_currency(
        whole, currency, locale=_locale(), currency_digits=False, format=_whole_pattern()
    )


def _whole_pattern() -> str:
    return "#,##0\u00a0¤" if _language() == "fr" else "¤#,##0"


def number(value: Decimal | int, digits: int = 0) -> str:
    """A number with its thousands grouped and at most `digits` decimals."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(value, format=pattern, locale=_locale())


def day(value: date | datetime) -> str:
    """A date: 21/11/2026 in French, 21 Nov 2026 in English."""
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    return format_date(value, _DAYS[_language()], locale=_locale())


def day_long(value: date) -> str:
    """A date with its weekday, in words."""
    return format_date(value, _LONG[_language()], locale=_locale())


def moment(value: datetime) -> str:
    """A date with its local time."""
    return format_datetime(timezone.localtime(value), _TIMES[_language()], locale=_locale())


def agreed(value: datetime) -> str:
    """A day agreed on, with its local hour unless it is midnight, which stands for any."""
    local = timezone.localtime(value)
    words = day_long(local.date())
    if not (local.hour or local.minute):
        return words
    return f"{words}, {format_datetime(local, 'HH:mm', locale=_locale())}"


def parameter(value: object) -> str:
    """A parameter of a sentence as the reader writes it."""
    if isinstance(value, Money):
        return money(value.amount_minor, value.currency)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return number(value)
    return str(value)
