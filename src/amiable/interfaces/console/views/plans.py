"""Payment plans: what customers may agree by themselves, what they propose, what is changed."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from amiable.apps.cases import policies as plan_policies
from amiable.apps.cases import services as cases
from amiable.apps.cases.queries import amounts_currency, noted_customers
from amiable.apps.dunning.agreeing import deciding
from amiable.apps.dunning.services import cases_replan
from amiable.apps.tenants.queries import creditors
from amiable.core.plans import Policy
from amiable.interfaces.console import clock, toasts
from amiable.interfaces.console.access import Request, back, change, ids, manage, page
from amiable.interfaces.console.case_forms import PlanForm
from amiable.interfaces.console.plan_forms import DecideForm, PolicyForm, policy_form
from amiable.interfaces.console.views.cases import HOME, attempt, plan_terms, who


@page
def policies(request: Request) -> HttpResponse:
    """Every policy, and a form for another one."""
    rows = plan_policies.policies(request.organization.pk)
    context = {
        "rows": [(row, policy_form(row.policy, f"p{row.id}")) for row in rows],
        "new": policy_form(Policy(mode="approval"), "new"),
        "creditors": creditors(request.organization.pk),
    }
    return render(request, "console/plan_policies.html", context)


@manage
def policy_set(request: Request) -> HttpResponse:
    """Set a policy; one that is there for the same customers is replaced."""
    form = PolicyForm(request.POST)

    def work() -> HttpResponse:
        plan_policies.policy_set(
            request.organization.pk, form.policy, creditor_id=form.cleaned_data["creditor"],
            segment=form.cleaned_data["segment"].strip(), **who(request),
        )  # fmt: skip
        toasts.done(request, gettext("Saved: it holds for plans agreed from now on."))
        return back(request, "console:plan_policies")

    return attempt(request, form, work)


@manage
def policy_remove(request: Request, policy_id: int) -> HttpResponse:
    """Remove a policy."""
    if plan_policies.policy_remove(request.organization.pk, policy_id, **who(request)):
        toasts.done(request, gettext("Removed: the next wider policy holds."))
    else:
        toasts.failed(request, gettext("This policy does not exist any more."))
    return back(request, "console:plan_policies")


def _plan_form(request: Request, case_id: int | None) -> PlanForm:
    organization = request.organization.pk
    currency = amounts_currency(organization, "case", case_id) if case_id else ""
    return PlanForm(request.POST, currency=currency)


@change
def offer(request: Request) -> HttpResponse:
    """Offer a plan to a customer, who signs it on the payment page."""
    form = _plan_form(request, next(iter(ids([request.POST.get("case", "")])), None))

    def work() -> HttpResponse:
        organization, case_id = request.organization.pk, form.cleaned_data["case"]
        terms = plan_terms(request, form)
        parts = cases.plan_schedule(organization, case_id, terms, on=clock.today())
        proposal_id = deciding.proposal_offer(
            organization, case_id, parts=parts, answer=form.cleaned_data["note"],
            mandate_id=terms.mandate_id, now=timezone.now(), **who(request),
        )  # fmt: skip
        undo = reverse("console:proposal_withdraw", args=[proposal_id])
        text = gettext("Offered: the customer signs it on the payment page.")
        toasts.done(request, text, undo)
        return back(request, HOME)

    return attempt(request, form, work)


@change
def change_plan(request: Request, plan_id: int) -> HttpResponse:
    """Put another plan in the place of one that runs; the old one is kept beside it."""
    form = _plan_form(request, next(iter(ids([request.POST.get("case", "")])), None))

    def work() -> HttpResponse:
        organization = request.organization.pk
        terms = plan_terms(request, form)
        cases.plan_change(
            organization, plan_id, terms, note=form.cleaned_data["note"], **who(request)
        )
        customers = noted_customers(organization, "plans", plan_id)
        cases_replan(organization, customers, on=clock.today())
        toasts.done(request, gettext("The plan is changed: the former one is kept in the file."))
        return back(request, HOME)

    return attempt(request, form, work)


@change
def decide(request: Request, proposal_id: int) -> HttpResponse:
    """Approve or refuse a plan that a customer signed."""
    form = DecideForm(request.POST)

    def work() -> HttpResponse:
        verdict = form.cleaned_data["verdict"]
        deciding.proposal_decide(
            request.organization.pk, proposal_id, verdict, answer=form.cleaned_data["answer"],
            now=timezone.now(), **who(request),
        )  # fmt: skip
        text = gettext("The plan is agreed: an email confirms it to the customer.")
        if verdict == "refuse":
            text = gettext("Refused: the customer is told, and reminders go on.")
        toasts.done(request, text)
        return back(request, HOME)

    return attempt(request, form, work)


@change
def withdraw(request: Request, proposal_id: int) -> HttpResponse:
    """Take back a plan that was offered."""
    if deciding.proposal_withdraw(request.organization.pk, proposal_id, **who(request)):
        toasts.done(request, gettext("The offer is withdrawn."))
    else:
        toasts.failed(request, gettext("This offer is signed or over already."))
    return back(request, HOME)
