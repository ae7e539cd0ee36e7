"""Addresses of how letters and emails look."""

from __future__ import annotations

from django.urls import URLPattern, path

from amiable.interfaces.console.views import brand

PATHS: list[URLPattern] = [
    path("settings/letters/test-page/", brand.test_page, name="letter_test_page"),
    path("settings/creditors/<int:creditor_id>/", brand.brand, name="brand"),
    path("settings/creditors/<int:creditor_id>/save/", brand.brand_save, name="brand_save"),
    path(
        "settings/creditors/<int:creditor_id>/<str:picture>/", brand.picture, name="brand_picture"
    ),
]
