"""Addresses of payouts."""

from __future__ import annotations

from django.urls import URLPattern, path

from amiable.interfaces.console.views import payouts

PATHS: list[URLPattern] = [
    path("bank/payouts/", payouts.payouts, name="payouts"),
    path("bank/payouts/<int:payout_id>/", payouts.payout, name="payout"),
    path("bank/payouts/parts/<int:part_id>/settle/", payouts.settle, name="payout_settle"),
    path("bank/payouts/parts/<int:part_id>/undo/", payouts.unsettle, name="payout_unsettle"),
]
