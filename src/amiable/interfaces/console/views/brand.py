"""How letters and emails look: every member reads it, managers change it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from amiable.apps.messaging.rendering.windows import test_page as test_page_pdf
from amiable.apps.messaging.rendering.windows import window_setting
from amiable.apps.tenants.brand import BrandRow, brand_change, brand_rows, picture_content
from amiable.apps.tenants.settings import SettingsError
from amiable.interfaces.console import clock, toasts
from amiable.interfaces.console.access import Request, actor, download, manage, page
from amiable.interfaces.console.brand_forms import PICTURES, BrandForm
from amiable.plugins.documents.pictures import picture_of
from amiable.plugins.documents.window import PRESETS


@page
def brand(request: Request, creditor_id: int) -> HttpResponse:
    """The look of one creditor."""
    row = _row(request, creditor_id)
    form = BrandForm(row=row, can=request.can_manage)
    return render(request, "console/brand.html", _context(request, row, form))


@manage
def brand_save(request: Request, creditor_id: int) -> HttpResponse:
    """Change it; what is wrong is said at its field."""
    row = _row(request, creditor_id)
    form = BrandForm(request.POST, request.FILES, row=row, can=True)
    if form.is_valid():
        try:
            brand_change(
                request.organization.pk, creditor_id, form.values(), on=clock.today(),
                actor=actor(request),
            )  # fmt: skip
        except SettingsError as error:
            form.refuse(error)
        else:
            toasts.done(request, gettext("Saved."))
            return redirect("console:brand", creditor_id)
    return render(request, "console/brand.html", _context(request, row, form), status=422)


@page
def picture(request: Request, creditor_id: int, picture: str) -> HttpResponse:
    """A picture as it was taken in."""
    found = None
    if picture in PICTURES:
        found = picture_of(picture_content(request.organization.pk, creditor_id, picture))
    if found is None:
        raise Http404
    return HttpResponse(found.content, content_type=f"image/{found.kind}")


@page
def test_page(request: Request) -> HttpResponse:
    """The sheet that tries the window of the organization, or of a creditor."""
    try:
        setting = window_setting(request.organization.pk, request.GET.get("creditor", ""))
    except LookupError as error:
        raise Http404 from error
    language = request.LANGUAGE_CODE  # type: ignore[attr-defined]
    pdf = test_page_pdf(setting, language=language, on=clock.today())
    return download(pdf, name="test-page.pdf", content_type="application/pdf")


def _row(request: Request, creditor_id: int) -> BrandRow:
    for row in brand_rows(request.organization.pk):
        if row.id == creditor_id:
            return row
    raise Http404


def _context(request: Request, row: BrandRow, form: BrandForm) -> dict[str, Any]:
    return {"row": row, "form": form, "can_manage": request.can_manage, "windows": PRESETS}
