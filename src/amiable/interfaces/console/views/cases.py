"""Changes noted on a customer's file: holds, disputes, promises, plans, calls. Each can be taken
back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from amiable.apps.cases import services as cases
from amiable.apps.cases.queries import Noted, amounts_currency, case_currency, noted_customers
from amiable.apps.dunning.calling.closing import call_close
from amiable.apps.dunning.debiting.means import terms_debited
from amiable.apps.dunning.services import cases_replan
from amiable.interfaces.console import case_forms, clock, forms, sentences, toasts
from amiable.interfaces.console.access import Request, actor, back, change, page

HOME = "console:customers"


def attempt(request: Request, form: Any, work: Callable[[], HttpResponse]) -> HttpResponse:
    """Do the work when the form is right; otherwise say what to correct and go back."""
    if not form.is_valid():
        toasts.failed(request, forms.first_error(form))
        return back(request, HOME)
    try:
        return work()
    except cases.CaseError as error:
        toasts.failed(request, sentences.render(error.sentence))
        return back(request, HOME)


def who(request: Request) -> dict[str, Any]:
    """On which day, and by whom."""
    return {"on": clock.today(), "actor": actor(request)}


def _currency(request: Request, about: Literal["case", "installment"]) -> str:
    """The currency of the case or item that a form is about; "" when it names none."""
    asked = request.GET if request.method == "GET" else request.POST
    row = asked.get(about, "")
    known = row.isdecimal() and len(row) < 19
    return amounts_currency(request.organization.pk, about, int(row)) if known else ""


def _replan(request: Request, noted: Noted, note_id: int) -> None:
    """Plan the case anew, so that its file and the day's actions show the change at once."""
    customers = noted_customers(request.organization.pk, noted, note_id)
    cases_replan(request.organization.pk, customers, on=clock.today())


@change
def hold_place(request: Request) -> HttpResponse:
    """Pause a case or an item."""
    form = forms.HoldForm(request.POST)

    def work() -> HttpResponse:
        data = form.cleaned_data
        hold_id = cases.hold_place(
            request.organization.pk,
            data["case"],
            reason=data["reason"],
            ends_on=data["ends_on"],
            installment_id=data["installment"],
            **who(request),
        )
        _replan(request, "holds", hold_id)
        undo = reverse("console:hold_lift", args=[hold_id])
        toasts.done(request, gettext("The hold is placed: nothing leaves meanwhile."), undo)
        return back(request, HOME)

    return attempt(request, form, work)


@change
def hold_lift(request: Request, hold_id: int) -> HttpResponse:
    """End a hold today."""
    if cases.hold_lift(request.organization.pk, hold_id, **who(request)):
        _replan(request, "holds", hold_id)
        toasts.done(request, gettext("The hold is lifted."))
    else:
        toasts.failed(request, gettext("This hold is already over."))
    return back(request, HOME)


@change
def dispute_open(request: Request) -> HttpResponse:
    """The customer contests an item."""
    form = forms.DisputeForm(request.POST, currency=_currency(request, "installment"))

    def work() -> HttpResponse:
        data = form.cleaned_data
        dispute_id = cases.dispute_open(
            request.organization.pk,
            data["installment"],
            reason=data["reason"],
            amount_minor=data["amount"],
            note=data["note"],
            **who(request),
        )
        _replan(request, "disputes", dispute_id)
        undo = reverse("console:dispute_withdraw", args=[dispute_id])
        text = gettext("The dispute is open: this invoice is not chased.")
        if data["amount"] is not None:
            text = gettext("The dispute is open: the rest of the invoice is still asked for.")
        toasts.done(request, text, undo)
        return back(request, HOME)

    return attempt(request, form, work)


@change
def dispute_withdraw(request: Request, dispute_id: int) -> HttpResponse:
    """Take back a dispute opened by mistake."""
    outcome = gettext("Opened by mistake")
    cases.dispute_withdraw(request.organization.pk, dispute_id, outcome=outcome, **who(request))
    _replan(request, "disputes", dispute_id)
    toasts.done(request, gettext("The dispute is withdrawn."))
    return back(request, HOME)


