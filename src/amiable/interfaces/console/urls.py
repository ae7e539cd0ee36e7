"""Addresses of the console."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, path
from django.views.i18n import set_language

from amiable.interfaces.console.views import customers, dashboard, session

app_name = "console"
urlpatterns: list[URLPattern] = [
    path("", dashboard.dashboard, name="dashboard"),
    path("customers/", customers.customers, name="customers"),
    path("login/", session.Login.as_view(), name="login"),
    path("logout/", LogoutView.as_view(next_page="console:login"), name="logout"),
    path("password/", session.Password.as_view(), name="password"),
    path("language/", set_language, name="language"),
    path("theme/", session.theme, name="theme"),
]
