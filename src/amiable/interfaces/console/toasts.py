"""The short confirmation after a change, with the way to take it back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest


def done(request: HttpRequest, text: str, undo: str = "") -> None:
    """Confirm a change; `undo` = the address that takes it back when posted to."""
    messages.success(request, text, extra_tags=f"undo:{undo}" if undo else "")


def failed(request: HttpRequest, text: str) -> None:
    """Say why a change was not made."""
    messages.error(request, text[:1].upper() + text[1:])
