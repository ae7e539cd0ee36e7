"""Tags of the inbox of answers."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext

from amiable.interfaces.console.reply_forms import TASKS, WORDS

register = template.Library()


@register.filter
def verdict(code: str) -> str:
    """What an answer says, in words."""
    return str(WORDS[code].label) if code in WORDS else gettext("By a machine")


@register.filter
def verdict_tone(code: str) -> str:
    """The colour of a verdict."""
    return WORDS[code].tone if code in WORDS else "quiet"


@register.filter
def task_words(code: str) -> str:
    """What an answer asks of somebody in the house."""
    return str(TASKS.get(code, code))


@register.filter
def certainty(percent: int) -> str:
    """How often such a proposal is right, in words."""
    if percent >= 90:
        return gettext("almost certain")
    if percent >= 75:
        return gettext("likely")
    return gettext("possible")
