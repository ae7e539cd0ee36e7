"""The links to the payment page on a customer's file: what carried them, who used them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from amiable.apps.cases.links import LinkRow, case_links
from amiable.apps.messaging.models import Message

SHOWN = 8


@dataclass(frozen=True, slots=True)
class FileLink:
    """A link, and the message that carries it (None = made by hand, or the message is gone)."""

    row: LinkRow
    message_id: int | None
    medium: str


def file_links(organization_id: int, case_ids: Collection[int]) -> list[FileLink]:
    """The newest links of a customer's cases: two queries."""
    rows = case_links(organization_id, case_ids, most=SHOWN)
    keys = [row.message_key for row in rows if row.message_key]
    found = Message.objects.filter(organization_id=organization_id, key__in=keys)
    messages = {key: (pk, medium) for pk, key, medium in found.values_list("id", "key", "medium")}
    return [FileLink(row, *messages.get(row.message_key, (None, ""))) for row in rows]
