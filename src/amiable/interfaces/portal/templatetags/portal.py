"""Filters of the page: amounts and dates in its language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django import template
from django.utils import numberformat
from django.utils.formats import get_format

from amiable.interfaces.portal import words

register = template.Library()


@register.filter
def money(value: int, currency: str) -> str:
    """Minor units with their currency."""
    return words.money(value, currency)


@register.filter
def figure(value: str) -> str:
    """A plain decimal in the figures of the language: 1.5 -> 1,5."""
    return str(numberformat.format(value, get_format("DECIMAL_SEPARATOR")))


@register.filter
def of_key(values: Mapping[int, str], key: int) -> str:
    """What a mapping holds for a key; "" = nothing."""
    return values.get(key, "") if values else ""


@register.filter
def day(value: date) -> str:
    """A date in words."""
    return words.day(value)


@register.filter
def short_day(value: date) -> str:
    """A date in figures."""
    return words.short_day(value)
