"""What every console page needs to draw its shell."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    """Template context of the frame: nothing yet beyond the request."""
    return {}