@change
def promise_record(request: Request) -> HttpResponse:
    """The customer says when and how much."""
    form = forms.PromiseForm(request.POST, currency=_currency(request, "case"))

    def work() -> HttpResponse:
        data = form.cleaned_data
        promise_id = cases.promise_record(
            request.organization.pk,
            data["case"],
            amount_minor=data["amount"],
            due_on=data["due_on"],
            note=data["note"],
            **who(request),
        )
        _replan(request, "promises", promise_id)
        undo = reverse("console:promise_cancel", args=[promise_id])
        toasts.done(request, gettext("The promise is recorded: reminders wait for it."), undo)
        return back(request, HOME)

    return attempt(request, form, work)


@change
def promise_cancel(request: Request, promise_id: int) -> HttpResponse:
    """Take a promise back."""
    if cases.promise_cancel(request.organization.pk, promise_id, **who(request)):
        _replan(request, "promises", promise_id)
        toasts.done(request, gettext("The promise is cancelled."))
    else:
        text = gettext("This promise is over or cancelled already: what was broken is remembered.")
        toasts.failed(request, text)
    return back(request, HOME)


@page
def plan_preview(request: Request) -> HttpResponse:
    """The instalments that the terms give, while they are being written; nothing is recorded."""
    form = case_forms.PlanForm(request.GET, currency=_currency(request, "case"))
    context: dict[str, Any] = {}
    if not form.is_valid():
        context["error"] = forms.first_error(form)
    else:
        try:
            case_id = form.cleaned_data["case"]
            terms = plan_terms(request, form)
            context["parts"] = cases.plan_schedule(
                request.organization.pk, case_id, terms, on=clock.today()
            )
            context["total"] = form.cleaned_data["amount"]
            context["currency"] = case_currency(request.organization.pk, case_id)
        except cases.CaseError as error:
            context["error"] = sentences.render(error.sentence)
    return render(request, "console/parts/customer_plan_preview.html", context)


def plan_terms(request: Request, form: case_forms.PlanForm) -> cases.PlanTerms:
    """What was written, by direct debit where that was ticked. Raises CaseError."""
    if not form.cleaned_data["by_debit"]:
        return form.terms
    case_id = form.cleaned_data["case"]
    return terms_debited(request.organization.pk, case_id, form.terms, on=clock.today())


@change
def plan_record(request: Request) -> HttpResponse:
    """The debt is paid in parts."""
    form = case_forms.PlanForm(request.POST, currency=_currency(request, "case"))

    def work() -> HttpResponse:
        case_id = form.cleaned_data["case"]
        terms = plan_terms(request, form)
        parts = cases.plan_schedule(request.organization.pk, case_id, terms, on=clock.today())
        plan_id = cases.plan_record(
            request.organization.pk,
            case_id,
            instalments=parts,
            note=form.cleaned_data["note"],
            mandate_id=terms.mandate_id,
            **who(request),
        )
        _replan(request, "plans", plan_id)
        undo = reverse("console:plan_cancel", args=[plan_id])
        toasts.done(request, gettext("The payment plan is recorded: reminders wait for it."), undo)
        return back(request, HOME)

    return attempt(request, form, work)


@change
def plan_cancel(request: Request, plan_id: int) -> HttpResponse:
    """End a payment plan."""
    if cases.plan_cancel(request.organization.pk, plan_id, **who(request)):
        _replan(request, "plans", plan_id)
        toasts.done(request, gettext("The payment plan is cancelled."))
    else:
        toasts.failed(request, gettext("This payment plan is already over."))
    return back(request, HOME)


@change
def call(request: Request, action_id: int) -> HttpResponse:
    """How a call ended, with the promise, dispute or pause it brought."""
    currency = amounts_currency(request.organization.pk, "action", action_id)
    form = case_forms.OutcomeForm(request.POST, currency=currency)

    def work() -> HttpResponse:
        closed = call_close(
            request.organization.pk,
            action_id,
            form.outcome,
            now=timezone.now(),
            disputed_invoice=form.cleaned_data["invoice"],
            **who(request),
        )
        if closed:
            undo = reverse("console:call_reopen", args=[action_id])
            toasts.done(request, gettext("The outcome is noted."), undo)
        else:
            toasts.failed(request, gettext("This is already done."))
        return back(request, "console:actions")

    return attempt(request, form, work)
