"""Addresses of requests for payment."""

from __future__ import annotations

from django.urls import path

from amiable.interfaces.console.views import requests

_ONE = "requests/<int:campaign_id>/"
PATHS = [
    path("requests/", requests.requests_home, name="requests"),
    path("requests/file/", requests.file, name="requests_file"),
    path("requests/items/", requests.items, name="requests_items"),
    path(_ONE, requests.campaign, name="requests_campaign"),
    path(f"{_ONE}progress/", requests.progress, name="requests_progress"),
    path(f"{_ONE}list.<slug:form>/", requests.table, name="requests_table"),
    path(f"{_ONE}look/", requests.look, name="requests_look"),
    path(f"{_ONE}confirm/", requests.confirm, name="requests_confirm"),
    path(f"{_ONE}cancel/", requests.cancel, name="requests_cancel"),
    path(f"{_ONE}resume/", requests.resume, name="requests_resume"),
]
