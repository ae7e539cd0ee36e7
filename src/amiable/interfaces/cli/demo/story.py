"""The records of the fictional story: bills, payments, disputes, and the books as of any day.

Everything is drawn up to HORIZON_DAYS after the anchor, so that a demo of last week goes on with
the same story this week. Amounts in cents, VAT included.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from amiable.core.workdays import add_workdays, next_workday
from amiable.interfaces.cli.demo.online import Payout
from amiable.interfaces.cli.demo.people import Client

PAST_DAYS = 548  # 18 months of invoices
BANK_DAYS = 182  # 6 months of statements
RUN_DAYS = 75  # the days that the demo lives through
HORIZON_DAYS = 42
# Before the anchor: the day on which "asked" customers get the bill that they leave unpaid. With 30
# days to pay, the sales owner is asked about it 38 days later: in the week of the anchor.
ASKED_DAYS = 70
MANDATED = timedelta(days=5)  # day of the run on which direct debit is agreed with some


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice or (kind "credit_note") what takes part of invoice `corrects` back."""

    number: str
    kind: str
    code: str
    issued: date
    due: date
    total_minor: int
    label: str
    order_reference: str
    corrects: str = ""


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that moved. `parts` = ((number, cents applied), ...): negative for a credit note used,
    and for what a returned debit takes back. Empty parts: paid a second time, after what
    `repeats` numbers. `reason` = why a debit came back (ISO 20022).
    """

    on: date
    code: str
    amount_minor: int
    kind: str
    parts: tuple[tuple[str, int], ...]
    repeats: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Contest:
    """A dispute of the story: opened, and closed (perhaps after the story ends).

    `amount_minor` None = the whole bill.
    """

    number: str
    opened_on: date
    closed_on: date
    reason: str
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """A payment plan of the story: about `amount_minor`, in `count` parts, the first on `first_on`,
    then month by month. What the customer pays of it is among the payments."""

    code: str
    agreed_on: date
    first_on: date
    count: int
    amount_minor: int


@dataclass(slots=True)
class Books:
    """The whole story. `bills` and `payments` are in date order."""

    seed: int
    anchor: date
    clients: dict[str, Client]
    bills: list[Bill] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    contests: list[Contest] = field(default_factory=list)
    agreements: list[Agreement] = field(default_factory=list)
    payouts: list[Payout] = field(default_factory=list)
    insolvencies: dict[str, date] = field(default_factory=dict)
    _steps: dict[str, list[tuple[date, int]]] = field(default_factory=dict)

    @property
    def begins(self) -> date:
        return self.anchor - timedelta(days=PAST_DAYS)

    @property
    def bank_begins(self) -> date:
        """First of a month, so that statements of the stock are whole months."""
        return (self.anchor - timedelta(days=BANK_DAYS)).replace(day=1)

    @property
    def run_begins(self) -> date:
        return next_workday(self.anchor - timedelta(days=RUN_DAYS))

    @property
    def mandated_on(self) -> date:
        """Day from which the customers of the part "debited" and "unpaid" are debited."""
        return next_workday(self.run_begins + MANDATED)

    @property
    def asked_on(self) -> date:
        """Issue date of the bill that "asked" customers leave unpaid."""
        return add_workdays(self.anchor - timedelta(days=ASKED_DAYS), -1)

    @property
    def ends(self) -> date:
        return self.anchor + timedelta(days=HORIZON_DAYS)

    def open_minor(self, bill: Bill, on: date) -> int:
        """What is open of a bill at the end of a day (positive for a credit note too)."""
        if not self._steps:
            self._index()
        moves = self._steps.get(bill.number, [])
        at = bisect_right(moves, on, key=lambda move: move[0])
        used = sum(amount for _, amount in moves[:at])
        return bill.total_minor - abs(used)

    def next_payment(self, numbers: Iterable[str], after: date) -> date | None:
        """First day after `after` on which something of these bills is paid; None = never."""
        if not self._steps:
            self._index()
        days = [on for n in numbers for on, _ in self._steps.get(n, []) if on > after]
        return min(days, default=None)

    def settled_on(self, bill: Bill) -> date | None:
        """Day on which the bill is paid whole and stays so; None = not within the story."""
        if self.open_minor(bill, self.ends):
            return None
        return self._steps[bill.number][-1][0]

    def _index(self) -> None:
        steps: dict[str, list[tuple[date, int]]] = defaultdict(list)
        for payment in self.payments:
            for number, amount in payment.parts:
                steps[number].append((payment.on, amount))
        self._steps = dict(steps)
