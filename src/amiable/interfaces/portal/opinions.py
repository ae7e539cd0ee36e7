"""How it went, once all is settled: a mark, a few words, a call that is wished for. Only what
is sent counts: programs that look at mail open every link."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext

from amiable.apps.cases.services import CaseError
from amiable.apps.dunning.surveying.answering import (
    Opinion,
    survey_answer,
    survey_offer,
    survey_refuse,
    survey_seen,
)
from amiable.interfaces.portal import words
from amiable.interfaces.portal.forms import OpinionForm
from amiable.interfaces.portal.guard import Visit, visited
from amiable.interfaces.portal.showing import page_html
from amiable.interfaces.portal.tickets import ticket_name


def asked(visit: Visit) -> dict[str, Any]:
    """The question for the page of a settled case; nothing where none is asked."""
    offer = (
        None if visit.page.is_test or visit.page.stopped else survey_offer(visit.link, on=visit.on)
    )
    if offer is None:
        return {}
    given = {"score": offer.score, "note": offer.note, "wants_call": offer.wants_call}
    form = OpinionForm(page=visit.page, on=visit.on, initial=given)
    return {"opinion": offer, "opinion_form": form}


@visited("GET", "HEAD", "POST")
def opinion(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The question alone: where an email leads, and where an answer is changed."""
    shown = asked(visit)
    if not shown:
        return HttpResponseRedirect(visit.url("home"))
    problem, status = "", 200
    if request.method == "POST":
        form, status = OpinionForm(request.POST, page=visit.page, on=visit.on), 422
        if ticket_name(request.POST.get("ticket", ""), visit.link.id) is None:
            problem = gettext("This page was open for long: please look at it and send it again.")
        elif "never" in request.POST or form.is_valid():
            try:
                _keep(request, visit, form)
                return HttpResponseRedirect(visit.url("opinion_told"), status=303)
            except CaseError as error:
                problem = words.sentence(error.sentence)
        shown["opinion_form"] = form
    page = page_html(visit, "portal/opinion.html", problem=problem, alone=True, **shown)
    return HttpResponse(page, status=status)


@visited("GET", "HEAD")
def opinion_told(_request: HttpRequest, visit: Visit) -> HttpResponse:
    """Thanks, and until when the answer may be changed."""
    return HttpResponse(page_html(visit, "portal/opinion_told.html", told=asked(visit)))


@visited("POST")
def opinion_seen(request: HttpRequest, visit: Visit) -> HttpResponse:
    """A person touched the page that asks; what only fetches it sends no ticket."""
    if ticket_name(request.POST.get("ticket", ""), visit.link.id) is None:
        return HttpResponse(status=400)
    if not request.user.is_authenticated:  # somebody of the house looks at it
        survey_seen(visit.link, on=visit.on)
    return HttpResponse(status=204)


def _keep(request: HttpRequest, visit: Visit, form: OpinionForm) -> None:
    if "never" in request.POST:
        survey_refuse(visit.link, on=visit.on, now=visit.now)
        return
    said = form.cleaned_data
    answer = Opinion(said["score"], said["note"], said["wants_call"])
    survey_answer(visit.link, answer, on=visit.on, now=visit.now)
