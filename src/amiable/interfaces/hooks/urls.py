"""Addresses that machines outside call: /hooks/<kind>/<code>/."""

from __future__ import annotations

from django.urls import URLPattern, path

from amiable.interfaces.hooks import views

app_name = "hooks"
urlpatterns: list[URLPattern] = [
    path("channels/<slug:code>/", views.channel, name="channel"),
    path("gateways/<slug:code>/", views.gateway, name="gateway"),
]
