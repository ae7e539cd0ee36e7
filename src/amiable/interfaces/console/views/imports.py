"""Files in: try out, import, read the report, download what was rejected."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from amiable.apps.imports import queries as imports
from amiable.apps.tenants import queries as tenants
from amiable.interfaces.console import forms, importing, toasts
from amiable.interfaces.console.access import Request, actor, change, download, page

# A report of ten thousand lines helps nobody; the file of rejected rows holds them all.
SHOWN_ERRORS = 200


@page
def imports_home(request: Request) -> HttpResponse:
    """Hand in a file; what came in before."""
    kind = request.GET.get("kind", "invoices")
    context = {
        "runs": imports.runs(request.organization.pk, limit=25),
        "kind": kind if kind in forms.FILE_KINDS else "invoices",
        "drops": imports.drops(request.organization.pk) if request.can_manage else [],
        "creditors": tenants.creditors(request.organization.pk),
    }
    return render(request, "console/imports.html", context)


@change
def import_file(request: Request) -> HttpResponse:
    """Import the file, or with `check` only try it out and show what would happen."""
    form = forms.ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        toasts.failed(request, forms.first_error(form))
        return redirect("console:imports")
    dry_run = "check" in request.POST
    try:
        result = importing.file_import(
            request.organization,
            form.cleaned_data.pop("file"),
            actor=actor(request),
            dry_run=dry_run,
            **form.cleaned_data,
        )
    except LookupError as error:
        toasts.failed(request, str(error))
        return redirect("console:imports")
    if dry_run:
        context = {"result": result, "errors": result.errors[:SHOWN_ERRORS]}
        return render(request, "console/import_preview.html", context)
    if result.state == "done":
        toasts.done(request, gettext("The file is imported."))
    return redirect("console:import_run", run_id=result.run_id)


@page
def import_run(request: Request, run_id: int) -> HttpResponse:
    """The report of one file: counts, and every error with its line, column and remedy."""
    try:
        run, errors = imports.run(request.organization.pk, run_id)
    except LookupError as error:
        raise Http404 from error
    context = {"run": run, "errors": errors[:SHOWN_ERRORS], "error_count": len(errors)}
    return render(request, "console/import_run.html", context)


@page
def import_rejected(request: Request, run_id: int) -> HttpResponse:
    """The rejected rows as a file to correct; the mark helps spreadsheets read the accents."""
    try:
        name, content = imports.rejected(request.organization.pk, run_id)
    except LookupError as error:
        raise Http404 from error
    encoded = content.encode("utf-8-sig")
    return download(encoded, name=name, content_type="text/csv; charset=utf-8")
