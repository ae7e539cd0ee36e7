"""Work in the background: what runs, how far it is, how it ended."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from amiable.apps.work import queries as work
from amiable.interfaces.console.access import Request, page


@page
def jobs(request: Request) -> HttpResponse:
    """The newest jobs; htmx asks for the table alone while one runs."""
    found = work.recent_jobs(request.organization.pk, 50)
    busy = any(job.state in {"queued", "running"} for job in found)
    template = "console/jobs_table.html" if request.htmx else "console/jobs.html"
    return render(request, template, {"jobs": found, "busy": busy})
