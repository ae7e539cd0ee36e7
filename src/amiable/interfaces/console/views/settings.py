"""The settings of an organization: every member reads them, managers change and undo them."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from amiable.apps.dunning import settings as services
from amiable.apps.tenants.brand import brand_rows
from amiable.apps.tenants.settings import SettingsError, settings_of
from amiable.interfaces.console import clock, sentences, toasts
from amiable.interfaces.console.access import Request, actor, manage, page
from amiable.interfaces.console.settings_forms import FORMS, SettingsForm
from amiable.plugins.documents.window import PRESETS

HOME = "console:settings"


@page
def settings(request: Request) -> HttpResponse:
    """Everything an organization decides for all of its cases."""
    return render(request, "console/settings.html", _context(request))


@manage
def settings_change(request: Request, part: str) -> HttpResponse:
    """Change one part; what is wrong is said at its field."""
    current = settings_of(request.organization.pk)
    form = FORMS[part](request.POST, settings=current, can_manage=True)
    if form.is_valid():
        try:
            return _changed(request, form.values())
        except SettingsError as error:
            form.refuse(error)
    return render(request, "console/settings.html", _context(request, form), status=422)


@manage
def cap_remove(request: Request) -> HttpResponse:
    """Remove a limit of contacts, named by its content: another may have gone meanwhile."""
    names = ("medium", "kind", "count", "days")
    wanted = [request.POST.get(name, "") for name in names]
    caps = settings_of(request.organization.pk).to_json()["contact_caps"]
    kept = [cap for cap in caps if [str(cap[name]) for name in names] != wanted]
    return _changed(request, {"contact_caps": kept})


@manage
def settings_undo(request: Request) -> HttpResponse:
    """Take back the last change."""
    event = request.GET.get("event", "")
    number = int(event) if event.isdecimal() and len(event) < 19 else 0
    try:
        done = services.settings_undo(
            request.organization.pk, number, on=clock.today(), actor=actor(request)
        )
    except SettingsError as error:
        toasts.failed(request, sentences.render(next(iter(error.problems.values()))))
        return redirect(HOME)
    if done.fields:
        toasts.done(request, gettext("The settings are as before."))
    else:
        toasts.failed(request, gettext("The settings were changed again since."))
    return redirect(HOME)


def _changed(request: Request, values: dict[str, Any]) -> HttpResponse:
    done = services.settings_change(
        request.organization.pk, values, on=clock.today(), actor=actor(request)
    )
    undo = f"{reverse('console:settings_undo')}?event={done.event}" if done.event else ""
    toasts.done(request, _said(done), undo)
    return redirect(HOME)


def _said(done: services.Changed) -> str:
    """What a change did, in a sentence or two."""
    if not done.fields:
        return gettext("Nothing changed.")
    parts = [gettext("Saved.")]
    if done.withdrawn:
        text = ngettext(
            "{count} message that had not left is withdrawn.",
            "{count} messages that had not left are withdrawn.",
            done.withdrawn,
        )
        parts.append(text.format(count=done.withdrawn))
    if done.woken:
        text = ngettext(
            "{count} case is looked at again.", "{count} cases are looked at again.", done.woken
        )
        parts.append(text.format(count=done.woken))
    return " ".join(parts)


def _context(request: Request, bound: SettingsForm | None = None) -> dict[str, Any]:
    """The page's forms; `bound` = the one to correct."""
    current = settings_of(request.organization.pk)
    can_manage = request.can_manage
    forms = {name: form(settings=current, can_manage=can_manage) for name, form in FORMS.items()}
    if bound:
        forms[bound.name] = bound
    return {
        "settings": current,
        "forms": forms,
        "switch": services.switch_preview(request.organization.pk),
        "can_manage": can_manage,
        "windows": PRESETS,
        "brands": brand_rows(request.organization.pk),
    }
