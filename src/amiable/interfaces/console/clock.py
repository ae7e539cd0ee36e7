"""The one place where the console reads the clock."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest


def today(request: HttpRequest) -> date:  # noqa: ARG001 - the request may one day carry a time zone
    """The business date of a page."""
    return date.today()
