"""Every address of the product: the console, and what machines ask."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("", include("amiable.interfaces.console.urls"))]
