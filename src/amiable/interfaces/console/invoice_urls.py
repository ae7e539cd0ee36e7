"""Addresses of invoices: the page of one, its document, sending it again."""

from __future__ import annotations

from django.urls import URLPattern, path

from amiable.interfaces.console.views import invoices

_ONE = "invoices/<int:invoice_id>"
PATHS: list[URLPattern] = [
    path("items/<int:installment_id>/", invoices.item, name="item"),
    path(f"{_ONE}/", invoices.invoice, name="invoice"),
    path(f"{_ONE}/document/", invoices.document, name="invoice_document"),
    path(f"{_ONE}/attach/", invoices.attach, name="invoice_attach"),
    path(f"{_ONE}/send/", invoices.send, name="invoice_send"),
    path("invoices/copies/<int:message_id>/undo/", invoices.send_undo, name="invoice_send_undo"),
]
