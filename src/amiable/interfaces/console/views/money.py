"""Money to settle: what was received and pays no invoice, refunds, and what a person decides."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from amiable.apps.banking import payables, settling, unsettled
from amiable.apps.dunning.services import cases_replan
from amiable.apps.insights import accounts
from amiable.apps.payments import decisions, refunds
from amiable.apps.payments.telling import PaymentError
from amiable.apps.receivables.allocations import AllocationError
from amiable.core.allocation import Debt
from amiable.core.allocation import allocate as spread
from amiable.interfaces.console import clock, forms, money_forms, sentences, toasts
from amiable.interfaces.console.access import (
    Request,
    actor,
    back,
    change,
    ids,
    page,
    page_number,
)  # fmt: skip

HOME = "console:money"
PAGE_SIZE = 50
# What waits for the bank, or was decided, is shown when asked for.
QUIET = frozenset({"refund_made", "kept"})


class _Gone(Exception):  # noqa: N818  # not a failure: somebody was faster, or clicked twice
    """Nothing is left of the credit: it was decided already."""


def _still_there(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Lead back to the list, with a word, when the credit was decided meanwhile."""

    @functools.wraps(view)
    def wrapper(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except _Gone:
            toasts.done(request, gettext("This money is settled already."))
            return redirect(HOME)

    return wrapper


@page
def money(request: Request) -> HttpResponse:
    """All money that waits for a decision, by kind, each row with its reason and its ways on."""
    organization, number = request.organization.pk, page_number(request)
    rows = unsettled.unsettled(organization, on=clock.today())
    counts = unsettled.totals(rows)
    kind = request.GET.get("kind", "")
    shown = [row for row in rows if (row.kind == kind if kind in counts else row.kind not in QUIET)]
    start = (number - 1) * PAGE_SIZE
    context = {
        "rows": shown[start : start + PAGE_SIZE],
        "kinds": [(name, *counts[name]) for name in unsettled.KINDS if counts[name][0]],
        "kind": kind,
        "waiting": sum(count for name, (count, _) in counts.items() if name not in QUIET),
        "decided": payables.decided(organization),
        "to_make": counts["refund_to_make"][0],
        "found": {"number": number, "pages": max(1, -(-len(shown) // PAGE_SIZE)),
                  "total": len(shown)},
    }  # fmt: skip
    return render(request, "console/money.html", context)


@page
@_still_there
def credit(request: Request, credit_id: int) -> HttpResponse:
    """One credit: what it may settle, and every other way on."""
    row = _row(request, credit_id)
    query = request.GET.get("q", "")[:100]
    context: dict[str, Any] = {
        "row": row,
        "payables": _payables(request, row),
        "suggested": {each.installment_id for each in row.suggestions},
        "q": query,
    }
    if query:
        context["found"] = accounts.accounts_page(
            request.organization.pk, clock.today(), search=query
        )
    return render(request, "console/money_credit.html", context)


@change
@_still_there
def allocate(request: Request, credit_id: int) -> HttpResponse:
    """Use the money on the ticked items, in the order of C. civ. 1342-10 or as agreed."""
    row, form = _row(request, credit_id), money_forms.AllocateForm(request.POST)
    ticked = ids(request.POST.getlist("item"))[: money_forms.PARTS_AT_MOST]
    may = _payables(request, row)
    debts = [
        Debt(each.installment_id, each.due_date, each.amount.amount_minor)
        for each in may
        if each.installment_id in set(ticked)
    ]
    parts = spread(row.amount.amount_minor, debts, on=clock.today(), order=row.order)

    def work(wish: decisions.Wish) -> Any:
        despite = form.cleaned_data["despite"]
        return _decide(
            request, decisions.credit_allocate, wish, parts, customers={row.customer_id},
            despite_insolvency=despite,
        )  # fmt: skip

    return _settle(request, form, credit_id, work, said=gettext("Allocated."))


@change
@_still_there
def keep(request: Request, credit_id: int) -> HttpResponse:
    """Leave the money on the account for the next invoice."""
    row, form = _row(request, credit_id), money_forms.WishForm(request.POST)

    def work(wish: decisions.Wish) -> Any:
        return _decide(request, decisions.credit_keep, wish, customers={row.customer_id})

    said = gettext("Kept for the next invoice: it no longer stops reminders.")
    return _settle(request, form, credit_id, work, said=said)


@change
@_still_there
def transfer(request: Request, credit_id: int) -> HttpResponse:
    """Move the money to the customer who really owed it."""
    row = _row(request, credit_id)
    form = money_forms.TransferForm(request.POST, currency=row.amount.currency)

    def work(wish: decisions.Wish) -> Any:
        target = form.cleaned_data["customer"]
        return _decide(
            request, decisions.credit_transfer, wish, customers={row.customer_id, target},
            to_customer_id=target, amount_minor=form.cleaned_data["amount"],
        )  # fmt: skip

    said = gettext("Moved: both accounts show it.")
    return _settle(request, form, credit_id, work, said=said)


@change
@_still_there
def refund(request: Request, credit_id: int) -> HttpResponse:
    """Note the money to give back, and to which account."""
    row = _row(request, credit_id)
    form = money_forms.RefundForm(request.POST, currency=row.amount.currency)

    def work(wish: decisions.Wish) -> Any:
        data = form.cleaned_data
        return _decide(
            request, refunds.refund_request, wish, customers={row.customer_id},
            amount_minor=data["amount"], iban=data["iban"], name=data["name"],
        )  # fmt: skip

    said = gettext("Noted: it waits under Refunds to order.")
    return _settle(request, form, credit_id, work, said=said)


@change
def made(request: Request, decision_id: int, *, was: bool) -> HttpResponse:
    """A refund was ordered at the bank, or was not after all."""
    whose = settling.customers_of(request.organization.pk, decision_id=decision_id)
    if _decide(request, refunds.refund_make, decision_id, customers=whose, made=was):
        name = "console:money_not_made" if was else "console:money_made"
        said = gettext("Marked as made: it closes when its line is on a statement.")
        text = said if was else gettext("The refund is to be made again.")
        toasts.done(request, text, reverse(name, args=[decision_id]))
    return back(request, HOME)


@change
def undo(request: Request, decision_id: int) -> HttpResponse:
    """Take a decision back whole."""
    whose = settling.customers_of(request.organization.pk, decision_id=decision_id)
    if _decide(request, decisions.credit_decision_undo, decision_id, customers=whose):
        toasts.done(request, gettext("Undone: everything is as it was before."))
    return back(request, HOME)


def _row(request: Request, credit_id: int) -> unsettled.Unsettled:
    """The credit as it stands; 404 when it is not there. Raises _Gone when nothing is left."""
    organization = request.organization.pk
    rows = unsettled.unsettled(organization, on=clock.today(), credit_id=credit_id)
    if rows:
        return rows[0]
    if not settling.customers_of(organization, credit_id=credit_id):
        raise Http404
    raise _Gone


def _payables(request: Request, row: unsettled.Unsettled) -> list[payables.Payable]:
    return payables.payables(request.organization.pk, row.customer_id, row.amount.currency)


def _settle(
    request: Request,
    form: Any,
    credit_id: int,
    work: Callable[[decisions.Wish], Any],
    *,
    said: str,
) -> HttpResponse:
    """Do what the form asks when it is right; otherwise say what to correct, where it was asked."""
    here = redirect("console:money_credit", credit_id)
    if not form.is_valid():
        toasts.failed(request, forms.first_error(form))
        return here
    taken = work(decisions.Wish(credit_id, form.cleaned_data["serial"]))
    if taken is None:
        return here
    toasts.done(request, said, reverse("console:money_undo", args=[taken.pk]))
    return redirect(HOME)


def _decide(
    request: Request, decide: settling.Decide, *what: Any, customers: set[int], **how: Any
) -> Any:
    """The decision taken, its customers planned anew; None and a toast when it cannot be."""
    organization, today = request.organization.pk, clock.today()
    how |= {"on": today, "actor": actor(request), "customers": customers}
    try:
        taken = settling.money_decide(organization, decide, *what, **how)
    except ObjectDoesNotExist as error:
        raise Http404 from error
    except (PaymentError, AllocationError) as error:
        toasts.failed(request, sentences.render(error.sentence))
        return None
    cases_replan(organization, customers, on=today)
    return taken
