"""Files in: try out, import, read the report, download what was rejected."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from amiable.apps.banking.queries import accounts_to_choose
from amiable.apps.imports import queries as imports
from amiable.apps.imports.mappings import mappings
from amiable.apps.insights.uploads import AT_ONCE_BYTES
from amiable.apps.tenants import queries as tenants
from amiable.interfaces.console import forms, importing, sentences, toasts
from amiable.interfaces.console.access import Request, actor, change, download, page
from amiable.interfaces.console.views.uploads import enter

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
        "accounts": accounts_to_choose(request.organization.pk),
        "mappings": mappings(request.organization.pk, "statement").values(),
    }
    return render(request, "console/imports.html", context)


@change
def import_file(request: Request) -> HttpResponse:
    """Import the file, or with `check` only try it out and show what would happen."""
    form = forms.ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        toasts.failed(request, forms.first_error(form))
        return redirect("console:imports")
    upload, kind = form.cleaned_data.pop("file"), form.cleaned_data.pop("kind")
    options = form.cleaned_data
    if "columns" in request.POST:
        kept = importing.keep(request, upload, kind="statement", options=options)
        return redirect("console:upload_columns", upload_id=kept.id)
    if upload.size <= AT_ONCE_BYTES:
        return _at_once(request, upload, kind, options)
    if "check" in request.POST:
        return render(request, "console/import_preview.html", {"is_large": True})
    return enter(request, importing.keep(request, upload, kind=kind, options=options))


def _at_once(
    request: Request, upload: UploadedFile[Any], kind: str, options: dict[str, Any]
) -> HttpResponse:
    """A small file: its report, its preview, or the page that asks what it does not say."""
    dry_run, kept = "check" in request.POST, None
    try:
        result = importing.file_import(
            request.organization, upload, kind=kind, actor=actor(request), dry_run=dry_run,
            **options,
        )  # fmt: skip
    except LookupError as error:
        toasts.failed(request, str(error))
        return redirect("console:imports")
    if importing.asks(result):
        kept = importing.keep(request, upload, kind=kind, options=options)
    if dry_run:
        context = {"result": result, "errors": result.errors[:SHOWN_ERRORS]}
        context["upload_id"] = kept.id if kept else None
        return render(request, "console/import_preview.html", context)
    if kept:
        toasts.failed(request, sentences.render(result.errors[0].sentence))
        return redirect("console:upload_columns", upload_id=kept.id)
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
    context = {
        "run": run,
        "errors": errors[:SHOWN_ERRORS],
        "error_count": len(errors),
        "notes": imports.run_notes(request.organization.pk, run_id),
    }
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
