"""Filters of the pages of texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from amiable.apps.messaging.library.fields import Field
from amiable.apps.messaging.library.resolution import Place
from amiable.apps.messaging.library.templates import Version
from amiable.interfaces.console import template_forms as forms

register = template.Library()
_MADE_UP: Mapping[str, str | Promise] = {
    "company": _("A made-up company"),
    "consumer": _("A made-up consumer"),
    "public": _("A made-up public body"),
}
_STATES: Mapping[str, str | Promise] = {
    "own": _("Yours"),
    "shipped": _("Shipped"),
    "missing": _("Missing"),
}
_SHORT: Mapping[str, str | Promise] = {
    "invoices": _("Invoices"),
    "payment": _("Payment"),
    "signature": _("Signature"),
    "mandate": _("Agency"),
    "claims": _("Interest and fee"),
}


@register.filter
def state_name(code: str) -> str:
    """Whose a text is."""
    return str(_STATES.get(code, code))


@register.filter
def made_up(kind: str) -> str:
    """A customer that does not exist, by its kind."""
    return str(_MADE_UP.get(kind, kind))


@register.filter
def own_label(text: str) -> str:
    """The words for a value."""
    return gettext(text)


@register.filter
def short_name(field: Field) -> str:
    """A block in one word, for its button."""
    return str(_SHORT.get(field.name, field.name))


@register.filter
def text_address(place: Place) -> str:
    """The page of a place."""
    return forms.address(place)


@register.filter
def version_query(version: Version, place: Place) -> str:
    """The page that compares a version with what stands now."""
    address = forms.address(place)
    return f"{address}{'&' if '?' in address else '?'}with={version.version}"


@register.filter
def item(mapping: Mapping[Any, Any], key: Any) -> Any:
    """What a mapping holds for a key."""
    return mapping.get(key, key)
