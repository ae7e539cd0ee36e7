"""The page of a colleague who is asked about a dispute: the question, the invoice, an answer. No
account; who knows the address answers once."""

from __future__ import annotations

import functools
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt

from amiable.apps.cases.colleagues import (
    Asked,
    question_answer,
    question_document,
    question_find,
)
from amiable.apps.cases.disputed import disputed_lines
from amiable.apps.cases.services import CaseError
from amiable.apps.insights.disputes import colleague_files, dispute_file
from amiable.apps.messaging.writing.wording import language_of
from amiable.interfaces.portal import files, limits, words
from amiable.interfaces.portal.forms import LONGEST_NOTE
from amiable.interfaces.portal.guard import View, kept_apart, not_found, said
from amiable.interfaces.portal.tickets import ticket, ticket_name
from amiable.interfaces.portal.views import download

# Tickets of these forms are told from those of links by their sign.
LONGEST_ANSWER = 4 * LONGEST_NOTE


def _asked(*methods: str) -> Any:
    """A view of (request, asked, token, ...) behind the token of a question."""

    def decorate(view: View) -> View:
        @csrf_exempt  # a signed ticket stands in the form instead: see tickets
        @functools.wraps(view)
        def wrapper(request: HttpRequest, token: str, **values: Any) -> HttpResponse:
            if request.method not in methods:
                return kept_apart(HttpResponse(status=405, headers={"Allow": ", ".join(methods)}))
            try:
                return kept_apart(_answer(request, token, view, values))
            except (SuspiciousOperation, UnreadablePostError, MultiPartParserError):
                return kept_apart(HttpResponse(status=400))

        return wrapper

    return decorate


def _answer(request: HttpRequest, token: str, view: View, values: dict[str, Any]) -> HttpResponse:
    address = limits.address_of(request)
    if not (limits.BY_ADDRESS.allows(address) and limits.BY_TOKEN.allows(token)):
        return said(request, "portal/busy.html", 429)
    if request.method == "POST":
        if files.is_too_large(request):
            return said(request, "portal/large.html", 413)
        if not limits.UPLOADS.allows(token):
            return said(request, "portal/busy.html", 429)
    found = question_find(token, on=timezone.localdate())
    if found is None:
        within = limits.MISSES.allows(address)
        return not_found(request) if within else said(request, "portal/busy.html", 429)
    with translation.override(language_of(found.language)), files.place(request) as is_free:
        if not is_free:
            return said(request, "portal/busy.html", 429)
        return view(request, found, token, **values)


@_asked("GET", "HEAD", "POST")
def ask(request: HttpRequest, asked: Asked, token: str) -> HttpResponse:
    """The question; once it is answered, thanks."""
    problem, status, text = "", 200, request.POST.get("text", "")[:LONGEST_ANSWER]
    if request.method == "POST":
        status = 422
        if ticket_name(request.POST.get("ticket", ""), -asked.id) is None:
            problem = gettext("This page was open for long: please look at it and send it again.")
        else:
            try:
                question_answer(asked, text, files=files.files_sent(request), now=timezone.now())
                return HttpResponseRedirect(reverse("ask:thanks"), status=303)
            except CaseError as error:
                problem = words.sentence(error.sentence)
    context = {
        "asked": asked,
        "language": language_of(asked.language),
        "form_ticket": ticket(-asked.id),
        "files": colleague_files(asked.organization_id, asked.dispute_id),
        "lines": disputed_lines(asked.organization_id, asked.dispute_id),
        "limits": files.files_shown(),
        "problem": problem,
        "text": text,
        "token": token,
    }
    return HttpResponse(render_to_string("portal/ask.html", context), status=status)


@_asked("GET", "HEAD")
def invoice(request: HttpRequest, asked: Asked, token: str) -> HttpResponse:  # noqa: ARG001
    """The PDF of the invoice that is contested."""
    found = question_document(asked)
    return (
        download(found[1], found[0], content_type="application/pdf")
        if found
        else not_found(request)
    )


@_asked("GET", "HEAD")
def file(request: HttpRequest, asked: Asked, token: str, file_id: int) -> HttpResponse:  # noqa: ARG001
    """A file that the customer sent with the dispute."""
    found = dispute_file(asked.organization_id, asked.dispute_id, holder="reply", file_id=file_id)
    return (
        download(found[1], found[0], content_type=files.FILE_TYPE) if found else not_found(request)
    )


@csrf_exempt
def thanks(request: HttpRequest) -> HttpResponse:
    """After the answer: it says nothing of anybody."""
    return kept_apart(said(request, "portal/ask_thanks.html", 200))


@csrf_exempt
def missing(request: HttpRequest, rest: str) -> HttpResponse:  # noqa: ARG001  # whatever it is
    """Any other address."""
    return kept_apart(not_found(request))


app_name = "ask"
urlpatterns: list[URLPattern] = [
    path("thanks/", thanks, name="thanks"),
    path("<str:token>/", ask, name="ask"),
    path("<str:token>/invoice/", invoice, name="invoice"),
    path("<str:token>/files/<int:file_id>/", file, name="file"),
    path("<path:rest>", missing),
]
