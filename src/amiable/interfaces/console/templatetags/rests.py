"""Tags of rests of payments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import template

from amiable.interfaces.console.rest_forms import rest_choices

register = template.Library()


@register.filter
def of(found: Mapping[int, Sequence[Any]] | str, key: int) -> Sequence[Any]:
    """What was found for a match; nothing where the page has not looked."""
    return found.get(key, ()) if isinstance(found, Mapping) else ()


@register.filter
def at(found: Mapping[int, Any], key: int) -> Any:
    """What a mapping holds for a key; "" when nothing."""
    return found.get(key, "")


@register.simple_tag
def rest_reasons() -> list[tuple[str, list[tuple[str, Any]]]]:
    """What a rest may be, for a select field."""
    return rest_choices()
