"""Files that wait: read by the worker, or asked about first: their columns, their account."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from amiable.apps.banking.queries import accounts_to_choose
from amiable.apps.dunning.requesting.following import campaign_of_run
from amiable.apps.imports.mappings import (
    MappingError,
    SavedMapping,
    mapping_checked,
    mapping_of_file,
    mapping_remove,
    mapping_save,
    mappings,
)
from amiable.apps.imports.uploads import Kept, upload, upload_note
from amiable.apps.insights import uploads
from amiable.interfaces.console import clock, forms, mapping_forms, sentences, toasts
from amiable.interfaces.console.access import Request, back, change, page
from amiable.plugins.base import ReadOptions
from amiable.plugins.sniffing import read_file
from amiable.plugins.tables import FirstRows, first_rows, is_table

SHOWN = 8  # movements of a preview


def enter(request: Request, kept: Kept) -> HttpResponse:
    """Let an upload in: at once, or by the worker when it is large; then show what became of it."""
    organization = request.organization.pk
    if kept.size > uploads.AT_ONCE_BYTES:
        uploads.upload_start(organization, kept, on=clock.today())
        return redirect("console:upload", upload_id=kept.id)
    try:
        result = uploads.upload_import(organization, kept, now=timezone.now())
    except LookupError as error:
        toasts.failed(request, str(error))
        return redirect("console:imports")
    if result.state == "done":
        toasts.done(request, gettext("The file is imported."))
    return redirect(_outcome(request, kept, result.run_id or 0))


def _outcome(request: Request, kept: Kept, run_id: int) -> str:
    """Where the outcome of a file is shown: its requests for payment, else its report."""
    if kept.options.get("ask_by"):
        campaign_id = campaign_of_run(request.organization.pk, run_id)
        if campaign_id is not None:
            return reverse("console:requests_campaign", args=[campaign_id])
    return reverse("console:import_run", args=[run_id])


@page
def upload_page(request: Request, upload_id: int) -> HttpResponse:
    """How far the worker is with a file; then its report. htmx asks again while it goes on."""
    try:
        standing = uploads.upload_standing(request.organization.pk, upload_id)
    except LookupError as error:
        raise Http404 from error
    if standing.upload.run_id and standing.state == "done":
        target = _outcome(request, standing.upload, standing.upload.run_id)
        if not request.htmx:
            return redirect(target)
        done = HttpResponse()
        done.headers["HX-Redirect"] = target
        return done
    template = "upload_progress" if request.htmx else "upload"
    return render(request, f"console/{template}.html", {"standing": standing})


@page
def upload_columns(request: Request, upload_id: int) -> HttpResponse:
    """Say which column is what, by the first rows of the file."""
    kept, path = _file(request, upload_id)
    organization = request.organization.pk
    saved = mapping_of_file(organization, kept.kind, path)
    first = first_rows(path, saved.layout.encoding) if is_table(path) else FirstRows()
    asked = request.GET.get("header", "")
    line = int(asked) if asked.isdecimal() and len(asked) < 7 else first.header_line
    if saved.header and not asked:
        line = next((n for n, cells in first.rows if cells == saved.header), line)
    columns = saved.columns if saved.name else _read_as(first, line)
    context = {
        "kept": kept,
        "first": first,
        "saved": saved,
        "choices": mapping_forms.choices(first, line, columns=columns),
        **mapping_forms.shown(first, line),
        "form": mapping_forms.ColumnsForm(initial=_initial(saved)),
        "accounts": accounts_to_choose(organization),
        "names": list(mappings(organization, kept.kind)),
    }
    return render(request, "console/upload_columns.html", context)


@change
def upload_preview(request: Request, upload_id: int) -> HttpResponse:
    """The movements as they would be read, with the check of the balances; nothing is written."""
    _, path = _file(request, upload_id)
    form = mapping_forms.ColumnsForm(request.POST)
    if not form.is_valid():
        return render(request, "console/upload_preview.html", {"problem": forms.first_error(form)})
    mapping = form.mapping(first_rows(path, form.cleaned_data["encoding"]))
    try:
        mapping_checked(replace(mapping, name=mapping.name or "-"))
    except MappingError as error:
        problem = sentences.render(error.sentence)
        return render(request, "console/upload_preview.html", {"problem": problem})
    options = ReadOptions(columns=mapping.columns, layout=mapping.layout, partial=True)
    read = read_file(path, options, kind="statement")
    context = {
        "read": read,
        "errors": read.errors[:20],
        "statements": [(each, list(islice(each.entries, SHOWN))) for each in read.statements[:3]],
    }
    return render(request, "console/upload_preview.html", context)


@change
def upload_save(request: Request, upload_id: int) -> HttpResponse:
    """Save the mapping under its name, and let the file in with it."""
    kept, path = _file(request, upload_id)
    form = mapping_forms.ColumnsForm(request.POST)
    if not form.is_valid():
        toasts.failed(request, forms.first_error(form))
        return redirect("console:upload_columns", upload_id=upload_id)
    mapping = form.mapping(first_rows(path, form.cleaned_data["encoding"]))
    try:
        mapping_save(request.organization.pk, mapping_checked(mapping))
    except MappingError as error:
        toasts.failed(request, sentences.render(error.sentence))
        return redirect("console:upload_columns", upload_id=upload_id)
    return enter(request, _with(kept, mapping=mapping.name, account=mapping.account))


@change
def upload_account(request: Request, upload_id: int) -> HttpResponse:
    """Say which account a file is of that does not name it, and let it in."""
    kept, _ = _file(request, upload_id)
    account = request.POST.get("account", "").replace(" ", "")[:40]
    if not account:
        toasts.failed(request, gettext("Choose the account of the file."))
        return redirect("console:upload_columns", upload_id=upload_id)
    return enter(request, _with(kept, account=account))


@change
def mapping_forget(request: Request) -> HttpResponse:
    """Forget a mapping; what was imported with it stays."""
    name = request.POST.get("name", "")
    try:
        mapping_remove(request.organization.pk, "statement", name)
    except LookupError as error:
        raise Http404 from error
    toasts.done(request, gettext("The columns of {name} are forgotten.").format(name=name))
    return back(request, "console:imports")


def _file(request: Request, upload_id: int) -> tuple[Kept, Path]:
    """The upload and its file; 404 when either is gone."""
    try:
        kept = upload(request.organization.pk, upload_id)
    except LookupError as error:
        raise Http404 from error
    if kept.path is None:
        raise Http404
    return kept, kept.path


def _with(kept: Kept, **options: str) -> Kept:
    """The upload with other options to let it in by; kept, for the worker reads them again."""
    chosen = {**kept.options, **{name: value for name, value in options.items() if value}}
    upload_note(kept.id, options=chosen)
    return replace(kept, options=chosen)


def _read_as(first: FirstRows, line: int) -> dict[str, str]:
    """The columns as they would be read by themselves, under that header."""
    return dict(first.columns or {}) if line == first.header_line else {}


def _initial(saved: SavedMapping) -> dict[str, object]:
    layout = saved.layout
    return {
        "name": saved.name,
        "encoding": layout.encoding,
        "decimal": layout.decimal,
        "days": layout.days,
        "reversed": layout.reversed,
        "account": saved.account,
    }
