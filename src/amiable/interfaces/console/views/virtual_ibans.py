"""Virtual IBANs: the pool with its states, one with its history, who each stands for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from amiable.apps.banking.iban_providers import is_any_provider, virtual_ibans_fetch
from amiable.apps.banking.virtual_ibans import virtual_iban_assign, virtual_iban_end
from amiable.apps.payments.virtual_ibans import reading
from amiable.apps.payments.virtual_ibans.assigning import (
    LONGEST_QUARANTINE,
    VirtualIbanError,
    policy_set,
)
from amiable.interfaces.console import clock, labels, sentences, toasts
from amiable.interfaces.console.access import (
    Request,
    actor,
    back,
    change,
    ids,
    manage,
    page,
    page_number,
)
from amiable.interfaces.console.forms import first_error

HOME = "console:virtual_ibans"
PAGE_SIZE = 50


class PolicyForm(forms.Form):
    """How a creditor hands its IBANs out."""

    creditor = forms.IntegerField()
    assign = forms.ChoiceField(
        choices=lambda: labels.choices("virtual_iban_policy"), label=_("Handed out")
    )
    quarantine_days = forms.IntegerField(
        label=_("Days of rest"), min_value=0, max_value=LONGEST_QUARANTINE
    )


class AssignForm(forms.Form):
    """Whom an IBAN is to stand for."""

    customer = forms.CharField(max_length=200, label=_("Customer"))
    invoice = forms.CharField(max_length=60, required=False, label=_("Invoice"))


@page
def pool(request: Request) -> HttpResponse:
    """The pool: counts and policy of each creditor, then its IBANs by state, or searched."""
    organization, today, number = request.organization.pk, clock.today(), page_number(request)
    asked = {"q": request.GET.get("q", "")[:100], "state": request.GET.get("state", "")}
    rows, total = reading.pool_page(
        organization, on=today, state=asked["state"], search=asked["q"], limit=PAGE_SIZE,
        offset=(number - 1) * PAGE_SIZE,
    )  # fmt: skip
    pools = reading.pools(organization, on=today)
    counts = {state: sum(each.counts[state] for each in pools) for state in reading.STATES}
    context = {
        "rows": rows,
        "pools": pools,
        "states": [(code, words, counts[code]) for code, words in labels.choices("virtual_iban")],
        "policies": labels.choices("virtual_iban_policy"),
        "all": sum(counts.values()),
        "found": {"number": number, "pages": max(1, -(-total // PAGE_SIZE)), "total": total},
        "has_provider": is_any_provider(),
        **asked,
    }
    return render(request, "console/virtual_ibans.html", context)


@page
def virtual_iban(request: Request, iban_id: int) -> HttpResponse:
    """One IBAN: what it is, whom it stands for, and everybody it stood for."""
    view = reading.virtual_iban(request.organization.pk, iban_id, on=clock.today())
    if view is None:
        raise Http404
    context = {"row": view, "history": reading.iban_history(request.organization.pk, iban_id)}
    return render(request, "console/virtual_iban.html", context)


@change
def assign(request: Request, iban_id: int) -> HttpResponse:
    """Let an IBAN stand for a customer named by its code or name, or for one of its invoices."""
    form, organization = AssignForm(request.POST), request.organization.pk

    def work() -> str:
        named = form.cleaned_data
        customer_id, invoice_id = reading.target(
            organization, iban_id, customer=named["customer"], number=named["invoice"]
        )
        virtual_iban_assign(
            organization, iban_id, customer_id, invoice_id=invoice_id, on=clock.today(),
            actor=actor(request),
        )  # fmt: skip
        return gettext("Assigned: letters, emails and the payment page show it from now on.")

    _attempt(request, work, form)
    return redirect("console:virtual_iban", iban_id)


@change
def give(request: Request, customer_id: int) -> HttpResponse:
    """Give a customer an IBAN from its own file: the one chosen, for all it owes or an invoice."""
    chosen = ids([request.POST.get("virtual_iban", "")])
    invoice = ids([request.POST.get("invoice", "")])

    def work() -> str:
        virtual_iban_assign(
            request.organization.pk, chosen[0] if chosen else 0, customer_id,
            invoice_id=invoice[0] if invoice else None, on=clock.today(), actor=actor(request),
        )  # fmt: skip
        return gettext("Assigned: letters, emails and the payment page show it from now on.")

    _attempt(request, work)
    return redirect("console:customer", customer_id)


@change
def end(request: Request, held_id: int) -> HttpResponse:
    """An IBAN stands for nobody from tomorrow on; late money on it is shown to a person."""

    def work() -> str:
        virtual_iban_end(request.organization.pk, held_id, on=clock.today(), actor=actor(request))
        return gettext("Ended: money booked on it from tomorrow on waits for your decision.")

    try:
        _attempt(request, work)
    except LookupError as error:
        raise Http404 from error
    return back(request, HOME)


@manage
def policy(request: Request) -> HttpResponse:
    """How a creditor hands out its IBANs, and how long they rest."""
    form = PolicyForm(request.POST)

    def work() -> str:
        named = form.cleaned_data
        policy_set(
            request.organization.pk, named.pop("creditor"), on=clock.today(),
            actor=actor(request), **named,
        )  # fmt: skip
        return gettext("Saved.")

    try:
        _attempt(request, work, form)
    except LookupError as error:
        raise Http404 from error
    return redirect(HOME)


@change
def fetch(request: Request) -> HttpResponse:
    """Ask the providers for their lists."""
    counts = virtual_ibans_fetch(request.organization.pk, on=clock.today(), actor=actor(request))
    for name, told in counts.errors.items():
        toasts.failed(request, f"{name}: {' '.join(told[:3])}")
    if not counts.errors:
        text = gettext("{created} new, {closed} closed, {unchanged} unchanged.")
        toasts.done(request, text.format(**counts.to_json()))
    return redirect(HOME)


def _attempt(request: Request, work: Callable[[], str], form: Any = None) -> None:
    """Do it and say so; what speaks against it is said instead."""
    if form is not None and not form.is_valid():
        toasts.failed(request, first_error(form))
        return
    try:
        toasts.done(request, work())
    except VirtualIbanError as error:
        toasts.failed(request, sentences.render(error.sentence))
