"""A promise that the customer moves to another day on the payment page: once, and no farther from
the day it was made than any promise may be there. Beyond that somebody here is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from amiable.apps.cases.links import Link
from amiable.apps.cases.models import Promise
from amiable.apps.cases.queries import Given


@dataclass(frozen=True, slots=True)
class Moving:
    """A promise that may be moved: `left_minor` = what did not come of it yet; to a day from
    `first_on` to `until`."""

    promise_id: int
    left_minor: int
    due_on: date
    first_on: date
    until: date


def promise_moving(link: Link, given: Given, *, days: int, on: date) -> Moving | None:
    """The promise of a case that its customer may move; `days` = how far ahead one may be promised
    on the page (0 = not there). None when none runs or several do, when one was broken before, or
    when this one was moved before: then one was cancelled on the day it was made.

    One query, where a promise runs.
    """
    if not days or given.broken_count or link.invoice_id is not None or len(given.running) != 1:
        return None
    (promise,) = given.running
    first_on, until = max(promise.due_on, on) + timedelta(1), promise.made_on + timedelta(days)
    left = promise.amount_minor - promise.received_minor
    if first_on > until or left <= 0:
        return None
    before = Promise.objects.filter(
        case_id=link.case_id, cancelled_on=promise.made_on, plan__isnull=True
    )
    if before.exists():
        return None
    return Moving(promise.id, left, promise.due_on, first_on, until)
