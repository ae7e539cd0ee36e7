"""Addresses of the texts."""

from __future__ import annotations

from django.urls import path

from amiable.interfaces.console.views import templates as views

_ONE = "templates/<slug:code>/<slug:medium>/<slug:language>/"
PATHS = [
    path("templates/", views.template_list, name="templates"),
    path("templates/new/", views.template_new, name="template_new"),
    path("templates/cases/", views.template_cases, name="template_cases"),
    path("templates/page/", views.template_page, name="template_page"),
    path(_ONE, views.template, name="template"),
    path(f"{_ONE}preview/", views.template_preview, name="template_preview"),
    path(f"{_ONE}save/", views.template_save, name="template_save"),
    path(f"{_ONE}withdraw/", views.template_withdraw, name="template_withdraw"),
    path(f"{_ONE}restore/", views.template_restore, name="template_restore"),
]
