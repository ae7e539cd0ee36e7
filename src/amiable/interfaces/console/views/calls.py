"""The call mode: the list in its order, one call with all that matters, its outcome in one key."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from amiable.apps.cases.queries import amounts_currency
from amiable.apps.cases.services import CaseError
from amiable.apps.dunning.calling.closing import Closed, call_close, confirmation_preview
from amiable.apps.dunning.calling.exceptions import call_start_anyway
from amiable.apps.dunning.calling.listing import call_list, call_order
from amiable.apps.dunning.calling.sheet import CallSheet, call_sheet
from amiable.apps.dunning.calling.undoing import call_reopen
from amiable.apps.insights.calls import call_figures, next_step
from amiable.apps.insights.timeline import timeline
from amiable.core.sentences import Sentence
from amiable.interfaces.console import clock, forms, sentences, toasts
from amiable.interfaces.console.access import Request, actor, change, page
from amiable.interfaces.console.call_forms import WORDS, CallOutcomeForm, outcomes
from amiable.interfaces.console.dispute_forms import case_reason_choices

HOME = "console:calls"
RECENT = 8  # events shown beside a call


def _now_on_workday() -> datetime:
    """Now, or, on a day that is none, the morning of the next working day."""
    day, now = clock.workday(), timezone.localtime()
    return now if day == now.date() else now.replace(year=day.year, month=day.month, day=day.day)


@page
def calls(request: Request) -> HttpResponse:
    """The calls of the day in the order to make them, those kept back with the reason."""
    organization, day = request.organization.pk, clock.workday()
    context = {
        "found": call_list(organization, on=day, now=_now_on_workday()),
        "figures": call_figures(organization, on=clock.today()),
        "today": clock.today(),
        "day": day,
    }
    return render(request, "console/calls.html", context)


@page
def call(request: Request, action_id: int) -> HttpResponse:
    """One call: whom, whether now, three facts, the script, the outcomes."""
    organization, today, now = request.organization.pk, clock.today(), timezone.now()
    sheet = call_sheet(organization, action_id, on=today, now=now)
    if sheet is None:
        raise Http404
    order = call_order(organization, on=clock.workday(), now=_now_on_workday())
    place = order.index(action_id) if action_id in order else None
    history = timeline(organization, sheet.line.customer_id, [sheet.line.case_id])
    context = {
        "sheet": sheet,
        "outcomes": outcomes(sheet),
        "reasons": case_reason_choices(organization, sheet.line.case_id),
        "today": today,
        "place": None if place is None else place + 1,
        "count": len(order),
        "previous_id": order[place - 1] if place else None,
        "next_id": _next(order, action_id),
        "history": history[:RECENT],
    }
    return render(request, "console/call.html", context)


@change
def close(request: Request, action_id: int) -> HttpResponse:
    """Note how the call ended, and go on to the next one."""
    organization, today, now = request.organization.pk, clock.today(), timezone.now()
    form = _form(request, action_id)
    here = redirect("console:call", action_id)
    sheet = call_sheet(organization, action_id, on=today, now=now)
    if sheet is None or not form.is_valid():
        text = forms.first_error(form) if sheet else gettext("This is already done.")
        toasts.failed(request, text)
        return here if sheet else redirect(HOME)
    order = call_order(organization, on=clock.workday(), now=_now_on_workday())
    data = form.cleaned_data
    try:
        closed = call_close(
            organization, action_id, form.outcome, on=today, now=now, actor=actor(request),
            disputed_invoice=data["invoice"], confirm=data["confirm"],
        )  # fmt: skip
    except CaseError as error:
        toasts.failed(request, sentences.render(error.sentence))
        return here
    if closed is None:
        toasts.failed(request, gettext("This is already done."))
        return redirect(HOME)
    said = _said(request, sheet, data["result"], closed)
    toasts.done(request, said, reverse("console:call_reopen", args=[action_id]))
    return _onward(closed, _next(order, action_id))


@change
def reopen(request: Request, action_id: int) -> HttpResponse:
    """Take the outcome back, as long as nothing has left because of it."""
    try:
        call_reopen(request.organization.pk, action_id, on=clock.today(), actor=actor(request))
    except CaseError as error:
        toasts.failed(request, sentences.render(error.sentence))
        return redirect(HOME)
    toasts.done(request, gettext("The call is open again, and what it brought is taken back."))
    return redirect("console:call", action_id)


@page
def confirmation(request: Request, action_id: int) -> HttpResponse:
    """What the email that confirms an outcome would say."""
    if not amounts_currency(request.organization.pk, "action", action_id):
        raise Http404
    form = _form(request, action_id)
    if not form.is_valid():
        found: Any = forms.first_error(form)
        return render(request, "console/parts/call_confirmation.html", {"problem": found})
    try:
        found = confirmation_preview(
            request.organization.pk, action_id, form.outcome, now=timezone.now(),
            disputed_invoice=form.cleaned_data["invoice"],
        )  # fmt: skip
    except CaseError as error:
        found = error.sentence
    problem = sentences.render(found) if isinstance(found, Sentence) else ""
    context = {"preview": None if problem else found, "problem": problem}
    return render(request, "console/parts/call_confirmation.html", context)


@change
def anyway(request: Request, action_id: int) -> HttpResponse:
    """Call in spite of what speaks against it: the reason stands in the history."""
    organization, today = request.organization.pk, clock.today()
    sheet = call_sheet(organization, action_id, on=today, now=timezone.now())
    reason = request.POST.get("reason", "").strip()[:200]
    if sheet is None:
        raise Http404
    if not reason:
        toasts.failed(request, gettext("Say why: the reason is kept in the customer's history."))
    elif sheet.why_not is not None:
        call_start_anyway(
            organization, action_id, sheet.why_not, reason=reason, on=today, actor=actor(request)
        )
    return redirect("console:call", action_id)


def _form(request: Request, action_id: int) -> CallOutcomeForm:
    asked = request.GET if request.method == "GET" else request.POST
    currency = amounts_currency(request.organization.pk, "action", action_id)
    return CallOutcomeForm(asked, currency=currency)


def _next(order: list[int], action_id: int) -> int | None:
    """The call after this one, beginning anew after the last; None when it is the only one."""
    if action_id not in order:
        return order[0] if order else None
    following = order[order.index(action_id) + 1 :] + order[: order.index(action_id)]
    return following[0] if following else None


def _onward(closed: Closed, next_id: int | None) -> HttpResponse:
    """The other number of the same customer, else the next call, else the list."""
    other = next((each.action_id for each in closed.follow_ups if each.kind == "number"), None)
    going = other or next_id
    return redirect("console:call", going) if going else redirect(HOME)


def _said(request: Request, sheet: CallSheet, result: str, closed: Closed) -> str:
    """What was noted, what happens next, and whether an email confirms it."""
    coming = next_step(request.organization.pk, sheet.line.case_id, on=clock.today())
    text = gettext("{customer}: {outcome}.").format(
        customer=sheet.line.customer_name, outcome=WORDS[result].label
    )
    said = [text, sentences.render(coming)]
    if closed.confirmation:
        text = gettext("A confirmation leaves to {email} in ten minutes.")
        said.append(text.format(email=sheet.email))
    elif closed.unconfirmed:
        said.append(sentences.render(closed.unconfirmed))
    return " ".join(said)
