"""Addresses of virtual IBANs."""

from __future__ import annotations

from django.urls import URLPattern, path

from amiable.interfaces.console.views import virtual_ibans as views

PATHS: list[URLPattern] = [
    path("bank/virtual-ibans/", views.pool, name="virtual_ibans"),
    path("bank/virtual-ibans/fetch/", views.fetch, name="virtual_ibans_fetch"),
    path("bank/virtual-ibans/policy/", views.policy, name="virtual_iban_policy"),
    path("bank/virtual-ibans/<int:iban_id>/", views.virtual_iban, name="virtual_iban"),
    path("bank/virtual-ibans/<int:iban_id>/assign/", views.assign, name="virtual_iban_assign"),
    path("bank/virtual-ibans/held/<int:held_id>/end/", views.end, name="virtual_iban_end"),
    path("customers/<int:customer_id>/virtual-iban/", views.give, name="virtual_iban_give"),
]
