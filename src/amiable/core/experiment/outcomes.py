"""How fast a payer settles what it owed or came to owe when it was drawn.

Counted by intention to treat: a payer belongs to its arm whatever is done to it afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Window:
    """Items count that fall due within `entry_days` of the payer's first day, each for
    `follow_days`."""

    entry_days: int = 14
    follow_days: int = 30


WINDOW = Window()
PAID_WITHIN = (7, 14, 30)


@dataclass(frozen=True, slots=True)
class Item:
    """An item that was open when its case was drawn, or came later."""

    drawn_on: date
    due_on: date
    settled_on: date | None
    amount_minor: int

    @property
    def origin(self) -> date:
        """The day counting starts: the draw, or the due date when that comes later."""
        return max(self.drawn_on, self.due_on)


@dataclass(frozen=True, slots=True)
class Payer:
    """A payer group, the unit of the experiment, with what was known of it when it was drawn.

    `history_days` = its mean delay before, None without history. `counts` = guardrails within
    `Window.follow_days` of the draw.
    """

    group: str
    arm: str
    drawn_on: date
    kind: str = "company"
    items: tuple[Item, ...] = ()
    history_days: float | None = None
    open_minor: int = 0
    overdue_days: int = 0
    counts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a payer's items; known, for every payer alike, on `ready_on`.

    `days` = mean over its items of the days to payment, at most `follow_days` each;
    `days_by_amount` = the same weighted by amount (`amount_minor` in all); `paid` = share of its
    items paid within so many days.
    """

    ready_on: date
    days: float
    days_by_amount: float
    amount_minor: int
    paid: Mapping[int, float]


def outcome(payer: Payer, window: Window = WINDOW) -> Outcome | None:
    """A payer's outcome; None when it owed nothing.

    It is ready only when every item that could count has been followed to the end. Whoever pays
    at once is not counted earlier: the fast payers would come first and flatter every arm.
    """
    items = counted(payer.items, window)
    if not items:
        return None
    first = min(item.origin for item in items)
    days = [_days(item, window) for item in items]
    amount = sum(item.amount_minor for item in items)
    weighted = sum(item.amount_minor * length for item, length in zip(items, days, strict=True))
    mean = sum(days) / len(days)
    settled = [_settled_after(item) for item in items]
    return Outcome(
        ready_on=first + timedelta(days=window.entry_days + window.follow_days),
        days=mean,
        days_by_amount=weighted / amount if amount > 0 else mean,
        amount_minor=amount,
        paid={
            limit: sum(1 for after in settled if after is not None and after <= limit) / len(items)
            for limit in PAID_WITHIN
        },
    )


def counted(items: Iterable[Item], window: Window = WINDOW) -> list[Item]:
    """Items still open at the draw that begin to count within `entry_days` of the first one."""
    owed = [item for item in items if item.settled_on is None or item.settled_on >= item.drawn_on]
    if not owed:
        return []
    last = min(item.origin for item in owed) + timedelta(days=window.entry_days)
    return [item for item in owed if item.origin <= last]


def restricted_mean(items: Iterable[Item], *, on: date, window: Window = WINDOW) -> float | None:
    """Mean days to payment within `follow_days`, of items some of which are still being followed.

    The area under the Kaplan-Meier curve (Royston and Parmar 2013): an item that is open on `on`
    says only that it took longer. None when nothing has begun to count.
    """
    paid: dict[int, int] = {}
    left: dict[int, int] = {}
    for item in items:
        seen = (on - item.origin).days
        if seen < 0:
            continue
        after = _settled_after(item)
        if after is not None and after <= min(seen, window.follow_days):
            paid[after] = paid.get(after, 0) + 1
        else:
            left[seen] = left.get(seen, 0) + 1
    at_risk = sum(paid.values()) + sum(left.values())
    if not at_risk:
        return None
    surviving, area = 1.0, 0.0
    for day in range(window.follow_days):
        if at_risk:
            surviving *= 1 - paid.get(day, 0) / at_risk
        area += surviving
        at_risk -= paid.get(day, 0) + left.get(day, 0)
    return area


def mean(values: Sequence[float]) -> float | None:
    """The mean; None of nothing."""
    return sum(values) / len(values) if values else None


def _settled_after(item: Item) -> int | None:
    """Days from the origin to payment; paid before its due date is 0."""
    return None if item.settled_on is None else max(0, (item.settled_on - item.origin).days)


def _days(item: Item, window: Window) -> int:
    after = _settled_after(item)
    return window.follow_days if after is None else min(after, window.follow_days)
