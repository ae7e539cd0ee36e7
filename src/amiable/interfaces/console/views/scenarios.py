"""Scenarios: the library, a version as a timeline, the editor without code, and files."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from amiable.apps.dunning.library import adopting, scenarios
from amiable.core.scenario import Scenario
from amiable.core.scenario_data import ScenarioError
from amiable.core.shipped import SHIPPED
from amiable.interfaces.console import clock, toasts
from amiable.interfaces.console import scenario_forms as forms
from amiable.interfaces.console import scenario_timeline as timeline
from amiable.interfaces.console import scenario_words as words
from amiable.interfaces.console.access import Request, actor, change, download, ids, page
from amiable.interfaces.console.sentences import render as said

HOME = "console:scenarios"


@page
def scenario_list(request: Request) -> HttpResponse:
    """The organization's scenarios, and those shipped that it has not copied yet."""
    return render(request, "console/scenarios.html", _library(request))


def _library(request: Request) -> dict[str, Any]:
    organization = request.organization.pk
    return {
        "shelves": [
            {"shelf": shelf, "picture": timeline.picture(shelf.definition)}
            for shelf in scenarios.scenario_shelves(organization)
        ],
        "shipped": [
            {"definition": definition, "picture": timeline.picture(definition)}
            for definition in scenarios.shipped_left(organization)
        ],
    }


@page
def shipped(request: Request, shipped: str) -> HttpResponse:
    """A shipped scenario, to look at before it is copied."""
    definition = SHIPPED.get(shipped)
    if definition is None:
        raise Http404
    return render(request, "console/scenario.html", _shown(definition) | {"shipped": shipped})


@page
def scenario(request: Request, scenario_id: int) -> HttpResponse:
    """A version: its timeline, each step in words, its siblings, and how one of them differs."""
    version = _version(request, scenario_id)
    context: dict[str, Any] = {"version": version, **_shown(version.definition)}
    siblings = {line.id: line for line in version.versions if line.id != scenario_id}
    chosen = next((each for each in ids([request.GET.get("with", "")]) if each in siblings), None)
    if chosen:
        other = _version(request, chosen)
        older, newer = sorted((version, other), key=lambda each: each.line.version)
        context["older"], context["newer"] = older.line, newer.line
        context["changes"] = words.change_words(older.definition, newer.definition)
    return render(request, "console/scenario.html", context)


def _shown(definition: Scenario) -> dict[str, Any]:
    """What a page needs to draw a scenario."""
    steps = [
        {"step": step, "name": words.step_name(step), "lines": words.step_lines(step, definition)}
        for step in definition.steps
    ]
    return {
        "definition": definition,
        "lanes": timeline.lanes(definition),
        "steps": steps,
        "policies": words.scenario_lines(definition),
    }


def _version(request: Request, scenario_id: int) -> scenarios.ScenarioVersion:
    try:
        return scenarios.scenario_version(request.organization.pk, scenario_id)
    except LookupError as error:
        raise Http404 from error


@page
def scenario_file(request: Request, scenario_id: int) -> HttpResponse:
    """A version as YAML."""
    version = _version(request, scenario_id)
    content = scenarios.scenario_text(version.definition).encode()
    name = f"{version.line.code}-{version.line.version}.yaml"
    return download(content, name=name, content_type="application/yaml; charset=utf-8")


@change
def scenario_upload(request: Request) -> HttpResponse:
    """Take a YAML file in, or say all that is wrong with it; nothing is kept then."""
    file = request.FILES.get("file")
    if file is None:
        toasts.failed(request, gettext("Choose a file first."))
        return redirect(HOME)
    organization = request.organization.pk
    who = {"on": clock.today(), "actor": actor(request)}
    try:
        content = file.read(scenarios.MAX_BYTES + 1)
        found = adopting.scenario_file_import(organization, content, **who)
    except ScenarioError as error:
        problems = [scenarios.problem_of(sentence) for sentence in error.problems]
        context = {**_library(request), "problems": problems[:100], "filename": file.name}
        return render(request, "console/scenarios.html", context, status=422)
    toasts.done(request, said(found.sentence(words.own(found.name))))
    return redirect(HOME)


