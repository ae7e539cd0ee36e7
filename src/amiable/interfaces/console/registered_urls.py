"""Addresses of registered letters."""

from __future__ import annotations

from django.urls import URLPattern, path

from amiable.interfaces.console.views import registered

PATHS: list[URLPattern] = [
    path("registered/", registered.registered, name="registered"),
    path("registered/<int:message_id>/deposit/", registered.deposit, name="registered_deposit"),
    path("registered/<int:message_id>/event/", registered.event, name="registered_event"),
    path("registered/<int:message_id>/proof/", registered.proof_add, name="registered_proof_add"),
    path("registered/proofs/<int:proof_id>/", registered.proof, name="registered_proof"),
]
