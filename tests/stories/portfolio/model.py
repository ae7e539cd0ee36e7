"""What a careful clerk would write down of a portfolio, in plain Python: nothing of the product
decides here. Amounts in cents."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

GRACE, TOLERANCE = 3, 95
FIXED_HOLIDAYS = {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}
CLOCKS = {"97400": "Indian/Reunion"}


def worked(day: date) -> bool:
    """Monday to Friday and none of the holidays that have a fixed date in all of France."""
    return day.weekday() < 5 and (day.month, day.day) not in FIXED_HOLIDAYS


@dataclass
class Pause:
    """A hold: `until` inclusive, None = until lifted."""

    start: date
    until: date | None

    def runs(self, day: date) -> bool:
        return self.start <= day and (self.until is None or day <= self.until)


@dataclass
class Debt:
    """An invoice with one instalment. `disputed` None = the whole of it."""

    id: int
    number: str
    issued: date
    due: date
    open: int
    disputed: int | None = 0
    dispute_id: int | None = None
    pauses: dict[int, Pause] = field(default_factory=dict)

    @property
    def chased(self) -> int:
        contested = self.open if self.disputed is None else min(self.disputed, self.open)
        return self.open - contested


@dataclass
class Word:
    """A promise, or one instalment of a plan."""

    id: int
    amount: int
    made: date
    due: date
    plan: int | None = None
    cancelled: bool = False

    @property
    def until(self) -> date:
        return self.due + timedelta(days=GRACE)


@dataclass
class Money:
    """A payment: what it paid, and whether it was taken back."""

    id: int
    amount: int
    parts: dict[int, int]
    back: bool = False


@dataclass
class Debtor:
    """A customer and everything known of it. `points`: "valid", "invalid" or "opted_out"."""

    id: int
    code: str
    kind: str
    postcode: str
    case: int = 0
    shares: frozenset[str] = frozenset()
    debts: dict[int, Debt] = field(default_factory=dict)
    credit: int = 0
    receipts: list[tuple[date, int]] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    money: list[Money] = field(default_factory=list)
    pauses: dict[int, Pause] = field(default_factory=dict)
    insolvent: bool = False
    dead: bool = False
    points: dict[str, str] = field(default_factory=dict)
    has_address: bool = True

    def reachable(self, medium: str) -> bool:
        """Whether something may be sent this way."""
        if medium in {"letter", "registered_letter"}:
            return self.has_address
        return self.points.get("phone" if medium == "sms" else medium) == "valid"

    def stopped(self, day: date) -> str:
        """Why nobody may be contacted at all; "" = nothing stops."""
        if self.insolvent or self.dead:
            return "insolvent or dead"
        return "held" if any(pause.runs(day) for pause in self.pauses.values()) else ""

    def most(self, day: date) -> dict[int, int]:
        """The most that may be asked for each debt: open, less disputed, less promised."""
        if self._missed_plans(day):
            return {debt.id: debt.chased for debt in self.debts.values()}
        left = {debt.id: debt.chased for debt in self.debts.values()}
        for word, expected in self._running(day):
            missing = expected
            for debt in sorted(self.debts.values(), key=lambda d: (d.due, d.id)):
                if debt.issued <= word.made:
                    taken = min(left[debt.id], missing)
                    left[debt.id] -= taken
                    missing -= taken
        return left

    def most_together(self, day: date) -> int:
        """The most that may be asked for all of them, also where a plan goes on with a miss."""
        plans = self._missed_plans(day)
        if not plans:
            return sum(self.most(day).values())
        chased = sum(debt.chased for debt in self.debts.values())
        known = [w for w in self.words if w.plan in plans and not w.cancelled]
        made = min(word.made for word in known)
        speaks_of = sum(d.chased for d in self.debts.values() if d.issued <= made)
        missed = sum(w.amount for w in known if w.until < day)
        to_come = sum(w.amount for w in known if w.until >= day)
        came = sum(amount for on, amount in self.receipts if amount > 0 and on >= made)
        # An invoice that a missed instalment covers but for the tolerance is asked for whole.
        slack = missed * (100 - TOLERANCE) // 100
        return chased - max(0, min(to_come - came, speaks_of - missed) - slack)

    def _standings(self, day: date) -> list[tuple[Word, int, str]]:
        """Each word with what is missing of it and its state, earliest first."""
        pool = sorted([on, amount] for on, amount in self.receipts if amount > 0 and on <= day)
        for back in sorted((on, -amount) for on, amount in self.receipts if amount < 0):
            if back[0] > day:
                continue
            rest = back[1]
            for entry in reversed(pool):
                taken = min(entry[1], rest)
                entry[1] -= taken
                rest -= taken
        found = []
        for word in sorted(self.words, key=lambda w: (w.due, w.id)):
            if word.cancelled:
                continue
            came = 0
            for entry in pool:
                if word.made <= entry[0] <= word.until:
                    taken = min(entry[1], word.amount - came)
                    entry[1] -= taken
                    came += taken
            kept = came * 100 >= word.amount * TOLERANCE
            state = "kept" if kept else "running" if day <= word.until else "broken"
            found.append((word, word.amount - came, state))
        return found

    def _running(self, day: date) -> list[tuple[Word, int]]:
        """Words that still speak for debts; a plan with a broken instalment is not among them."""
        broken = {w.plan for w, _, state in self._standings(day) if state == "broken" and w.plan}
        return [
            (word, missing)
            for word, missing, state in self._standings(day)
            if state == "running" and word.plan not in broken
        ]

    def awaited(self, day: date) -> list[Word]:
        """Words to come; none of a plan that is over, or that has one missed too many."""
        over = {w.plan for w, _, state in self._standings(day) if state == "broken" and w.plan}
        over -= self._missed_plans(day)
        return [
            word
            for word, _, state in self._standings(day)
            if state == "running" and (word.plan is None or word.plan not in over)
        ]

    def _missed_plans(self, day: date) -> set[int]:
        """Plans that go on though one instalment, not the last, was missed."""
        plans: dict[int, list[str]] = {}
        for word, _, state in self._standings(day):
            if word.plan is not None:
                plans.setdefault(word.plan, []).append(state)
        return {
            plan
            for plan, states in plans.items()
            if states.count("broken") == 1 and states[-1] != "broken"
        }


@dataclass(frozen=True)
class Contact:
    """A contact that was made: a message handed over, or a call that reached somebody."""

    debtor: int
    case: int
    at: date
    medium: str
    companion: bool
    message: int | None = None
