"""Refunds to order at the bank: as a SEPA file, or as a list for a bank that takes none."""

from __future__ import annotations

import io
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext, ngettext

from amiable.apps.banking import refund_orders
from amiable.apps.banking.refund_list import refund_table
from amiable.apps.payments.refund_files import refund_file_take
from amiable.apps.payments.telling import PaymentError
from amiable.core.workdays import next_target_day
from amiable.interfaces.console import clock, forms, money_forms, sentences, toasts
from amiable.interfaces.console.access import (
    Request,
    actor,
    back,
    change,
    download,
    ids,
    page,
    pay,
)
from amiable.plugins.registry import plugins

HOME = "console:refunds"


@page
def refunds(request: Request) -> HttpResponse:
    """What is to order, and the files made before."""
    organization = request.organization.pk
    rows = refund_orders.refunds_to_make(organization)
    accounts = refund_orders.debit_accounts(organization)
    owed = {row.creditor_id for row in rows}
    context = {
        "rows": rows,
        "accounts": [each for each in accounts if each.creditor_id in owed],
        "several": len(accounts) > 1,
        "names": {each.creditor_id: each.name for each in accounts},
        "files": refund_orders.refund_files(organization),
        "today": clock.today(),
        "day": next_target_day(clock.today()),
        "can_pay": request.can_pay,
        "orderable": sum(row.problem is None for row in rows),
    }
    return render(request, "console/refunds.html", context)


@page
def table(request: Request, form: str) -> HttpResponse:
    """The refunds to make, for who orders them by hand."""
    if form not in {"csv", "xlsx"}:
        raise Http404
    titles = {
        "reference": gettext("Reference of the transfer"),
        "name": gettext("Account holder"),
        "iban": gettext("IBAN"),
        "amount": gettext("Amount"),
        "noted_on": gettext("Noted on"),
        "customer": gettext("Customer"),
    }
    rows = refund_orders.refunds_to_make(request.organization.pk)
    shown = refund_table(
        rows, titles, title=gettext("Refunds to make"), language=get_language() or "en"
    )
    exporter, content = plugins("exports")[form], io.BytesIO()
    exporter.write(shown, content)
    name = f"{gettext('refunds')}-{clock.today().isoformat()}.{exporter.extension}"
    return download(content.getvalue(), name=name, content_type=exporter.content_type)


@pay
def order(request: Request) -> HttpResponse:
    """Make the file of the ticked refunds: one for each account that they leave from."""
    form = money_forms.OrderForm(request.POST)
    if not form.is_valid():
        toasts.failed(request, forms.first_error(form))
        return redirect(HOME)
    data, today = form.cleaned_data, clock.today()
    wish = refund_orders.OrderWish(
        data["execute_on"] or next_target_day(today),
        is_batch=data["is_batch"],
        accounts=money_forms.accounts_chosen(request.POST),
        words=gettext("Refund"),
    )
    chosen = ids(request.POST.getlist("refund"))
    files = _attempt(request, refund_orders.refunds_order, chosen, wish, now=timezone.now())
    if files:
        text = ngettext(
            "The file is made: give it to the bank.",
            "{count} files are made, one for each account: give them to the bank.",
            len(files),
        ).format(count=len(files))
        only = reverse("console:refunds_withdraw", args=[files[0].pk]) if len(files) == 1 else ""
        toasts.done(request, text, only)
    return redirect(HOME)


@pay
def take(request: Request, refund_file_id: int) -> HttpResponse:
    """The file as it was made, as often as it is asked for."""
    file = _attempt(request, refund_file_take, refund_file_id)
    if file is None:
        return redirect(HOME)
    name = f"{file.reference}.xml"
    return download(bytes(file.content), name=name, content_type="application/xml")


@pay
def withdraw(request: Request, refund_file_id: int) -> HttpResponse:
    """The file does not go to the bank: its refunds are to be ordered again."""
    if _attempt(request, refund_orders.file_withdraw, refund_file_id):
        toasts.done(request, gettext("Withdrawn: its refunds are to be ordered again."))
    return redirect(HOME)


@change
def mend(request: Request, decision_id: int) -> HttpResponse:
    """Another account for a refund."""
    form = money_forms.AccountForm(request.POST)
    if not form.is_valid():
        toasts.failed(request, forms.first_error(form))
    elif _attempt(request, refund_orders.refund_mend, decision_id, **form.cleaned_data):
        toasts.done(request, gettext("Noted: the refund goes to this account."))
    return back(request, HOME)


def _attempt(request: Request, work: Any, *what: Any, **how: Any) -> Any:
    """What the act gives; None and a toast when it cannot be."""
    how |= {"on": clock.today(), "actor": actor(request)}
    try:
        return work(request.organization.pk, *what, **how)
    except ObjectDoesNotExist as error:
        raise Http404 from error
    except PaymentError as error:
        toasts.failed(request, sentences.render(error.sentence))
        return None
