"""Requests for payment: a file handed in, a preview, one confirmation, and what became of each."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext, ngettext

from amiable.apps.dunning.requesting import campaigns as services
from amiable.apps.dunning.requesting import following
from amiable.apps.dunning.requesting.drawing import Wish, campaign_draw, campaign_look
from amiable.apps.dunning.requesting.tables import COLUMNS, requests_table
from amiable.apps.dunning.requesting.working import is_open, requests_start
from amiable.apps.insights.open_items import item_ids
from amiable.apps.tenants import queries as tenants
from amiable.apps.tenants.settings import settings_of
from amiable.interfaces.console import (
    charts,
    clock,
    forms,
    importing,
    labels,
    request_words,
    requesting,
    sentences,
    toasts,
)
from amiable.interfaces.console.access import (
    Request,
    actor,
    change,
    download,
    page,
    page_number,
)
from amiable.interfaces.console.views.uploads import enter
from amiable.plugins.registry import plugins


@page
def requests_home(request: Request) -> HttpResponse:
    """Hand in a file; the campaigns there are."""
    organization = request.organization.pk
    context = {
        "campaigns": following.campaigns(organization),
        "creditors": tenants.creditors(organization),
    }
    return render(request, "console/requests.html", context)


@change
def file(request: Request) -> HttpResponse:
    """Import a file of invoices, and draw the requests for them up."""
    form = request_words.RequestFileForm(request.POST, request.FILES)
    if not form.is_valid():
        toasts.failed(request, forms.first_error(form))
        return redirect("console:requests")
    options = request_words.options_of(form.cleaned_data)
    kept = importing.keep(request, form.cleaned_data["file"], kind="invoices", options=options)
    return enter(request, kept)


@change
def items(request: Request) -> HttpResponse:
    """Draw requests up over the open items of a bucket."""
    bucket, today = request.POST.get("bucket", ""), clock.today()
    ids = item_ids(request.organization.pk, today, bucket=bucket)
    look = labels.LOOKS["bucket"].get(bucket)
    name = f"{gettext('Open items')}{f' · {look.label}' if look else ''}"
    try:
        campaign_id = campaign_draw(
            request.organization.pk, Wish(name), ids, now=timezone.now(), actor=actor(request)
        )
    except services.RequestError as error:
        toasts.failed(request, sentences.render(error.sentence))
        return redirect("console:items")
    return redirect("console:requests_campaign", campaign_id=campaign_id)


@page
def campaign(request: Request, campaign_id: int) -> HttpResponse:
    """Before it is confirmed: who would be asked what. After: what became of each."""
    organization, today = request.organization.pk, clock.today()
    found = _found(request, campaign_id)
    if found.is_draft:
        preview = requesting.preview(
            organization, campaign_id, on=today, now=timezone.now(),
            part_minor=settings_of(organization).sms_part_minor,
        )  # fmt: skip
        context = {"found": found, "preview": preview, "problem": services.link_problem()}
        return render(request, "console/request_preview.html", context)
    followed = requesting.followed(
        organization, campaign_id, on=today, standing=request.GET.get("standing", ""),
        page=page_number(request),
    )  # fmt: skip
    context = {
        "campaign": found,
        "followed": followed,
        "chart": charts.requests({name: each.count for name, each in followed.standings}),
        **_progress(request, found),
    }
    return render(request, "console/request_campaign.html", context)


@page
def progress(request: Request, campaign_id: int) -> HttpResponse:
    """How far the sending is; htmx asks again while it lasts, then for the whole page."""
    found = _found(request, campaign_id)
    context = _progress(request, found)
    if not context["is_moving"]:
        done = HttpResponse()
        done.headers["HX-Refresh"] = "true"
        return done
    return render(request, "console/parts/request_progress.html", {"campaign": found, **context})


def _progress(request: Request, found: following.CampaignRow) -> dict[str, Any]:
    now = timezone.now()
    waits = following.is_moving(request.organization.pk, found.id, now=now)
    confirmed = found.total - found.states.get("stopped", 0)
    done = confirmed - found.to_come
    percent = 100 * done // confirmed if confirmed else 100
    is_now = waits and is_open(now)
    return {"is_moving": is_now, "waits_for_morning": waits and not is_now, "percent": percent,
            "done": done, "confirmed": confirmed}  # fmt: skip


@page
def table(request: Request, campaign_id: int, form: str) -> HttpResponse:
    """The payers of a campaign as a file."""
    found = _found(request, campaign_id)
    if form not in {"csv", "xlsx"}:
        raise Http404
    titles = requesting.titles()
    words = {name: str(look.label) for name, look in labels.LOOKS["request"].items()}
    rows = following.requests(request.organization.pk, campaign_id, on=clock.today())
    shown = requests_table(
        rows, titles={name: str(titles[name]) for name in COLUMNS}, words=words, title=found.name,
        language=get_language() or "en",
    )  # fmt: skip
    exporter, content = plugins("exports")[form], io.BytesIO()
    exporter.write(shown, content)
    name = f"{gettext('payment-requests')}-{campaign_id}.{exporter.extension}"
    return download(content.getvalue(), name=name, content_type=exporter.content_type)


@change
def look(request: Request, campaign_id: int) -> HttpResponse:
    """Look again at what stands against each request."""
    return _gesture(
        request, campaign_id,
        lambda: campaign_look(request.organization.pk, campaign_id, now=timezone.now()),
    )  # fmt: skip


@change
def confirm(request: Request, campaign_id: int) -> HttpResponse:
    """Let the requests leave; the worker sends them."""

    def work() -> None:
        now = timezone.now()
        count = services.campaign_confirm(
            request.organization.pk, campaign_id, now=now, actor=actor(request)
        )
        if count:
            requests_start(request.organization.pk, now=now)
            text = ngettext("{count} request leaves.", "{count} requests leave.", count)
            undo = reverse("console:requests_cancel", args=[campaign_id])
            toasts.done(request, text.format(count=count), undo)

    return _gesture(request, campaign_id, work)


@change
def cancel(request: Request, campaign_id: int) -> HttpResponse:
    """Keep what has not left from leaving."""

    def work() -> None:
        count = services.campaign_cancel(
            request.organization.pk, campaign_id, now=timezone.now(), actor=actor(request)
        )
        text = ngettext(
            "Cancelled: {count} request does not leave.",
            "Cancelled: {count} requests do not leave.",
            count,
        )
        undo = reverse("console:requests_resume", args=[campaign_id])
        toasts.done(request, text.format(count=count), undo)

    return _gesture(request, campaign_id, work)


@change
def resume(request: Request, campaign_id: int) -> HttpResponse:
    """Take a cancellation back."""

    def work() -> None:
        now = timezone.now()
        services.campaign_resume(
            request.organization.pk, campaign_id, now=now, actor=actor(request)
        )
        if _found(request, campaign_id).to_come:
            requests_start(request.organization.pk, now=now)
        toasts.done(request, gettext("The campaign goes on."))

    return _gesture(request, campaign_id, work)


def _gesture(request: Request, campaign_id: int, work: Callable[[], None]) -> HttpResponse:
    """Do it, say why it cannot be, and show the campaign again."""
    try:
        work()
    except ObjectDoesNotExist as error:
        raise Http404 from error
    except services.RequestError as error:
        toasts.failed(request, sentences.render(error.sentence))
    return redirect("console:requests_campaign", campaign_id=campaign_id)


def _found(request: Request, campaign_id: int) -> following.CampaignRow:
    try:
        return following.campaign(request.organization.pk, campaign_id)
    except LookupError as error:
        raise Http404 from error
