"""Texts: the list, one text with what it looks like, its versions, and what is kept of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from csp.decorators import csp_exempt
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from amiable.apps.dunning.writing import trials
from amiable.apps.messaging import queries as messaging
from amiable.apps.messaging.library import own, templates
from amiable.apps.messaging.library.resolution import Place
from amiable.apps.messaging.writing.texts import text_exists
from amiable.apps.messaging.writing.wording import LANGUAGES
from amiable.apps.tenants import queries as tenants
from amiable.interfaces.console import clock, scenario_words, sentences, template_words, toasts
from amiable.interfaces.console import template_forms as forms
from amiable.interfaces.console.access import Request, actor, ask, manage, page

HOME = "console:templates"


@page
def template_list(request: Request) -> HttpResponse:
    """Every text by scenario and medium: own, shipped, or missing in a language."""
    organization, medium = request.organization.pk, request.GET.get("medium", "")
    places = templates.template_places(organization)
    shelves = template_words.shelves(trials.text_uses(organization), places, medium=medium)
    context = {
        "shelves": shelves,
        "media": templates.MEDIA,
        "medium": medium,
        "creditors": {each.pk: each.name for each in tenants.creditors(organization)},
        "languages": LANGUAGES,
        "models": template_words.models(places),
    }
    return render(request, "console/templates.html", context)


@manage
def template_new(request: Request) -> HttpResponse:
    """A text of the organization's own, as a copy of another one, to be changed at once."""
    code, _, medium = request.POST.get("like", "").partition(".")
    like = Place(code, medium, template_words.language_here())
    try:
        place = own.template_create(
            request.organization.pk, request.POST.get("name", "")[:100], like=like,
            now=timezone.now(), actor=actor(request),
        )  # fmt: skip
    except own.NewTextError as error:
        toasts.failed(request, sentences.render(error.sentence))
        return redirect(HOME)
    toasts.done(request, gettext("Your text is there: change it, then choose it in a step."))
    return redirect(forms.address(place))


@page
def template(request: Request, code: str, medium: str, language: str) -> HttpResponse:
    """The editor of a text, or the text alone for those who may not change it."""
    place = _place(request, code, medium, language, given=request.GET.dict())
    current = _current(request, place)
    return _editor(request, place, current, forms.Written.of(current.text))


@ask
def template_preview(request: Request, code: str, medium: str, language: str) -> HttpResponse:
    """What is wrong with the text being written, and what it looks like."""
    place = _place(request, code, medium, language, given=request.POST.dict())
    written = forms.Written.posted(request.POST)
    chosen = request.POST.get("case", "")
    look, is_real = forms.looked_at(
        request.organization.pk, place, written, chosen=chosen, on=clock.today()
    )
    context = {
        "look": look,
        "is_real": is_real,
        "said": forms.said(look, written),
        "views": [(view, forms.page_key(view, request.user.pk or 0)) for view in look.views],
        "sms_cost": forms.sms_cost(request.organization.pk, look.views),
    }
    return render(request, "console/template_preview.html", context)


@csp_exempt()
@ask
def template_page(request: Request) -> HttpResponse:
    """An email of the preview, alone under a policy that lets nothing run, load or leave."""
    html = forms.page_html(request.POST.get("page", ""), request.user.pk or 0)
    if html is None:
        raise Http404
    response = HttpResponse(html)
    response["Content-Security-Policy"] = messaging.MESSAGE_POLICY
    return response


@page
def template_cases(request: Request) -> HttpResponse:
    """Real cases to show a text on."""
    search = request.GET.get("q", "")[:100]
    found = trials.trial_cases(request.organization.pk, search) if search.strip() else []
    return render(request, "console/template_cases.html", {"found": found, "search": search})


