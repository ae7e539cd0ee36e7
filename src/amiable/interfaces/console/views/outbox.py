"""Messages as they were frozen: the list, one message, and its parts on addresses of their own."""

from __future__ import annotations

from csp.decorators import csp_exempt
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header

from amiable.apps.messaging import queries as messaging
from amiable.interfaces.console import labels
from amiable.interfaces.console.access import Request, page, page_number
from amiable.interfaces.console.views import registered

# A browser's own PDF reader needs to style itself; nothing else may run or load.
PDF_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'"
)


@page
def outbox(request: Request) -> HttpResponse:
    """Messages, newest first."""
    medium, state = request.GET.get("medium", ""), request.GET.get("state", "")
    organization = request.organization.pk
    found = messaging.outbox(organization, medium=medium, state=state, page=page_number(request))
    context = {
        "found": found,
        "counts": messaging.outbox_counts(organization),
        "states": labels.choices("message"),
        "media": labels.choices("medium"),
        "medium": medium,
        "state": state,
    }
    return render(request, "console/outbox.html", context)


@page
def message(request: Request, message_id: int) -> HttpResponse:
    """One message with what is known of its delivery."""
    context = {"parts": _parts(request, message_id), **registered.panel(request, message_id)}
    return render(request, "console/message.html", context)


@csp_exempt()
@page
def message_html(request: Request, message_id: int) -> HttpResponse:
    """The HTML part, alone under a policy that lets nothing run, load or leave."""
    response = HttpResponse(_parts(request, message_id).html)
    response["Content-Security-Policy"] = messaging.MESSAGE_POLICY
    return response


@csp_exempt()
@page
def message_pdf(request: Request, message_id: int) -> HttpResponse:
    """The letter as it was frozen."""
    pdf = _parts(request, message_id).pdf
    if pdf is None:
        raise Http404
    return _file(pdf, f"message-{message_id}.pdf", "application/pdf", inline=True)


@csp_exempt()
@page
def message_file(request: Request, message_id: int, position: int) -> HttpResponse:
    """An attachment; only a PDF opens in the browser, anything else is downloaded."""
    files = _parts(request, message_id).attachments
    if position >= len(files):
        raise Http404
    file = files[position]
    inline = file.content_type == "application/pdf"
    return _file(file.content, file.filename, file.content_type, inline=inline)


@page
def message_source(request: Request, message_id: int) -> HttpResponse:
    """The frozen bytes themselves, whose hash is recorded."""
    parts = _parts(request, message_id)
    kind = "pdf" if parts.content_type == "application/pdf" else "eml"
    return _file(parts.content, f"message-{message_id}.{kind}", "application/octet-stream")


def _parts(request: Request, message_id: int) -> messaging.MessageParts:
    parts = messaging.message_parts(request.organization.pk, message_id)
    if parts is None:
        raise Http404
    return parts


def pdf_file(content: bytes, name: str, *, inline: bool) -> HttpResponse:
    """A PDF that opens in the browser under its own policy, or is kept."""
    return _file(content, name, "application/pdf", inline=inline)


def _file(content: bytes, name: str, content_type: str, *, inline: bool = False) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response.headers["Content-Disposition"] = (
        content_disposition_header(as_attachment=not inline, filename=name) or ""
    )
    response["Content-Security-Policy"] = PDF_POLICY
    return response
