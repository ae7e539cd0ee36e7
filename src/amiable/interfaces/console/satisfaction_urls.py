"""Addresses of satisfaction: figures and words, and what is done about them."""

from __future__ import annotations

from django.urls import URLPattern, path

from amiable.interfaces.console.views import satisfaction

PATHS: list[URLPattern] = [
    path("satisfaction/", satisfaction.satisfaction, name="satisfaction"),
    path("satisfaction/<int:survey_id>/done/", satisfaction.close, name="satisfaction_close"),
    path("satisfaction/<int:survey_id>/erase/", satisfaction.erase, name="satisfaction_erase"),
]
