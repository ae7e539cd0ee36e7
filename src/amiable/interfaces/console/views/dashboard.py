"""The first page: where we stand, what is due, who decides what; and the items behind it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from amiable.apps.dunning import queries as dunning
from amiable.apps.insights.alerts import alerts
from amiable.apps.insights.board import board as kept_board
from amiable.apps.insights.open_items import items_page
from amiable.core.kpi import BUCKETS
from amiable.interfaces.console import charts, clock
from amiable.interfaces.console.access import Request, page, page_number


@page
def dashboard(request: Request) -> HttpResponse:
    """Figures of today."""
    today, organization, day = clock.today(), request.organization.pk, clock.workday()
    board = kept_board(organization, today)
    context = {
        "today": today,
        "day": day,
        "board": board,
        "figures": board.main,
        "aging": charts.aging(board.main.aging, board.main.currency),
        "dso": charts.dso(board.history),
        "waiting": dunning.agenda_counts(organization, on=day),
        "due": dunning.agenda(organization, on=day, limit=6),
        "alerts": alerts(organization, today),
    }
    return render(request, "console/dashboard.html", context)


@page
def figures(request: Request) -> HttpResponse:
    """Every figure with its method and its perimeter."""
    today = clock.today()
    context = {
        "today": today,
        "all_figures": kept_board(request.organization.pk, today).currencies,
    }
    return render(request, "console/figures.html", context)


@page
def items(request: Request) -> HttpResponse:
    """The open items behind a figure of the aged balance."""
    bucket = request.GET.get("bucket", "")
    found = items_page(
        request.organization.pk, clock.today(), bucket=bucket, page=page_number(request)
    )
    context = {"found": found, "bucket": bucket, "buckets": BUCKETS}
    return render(request, "console/items.html", context)
