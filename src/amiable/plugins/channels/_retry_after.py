"""How long an HTTP server asks to wait (RFC 9110, section 10.2.3)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LATER_SECONDS, LONGEST_SECONDS = 900, 86_400


def seconds_asked(text: str) -> int:
    """Seconds that a Retry-After header asks for, within a day; a quarter of an hour when it does
    not say."""
    text = text.strip()
    seconds = LATER_SECONDS
    if text.isascii() and text.isdecimal() and len(text) < 10:
        seconds = int(text)
    elif text:
        try:
            seconds = int((parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
        except (ValueError, TypeError, OverflowError):
            seconds = LATER_SECONDS
    return min(max(seconds, 1), LONGEST_SECONDS)
