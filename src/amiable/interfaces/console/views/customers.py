"""Customers: the list, each one's file, and what is known of them and their contacts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext

from amiable.apps.banking.paying import paying
from amiable.apps.cases import services as cases
from amiable.apps.cases.dispute_reasons import reasons
from amiable.apps.cases.entrusted import given_up
from amiable.apps.customers.queries import point_customers
from amiable.apps.dunning import queries as dunning
from amiable.apps.dunning.agreeing.proposals import case_proposals
from amiable.apps.dunning.debiting.means import debit_means
from amiable.apps.dunning.debiting.shown import plan_debits
from amiable.apps.dunning.enrollment.enrollments import case_scenario
from amiable.apps.dunning.services import cases_replan
from amiable.apps.insights import accounts
from amiable.apps.insights.customer_file import CustomerFile, customer_file, positions_decide
from amiable.apps.insights.customer_links import file_links
from amiable.apps.payments.debits.queries import debits_overtaken
from amiable.apps.payments.virtual_ibans.reading import free_for, holder_history
from amiable.core.workdays import next_workday
from amiable.interfaces.console import case_forms, clock, labels, toasts
from amiable.interfaces.console.access import Request, back, change, ids, page, page_number
from amiable.interfaces.console.views.cases import HOME, attempt, who


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


def _reasons(organization_id: int, file: CustomerFile) -> list[tuple[str, str]]:
    """Why an invoice may be contested: the creditor's reasons, in the reader's language."""
    known = reasons(organization_id, file.customer.creditor_id)
    return [(row.code, row.label(get_language() or "")) for row in known if row.is_active]


@page
def customer(request: Request, customer_id: int) -> HttpResponse:
    """Everything about one customer, and why the planner does what it does today."""
    organization, today = request.organization.pk, clock.today()
    file = customer_file(organization, customer_id, today)
    if file is None:
        raise Http404
    positions_decide(organization, file, on=today)
    actions = dunning.case_actions(organization, file.case_ids)
    context = {
        "file": file,
        "today": today,
        "to_do": [action for action in actions if action.state == "todo"],
        "to_approve": [action for action in actions if action.state == "to_approve"],
        "call_results": labels.choices("call"),
        "dispute_reasons": _reasons(organization, file),
        "plan_first": next_workday(today + timedelta(days=7)),
        "every": labels.choices("every"),
        "roles": case_forms.role_choices(),
        "people": _people(file),
        "virtual_ibans": holder_history(organization, customer_id),
        "free_ibans": free_for(organization, customer_id, on=today),
        "links": file_links(organization, file.case_ids),
        "paying": paying(organization, customer_id, on=today),
        "given_up": given_up(organization, [customer_id]),
        **_debits(organization, file, on=today),
        "proposals": case_proposals(organization, file.case_ids),
        "scenarios": [case_scenario(organization, case_id) for case_id in file.case_ids],
    }
    return render(request, "console/customer.html", context)


def _debits(organization: int, file: CustomerFile, *, on: date) -> dict[str, Any]:
    """What is collected by direct debit: too much, instalments of a plan; and whether it can be."""
    customer_id = file.customer.pk
    plans = [plan for position in file.positions for plan in position.given.plans]
    return {
        "overtaken": debits_overtaken(organization, on=on, customer_id=customer_id),
        "plan_debits": plan_debits(organization, plans),
        "debit_means": debit_means(organization, customer_id, currency="EUR", on=on),
    }


def _people(file: CustomerFile) -> list[tuple[Any, list[Any]]]:
    """(contact, its addresses), then (None, those of nobody in particular)."""
    groups = [(each, [p for p in file.points if p.contact_id == each.pk]) for each in file.contacts]
    nobodys = [point for point in file.points if point.contact_id is None]
    return [*groups, (None, nobodys)] if nobodys or not groups else groups


@change
def fact(request: Request, customer_id: int, fact: str) -> HttpResponse:
    """Note a fact of a customer, or that it is not so; posted to with the value in the address,
    it is the way back."""
    if fact not in case_forms.FACT_FORMS:
        raise Http404
    form = case_forms.FACT_FORMS[fact](request.POST if "value" in request.POST else request.GET)

    def work() -> HttpResponse:
        value = form.cleaned_data["value"]
        before = cases.customer_fact_set(
            request.organization.pk, customer_id, fact, value=value, **who(request)
        )
        cases_replan(request.organization.pk, [customer_id], on=clock.today())
        query = urlencode({"value": "" if before is None else before})
        undo = f"{reverse('console:customer_fact', args=[customer_id, fact])}?{query}"
        toasts.done(request, gettext("Noted."), undo if "value" in request.POST else "")
        return back(request, HOME)

    return attempt(request, form, work)


@change
def contact_add(request: Request, customer_id: int) -> HttpResponse:
    """A new person at a customer."""
    form = case_forms.ContactForm(request.POST)

    def work() -> HttpResponse:
        contact_id, points = cases.contact_add(
            request.organization.pk, customer_id, **form.cleaned_data, **who(request)
        )
        cases_replan(request.organization.pk, [customer_id], on=clock.today())
        query = urlencode([("point", point) for point in points])
        undo = f"{reverse('console:contact_remove', args=[contact_id])}?{query}"
        toasts.done(request, gettext("The contact is added."), undo)
        return back(request, HOME)

    return attempt(request, form, work)


@change
def contact_remove(request: Request, contact_id: int) -> HttpResponse:
    """Remove a contact, with the addresses that the address names."""
    removed = cases.contact_remove(
        request.organization.pk,
        contact_id,
        point_ids=ids(request.GET.getlist("point")),
        **who(request),
    )
    if removed:
        toasts.done(request, gettext("The contact is removed."))
    else:
        toasts.failed(request, gettext("This contact is already removed."))
    return back(request, HOME)


@change
def contact_role(request: Request, contact_id: int) -> HttpResponse:
    """Say who a contact is."""
    form = case_forms.RoleForm(request.POST if "role" in request.POST else request.GET)

    def work() -> HttpResponse:
        before = cases.contact_role_set(
            request.organization.pk, contact_id, form.cleaned_data["role"], **who(request)
        )
        undo = f"{reverse('console:contact_role', args=[contact_id])}?{urlencode({'role': before})}"
        toasts.done(request, gettext("Noted."), undo if "role" in request.POST else "")
        return back(request, HOME)

    return attempt(request, form, work)


@change
def point_mark(request: Request, point_id: int) -> HttpResponse:
    """Say that an address is wrong, that nothing is wanted there, or that it may be used."""
    form = case_forms.MarkForm(request.POST if "mark" in request.POST else request.GET)

    def work() -> HttpResponse:
        before = cases.point_mark(
            request.organization.pk, point_id, **form.cleaned_data, **who(request)
        )
        cases_replan(
            request.organization.pk,
            point_customers(request.organization.pk, point_id),
            on=clock.today(),
        )
        undo = f"{reverse('console:point_mark', args=[point_id])}?{urlencode({'mark': before})}"
        toasts.done(request, gettext("Noted."), undo if "mark" in request.POST else "")
        return back(request, HOME)

    return attempt(request, form, work)


@change
def point_consent(request: Request, point_id: int) -> HttpResponse:
    """Note that somebody agreed to electronic registered letters at an address, or did not."""
    form = case_forms.ConsentForm(request.POST if "consented_on" in request.POST else request.GET)

    def work() -> HttpResponse:
        before = cases.registered_consent_set(
            request.organization.pk, point_id, **form.cleaned_data, **who(request)
        )
        query = {"consented_on": before.isoformat() if before else ""}
        undo = f"{reverse('console:point_consent', args=[point_id])}?{urlencode(query)}"
        toasts.done(request, gettext("Noted."), undo if "consented_on" in request.POST else "")
        return back(request, HOME)

    return attempt(request, form, work)


@change
def address_mark(request: Request, customer_id: int) -> HttpResponse:
    """Say that letters come back from the postal address, or that it is right after all."""
    form = case_forms.AddressForm(request.POST if "mark" in request.POST else request.GET)

    def work() -> HttpResponse:
        before = cases.address_mark(
            request.organization.pk, customer_id, form.wrong, **who(request)
        )
        cases_replan(request.organization.pk, [customer_id], on=clock.today())
        query = {"mark": "valid"} if before is None else {"mark": "invalid", "reason": before}
        undo = f"{reverse('console:address_mark', args=[customer_id])}?{urlencode(query)}"
        toasts.done(request, gettext("Noted."), undo if "mark" in request.POST else "")
        return back(request, HOME)

    return attempt(request, form, work)
