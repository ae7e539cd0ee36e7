"""Which debts a payment extinguishes when the payer does not say (C. civ. art. 1342-10).

The payer's own indication comes first; then due debts before those not yet due; among them the
one the debtor has most interest in paying; at equal interest the oldest; all equal, pro rata.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from amiable.core.money import split


@dataclass(frozen=True, slots=True)
class Debt:
    """An open item. `burden` ranks the debtor's interest in paying it first (say, its penalty
    rate in basis points); equal for all unless terms differ."""

    id: int
    due_date: date
    open_minor: int
    burden: int = 0


def allocate(
    amount_minor: int,
    debts: Iterable[Debt],
    *,
    on: date,
    chosen: Sequence[int] = (),
    not_due: bool = True,
) -> list[tuple[int, int]]:
    """Spread a payment over debts: [(debt id, minor units > 0)], never more than either side.

    `chosen` = the ids the payer names, in their order. With `not_due` False nothing goes to
    debts due after `on`, unless chosen. What no debt takes is left to the caller.
    """
    open_debts = {debt.id: debt for debt in debts if debt.open_minor > 0}
    named = [open_debts.pop(i) for i in dict.fromkeys(chosen) if i in open_debts]
    used: list[tuple[int, int]] = []
    remaining = amount_minor
    for debt in named:
        part = min(remaining, debt.open_minor)
        used.append((debt.id, part))
        remaining -= part
    rest = [d for d in open_debts.values() if not_due or d.due_date <= on]

    def rank(debt: Debt) -> tuple[bool, int, date]:
        return (debt.due_date > on, -debt.burden, debt.due_date)

    for _, group in groupby(sorted(rest, key=lambda d: (rank(d), d.id)), key=rank):
        equals = list(group)
        part = min(remaining, sum(d.open_minor for d in equals))
        shares = split(part, [d.open_minor for d in equals])
        used += [(d.id, share) for d, share in zip(equals, shares, strict=True)]
        remaining -= part
    return [(i, part) for i, part in used if part > 0]
