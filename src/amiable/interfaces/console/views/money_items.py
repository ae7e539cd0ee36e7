"""Debts that leave our own collection: given up, or handed over; and back."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from amiable.apps.cases import entrusted, handovers
from amiable.apps.dunning.services import cases_replan
from amiable.interfaces.console import clock, money_forms, toasts
from amiable.interfaces.console.access import Request, back, change
from amiable.interfaces.console.views.cases import HOME, attempt, who


@change
def write_off(request: Request, item_id: int) -> HttpResponse:
    """Give up what is open of an item."""
    form = money_forms.WriteOffForm(request.POST)

    def work() -> HttpResponse:
        organization = request.organization.pk
        reason = form.cleaned_data["reason"]
        if handovers.item_write_off(organization, item_id, reason=reason, **who(request)):
            _replan(request, item_id)
            undo = reverse("console:money_write_off_undo", args=[item_id])
            toasts.done(request, gettext("Given up: it is no longer asked for."), undo)
        return back(request, HOME)

    return attempt(request, form, work)


@change
def write_off_undo(request: Request, item_id: int) -> HttpResponse:
    """Owe again what was given up."""

    def work() -> HttpResponse:
        if handovers.item_write_off_undo(request.organization.pk, item_id, **who(request)):
            _replan(request, item_id)
            toasts.done(request, gettext("It is owed again."))
        return back(request, HOME)

    return attempt(request, forms.Form(request.POST), work)


@change
def hand_over(request: Request, item_id: int) -> HttpResponse:
    """Entrust an item to somebody else."""
    form = money_forms.HandoverForm(request.POST)

    def work() -> HttpResponse:
        organization, collector = request.organization.pk, form.collector(clock.today())
        handover = handovers.item_hand_over(organization, item_id, collector, **who(request))
        _replan(request, item_id)
        undo = reverse("console:money_take_back", args=[handover])
        toasts.done(request, gettext("Handed over: we send nothing more about it."), undo)
        return back(request, HOME)

    return attempt(request, form, work)


@change
def take_back(request: Request, handover_id: int) -> HttpResponse:
    """An item comes back to us."""
    organization = request.organization.pk
    if handovers.item_take_back(organization, handover_id, **who(request)):
        whose = entrusted.handover_customers(organization, handover_id)
        cases_replan(organization, whose, on=clock.today())
        toasts.done(request, gettext("Taken back: reminders go on."))
    return back(request, HOME)


def _replan(request: Request, item_id: int) -> None:
    whose = entrusted.item_customers(request.organization.pk, item_id)
    cases_replan(request.organization.pk, whose, on=clock.today())