@change
def scenario_copy(request: Request, shipped: str) -> HttpResponse:
    """Copy a shipped scenario: from then on it is the organization's own."""
    organization = request.organization.pk
    try:
        copied = scenarios.scenario_copy(
            organization, shipped, on=clock.today(), actor=actor(request)
        )
    except LookupError as error:
        raise Http404 from error
    toasts.done(request, gettext("The scenario is yours: change it as you like."))
    return redirect("console:scenario", scenario_id=copied)


@change
def scenario_default(request: Request, scenario_id: int) -> HttpResponse:
    """New cases start on this version."""
    version = _version(request, scenario_id)
    scenarios.scenario_default(
        request.organization.pk, scenario_id, on=clock.today(), actor=actor(request)
    )
    text = gettext("New cases start on {name}; running ones stay where they are.")
    toasts.done(request, text.format(name=words.own(version.line.name)))
    return redirect(HOME)


@change
def scenario_duplicate(request: Request, scenario_id: int) -> HttpResponse:
    """Another scenario with the same steps, to change."""
    organization = request.organization.pk
    version = _version(request, scenario_id)
    code = scenarios.free_code(organization, version.line.code)
    name = gettext("{name} (copy)").format(name=words.own(version.definition.name)[:100])
    copy = replace(version.definition, code=code, name=name, version=1)
    who = {"on": clock.today(), "actor": actor(request)}
    try:
        scenarios.scenario_import(organization, copy, **who)
    except ScenarioError as error:
        toasts.failed(request, " ".join(map(said, error.problems[:3])))
        return redirect("console:scenario", scenario_id=scenario_id)
    shelf = next(s for s in scenarios.scenario_shelves(organization) if s.newest.code == code)
    toasts.done(request, gettext("Copied. What you save here makes versions of the copy."))
    return redirect("console:scenario_edit", scenario_id=shelf.newest.id)


@page
def scenario_edit(request: Request, scenario_id: int) -> HttpResponse:
    """The editor, filled in with a version."""
    if not request.can_change:
        raise PermissionDenied
    draft = forms.draft_of(_version(request, scenario_id))
    return _editor(request, forms.draft_check(request.organization.pk, draft))


@change
def scenario_draft(request: Request, scenario_id: int) -> HttpResponse:
    """The draft after a button that adds, moves, copies or removes a step: nothing is saved."""
    draft = forms.draft_posted(_version(request, scenario_id), request.POST)
    draft = forms.draft_change(draft, request.POST.get("change", ""))
    return _editor(request, forms.draft_check(request.organization.pk, draft))


@change
def scenario_preview(request: Request, scenario_id: int) -> HttpResponse:
    """The timeline of the draft and its problems, while one writes."""
    draft = forms.draft_posted(_version(request, scenario_id), request.POST)
    draft = forms.draft_check(request.organization.pk, draft)
    return render(request, "console/scenario_preview.html", _drawn(draft) | {"is_partial": True})


@change
def scenario_save(request: Request, scenario_id: int) -> HttpResponse:
    """Save the draft as a new version, when nothing is wrong with it."""
    organization = request.organization.pk
    base = _version(request, scenario_id)
    draft = forms.draft_check(organization, forms.draft_posted(base, request.POST))
    if not draft.is_right or draft.definition is None or draft.newest != base.versions[0].version:
        return _editor(request, draft, status=422)
    who = {"on": clock.today(), "actor": actor(request)}
    version, is_new = scenarios.scenario_import(organization, draft.definition, renew=True, **who)
    text = gettext("Version {version} is saved; running cases stay on theirs.")
    if not is_new:
        text = gettext("Nothing differs from version {version}.")
    toasts.done(request, text.format(version=version))
    base = _version(request, scenario_id)
    return redirect("console:scenario", scenario_id=base.versions[0].id)


def _editor(request: Request, draft: forms.Draft, status: int = 200) -> HttpResponse:
    draft = forms.draft_draw(request.organization.pk, draft)
    part = "scenario_steps.html" if request.htmx else "scenario_edit.html"
    newest = draft.base.versions[0]
    context = {
        **_drawn(draft),
        "is_refused": status == 422,
        "newest": newest,
        "is_overtaken": draft.newest != newest.version,
        "is_partial": bool(request.htmx),
    }
    return render(request, f"console/{part}", context, status=status)


def _drawn(draft: forms.Draft) -> dict[str, Any]:
    definition = draft.definition
    drawn = timeline.lanes(definition) if definition and definition.steps else []
    return {"draft": draft, "version": draft.base, "lanes": drawn, "definition": definition}
