"""What payments left open: named by one person, approved or refused by another; terms, habits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amiable.apps.banking import habits, paying, terms
from amiable.apps.banking import rests as services
from amiable.apps.cases.services import CaseError
from amiable.apps.dunning.services import cases_replan
from amiable.apps.receivables.allocations import AllocationError
from amiable.core.money import major
from amiable.interfaces.console import clock, forms, labels, sentences, toasts
from amiable.interfaces.console.access import Request, actor, back, change, manage, page
from amiable.interfaces.console.rest_forms import TermsForm, rests_said
from amiable.interfaces.console.views.cases import who

HOME = "console:rests"
ERRORS = (services.RestError, AllocationError, CaseError, terms.TermsError)


@page
def rests(request: Request) -> HttpResponse:
    """What waits for an approval, and what was decided lately."""
    organization = request.organization.pk
    context = {
        "waiting": paying.rests_waiting(organization),
        "decided": paying.rests_decided(organization),
        "me": actor(request),
        "limits": terms.limits_of(organization),
        "days": services.WAIT_DAYS,
        "today": clock.today(),
    }
    return render(request, "console/rests.html", context)


def _attempt(request: Request, work: Callable[[], Any]) -> Any:
    """The outcome; None and a toast when it cannot be."""
    try:
        return work()
    except ObjectDoesNotExist as error:
        raise Http404 from error
    except ERRORS as error:
        toasts.failed(request, sentences.render(error.sentence))
        return None


def _replan(request: Request, customer_id: int) -> None:
    cases_replan(request.organization.pk, {customer_id}, on=clock.today())


@change
def name(request: Request, match_id: int) -> HttpResponse:
    """Say what a posted payment left open."""
    said = rests_said(request.POST)
    done = _attempt(
        request,
        lambda: services.rests_name(request.organization.pk, match_id, said, **who(request)),
    )
    if done is not None:
        for rest in done:
            _replan(request, rest.installment.customer_id)
        waits = any(rest.state == "waiting" for rest in done)
        text = gettext("Noted: another manager is asked.") if waits else gettext("Noted.")
        toasts.done(request, text)
    return back(request, "console:bank")


@manage
def approve(request: Request, rest_id: int) -> HttpResponse:
    """The rest is given up, or a retention is waited for."""
    return _decide(request, rest_id, services.rest_approve, gettext("Approved."))


@manage
def refuse(request: Request, rest_id: int) -> HttpResponse:
    """The rest is due again."""
    reason = request.POST.get("reason", "")[:500]

    def work(organization: int, rest: int, **how: Any) -> Any:
        return services.rest_refuse(organization, rest, reason=reason, **how)

    return _decide(request, rest_id, work, gettext("Refused: the rest is due again."))


@manage
def reopen(request: Request, rest_id: int) -> HttpResponse:
    """Take a decision back."""
    text = gettext("The rest waits for a decision again.")
    return _decide(request, rest_id, services.rest_reopen, text, undo=False)


def _decide(
    request: Request, rest_id: int, work: Callable[..., Any], text: str, *, undo: bool = True
) -> HttpResponse:
    rest = _attempt(request, lambda: work(request.organization.pk, rest_id, **who(request)))
    if rest is not None:
        _replan(request, rest.installment.customer_id)
        toasts.done(request, text, reverse("console:rest_reopen", args=[rest_id]) if undo else "")
    return back(request, HOME)


@manage
def terms_set(request: Request, customer_id: int) -> HttpResponse:
    """What was agreed with a customer; posted to with the values in the address, the way back."""
    undoing = "order" not in request.POST
    form = TermsForm(request.GET if undoing else request.POST)
    if not form.is_valid():
        toasts.failed(request, forms.first_error(form))
        return back(request, "console:bank")
    organization = request.organization.pk
    before = _attempt(
        request, lambda: terms.terms_set(organization, customer_id, form.terms, **who(request))
    )
    if before is not None:
        fee, discount = before.bank_fee_minor, before.discount_permille
        query = {
            "order": before.order, "agreed": before.agreed,
            "fee": "" if fee is None else major(fee, "EUR"),
            "discount": "" if discount is None else discount,
        }  # fmt: skip
        address = reverse("console:payer_terms", args=[customer_id])
        toasts.done(request, gettext("Noted."), "" if undoing else f"{address}?{urlencode(query)}")
    return back(request, "console:bank")


@change
def habit(request: Request, customer_id: int, code: str) -> HttpResponse:
    """Forget a habit, never learn it again, or learn it after all."""
    organization, what = request.organization.pk, request.POST.get("what", "")
    if code not in labels.LOOKS["habit"]:
        raise Http404

    def work() -> str:
        if what == "forget":
            habits.habit_forget(organization, customer_id, code, **who(request))
            return gettext("Forgotten: it counts again once it is confirmed anew.")
        forbidden = what == "forbid"
        habits.habit_forbid(organization, customer_id, code, forbidden=forbidden, **who(request))
        if forbidden:
            return gettext("This habit is not learned of this customer any more.")
        return gettext("This habit may be learned again.")

    if text := _attempt(request, work):
        toasts.done(request, text)
    return back(request, "console:bank")
