"""Payouts of payment providers: what they transferred, what it is made of, whose is what."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amiable.apps.banking import payout_pages, payout_parts
from amiable.apps.dunning.services import cases_replan
from amiable.apps.insights import accounts
from amiable.apps.payments.telling import PaymentError
from amiable.apps.receivables.allocations import AllocationError
from amiable.interfaces.console import clock, sentences, toasts
from amiable.interfaces.console.access import (
    Request,
    actor,
    back,
    change,
    ids,
    page,
    page_number,
)

HOME = "console:payouts"
PAGE_SIZE, PARTS_SIZE = 50, 100


@page
def payouts(request: Request) -> HttpResponse:
    """All payouts, by where they stand."""
    state, number = request.GET.get("state", ""), page_number(request)
    rows, counts = payout_pages.payouts_page(
        request.organization.pk, on=clock.today(), state=state, limit=PAGE_SIZE,
        offset=(number - 1) * PAGE_SIZE,
    )  # fmt: skip
    every = sum(counts[name] for name in payout_pages.STATES)
    total = counts.get(state, every)
    context = {
        "rows": rows,
        "state": state if state in counts else "",
        "states": [(name, counts[name]) for name in (*payout_pages.STATES, "differs")],
        "every": every,
        "found": {"number": number, "pages": max(1, -(-total // PAGE_SIZE)), "total": total},
    }
    return render(request, "console/payouts.html", context)


@page
def payout(request: Request, payout_id: int) -> HttpResponse:
    """One payout with its movements; for a payment made past us, whose it may be."""
    organization, today, number = request.organization.pk, clock.today(), page_number(request)
    row = payout_pages.payout_page(organization, payout_id, on=today)
    if row is None:
        raise Http404
    parts, total = payout_pages.parts_page(
        organization, payout_id, on=today, limit=PARTS_SIZE, offset=(number - 1) * PARTS_SIZE
    )
    (chosen,) = ids([request.GET.get("part", "")]) or [0]
    context: dict[str, Any] = {
        "row": row,
        "doubts": payout_pages.doubted_lines(organization, payout_id),
        "parts": parts,
        "chosen": next((part for part in parts if part.id == chosen), None),
        "q": request.GET.get("q", "")[:100],
        "found": {"number": number, "pages": max(1, -(-total // PARTS_SIZE)), "total": total},
    }
    if context["chosen"] and context["q"]:
        context["people"] = accounts.accounts_page(organization, today, search=context["q"])
    return render(request, "console/payout.html", context)


@change
def settle(request: Request, part_id: int) -> HttpResponse:
    """Enter a payment made past us for a customer."""
    customer_id = next(iter(ids([request.POST.get("customer", "")])), 0)
    how = {"customer_id": customer_id}
    if _done(request, payout_parts.payout_part_settle, part_id, **how):
        cases_replan(request.organization.pk, {customer_id}, on=clock.today())
        undo = reverse("console:payout_unsettle", args=[part_id])
        toasts.done(request, gettext("Entered: the payment is on the account."), undo)
    return back(request, HOME)


@change
def unsettle(request: Request, part_id: int) -> HttpResponse:
    """Take a payment that was entered from a payout back."""
    if _done(request, payout_parts.payout_part_unsettle, part_id):
        cases_replan(request.organization.pk, on=clock.today())
        toasts.done(request, gettext("Undone: everything is as it was before."))
    return back(request, HOME)


def _done(request: Request, work: Any, part_id: int, **how: Any) -> bool:
    """Whether it was done; a toast says why not."""
    try:
        work(request.organization.pk, part_id, on=clock.today(), actor=actor(request), **how)
    except ObjectDoesNotExist as error:
        raise Http404 from error
    except (PaymentError, AllocationError) as error:
        toasts.failed(request, sentences.render(error.sentence))
        return False
    return True
