"""Amounts, dates and sentences of the page in the language it is read in."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import get_language, gettext

from amiable.apps.messaging.writing import wording
from amiable.core.money import Money, exponent
from amiable.core.sentences import CATALOG, Sentence


def language() -> str:
    """The language of the page: one that we write."""
    return wording.language_of(get_language() or "")


def money(amount_minor: int, currency: str) -> str:
    """An amount with its currency."""
    return wording.money_text(amount_minor, currency, language=language())


def figures(amount_minor: int, currency: str) -> str:
    """An amount as it is typed: 1252,23 in French."""
    digits = exponent(currency)
    units, cents = divmod(amount_minor, 10**digits)
    mark = "," if language() == "fr" else "."
    return f"{units}{mark}{cents:0{digits}d}" if digits else str(units)


def day(value: date) -> str:
    """A date in words."""
    return wording.date_text(value, language())


def short_day(value: date) -> str:
    """A date in figures."""
    return wording.short_date(value, language())


def sentence(said: Sentence) -> str:
    """A refusal of the services, in words."""
    params = {key: _said(value) for key, value in said.params.items()}
    return gettext(CATALOG[said.code]).format(**params)


def _said(value: Any) -> str:
    if isinstance(value, Money):
        return money(value.amount_minor, value.currency)
    return day(value) if isinstance(value, date) else str(value)