@manage
def template_save(request: Request, code: str, medium: str, language: str) -> HttpResponse:
    """Keep the text as a new version, when nothing is wrong with it."""
    place = _place(request, code, medium, language, given=request.POST.dict())
    organization, written = request.organization.pk, forms.Written.posted(request.POST)
    newest = templates.template_versions(organization, place)[:1]
    if request.POST.get("newest", "0") != str(newest[0].version if newest else 0):
        return _editor(request, place, _current(request, place), written, status=409)
    use = trials.text_use(organization, place)
    try:
        version, is_new = templates.template_save(
            organization, place, written.text, use=use, now=timezone.now(), actor=actor(request)
        )
    except templates.TemplateError:
        return _editor(request, place, _current(request, place), written, status=422)
    text = gettext("Version {version} is saved: messages are written from it from now on.")
    if not is_new:
        text = gettext("Nothing differs from version {version}.")
    toasts.done(request, text.format(version=version))
    return redirect(forms.address(place))


@manage
def template_withdraw(request: Request, code: str, medium: str, language: str) -> HttpResponse:
    """Go back to the text that stood here before."""
    place = _place(request, code, medium, language, given=request.POST.dict())
    organization = request.organization.pk
    if needed := trials.text_needed_by(organization, place):
        text = gettext("The scenario “{name}” uses this text: choose another one there first.")
        toasts.failed(request, text.format(name=scenario_words.own(needed)))
        return redirect(forms.address(place))
    templates.template_withdraw(organization, place, on=clock.today(), actor=actor(request))
    toasts.done(request, gettext("Your text is withdrawn; its versions stay below."))
    is_left = text_exists(place.code, place.medium)
    return redirect(forms.address(place) if is_left else HOME)


@manage
def template_restore(request: Request, code: str, medium: str, language: str) -> HttpResponse:
    """Make an earlier version the newest one."""
    place = _place(request, code, medium, language, given=request.POST.dict())
    organization, number = request.organization.pk, request.POST.get("version", "")
    use = trials.text_use(organization, place)
    try:
        version = templates.template_restore(
            organization, place, int(number) if number.isdecimal() else 0,
            use=use, now=timezone.now(), actor=actor(request),
        )  # fmt: skip
    except LookupError as error:
        raise Http404 from error
    except templates.TemplateError as error:
        toasts.failed(request, template_words.first_problem(error))
        return redirect(forms.address(place))
    text = gettext("Version {number} stands again, as version {version}.")
    toasts.done(request, text.format(number=number, version=version))
    return redirect(forms.address(place))


def _place(
    request: Request, code: str, medium: str, language: str, *, given: dict[str, str]
) -> Place:  # fmt: skip
    place = forms.place_of(code, medium=medium, language=language, given=given)
    if templates.place_problem(request.organization.pk, place):
        raise Http404
    return place


def _current(request: Request, place: Place) -> templates.Current:
    try:
        return templates.template_current(request.organization.pk, place)
    except LookupError as error:
        raise Http404 from error


def _editor(
    request: Request,
    place: Place,
    current: templates.Current,
    written: forms.Written,
    *,
    status: int = 200,
) -> HttpResponse:
    versions = templates.template_versions(request.organization.pk, place)
    context: dict[str, Any] = {
        **_around(request, place),
        "current": current,
        "written": written,
        "versions": versions,
        "newest": versions[0].version if versions else 0,
        "warnings": template_words.divergences(request.organization.pk, place, current),
        "case": request.POST.get("case") or request.GET.get("case", "company"),
        "status": status,
    }
    compared = request.GET.get("with", "")
    chosen = next((each for each in versions if str(each.version) == compared), None)
    if chosen:
        context["older"] = chosen
        context["changes"] = forms.differences(chosen.text, current.text)
    return render(request, "console/template.html", context, status=status)


def _around(request: Request, place: Place) -> dict[str, Any]:
    """What stands around the text of a place, whatever it says."""
    organization = request.organization.pk
    uses = trials.text_uses(organization).get(place.code, [])
    use = trials.text_use(organization, place)
    return {
        "place": place,
        "uses": uses,
        "scenarios": template_words.scenarios(uses),
        "creditors": tenants.creditors(organization),
        "picker": forms.picker(use),
        "languages": [
            (each, forms.address(replace(place, language=each)), each == place.language)
            for each in LANGUAGES
        ],
        "kinds": forms.KINDS,
        "actions": {
            name: forms.address(place, f"console:template_{name}")
            for name in ("save", "preview", "withdraw", "restore")
        },
    }
