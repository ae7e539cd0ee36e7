"""Customers: the list, and each one's file."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render

from amiable.apps.dunning import queries as dunning
from amiable.apps.insights import accounts
from amiable.apps.insights.customer_file import customer_file
from amiable.interfaces.console import clock, labels
from amiable.interfaces.console.access import Request, page, page_number


@page
def customers(request: Request) -> HttpResponse:
    """The list; htmx asks for the table alone while the reader types."""
    asked = {
        "q": request.GET.get("q", "")[:100],
        "only": request.GET.get("only", "all"),
        "sort": request.GET.get("sort", "-overdue"),
    }
    found = accounts.accounts_page(
        request.organization.pk,
        clock.today(),
        search=asked["q"],
        only=asked["only"],
        sort=asked["sort"],
        page=page_number(request),
    )
    template = "console/customers_table.html" if request.htmx else "console/customers.html"
    return render(request, template, {"found": found, **asked})


@page
def customer(request: Request, customer_id: int) -> HttpResponse:
    """Everything about one customer, and why the planner does what it does today."""
    organization, today = request.organization.pk, clock.today()
    file = customer_file(organization, customer_id, today)
    if file is None:
        raise Http404
    previews = [dunning.case_preview(organization, case, on=today) for case in file.case_ids]
    actions = dunning.case_actions(organization, file.case_ids)
    context = {
        "file": file,
        "today": today,
        "plans": [preview.plan for preview in previews if preview],
        "to_do": [action for action in actions if action.state == "todo"],
        "to_approve": [action for action in actions if action.state == "to_approve"],
        "call_results": labels.choices("call"),
        "dispute_reasons": labels.choices("dispute"),
    }
    return render(request, "console/customer.html", context)
