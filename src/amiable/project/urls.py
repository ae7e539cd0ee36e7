"""Every address of the product: the console, and what machines ask."""

from __future__ import annotations

from django.urls import include, path

from amiable.project import health

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("p/", include("amiable.interfaces.portal.urls")),
    path("ask/", include("amiable.interfaces.portal.colleagues")),
    path("hooks/", include("amiable.interfaces.hooks.urls")),
    path("", include("amiable.interfaces.console.urls")),
]
