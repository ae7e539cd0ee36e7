"""Champion and challenger: plan an experiment, follow it, stop it. Managers decide."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from amiable.apps.dunning.experiment import changes, results
from amiable.core.experiment.arms import EVEN
from amiable.interfaces.console import clock, experiment_words, forms, sentences, toasts
from amiable.interfaces.console.access import Request, actor, manage, page
from amiable.interfaces.console.experiment_forms import ExperimentForm, StopForm

HOME = "console:experiments"


@page
def experiments(request: Request) -> HttpResponse:
    """The experiments there were, and the form of the next one with its forecast."""
    organization_id = request.organization.pk
    lines = results.experiment_lines(organization_id)
    context: dict[str, Any] = {
        "lines": [
            (line, *map(experiment_words.scenario, (line.champion, line.challenger)))
            for line in lines
        ],
        "running": next((line for line in lines if line.ended_on is None), None),
    }
    if context["running"] is None:
        choices = changes.challengers(organization_id)
        initial = changes.Design("", challenger=choices[0][0] if choices else "")
        context["form"] = ExperimentForm(initial=ExperimentForm.data_of(initial), choices=choices)
        context |= _forecast(organization_id, initial)
    return render(request, "console/experiments.html", context)


@page
def experiment_forecast(request: Request) -> HttpResponse:
    """What the design in the form would need; asked again at every change."""
    form = ExperimentForm(request.GET, choices=changes.challengers(request.organization.pk))
    if form.is_valid():
        context = _forecast(request.organization.pk, form.design())
    else:
        context = {"problem": forms.first_error(form)}
    return render(request, "console/experiment_forecast.html", context)


@manage
def experiment_start(request: Request) -> HttpResponse:
    """Start the experiment of the form."""
    organization_id = request.organization.pk
    form = ExperimentForm(request.POST, choices=changes.challengers(organization_id))
    if not form.is_valid():
        toasts.failed(request, forms.first_error(form))
        return redirect(HOME)
    try:
        started = changes.experiment_start(
            organization_id, form.design(), on=clock.today(), actor=actor(request)
        )
    except changes.ExperimentError as error:
        toasts.failed(request, sentences.render(error.sentence))
        return redirect(HOME)
    toasts.done(request, gettext("The experiment runs: new cases are drawn from now on."))
    return redirect("console:experiment", experiment_id=started)


@page
def experiment(request: Request, experiment_id: int) -> HttpResponse:
    """What an experiment found so far, the conclusion first."""
    try:
        report = results.experiment_report(request.organization.pk, experiment_id, on=clock.today())
    except LookupError as error:
        raise Http404 from error
    arms = [arm.arm for arm in report.arms]
    context = {
        "report": report,
        "experiment": report.experiment,
        "arms": [_arm(arm) for arm in report.arms],
        "comparisons": [_comparison(found) for found in report.comparisons],
        "arm_names": [experiment_words.ARMS[arm] for arm in arms],
        "balance": experiment_words.balance_rows(
            report.balance, arms=arms, currency=report.currency
        ),
        "apart": [experiment_words.APART[row.code] for row in report.balance if not row.alike],
        "threshold": experiment_words.decimal(EVEN),
        "payers": sum(arm.payers for arm in report.arms),
    }
    return render(request, "console/experiment.html", context)


@manage
def experiment_stop(request: Request) -> HttpResponse:
    """End the running experiment, with a reason."""
    form = StopForm(request.POST)
    if not form.is_valid():
        toasts.failed(request, forms.first_error(form))
        return redirect(HOME)
    try:
        moved = changes.experiment_stop(
            request.organization.pk, on=clock.today(), actor=actor(request), **form.cleaned_data
        )
    except changes.ExperimentError as error:
        toasts.failed(request, sentences.render(error.sentence))
        return redirect(HOME)
    text = gettext("The experiment is over; {count} cases changed their scenario.")
    toasts.done(request, text.format(count=moved))
    return redirect(HOME)


def _forecast(organization_id: int, design: changes.Design) -> dict[str, Any]:
    """The forecast of a design, or what is wrong with it. An unnamed one can be forecast too."""
    try:
        plan = results.experiment_plan(organization_id, design, on=clock.today())
    except changes.ExperimentError as error:
        return {"problem": sentences.render(error.sentence)}
    return {
        "plan": plan,
        "design": design,
        "champion": experiment_words.scenario(plan.champion),
        "sd": experiment_words.decimal(plan.sd_days),
        "per_week": experiment_words.decimal(plan.supply.per_week),
    }


def _arm(arm: results.ArmResult) -> dict[str, Any]:
    return {
        "label": experiment_words.ARMS[arm.arm],
        "scenario": experiment_words.scenario(arm.scenario),
        "result": arm,
        "days": experiment_words.decimal(arm.days),
        "by_amount": experiment_words.decimal(arm.days_by_amount),
        "so_far": experiment_words.decimal(arm.so_far_days),
        "paid": [experiment_words.decimal(share, 0) for share in arm.paid.values()],
    }


def _comparison(found: results.Comparison) -> dict[str, Any]:
    look = found.look
    return {
        "arm": found.arm,
        "label": experiment_words.ARMS[found.arm],
        "sentence": found.verdict.sentence,
        "tone": experiment_words.TONES[found.verdict.state],
        "chart": experiment_words.chart(found.history) if found.history else None,
        "chart_id": f"{found.arm}-data",
        "looks": experiment_words.look_rows(found.history),
        "guardrails": experiment_words.guardrail_rows(found),
        "needed": found.needed,
        "needed_here": found.needed_here,
        "needed_watched": found.needed_watched,
        "explained": experiment_words.decimal(100 * look.reduction, 0) if look else "",
    }
