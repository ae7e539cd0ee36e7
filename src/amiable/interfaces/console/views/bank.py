"""The bank page: lines with what was decided and why, and what a person decides about them."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from amiable.apps.banking import paying, services
from amiable.apps.banking import queries as banking
from amiable.apps.banking.payout_pages import doubted_lines
from amiable.apps.banking.shared_lines import line_customers
from amiable.apps.dunning.services import cases_replan
from amiable.apps.insights import accounts
from amiable.apps.insights.customer_file import customer_file
from amiable.apps.insights.spreading import spread
from amiable.interfaces.console import clock, toasts
from amiable.interfaces.console.access import Request, back, change, ids, page, page_number
from amiable.interfaces.console.deciding import decide
from amiable.interfaces.console.rest_forms import rests_said

HOME = "console:bank"
PAGE_SIZE = 50
# What a person has to look at comes first.
OPEN = ("new", "proposed", "left")


@page
def bank(request: Request) -> HttpResponse:
    """Lines, newest first, those that wait for a person before all others."""
    organization, number = request.organization.pk, page_number(request)
    counts = banking.state_counts(organization)
    state = request.GET.get("state", "open")
    states = OPEN if state == "open" else (state,) if state in counts else ()
    query = request.GET.get("q", "").strip()[:100]
    total = banking.lines_count(organization, states=states, search=query)
    offset = (number - 1) * PAGE_SIZE
    lines = banking.lines(organization, states=states, search=query, limit=PAGE_SIZE, offset=offset)
    context = {
        "lines": lines,
        **_rests(organization, lines),
        "counts": {**counts, "open": sum(counts[name] for name in OPEN)},
        "state": state,
        "q": query,
        "accounts": banking.accounts(organization),
        "statements": banking.statements(organization, limit=12),
        "unallocated": banking.unallocated(organization),
        "doubts": doubted_lines(organization),
        "found": {"number": number, "pages": max(1, -(-total // PAGE_SIZE)), "total": total},
    }
    return render(request, "console/bank.html", context)


def _rests(organization: int, lines: list[banking.LineView]) -> dict[str, Any]:
    """What the readings of lines leave open: to be named, and named already."""
    matches = {match.id for line in lines for match in line.matches}
    return {
        "questions": paying.rest_questions(organization, lines, on=clock.today()),
        "rests": paying.rests_of(organization, matches) if matches else {},
        "today": clock.today(),
        "rests_waiting": paying.rests_waiting_count(organization),
    }


@page
def line(request: Request, line_id: int) -> HttpResponse:
    """Assign a line by hand: choose the customer, then the items."""
    organization, today = request.organization.pk, clock.today()
    view = banking.line(organization, line_id)
    if view is None:
        raise Http404
    query = request.GET.get("q", view.payer_name)[:100]
    chosen = ids([request.GET.get("customer", "")])
    file = customer_file(organization, chosen[0], today) if chosen else None
    context = {"line": view, "q": query, "file": file, "today": today}
    if file is None:
        context["found"] = accounts.accounts_page(organization, today, search=query)
    else:
        context["spread"] = spread(organization, file, view.amount, on=view.booked_on)
    return render(request, "console/bank_line.html", context)


@change
def match_confirm(request: Request, match_id: int) -> HttpResponse:
    """The proposal is right; of equal invoices, for the one chosen."""
    instead = next(iter(ids([request.POST.get("installment", "")])), None)
    said = {"rests": rests_said(request.POST), "instead": instead}
    if posted := decide(request, services.match_confirm, match_id, **said):
        undo = reverse("console:match_undo", args=[posted.pk])
        toasts.done(request, gettext("Confirmed: the payment is posted."), undo)
    return back(request, HOME)


@change
def match_refuse(request: Request, match_id: int) -> HttpResponse:
    """The proposal is wrong and does not come back."""
    if decide(request, services.match_refuse, match_id):
        toasts.done(request, gettext("Turned down: this proposal does not come back."))
    return back(request, HOME)


@change
def match_undo(request: Request, match_id: int) -> HttpResponse:
    """A posted match was wrong: the debt is open again."""
    if match := decide(request, services.match_undo, match_id):
        text = gettext("Undone: the line waits for a decision again.")
        if match.returned_payment_id:
            text = gettext("Undone: the payment that was taken back counts again.")
        elif match.payment_id:
            text = gettext("Undone: the invoices are open again.")
        toasts.done(request, text)
    return back(request, HOME)


@change
def line_ignore(request: Request, line_id: int) -> HttpResponse:
    """The line concerns no customer."""
    if decide(request, services.line_ignore, line_id):
        whose = line_customers(request.organization.pk, line_id)
        cases_replan(request.organization.pk, whose, on=clock.today())
        undo = reverse("console:line_restore", args=[line_id])
        toasts.done(request, gettext("Set aside."), undo)
    return back(request, HOME)


@change
def line_restore(request: Request, line_id: int) -> HttpResponse:
    """Take a line that was set aside up again."""
    if decide(request, services.line_restore, line_id):
        toasts.done(request, gettext("The line waits for a decision again."))
    return back(request, HOME)


@change
def line_assign(request: Request, line_id: int) -> HttpResponse:
    """Post a line to a customer: the ticked items (or all, "spread"), in the order of the law or as
    agreed, until the money is used up."""
    organization, chosen = request.organization.pk, ids([request.POST.get("customer", "")])
    view = banking.line(organization, line_id)
    file = customer_file(organization, chosen[0], clock.today()) if chosen else None
    if view is None or file is None:
        raise Http404
    among = None if "spread" in request.POST else set(ids(request.POST.getlist("item")))
    spent = spread(organization, file, view.amount, on=view.booked_on, among=among)
    what = {"allocations": spent.allocations, "why": spent.why}
    match = decide(request, services.line_assign, line_id, file.customer.pk, **what)
    if match:
        undo = reverse("console:match_undo", args=[match.pk])
        toasts.done(request, gettext("Assigned: the payment is posted."), undo)
    return redirect(HOME)


@change
def match_all(request: Request) -> HttpResponse:
    """Look again at every line that waits."""
    organization, today = request.organization.pk, clock.today()
    counts = services.lines_match(organization, on=today)
    cases_replan(organization, on=today)
    posted = counts.get("posted", 0)
    text = ngettext("{count} line is matched.", "{count} lines are matched.", posted)
    toasts.done(request, text.format(count=posted))
    return back(request, HOME)
