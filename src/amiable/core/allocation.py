"""Which debts a payment extinguishes when the payer does not say, and why in words.

The law's order (C. civ. 1342-10): the payer's own indication first; then due debts before those not
yet due; among them the one the debtor has most interest in paying; at equal interest the oldest;
all equal, pro rata. A customer's agreed policy stands before it, never before the payer's words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Literal

from amiable.core.interest import interest_first
from amiable.core.money import split
from amiable.core.sentences import Sentence, declare, gettext_noop

# "oldest": one debt after the other by due date, due or not. "agreed": an agreement in words, which
# only a person can apply; until then the law's order is shown.
Order = Literal["law", "oldest", "agreed"]
ORDERS: tuple[Order, ...] = ("law", "oldest", "agreed")
# Ordonnance 2016-131, art. 9: contracts concluded before keep the articles of the code of 1804.
REFORM = date(2016, 10, 1)

declare(
    {
        "order.named": gettext_noop("first what the payer names ({article})"),
        "order.due": gettext_noop("what is due before what is not yet due ({article})"),
        "order.burden": gettext_noop(
            "among what is due, what the debtor has most interest in paying ({article})"
        ),
        "order.oldest": gettext_noop("the oldest first ({article})"),
        "order.shares": gettext_noop("debts alike in everything share in proportion ({article})"),
        "order.agreed_oldest": gettext_noop(
            "one after the other by due date, as agreed with the customer"
        ),
        "order.agreed": gettext_noop("an agreement to be applied by hand: {agreed}"),
        "order.interest": gettext_noop(
            "{interest} of it counts against interest first, {principal} against principal "
            "({article})"
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Debt:
    """An open item. `burden` ranks the debtor's interest in paying it first (say, its penalty
    rate in basis points); equal for all unless terms differ."""

    id: int
    due_date: date
    open_minor: int
    burden: int = 0


@dataclass(frozen=True, slots=True)
class Imputed:
    """What a payment puts on one debt by law: on its interest, then on its principal."""

    id: int
    interest_minor: int
    principal_minor: int


def allocate(
    amount_minor: int,
    debts: Iterable[Debt],
    *,
    on: date,
    chosen: Sequence[int] = (),
    not_due: bool = True,
    order: Order = "law",
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
    for equals in _ranked(rest, on, order) if remaining > 0 else ():
        part = min(remaining, sum([d.open_minor for d in equals]))
        shares = split(part, [d.open_minor for d in equals]) if len(equals) > 1 else [part]
        used += [(d.id, share) for d, share in zip(equals, shares, strict=True)]
        remaining -= part
        if remaining <= 0:
            break
    return [(i, part) for i, part in used if part > 0]


def allocation_reasons(
    debts: Iterable[Debt],
    parts: Sequence[tuple[int, int]],
    *,
    on: date,
    chosen: Sequence[int] = (),
    order: Order = "law",
    agreed: str = "",
) -> tuple[Sentence, ...]:
    """Which rules decided that a payment goes to `parts`, each with its article on that day.

    Only rules that made a difference between these debts are named; none where all is paid.
    """
    article = {"article": order_article(on)}
    every = [debt for debt in debts if debt.open_minor > 0]
    said = [Sentence("order.named", article)] if set(chosen) & {i for i, _ in parts} else []
    if order == "agreed":
        said.append(Sentence("order.agreed", {"agreed": agreed}))
    rest = [debt for debt in every if debt.id not in chosen]
    short = sum(part for _, part in parts) < sum(debt.open_minor for debt in every)
    if not short or len(rest) < 2 or not {i for i, _ in parts} - set(chosen):
        return tuple(said)
    if order == "oldest":
        return (*said, Sentence("order.agreed_oldest"))
    due = [debt for debt in rest if debt.due_date <= on]
    if due and len(due) < len(rest):
        said.append(Sentence("order.due", article))
    weighed = due or rest
    if len({debt.burden for debt in weighed}) > 1:
        said.append(Sentence("order.burden", article))
    if len({debt.due_date for debt in weighed}) > 1:
        said.append(Sentence("order.oldest", article))
    if any(len(equals) > 1 for equals in _ranked(weighed, on, order)):
        said.append(Sentence("order.shares", article))
    return tuple(said)


def impute(parts: Iterable[tuple[int, int]], interest_minor: dict[int, int]) -> tuple[Imputed, ...]:
    """What allocated parts extinguish by law, given the interest accrued on each debt that day.

    A partial payment counts against interest before principal (C. civ. 1343-1), between companies
    and against consumers alike; the books keep counting it against the invoice (decision 0014).
    """
    return tuple(
        Imputed(i, *interest_first(part, interest_minor=interest_minor.get(i, 0)))
        for i, part in parts
    )


def order_article(on: date) -> str:
    """The articles that rule between several debts on a day."""
    return "C. civ. 1342-10" if on >= REFORM else "C. civ. 1253-1256"


def interest_article(on: date) -> str:
    """The article that puts interest before principal on a day."""
    return "C. civ. 1343-1" if on >= REFORM else "C. civ. 1254"


def _ranked(debts: Sequence[Debt], on: date, order: Order) -> list[list[Debt]]:
    """Debts in the order in which money reaches them; those of one group share it."""
    if order == "oldest":
        return [[debt] for debt in sorted(debts, key=lambda d: (d.due_date, d.id))]

    def rank(debt: Debt) -> tuple[bool, int, date]:
        return (debt.due_date > on, -debt.burden, debt.due_date)

    ordered = sorted(debts, key=lambda d: (rank(d), d.id))
    return [list(equals) for _, equals in groupby(ordered, key=rank)]
