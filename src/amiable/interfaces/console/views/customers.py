"""Customers: the list, and each one's file."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from amiable.apps.insights import accounts
from amiable.interfaces.console import clock
from amiable.interfaces.console.access import page


@page
def customers(request: HttpRequest) -> HttpResponse:
    """The list; htmx asks for the table alone while the reader types."""
    number = request.GET.get("page", "1")
    found = accounts.accounts_page(
        request.organization.pk,
        clock.today(request),
        search=request.GET.get("q", "")[:100],
        only=request.GET.get("only", "all"),
        sort=request.GET.get("sort", "-overdue"),
        page=int(number) if number.isdecimal() and len(number) < 7 else 1,
    )
    context = {
        "found": found,
        "q": request.GET.get("q", ""),
        "only": request.GET.get("only", "all"),
        "sort": request.GET.get("sort", "-overdue"),
    }
    template = "console/customers_table.html" if request.htmx else "console/customers.html"
    return render(request, template, context)
