"""The one place where the console reads the clock."""

from __future__ import annotations

from datetime import date

from django.utils import timezone

from amiable.core.workdays import next_workday


def today() -> date:
    """The business date of a page: the day it is in France, wherever the machine stands."""
    return timezone.localdate()


def workday() -> date:
    """The day whose work is shown: today, or the next working day when today is none."""
    return next_workday(today())
