"""The one place where the console reads the clock."""

from __future__ import annotations

from datetime import date

from django.utils import timezone


def today() -> date:
    """The business date of a page: the day it is in France, wherever the machine stands."""
    return timezone.localdate()
