"""Who follows which scenario: the rules for new cases, a preview before running ones move."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from amiable.apps.dunning.enrollment import assignment as assigning
from amiable.apps.dunning.enrollment import enrollments, rules, undoing
from amiable.apps.dunning.enrollment.moves import move_preview
from amiable.apps.dunning.services import cases_replan
from amiable.core.scenario_data import ScenarioError
from amiable.interfaces.console import assignment_forms, clock, labels, sentences, toasts
from amiable.interfaces.console.access import Request, actor, back, change, manage, page
from amiable.interfaces.console.forms import first_error

HOME = "console:assignment"
# Cases computed while somebody waits; the command line computes all.
LOOKED_AT = 3000
BEFORE = "rules_before"


def _who(request: Request) -> dict[str, Any]:
    return {"on": clock.today(), "actor": actor(request)}


def _choices(request: Request) -> dict[str, Any]:
    """What the forms of these pages choose from."""
    organization = request.organization.pk
    return {
        "scenarios": enrollments.scenario_newest(organization),
        "shares": enrollments.scenario_shares(organization),
        "known": assigning.known_traits(organization),
        "kinds": labels.choices("customer"),
    }


@page
def assignment(request: Request) -> HttpResponse:
    """The rules in order, the cases of each scenario, and the way to move them."""
    found = assigning.rules(request.organization.pk)
    choices = _choices(request)
    names = {row.code: row.name for row in choices["scenarios"]}
    context = {
        "rules": [
            (
                rule,
                names.get(rule.scenario_code, rule.scenario_code),
                assignment_forms.shown(rule.conditions),
            )
            for rule in found
        ],
        "default": next((row for row in choices["scenarios"] if row.is_default), None),
        "cases": sum(share.cases for share in choices["shares"]),
        "can_manage": request.can_manage,
        **choices,
    }
    return render(request, "console/assignment.html", context)


@page
def preview(request: Request) -> HttpResponse:
    """What a move would change, before anything is written."""
    form = assignment_forms.MoveForm(request.GET)
    context: dict[str, Any] = {
        "form": form,
        "can_manage": request.can_manage,
        "asked": request.GET,
        **_choices(request),
    }
    if form.is_valid():
        try:
            found = move_preview(
                request.organization.pk,
                form.filter(),
                to=form.target(),
                on=clock.today(),
                limit=LOOKED_AT,
            )
        except enrollments.EnrollmentError as error:
            context["problem"] = sentences.render(error.sentence)
        else:
            names = enrollments.scenario_names(request.organization.pk, found.targets)
            targets = [(names[row], count) for row, count in found.targets.most_common()]
            context |= {"preview": found, "targets": targets}
    return render(request, "console/assignment_preview.html", context)


@manage
def move(request: Request) -> HttpResponse:
    """Move the cases that were previewed."""
    form = assignment_forms.MoveForm(request.POST)
    if not form.is_valid():
        toasts.failed(request, first_error(form))
        return back(request, HOME)
    organization, today = request.organization.pk, clock.today()
    name = undoing.move_name(organization)
    try:
        count = enrollments.enrollments_move(
            organization, form.filter(), to=form.target(), name=name, **_who(request)
        )
    except enrollments.EnrollmentError as error:
        toasts.failed(request, sentences.render(error.sentence))
        return back(request, HOME)
    if count <= LOOKED_AT:
        cases_replan(organization, on=today)
    text = ngettext("{count} customer was moved.", "{count} customers were moved.", count)
    undo = f"{reverse('console:assignment_move_undo')}?{urlencode({'move': name})}"
    toasts.done(request, text.format(count=count), undo if count else "")
    return back(request, HOME)


@manage
def move_undo(request: Request) -> HttpResponse:
    """Put the customers of a move back where they were."""
    organization = request.organization.pk
    count = undoing.move_undo(organization, request.GET.get("move", ""), **_who(request))
    if not count:
        toasts.failed(request, gettext("There is nothing to take back."))
        return back(request, HOME)
    if count <= LOOKED_AT:
        cases_replan(organization, on=clock.today())
    text = ngettext(
        "{count} customer is back where it was.",
        "{count} customers are back where they were.",
        count,
    )
    toasts.done(request, text.format(count=count))
    return back(request, HOME)


@manage
def rule_keep(request: Request) -> HttpResponse:
    """Add a rule, or change one."""
    form = assignment_forms.RuleForm(request.POST)
    if not form.is_valid():
        toasts.failed(request, first_error(form))
        return back(request, HOME)
    try:
        _remember(request)
        rules.rule_keep(
            request.organization.pk,
            scenario_code=form.cleaned_data["scenario"],
            conditions=form.conditions(),
            rule_id=form.cleaned_data["rule"],
            **_who(request),
        )
    except ScenarioError as error:
        toasts.failed(request, " ".join(map(sentences.render, error.problems)))
        return back(request, HOME)
    _rules_done(request, gettext("The rule is kept: it holds for new customers."))
    return back(request, HOME)


@manage
def rule_remove(request: Request) -> HttpResponse:
    """Delete a rule."""
    _remember(request)
    if rules.rule_remove(request.organization.pk, _rule(request), **_who(request)):
        _rules_done(request, gettext("The rule is deleted."))
    else:
        toasts.failed(request, gettext("This rule does not exist here any more."))
    return back(request, HOME)


@manage
def rule_shift(request: Request) -> HttpResponse:
    """Move a rule up or down."""
    _remember(request)
    up = request.POST.get("way") == "up"
    if rules.rule_shift(request.organization.pk, _rule(request), up=up, **_who(request)):
        _rules_done(request, gettext("The order is changed."))
    return back(request, HOME)


@manage
def rules_undo(request: Request) -> HttpResponse:
    """Put the rules back as they were before the last change of this session."""
    before = request.session.pop(BEFORE, None)
    if before is None or before["organization"] != request.organization.pk:
        toasts.failed(request, gettext("There is nothing to take back."))
        return back(request, HOME)
    try:
        rules.rules_set(request.organization.pk, before["rules"], **_who(request))
    except ScenarioError as error:
        toasts.failed(request, " ".join(map(sentences.render, error.problems)))
    else:
        toasts.done(request, gettext("The rules are as they were."))
    return back(request, HOME)


@change
def case_choose(request: Request) -> HttpResponse:
    """Choose the scenario of a customer by hand, or give it back to the rules."""
    form = assignment_forms.CaseForm(request.POST)
    if not form.is_valid():
        toasts.failed(request, first_error(form))
        return back(request, HOME)
    case, wanted = form.cleaned_data["case"], form.cleaned_data["scenario"]
    organization = request.organization.pk
    try:
        if wanted == assignment_forms.RULES:
            enrollments.enrollment_release(organization, case, **_who(request))
        else:
            enrollments.enrollment_choose(
                organization, case, scenario_id=int(wanted), **_who(request)
            )
    except enrollments.EnrollmentError as error:
        toasts.failed(request, sentences.render(error.sentence))
        return back(request, HOME)
    _replan(request, case)
    undo = f"{reverse('console:assignment_case_undo')}?case={case}"
    toasts.done(request, gettext("The scenario is changed."), undo)
    return back(request, HOME)


@change
def case_undo(request: Request) -> HttpResponse:
    """Take back the last change of a customer's scenario."""
    text = request.GET.get("case", "")
    case = int(text) if text.isdecimal() and len(text) < 19 else 0
    if enrollments.enrollment_restore(request.organization.pk, case, **_who(request)):
        _replan(request, case)
        toasts.done(request, gettext("The scenario is as it was."))
    else:
        toasts.failed(request, gettext("There is nothing to take back."))
    return back(request, HOME)


def _replan(request: Request, case: int) -> None:
    customers = enrollments.case_customers(request.organization.pk, [case])
    cases_replan(request.organization.pk, customers, on=clock.today())


def _rule(request: Request) -> int:
    text = request.POST.get("rule", "")
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def _remember(request: Request) -> None:
    organization = request.organization.pk
    request.session[BEFORE] = {
        "organization": organization,
        "rules": rules.rules_data(organization),
    }


def _rules_done(request: Request, text: str) -> None:
    toasts.done(request, text, reverse("console:assignment_rules_undo"))
