"""One line for several customers: choose them, write what each pays, share it in one act."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from amiable.apps.banking import queries as banking
from amiable.apps.banking import shared_lines, sharing
from amiable.apps.insights import accounts
from amiable.core.money import Money
from amiable.interfaces.console import clock, toasts
from amiable.interfaces.console.access import Request, ask, change, ids, page
from amiable.interfaces.console.deciding import decide
from amiable.interfaces.console.share_forms import Shared, customers_asked, shared_read


@page
def share(request: Request, line_id: int) -> HttpResponse:
    """Begin: with the parts of a proposal (`match`), or with customers (`customer`)."""
    organization, line = request.organization.pk, _line(request, line_id)
    match = next(iter(ids([request.GET.get("match", "")])), 0)
    parts = dict(shared_lines.proposed_parts(organization, match)) if match else {}
    chosen = customers_asked(request.GET) or shared_lines.owners(organization, parts)
    return _show(request, line, chosen, Shared(parts), query=request.GET.get("q", ""))


@ask
def look(request: Request, line_id: int) -> HttpResponse:
    """The page again, with a customer more or less, what a search finds, and what it sums to."""
    line, chosen = _line(request, line_id), customers_asked(request.POST)
    return _show(request, line, chosen, _read(request, line), query=request.POST.get("q", ""))


@change
def line_share(request: Request, line_id: int) -> HttpResponse:
    """Share the line as it is written."""
    line = _line(request, line_id)
    said = _read(request, line)
    if said.wrong:
        toasts.failed(request, said.wrong)
    else:
        what = {"parts": list(said.parts.items()), "rest_for": said.rest_for}
        matches = decide(request, sharing.line_share, line_id, **what)
        if matches:
            undo = reverse("console:match_undo", args=[matches[0].pk])
            toasts.done(request, gettext("Shared: each customer has its payment."), undo)
            return redirect("console:bank")
    chosen = customers_asked(request.POST)
    return _show(request, line, chosen, said, query="")


def _line(request: Request, line_id: int) -> banking.LineView:
    line = banking.line(request.organization.pk, line_id)
    if line is None:
        raise Http404
    return line


def _read(request: Request, line: banking.LineView) -> Shared:
    sent: QueryDict = request.POST
    currency = line.amount.currency
    owing = shared_lines.owing(request.organization.pk, customers_asked(sent), currency)
    return shared_read(sent, owing, currency=currency)


def _show(
    request: Request, line: banking.LineView, chosen: list[int], said: Shared, *, query: str
) -> HttpResponse:
    organization, currency = request.organization.pk, line.amount.currency
    query = query.strip()[:100]
    likely = shared_lines.likely_customers(organization, line)
    left = line.amount.amount_minor - said.total_minor
    context: dict[str, Any] = {
        "line": line,
        "owing": shared_lines.owing(organization, chosen, currency),
        "said": said,
        "shared": Money(said.total_minor, currency),
        "left": Money(left, currency),
        "over": Money(-left, currency),
        "likely": [each for each in likely if each[0] not in chosen],
        "q": query,
        "chosen": chosen,
    }
    if query:
        context["found"] = accounts.accounts_page(organization, clock.today(), search=query)
    return render(request, "console/bank_share.html", context)
