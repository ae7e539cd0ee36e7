"""A call that reached nobody: when to try again, and when to give up.

No law counts the calls of a creditor, but repeated unwanted solicitation is an aggressive practice
(C. conso L121-6 and L121-7): tries are few, on other days and at the other half of the day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from amiable.core.scenario import ANY_TIME, WEEKDAYS, Window
from amiable.core.workdays import is_workday

# The half of the day that was tried ends here; the middle of each half is tried next.
NOON = time(13)
MORNING, AFTERNOON = time(10), time(15)
# Calls that reached nobody who could be asked.
UNREACHED = ("no_answer", "voicemail", "wrong_number")
# Of these, those that are tried again.
RETRIED = ("no_answer", "voicemail")
MOST_TRIES, MOST_DAYS = 9, 30


@dataclass(frozen=True, slots=True)
class Policy:
    """How often a call is tried in all, and how many days lie between two tries (0 = the other
    half of the same day, where it is still to come)."""

    tries: int = 3
    days: int = 1


def next_try(
    policy: Policy, *, tried: int, now: datetime, zone: str = "", window: Window = ANY_TIME
) -> datetime | None:
    """When to call again after `tried` calls that reached nobody, the last at `now`; None = no
    more. `now` and the answer are on the customer's own clock; `zone` = its holidays, `window` =
    when the step may be carried out.
    """
    if tried >= policy.tries:
        return None
    other = AFTERNOON if now.time() < NOON else MORNING
    day = now.date() + timedelta(days=policy.days)
    if policy.days == 0 and other == MORNING:
        day += timedelta(days=1)
    while not _open(day, zone, window):
        day += timedelta(days=1)
    if not window.contains(other):
        other = window.opens() if window.from_hour >= 8 else MORNING
    if not window.contains(other):
        other = time(max(8, window.until_hour - 1))
    return datetime.combine(day, other, now.tzinfo)


def _open(day: date, zone: str, window: Window) -> bool:
    return is_workday(day, zone) and WEEKDAYS[day.weekday()] in window.weekdays
