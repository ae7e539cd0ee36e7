"""Tags of a customer's file."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext

from amiable.apps.cases.dispute_reasons import reasons_by_creditor
from amiable.apps.dunning.debiting.shown import PartDebit
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


@register.simple_tag(takes_context=True)
def reasons_of_call(context: Any, creditor_id: int) -> list[tuple[str, str]]:
    """Why an invoice of a creditor may be contested, in the reader's language. One query for a
    page, whatever number of calls stand on it."""
    request = context["request"]
    if not hasattr(request, "call_reasons"):
        request.call_reasons = reasons_by_creditor(request.organization.pk)
    language = get_language() or ""
    known = request.call_reasons[creditor_id]
    return [(row.code, row.label(language)) for row in known if row.is_active]


@register.filter
def agreed(value: datetime) -> str:
    """The day, and the hour if there is one, on which a customer expects a call."""
    return formats.agreed(value)


@register.filter
def of_part(debits: dict[int, PartDebit], part_id: int) -> PartDebit | None:
    """The collection of an instalment, None where there is none."""
    return debits.get(part_id)


@register.filter
def plain_amount(value: int, currency: str) -> str:
    """Minor units as people type them in an amount field; nothing for zero."""
    return major(value, currency).replace(".", formats.decimal_mark()) if value else ""
