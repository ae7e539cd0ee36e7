"""Invoices: the page of one, its document, and sending it once more."""

from __future__ import annotations

import tempfile
from pathlib import Path

from csp.decorators import csp_exempt
from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from amiable.apps.cases.dispute_reasons import reasons
from amiable.apps.cases.services import CaseError
from amiable.apps.dunning.confirming.invoices import invoice_resend, invoice_resend_undo
from amiable.apps.insights.invoice_page import installment_invoice, invoice_document, invoice_page
from amiable.apps.receivables.documents import document_attach
from amiable.core.sentences import Sentence
from amiable.interfaces.console import clock, sentences, toasts
from amiable.interfaces.console.access import Request, actor, back, change, page
from amiable.interfaces.console.forms import first_error
from amiable.interfaces.console.views.outbox import pdf_file

HOME = "console:items"


class DocumentForm(forms.Form):
    """The PDF of an invoice."""

    file = forms.FileField(label=_("File"), allow_empty_file=True)


@page
def invoice(request: Request, invoice_id: int) -> HttpResponse:
    """Everything about one invoice."""
    today = clock.today()
    found = invoice_page(request.organization.pk, invoice_id, today)
    if found is None:
        raise Http404
    known = reasons(request.organization.pk, found.invoice.customer.creditor_id)
    context = {
        "found": found,
        "invoice": found.invoice,
        "customer": found.invoice.customer,
        "currency": found.invoice.currency,
        "reasons": {row.code: row.label(get_language() or "") for row in known},
        "today": today,
    }
    return render(request, "console/invoice.html", context)


@page
def item(request: Request, installment_id: int) -> HttpResponse:
    """The invoice of an instalment, for pages that know the instalment alone."""
    found = installment_invoice(request.organization.pk, installment_id)
    if found is None:
        raise Http404
    return redirect("console:invoice", found)


@csp_exempt()
@page
def document(request: Request, invoice_id: int) -> HttpResponse:
    """The PDF as it was sent to the customer; to keep with ?keep=1."""
    found = invoice_document(request.organization.pk, invoice_id)
    if found is None:
        raise Http404
    name, content = found
    return pdf_file(content, name, inline="keep" not in request.GET)


@change
def attach(request: Request, invoice_id: int) -> HttpResponse:
    """Attach the PDF, in the place of another one."""
    form = DocumentForm(request.POST, request.FILES)
    if not form.is_valid():
        toasts.failed(request, first_error(form))
        return back(request, HOME)
    upload = form.cleaned_data["file"]
    with tempfile.TemporaryDirectory(prefix="amiable-document-") as folder:
        path = Path(folder) / (Path(upload.name or "").name[-120:] or "invoice.pdf")
        path.write_bytes(upload.read())
        done = document_attach(request.organization.pk, invoice_id, path)
    if any(each.code == "document.no_invoice" for each in done.errors):
        raise Http404
    for each in (*done.errors, *done.notes):
        toasts.failed(request, sentences.render(Sentence(each.code, each.params)))
    if done.attached or done.unchanged:
        toasts.done(request, gettext("The document is kept with the invoice."))
    return redirect("console:invoice", invoice_id)


@change
def send(request: Request, invoice_id: int) -> HttpResponse:
    """Send it to the customer once more."""
    try:
        message_id = invoice_resend(
            request.organization.pk, invoice_id, now=timezone.now(), actor=actor(request)
        )
        told = gettext("The invoice leaves by email in a few minutes.")
        toasts.done(request, told, reverse("console:invoice_send_undo", args=[message_id]))
    except CaseError as error:
        toasts.failed(request, sentences.render(error.sentence))
    return back(request, HOME)


@change
def send_undo(request: Request, message_id: int) -> HttpResponse:
    """Take a copy back that has not left."""
    try:
        invoice_resend_undo(
            request.organization.pk, message_id, now=timezone.now(), actor=actor(request)
        )
        toasts.done(request, gettext("Taken back: it does not leave."))
    except CaseError as error:
        toasts.failed(request, sentences.render(error.sentence))
    return back(request, HOME)
