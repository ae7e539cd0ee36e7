"""Filters of the page: amounts and dates in its language."""

from __future__ import annotations

from datetime import date

from django import template

from amiable.interfaces.portal import words

register = template.Library()


@register.filter
def money(value: int, currency: str) -> str:
    """Minor units with their currency."""
    return words.money(value, currency)


@register.filter
def day(value: date) -> str:
    """A date in words."""
    return words.day(value)


@register.filter
def short_day(value: date) -> str:
    """A date in figures."""
    return words.short_day(value)
