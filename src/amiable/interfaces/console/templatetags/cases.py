"""Tags of a customer's file."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext

from amiable.core.money import major
from amiable.interfaces.console import formats, labels

register = template.Library()


@register.filter
def shipped(text: str) -> str:
    """A name that may be one of ours, which are messages of gettext; others stay as they are."""
    return gettext(text) if text else ""


@register.simple_tag
def choices_of(kind: str) -> list[tuple[str, str | Promise]]:
    """(code, words) pairs of a kind, for select fields."""
    return labels.choices(kind)


@register.filter
def agreed(value: datetime) -> str:
    """The day, and the hour if there is one, on which a customer expects a call."""
    return formats.agreed(value)


@register.filter
def plain_amount(value: int, currency: str) -> str:
    """Minor units as people type them in an amount field; nothing for zero."""
    return major(value, currency).replace(".", formats.decimal_mark()) if value else ""
