"""Addresses of the call mode."""

from __future__ import annotations

from django.urls import URLPattern, path

from amiable.interfaces.console.views import calls

PATHS: list[URLPattern] = [
    path("calls/", calls.calls, name="calls"),
    path("calls/<int:action_id>/", calls.call, name="call"),
    path("calls/<int:action_id>/close/", calls.close, name="call_close"),
    path("calls/<int:action_id>/reopen/", calls.reopen, name="call_reopen"),
    path("calls/<int:action_id>/confirmation/", calls.confirmation, name="call_confirmation"),
    path("calls/<int:action_id>/anyway/", calls.anyway, name="call_anyway"),
]
