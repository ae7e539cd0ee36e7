"""Filters of the pages of disputes."""

from __future__ import annotations

from collections.abc import Mapping

from django import template

from amiable.apps.insights.disputes import DisputeRow

register = template.Library()


@register.filter
def reason_of(labels: Mapping[int, Mapping[str, str]], row: DisputeRow) -> str:
    """The words for a dispute's reason, by creditor and code."""
    return labels.get(row.creditor_id, {}).get(row.reason) or row.reason.replace("_", " ")


@register.filter
def reason_words(labels: Mapping[str, str], code: str) -> str:
    """The words for a reason of one creditor, by code."""
    return labels.get(code) or code.replace("_", " ")
