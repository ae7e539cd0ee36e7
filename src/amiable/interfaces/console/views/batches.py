"""What a person decides about a bulk line whose details have come."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from amiable.apps.banking import services, splitting
from amiable.apps.dunning.services import cases_replan
from amiable.interfaces.console import clock, toasts
from amiable.interfaces.console.access import Request, back, change
from amiable.interfaces.console.deciding import decide

HOME = "console:bank"


@change
def batch_split(request: Request, line_id: int) -> HttpResponse:
    """The details stand for the line from now on, and are matched at once."""
    organization, today = request.organization.pk, clock.today()
    if decide(request, splitting.batch_split, line_id):
        services.lines_match(organization, on=today)
        cases_replan(organization, on=today)
        undo = reverse("console:batch_join", args=[line_id])
        toasts.done(request, gettext("Split into the details that the bank tells."), undo)
    return back(request, HOME)


@change
def batch_refuse(request: Request, line_id: int) -> HttpResponse:
    """The line stays as it was decided."""
    if decide(request, splitting.batch_refuse, line_id):
        toasts.done(request, gettext("The line stays whole."))
    return back(request, HOME)


@change
def batch_join(request: Request, line_id: int) -> HttpResponse:
    """The line is one again, and waits for a decision."""
    if decide(request, splitting.batch_join, line_id):
        toasts.done(request, gettext("The line is whole again and waits for a decision."))
    return back(request, HOME)
