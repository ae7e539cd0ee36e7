"""The instalments of a payment plan: amounts that sum to the cent, dates that are worked."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

from amiable.core.money import split
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.workdays import next_workday

Every = Literal["week", "two_weeks", "month"]
EVERY: tuple[Every, ...] = get_args(Every)
# Five years of months: a longer agreement is a loan, not a payment plan.
MOST_PARTS = 60

declare(
    {
        "schedule.count": gettext_noop("A plan has between 2 and {most} instalments."),
        "schedule.too_small": gettext_noop("The amount is too small for so many instalments."),
    }
)


class ScheduleError(ValueError):
    """A schedule that cannot be made; `sentence` says why."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class PlanPart:
    """A part of a plan: minor units, and the working day on which it falls due."""

    due_on: date
    amount_minor: int


def schedule(
    total_minor: int, count: int, *, first_on: date, every: Every, zone: str = ""
) -> tuple[PlanPart, ...]:
    """`count` instalments of a total from `first_on`, a cent apart at most.

    Each falls due on its day, or the next working day of the zone, and after the one before it;
    the 31st of a month becomes the last day of a shorter one. Raises ScheduleError.
    """
    if not 2 <= count <= MOST_PARTS:
        raise ScheduleError(Sentence("schedule.count", {"most": MOST_PARTS}))
    if total_minor < count:
        raise ScheduleError(Sentence("schedule.too_small"))
    days = dates(count, first_on=first_on, every=every, zone=zone)
    return tuple(map(PlanPart, days, split(total_minor, [1] * count)))


def dates(count: int, *, first_on: date, every: Every, zone: str = "") -> list[date]:
    """The working days of `count` instalments from `first_on`, each after the one before it."""
    days: list[date] = []
    for number in range(count):
        day = next_workday(nominal(first_on, number, every=every), zone)
        if days and day <= days[-1]:
            day = next_workday(days[-1] + timedelta(days=1), zone)
        days.append(day)
    return days


def nominal(first_on: date, number: int, *, every: Every) -> date:
    """The day that comes `number` times `every` after the first, worked or not."""
    if every != "month":
        return first_on + timedelta(weeks=number * (2 if every == "two_weeks" else 1))
    year, month = divmod(first_on.year * 12 + first_on.month - 1 + number, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(first_on.day, last))
