"""Addresses of the payment page: /p/<token>/ and what belongs to it."""

from __future__ import annotations

from django.urls import URLPattern, path

from amiable.interfaces.portal import (
    contacts,
    disputes,
    history,
    mandates,
    online,
    opinions,
    plans,
    received,
    views,
)

app_name = "portal"
urlpatterns: list[URLPattern] = [
    path("color/<str:color>.css", views.color, name="color"),
    path("<str:token>/", views.home, name="home"),
    path("<str:token>/later/", views.later, name="later"),
    path("<str:token>/plan/", plans.plan, name="plan"),
    path("<str:token>/disagree/", disputes.disagree, name="disagree"),
    path("<str:token>/received/", received.received, name="received"),
    path("<str:token>/paid/", disputes.paid, name="paid"),
    path("<str:token>/disputes/<int:dispute_id>/", disputes.dispute, name="dispute"),
    path("<str:token>/disputes/<int:dispute_id>/over/", disputes.dispute_over, name="dispute_over"),
    path(
        "<str:token>/disputes/<int:dispute_id>/<str:holder>/<int:file_id>/",
        disputes.dispute_download,
        name="dispute_file",
    ),
    path("<str:token>/contact/", contacts.contact, name="contact"),
    path("<str:token>/contact/told/", contacts.contact_told, name="contact_told"),
    path("<str:token>/told/<slug:ticket>/", views.told, name="told"),
    path("<str:token>/mandate/", mandates.mandate, name="mandate"),
    path("<str:token>/history/", history.history, name="history"),
    path("<str:token>/pay/", online.pay, name="pay"),
    path("<str:token>/pay/<slug:payment>/", online.back, name="back"),
    path("<str:token>/used/", views.used, name="used"),
    path("<str:token>/opinion/", opinions.opinion, name="opinion"),
    path("<str:token>/opinion/told/", opinions.opinion_told, name="opinion_told"),
    path("<str:token>/opinion/seen/", opinions.opinion_seen, name="opinion_seen"),
    path("<str:token>/logo/", views.logo, name="logo"),
    path("<str:token>/statement.pdf", views.statement_pdf, name="statement_pdf"),
    path("<str:token>/statement.xlsx", views.statement_xlsx, name="statement_xlsx"),
    path("<str:token>/invoices/<int:invoice_id>/", views.invoice, name="invoice"),
    path("<path:rest>", views.missing),
]
