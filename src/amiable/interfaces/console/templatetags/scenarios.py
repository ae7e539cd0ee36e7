"""Filters of the scenario pages: our own texts translated, steps in words, icons by code."""

from __future__ import annotations

from django import template
from django.utils.functional import Promise

from amiable.core.scenario import Scenario, Step
from amiable.interfaces.console import labels
from amiable.interfaces.console import scenario_words as words

register = template.Library()


@register.filter
def own(text: str) -> str:
    """A shipped text in the reader's language; a user's own as it is."""
    return words.own(text)


@register.filter
def when(step: Step, scenario: Scenario | None) -> str:
    """When a step is due, in words."""
    return words.when(step, scenario)


@register.filter
def icon_of(code: str, kind: str) -> str:
    """The icon of a code."""
    return labels.look(kind, code).icon or "checkbox"


@register.filter
def codes(text: str) -> list[str]:
    """Codes apart by spaces, as a list."""
    return text.split()


@register.filter
def choices(kind: str) -> list[tuple[str, str | Promise]]:
    """(code, words) of a kind of labels."""
    return labels.choices(kind)
