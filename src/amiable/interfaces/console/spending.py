"""How a hand-assigned payment is spread over the items a person ticked."""

from __future__ import annotations

from collections.abc import Collection

from amiable.apps.insights.customer_file import CustomerFile
from amiable.core.money import Money


def spend(file: CustomerFile, *, amount: Money, ticked: Collection[int]) -> list[tuple[int, int]]:
    """(installment, minor units): the ticked items in order, oldest due first, while money lasts.

    What no item takes stays on the customer's account.
    """
    left = amount.amount_minor
    parts = []
    for position in file.positions:
        if position.currency != amount.currency:
            continue
        for row in position.items:
            part = min(left, row.item.open_minor)
            if row.item.id in ticked and part > 0:
                parts.append((row.item.id, part))
                left -= part
    return parts
