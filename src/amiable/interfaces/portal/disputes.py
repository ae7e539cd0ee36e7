"""Contesting an invoice, saying that it is paid, and the page of a dispute: what was said, and what
the customer adds."""

from __future__ import annotations

from contextlib import suppress

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.translation import gettext

from amiable.apps.cases.disputed import disputed_lines
from amiable.apps.cases.services import CaseError
from amiable.apps.dunning.disputing import dispute_of_link, dispute_withdrawn, dispute_write
from amiable.apps.insights.disputes import dispute_file, spoken
from amiable.apps.receivables.lines import invoices_with_lines
from amiable.interfaces.portal import words
from amiable.interfaces.portal.files import FILE_TYPE, files_sent, files_shown
from amiable.interfaces.portal.forms import METHODS, DisputeForm, PaidForm, WriteForm
from amiable.interfaces.portal.guard import Visit, not_found, visited
from amiable.interfaces.portal.showing import page_html
from amiable.interfaces.portal.tickets import ticket_name
from amiable.interfaces.portal.views import answered, download


@visited("GET", "HEAD", "POST", takes_files=True)
def disagree(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Contests an invoice; its address may say which and why, so that one tap is left."""
    sent = request.POST if request.method == "POST" else None
    initial = {name: request.GET.get(name, "") for name in ("item", "reason")}
    form = DisputeForm(sent, page=visit.page, on=visit.on, initial=initial)
    more = {
        "form": form,
        "reasons": form.reason_choices,
        "limits": files_shown(),
        "choose": {} if len(visit.page.items) == 1 else _choosing(visit),
    }
    template = "portal/disagree.html"
    return answered(request, visit, form, kind="dispute", template=template, more=more)


def _choosing(visit: Visit) -> dict[int, str]:
    """By item with lines: the address of the form that shows them."""
    ids = [item.invoice_id for item in visit.page.items]
    known = invoices_with_lines(visit.link.organization_id, ids)
    mark = "&" if visit.chosen else "?"
    return {
        item.id: f"{visit.url('disagree')}{mark}item={item.id}#lines"
        for item in visit.page.items
        if item.invoice_id in known
    }


@visited("POST")
def dispute_over(request: HttpRequest, visit: Visit, dispute_id: int) -> HttpResponse:
    """The customer contests no longer."""
    found = dispute_of_link(visit.link, dispute_id)
    name = ticket_name(request.POST.get("ticket", ""), visit.link.id)
    if found is None:
        return not_found(request)
    here = visit.url("dispute", dispute_id=dispute_id)
    if name is not None:
        with translation.override(visit.page.house_language):
            subject = gettext("Payment page: {number} is no longer contested")
            if visit.page.is_test:
                subject = f"{gettext('[TEST]')} {subject}"
        subject = subject.format(number=found.installment.invoice.number)
        # Settled by one of us meanwhile: the page says how.
        with suppress(CaseError):
            dispute_withdrawn(visit.link, dispute_id, subject=subject, ticket=name, now=visit.now)
    return HttpResponseRedirect(here, status=303)


@visited("GET", "HEAD", "POST", takes_files=True)
def paid(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Has paid already, or (`now`) has just made the transfer that the first page asks for."""
    sent, due = request.POST if request.method == "POST" else None, visit.page.due_minor
    initial = {"amount": words.figures(due, visit.page.draft.currency) if due else ""}
    if "now" in request.GET:
        initial["paid_on"] = visit.on.isoformat()
    form = PaidForm(sent, page=visit.page, on=visit.on, initial=initial)
    more = {"form": form, "methods": METHODS.items(), "limits": files_shown()}
    template = "portal/paid.html"
    return answered(request, visit, form, kind="already_paid", template=template, more=more)


@visited("GET", "HEAD", "POST", takes_files=True)
def dispute(request: HttpRequest, visit: Visit, dispute_id: int) -> HttpResponse:
    """What was said of a dispute; while it is open, the customer adds to it."""
    found = dispute_of_link(visit.link, dispute_id)
    if found is None:
        return not_found(request)
    sent = request.POST if request.method == "POST" else None
    form = WriteForm(sent, page=visit.page, on=visit.on)
    problem, status = "", 200
    if sent is not None:
        name, status = ticket_name(request.POST.get("ticket", ""), visit.link.id), 422
        if name is None:
            problem = gettext("This page was open for long: please look at it and send it again.")
        elif form.is_valid():
            try:
                _write(request, visit, dispute_id, form, number=found.installment.invoice.number)
                address = visit.url("dispute", dispute_id=dispute_id)
                return HttpResponseRedirect(f"{address}#last", status=303)
            except CaseError as error:
                problem = words.sentence(error.sentence)
    context = {
        "dispute": found,
        "spoken": spoken(found, to_customer=True),
        "lines": disputed_lines(visit.link.organization_id, dispute_id),
        "over": visit.url("dispute_over", dispute_id=dispute_id),
        "form": form,
        "problem": problem,
        "limits": files_shown(),
        "here": visit.url("dispute", dispute_id=dispute_id),
    }
    return HttpResponse(page_html(visit, "portal/dispute.html", **context), status=status)


@visited("GET", "HEAD")
def dispute_download(
    request: HttpRequest, visit: Visit, dispute_id: int, holder: str, file_id: int
) -> HttpResponse:
    """A file of a dispute that the customer may see."""
    if dispute_of_link(visit.link, dispute_id) is None:
        return not_found(request)
    found = dispute_file(
        visit.link.organization_id, dispute_id, holder=holder, file_id=file_id, to_customer=True
    )
    return download(found[1], found[0], content_type=FILE_TYPE) if found else not_found(request)


def _write(
    request: HttpRequest, visit: Visit, dispute_id: int, form: WriteForm, *, number: str
) -> None:
    """Keep the message. Raises CaseError."""
    name = ticket_name(request.POST.get("ticket", ""), visit.link.id) or ""
    with translation.override(visit.page.house_language):
        subject = gettext("Payment page: message about {number}, which is contested")
        if visit.page.is_test:
            subject = f"{gettext('[TEST]')} {subject}"
    dispute_write(
        visit.link, dispute_id, text=form.cleaned_data["note"], files=files_sent(request),
        subject=subject.format(number=number), ticket=name, now=visit.now,
    )  # fmt: skip
