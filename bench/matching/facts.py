"""What passes between the generator, the replay and the matchers. Amounts in cents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bench.matching.world import Invoice, Note

Event = Invoice | Note


@dataclass(frozen=True)
class BankLine:
    """A line as a bank file gives it; > 0 is money in."""

    id: int
    booked_on: date
    amount: int
    label: str
    payer_name: str = ""
    payer_iban: str = ""
    end_to_end_id: str = ""
    mandate_id: str = ""
    operation: str = ""
    is_return: bool = False
    return_reason: str = ""


@dataclass(frozen=True)
class Gold:
    """What really happened. `action` = post | account (money of the customer that pays nothing)
    | aside (no receivable) | return (takes the payment of the line `returns` back).

    `written_off` = what the payer kept for good: fee, discount or cents (< 0: paid too much).
    `debits` = of a batch: (customer, invoice, amount) each.
    """

    kind: str
    action: str
    customer_id: int | None = None
    parts: tuple[tuple[int, int], ...] = ()
    notes: frozenset[int] = frozenset()
    written_off: int = 0
    returns: int | None = None
    debits: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True)
class Reading:
    """A matcher's reading of a line: whose money, and which invoices it pays.

    `parts` = {(invoice, amount)}; `written_off` = whether a small rest is given up.
    """

    customer_id: int | None = None
    parts: frozenset[tuple[int, int]] = frozenset()
    notes: frozenset[int] = frozenset()
    written_off: bool = False
    returns: int | None = None


@dataclass(frozen=True)
class Answer:
    """`action` = post | aside (both without a person) | propose | leave; best reading first.

    `reasons` are said by `str`, when somebody reads them.
    """

    action: str
    readings: tuple[Reading, ...] = ()
    reasons: tuple[object, ...] = ()


def is_right(reading: Reading, gold: Gold) -> bool:
    """Exact equality: the customer, the set of invoices and notes, and what is given up."""
    if gold.action == "return":
        return reading.returns is not None and reading.returns == gold.returns
    if gold.debits:
        paid = {(i, amount) for _, i, amount in gold.debits}
        return reading.parts == paid and {d[0] for d in gold.debits} == {reading.customer_id}
    if gold.action not in {"post", "account"} or reading.returns is not None:
        return False
    same = {i for i, _ in reading.parts} == {i for i, _ in gold.parts}
    return (
        same
        and reading.customer_id == gold.customer_id
        and reading.notes == gold.notes
        and reading.written_off == (gold.written_off > 0)
    )
