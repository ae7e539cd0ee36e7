"""Registered letters: the list with what to do next, and what is written about one letter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from csp.decorators import csp_exempt
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from amiable.apps.dunning.services import cases_replan
from amiable.apps.messaging.delivery import registered as letters
from amiable.apps.messaging.delivery import registered_queries as queries
from amiable.core.registered import STATES
from amiable.interfaces.console import clock, forms, labels, registered_forms, sentences, toasts
from amiable.interfaces.console.access import (
    Request,
    actor,
    back,
    change,
    download,
    page,
    page_number,
)

HOME = "console:registered"
FILTERS = ("overdue", *STATES)


@page
def registered(request: Request) -> HttpResponse:
    """Registered letters by state, those that need a hand first."""
    state = request.GET.get("state", "")
    state = state if state in FILTERS else ""
    found = queries.registered_letters(
        request.organization.pk, on=clock.today(), state=state, page=page_number(request)
    )
    context = {
        "found": found,
        "state": state,
        "states": [(code, words, found.counts[code]) for code, words in labels.choices("letter")],
        "waits": found.counts["to_deposit"] > 0 and state in {"", "to_deposit"},
        "today": clock.today(),
    }
    return render(request, "console/registered.html", context)


def panel(request: Request, message_id: int) -> dict[str, Any]:
    """What the page of a message shows of a registered letter; nothing for another message."""
    letter = queries.letter_row(request.organization.pk, message_id, on=clock.today())
    if letter is None:
        return {}
    return {
        "letter": letter,
        "proofs": queries.proofs(request.organization.pk, message_id),
        "letter_kinds": registered_forms.kinds(),
        "letter_proposed": "unclaimed" if letter.is_overdue else "presented",
        "proof_kinds": labels.choices("proof"),
        "today": clock.today(),
    }


@change
def deposit(request: Request, message_id: int) -> HttpResponse:
    """Write a letter's number and the day it was handed to the post."""
    form = registered_forms.DepositForm(request.POST)

    def work() -> str:
        letters.letter_deposit(
            request.organization.pk, message_id, **form.cleaned_data, **_who(request)
        )
        return gettext("Noted.")

    return _attempt(request, message_id, form, work)


@change
def event(request: Request, message_id: int) -> HttpResponse:
    """Write what became of a letter."""
    form = registered_forms.EventForm(request.POST)

    def work() -> str:
        new = letters.letter_event(
            request.organization.pk, message_id, **form.cleaned_data, **_who(request)
        )
        return gettext("Noted.") if new else gettext("This was noted already.")

    return _attempt(request, message_id, form, work)


@change
def proof_add(request: Request, message_id: int) -> HttpResponse:
    """Keep a scan with a letter."""
    form = registered_forms.ProofForm(request.POST, request.FILES)

    def work() -> str:
        upload = form.cleaned_data["file"]
        if upload.size > letters.MAX_PROOF_BYTES:
            limit = letters.MAX_PROOF_BYTES // 2**20
            raise letters.RegisteredError("registered.proof_large", limit=limit)
        letters.proof_add(
            request.organization.pk, message_id, form.cleaned_data["kind"],
            filename=upload.name or "", content=upload.read(), **_who(request),
        )  # fmt: skip
        return gettext("The paper is kept with the letter.")

    return _attempt(request, message_id, form, work)


@csp_exempt()
@page
def proof(request: Request, proof_id: int) -> HttpResponse:
    """A paper, as a download."""
    found = queries.proof_file(request.organization.pk, proof_id)
    if found is None:
        raise Http404
    name, content_type, content = found
    return download(content, name=name, content_type=content_type)


def _who(request: Request) -> dict[str, Any]:
    return {"now": timezone.now(), "actor": actor(request)}


def _attempt(request: Request, message_id: int, form: Any, work: Callable[[], str]) -> HttpResponse:
    """Do the work and plan the case anew, or say what to correct; then back to where it was."""
    if form.is_valid():
        try:
            told = work()
        except letters.RegisteredError as error:
            toasts.failed(request, sentences.render(error.sentence))
        else:
            toasts.done(request, told)
            letter = queries.letter_row(request.organization.pk, message_id, on=clock.today())
            customers = [letter.customer_id] if letter else []
            cases_replan(request.organization.pk, customers, on=clock.today())
    else:
        toasts.failed(request, forms.first_error(form))
    if request.POST.get("next"):
        return back(request, HOME)
    return redirect("console:message", message_id=message_id)
