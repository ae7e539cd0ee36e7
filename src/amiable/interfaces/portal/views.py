"""The payment page: read, answered in three ways, nothing else. A GET changes no fact
of the debt: it only notes that a document was fetched."""

from __future__ import annotations

import io
import re

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext

from amiable.apps.cases.links import document_taken, link_used
from amiable.apps.cases.services import CaseError
from amiable.apps.dunning.agreeing.proposals import is_plan_open
from amiable.apps.dunning.portal import portal_say, portal_told
from amiable.apps.dunning.writing.portal import invoice_file
from amiable.interfaces.portal import words
from amiable.interfaces.portal.files import files_sent
from amiable.interfaces.portal.forms import (
    HelpForm,
    MoveForm,
    PortalForm,
    PromiseForm,
    offered_days,
)
from amiable.interfaces.portal.guard import Visit, not_found, plain, visited
from amiable.interfaces.portal.online import home_page, items_sent
from amiable.interfaces.portal.opinions import asked
from amiable.interfaces.portal.sayings import saying
from amiable.interfaces.portal.showing import logo_picture, page_html, who_asks
from amiable.interfaces.portal.statements import statement_book, statement_paper
from amiable.interfaces.portal.tickets import ticket_name
from amiable.plugins.documents.colors import brand, ink_of, ink_on


@visited("GET", "HEAD")
def home(request: HttpRequest, visit: Visit) -> HttpResponse:
    """What is owed, how to pay it, and the three other ways out."""
    page = visit.page
    if page.stopped or not page.items:
        template = "portal/stopped.html" if page.stopped else "portal/settled.html"
        more = {**who_asks(visit, page.draft), **asked(visit)}
        return HttpResponse(page_html(visit, template, **more))
    ids = items_sent(request.GET, page) if "chosen" in request.GET else page.ticked()
    return home_page(visit, ids)


@visited("GET", "HEAD", "POST")
def later(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Cannot pay now: a day, or a word with a person."""
    page = visit.page
    sent = request.POST if request.method == "POST" else None
    kind = request.POST.get("kind", "")
    kind = kind if kind in {"hardship", "move"} else "promise"
    initial = {"amount": words.figures(page.next_minor, page.draft.currency)}
    form = PromiseForm(sent if kind == "promise" else None, page=page, on=visit.on, initial=initial)
    help_form = HelpForm(sent if kind == "hardship" else None, page=page, on=visit.on)
    move_form = MoveForm(sent if kind == "move" else None, page=page, on=visit.on)
    used = {"hardship": help_form, "move": move_form}.get(kind, form)
    more = {
        "help_form": help_form,
        "move_form": move_form,
        "move_days": offered_days(*move_form.span) if page.moving else [],
        "used": used,
        "days": offered_days(visit.on, page.promise_until),
        "form": form,
        "can_plan": is_plan_open(visit.link, on=visit.on),
        # Beside a promise that is waited for, only what else is due.
        "can_promise": page.promise_until is not None
        and page.most_minor > 0
        and (page.due_minor > 0 or not page.running),
    }
    return answered(request, visit, used, kind=kind, template="portal/later.html", more=more)


@visited("GET", "HEAD")
def told(request: HttpRequest, visit: Visit, ticket: str) -> HttpResponse:
    """What was said, and what happens next."""
    found = portal_told(visit.link, ticket)
    if found is None:
        return not_found(request)
    told_of = found.dispute_id
    address = visit.url("dispute", dispute_id=told_of) if told_of else ""
    return HttpResponse(page_html(visit, "portal/told.html", told=found, dispute_url=address))


@visited("POST")
def used(request: HttpRequest, visit: Visit) -> HttpResponse:
    """A person touched the page; what only fetches it sends no ticket."""
    if ticket_name(request.POST.get("ticket", ""), visit.link.id) is None:
        return HttpResponse(status=400)
    if not request.user.is_authenticated:  # somebody of the house looks at it
        link_used(visit.link, on=visit.on)
    return HttpResponse(status=204)


@visited("GET", "HEAD")
def invoice(request: HttpRequest, visit: Visit, invoice_id: int) -> HttpResponse:
    """The PDF of an invoice that stands on the page."""
    found = invoice_file(visit.page, invoice_id)
    if found and request.method == "GET" and not request.user.is_authenticated:
        document_taken(visit.link, invoice_id, on=visit.on)
    return (
        download(found[1], found[0], content_type="application/pdf")
        if found
        else not_found(request)
    )


@visited("GET", "HEAD")
def statement_pdf(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The statement of account."""
    found = statement_paper(visit)
    return download(*found, content_type="application/pdf") if found else not_found(request)


@visited("GET", "HEAD")
def statement_xlsx(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The statement as a table."""
    stream = io.BytesIO()
    found = statement_book(visit, stream)
    if found is None:
        return not_found(request)
    return download(stream.getvalue(), found[0], content_type=found[1])


@visited("GET", "HEAD")
def logo(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The creditor's logo."""
    found = logo_picture(visit)
    return HttpResponse(found[0], content_type=found[1]) if found else not_found(request)


@plain
def color(request: HttpRequest, color: str) -> HttpResponse:
    """A brand color as a style sheet: it says nothing of anybody, and may be kept."""
    if request.method not in {"GET", "HEAD"} or not re.fullmatch("[0-9a-f]{6}", color):
        return not_found(request)
    chosen = brand(f"#{color}")
    rule = f":root{{--brand:{chosen};--on-brand:{ink_on(chosen)};--brand-ink:{ink_of(chosen)}}}\n"
    response = HttpResponse(rule, content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=604800"
    return response


@plain
def missing(request: HttpRequest, rest: str) -> HttpResponse:  # noqa: ARG001  # whatever it is
    """Any other address."""
    return not_found(request)


def answered(
    request: HttpRequest,
    visit: Visit,
    form: PortalForm,
    *,
    kind: str,
    template: str,
    more: dict[str, object],
) -> HttpResponse:
    """The form; or, once it is good, what it says is written down and the answer shown."""
    if visit.page.stopped or not visit.page.items:
        return HttpResponseRedirect(visit.url("home"))
    problem, status = "", 200
    if request.method == "POST":
        name, status = ticket_name(request.POST.get("ticket", ""), visit.link.id), 422
        if name is None:
            problem = gettext("This page was open for long: please look at it and send it again.")
        elif portal_told(visit.link, name):  # sent twice: what was said changed what may be said
            return HttpResponseRedirect(visit.url("told", ticket=name), status=303)
        elif form.is_valid():
            try:
                portal_say(
                    visit.link, saying(kind, form), files=files_sent(request), ticket=name,
                    on=visit.on, now=visit.now,
                )  # fmt: skip
                return HttpResponseRedirect(visit.url("told", ticket=name), status=303)
            except CaseError as error:
                problem = words.sentence(error.sentence)
    shown = page_html(visit, template, problem=problem, **more)
    return HttpResponse(shown, status=status)


def download(content: bytes, name: str, *, content_type: str) -> HttpResponse:
    """A file to keep: a browser does not open it inside a page."""
    response = HttpResponse(content, content_type=content_type)
    disposition = content_disposition_header(as_attachment=True, filename=name)
    response.headers["Content-Disposition"] = disposition or "attachment"
    return response
