"""The first page: where we stand, what is due, who decides what."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from amiable.interfaces.console import clock
from amiable.interfaces.console.access import page


@page
def dashboard(request: HttpRequest) -> HttpResponse:
    """Figures of today."""
    return render(request, "console/dashboard.html", {"today": clock.today(request)})
