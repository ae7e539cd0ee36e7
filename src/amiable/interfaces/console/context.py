"""What every console page needs to draw its shell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from amiable.apps.insights import accounts
from amiable.interfaces.console import clock

# Pages that belong to a place of another name.
INSIDE = {
    "customer": "customers",
    "message": "outbox",
    "line": "bank",
    "money": "bank",
    "refunds": "bank",
    "payouts": "bank",
    "payout": "bank",
    "debit": "bank",
    "debits": "bank",
    "mandates": "bank",
    "mandate": "bank",
    "virtual_ibans": "bank",
    "virtual_iban": "bank",
    "reply": "replies",
    "dispute": "disputes",
    "call": "calls",
    "rests": "bank",
    "import": "imports",
    "scenario": "scenarios",
    "template": "templates",
    "figures": "dashboard",
    "items": "dashboard",
    "satisfaction": "dashboard",
    "experiment": "experiments",
    "plan": "settings",
}
THEMES = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation. `counter` names a figure of the shell's counters."""

    name: str
    label: str | Promise
    icon: str
    counter: str = ""


PLACES = (
    Place("dashboard", _("Dashboard"), icon="layout-dashboard"),
    Place("actions", _("Today"), icon="checklist", counter="actions"),
    Place("calls", _("Calls"), icon="phone", counter="calls"),
    Place("replies", _("Answers"), icon="inbox", counter="replies"),
    Place("disputes", _("Disputes"), icon="scale"),
    Place("customers", _("Customers"), icon="users"),
    Place("requests", pgettext_lazy("menu", "Payment requests"), icon="mail"),
    Place("bank", _("Bank"), icon="building-bank", counter="bank"),
    Place("outbox", _("Messages"), icon="send"),
    Place("registered", _("Registered letters"), icon="certificate"),
    Place("scenarios", _("Scenarios"), icon="route"),
    Place("templates", _("Texts"), icon="pencil"),
    Place("assignment", _("Assignment"), icon="sitemap"),
    Place("experiments", _("Experiments"), icon="arrows-split"),
    Place("simulation", _("Simulation"), icon="eye-check"),
    Place("imports", _("Imports"), icon="file-import"),
    Place("jobs", _("Background work"), icon="activity"),
    Place("settings", _("Settings"), icon="settings"),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Navigation, theme and, for a member, the counters of what waits for a decision."""
    theme = request.COOKIES.get("theme", "")
    context: dict[str, Any] = {
        "places": PLACES,
        "theme": theme if theme in THEMES else "light",
        "organization": getattr(request, "organization", None),
        "membership": getattr(request, "membership", None),
        "can_change": getattr(request, "can_change", False),
        "can_manage": getattr(request, "can_manage", False),
    }
    if context["organization"]:
        managing = getattr(request, "can_manage", False)
        context["counters"] = accounts.waiting(
            context["organization"].pk, clock.workday(), with_unmatched=managing
        )
    match = request.resolver_match
    name = match.url_name.split("_")[0] if match and match.url_name else ""
    context["place"] = INSIDE.get(name, name)
    return context
