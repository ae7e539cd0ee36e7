"""See before you send: simulate a scenario on days to come, or test it on past ones."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from amiable.apps.dunning.simulation import jobs as kept
from amiable.apps.dunning.simulation.runs import SimulationError
from amiable.apps.dunning.simulation.tally import usual_costs
from amiable.apps.tenants import queries as tenants
from amiable.interfaces.console import clock, forms, labels, sentences, simulating, toasts
from amiable.interfaces.console.access import Request, change, page, page_number


@page
def simulation(request: Request) -> HttpResponse:
    """Choose what to simulate; what was simulated before."""
    organization = request.organization.pk
    scenario = request.GET.get("scenario", "")
    context = {
        "today": clock.today(),
        "usual": simulating.usual(clock.today(), usual_costs(organization)),
        "choices": kept.scenario_choices(organization),
        "chosen": scenario,
        "creditors": tenants.creditors(organization),
        "kinds": labels.choices("customer"),
        "runs": kept.simulations_recent(organization),
    }
    return render(request, "console/simulation.html", context)


@change
def simulation_run(request: Request) -> HttpResponse:
    """Run it, at once or as a job in the background."""
    form = simulating.SimulationForm(request.POST)
    if not form.is_valid():
        toasts.failed(request, forms.first_error(form))
        return redirect("console:simulation")
    try:
        asked = form.asked(usual_costs(request.organization.pk))
        job_id = kept.simulation_start(request.organization.pk, asked, on=clock.today())
    except SimulationError as error:
        toasts.failed(request, sentences.render(error.sentence))
        return redirect("console:simulation")
    except LookupError as error:
        toasts.failed(request, str(error))
        return redirect("console:simulation")
    return redirect("console:simulation_result", job_id=job_id)


@page
def simulation_result(request: Request, job_id: int) -> HttpResponse:
    """How far it is; then what it found. htmx asks again while it runs."""
    try:
        found = kept.simulation_kept(request.organization.pk, job_id)
    except LookupError as error:
        raise Http404 from error
    if found.document is None:
        template = "simulation_progress" if request.htmx else "simulation_waiting"
        return render(request, f"console/{template}.html", {"found": found})
    if request.htmx:
        done = HttpResponse()
        done.headers["HX-Refresh"] = "true"
        return done
    document = found.document
    day, medium = request.GET.get("day", ""), request.GET.get("medium", "")
    contacts = simulating.chosen(document["contacts"], day=day, medium=medium)
    context = {
        "found": found,
        "document": document,
        "totals": simulating.headline(document),
        "chart": simulating.bars(document),
        "table": simulating.table(document),
        "compared": simulating.media_compared(document) if "difference" in document else [],
        "contacts": simulating.paged(contacts, page_number(request)),
        "all_kept": len(document["contacts"]) >= kept.KEPT,
        "day": day,
        "medium": medium,
    }
    return render(request, "console/simulation_result.html", context)
