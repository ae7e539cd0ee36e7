"""What a person decides about a bulk line whose details have come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from amiable.apps.banking import services, splitting
from amiable.apps.dunning.services import cases_replan
from amiable.apps.payments.services import PaymentError
from amiable.interfaces.console import clock, sentences, toasts
from amiable.interfaces.console.access import Request, actor, back, change

HOME = "console:bank"


def _decide(request: Request, decision: Callable[..., Any], line_id: int) -> bool:
    """Take the decision; a toast when the line has moved on."""
    try:
        decision(request.organization.pk, line_id, on=clock.today(), actor=actor(request))
    except ObjectDoesNotExist as error:
        raise Http404 from error
    except (services.MatchError, PaymentError) as error:
        toasts.failed(request, sentences.render(error.sentence))
        return False
    return True


@change
def batch_split(request: Request, line_id: int) -> HttpResponse:
    """The details stand for the line from now on, and are matched at once."""
    organization, today = request.organization.pk, clock.today()
    if _decide(request, splitting.batch_split, line_id):
        services.lines_match(organization, on=today)
        cases_replan(organization, on=today)
        undo = reverse("console:batch_join", args=[line_id])
        toasts.done(request, gettext("Split into the details that the bank tells."), undo)
    return back(request, HOME)


@change
def batch_refuse(request: Request, line_id: int) -> HttpResponse:
    """The line stays as it was decided."""
    if _decide(request, splitting.batch_refuse, line_id):
        toasts.done(request, gettext("The line stays whole."))
    return back(request, HOME)


@change
def batch_join(request: Request, line_id: int) -> HttpResponse:
    """The line is one again, and waits for a decision."""
    if _decide(request, splitting.batch_join, line_id):
        toasts.done(request, gettext("The line is whole again and waits for a decision."))
    return back(request, HOME)
