"""Addresses of rests of payments, of terms agreed with payers and of their habits."""

from __future__ import annotations

from django.urls import URLPattern, path

from amiable.interfaces.console.views import rests

PATHS: list[URLPattern] = [
    path("bank/rests/", rests.rests, name="rests"),
    path("bank/matches/<int:match_id>/rests/", rests.name, name="rests_name"),
    path("bank/rests/<int:rest_id>/approve/", rests.approve, name="rest_approve"),
    path("bank/rests/<int:rest_id>/refuse/", rests.refuse, name="rest_refuse"),
    path("bank/rests/<int:rest_id>/reopen/", rests.reopen, name="rest_reopen"),
    path("customers/<int:customer_id>/terms/", rests.terms_set, name="payer_terms"),
    path("customers/<int:customer_id>/habits/<slug:code>/", rests.habit, name="payer_habit"),
]
