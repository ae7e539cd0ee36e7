"""How satisfied customers were once all was settled, and what is done about a low mark."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from amiable.apps.cases.services import CaseError
from amiable.apps.dunning.surveying.answering import survey_erase, survey_task_close
from amiable.apps.insights import satisfaction as queries
from amiable.core.satisfaction import FEW
from amiable.interfaces.console import charts, clock, sentences, toasts
from amiable.interfaces.console.access import Request, change, manage, page
from amiable.interfaces.console.views.cases import who

HOME = "console:satisfaction"


@page
def satisfaction(request: Request) -> HttpResponse:
    """What waits, the figures, and the words."""
    organization, today = request.organization.pk, clock.today()
    found = queries.counted(organization, today)
    words = {
        "scenario": gettext("By scenario"),
        "step": gettext("By the last step before the payment"),
        "collector": gettext("By collector"),
    }
    context = {
        "found": found,
        "groups": [(by, words[by], found.lines[by]) for by in queries.BY],
        "tasks": queries.opinion_tasks(organization),
        "opinions": queries.opinions(organization, on=today),
        "chart": charts.satisfaction(found.spread),
        "today": today,
        "days": queries.PERIOD_DAYS,
        "few": FEW,
    }
    return render(request, "console/satisfaction.html", context)


@change
def close(request: Request, survey_id: int) -> HttpResponse:
    """Say what was done about an answer."""
    try:
        survey_task_close(
            request.organization.pk, survey_id, note=request.POST.get("note", ""), **who(request)
        )
        toasts.done(request, gettext("It is noted."))
    except CaseError as error:
        toasts.failed(request, sentences.render(error.sentence))
    return redirect(HOME)


@manage
def erase(request: Request, survey_id: int) -> HttpResponse:
    """Erase the words of an answer, at the customer's wish."""
    if survey_erase(request.organization.pk, survey_id, **who(request)):
        toasts.done(request, gettext("The words are erased; the mark stays in the figures."))
    else:
        toasts.failed(request, gettext("There are no words to erase."))
    return redirect(HOME)
