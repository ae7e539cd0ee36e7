"""Calls of providers: no session, no cookie, no form; each proves itself to its plug-in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from amiable.apps.dunning.paying import GatewayUnknownError, gateway_called
from amiable.apps.messaging.delivery.hooks import HookUnknownError, channel_called
from amiable.plugins.inbound import HookRefusedError, HookRequest

# A batch of reports takes some hundred kilobytes; an answer with its attachments some megabytes.
MAX_BODY = 16 * 1024 * 1024


@never_cache
@csrf_exempt
@require_http_methods(["GET", "POST"])
def channel(request: HttpRequest, code: str) -> HttpResponse:
    """What a provider tells of messages, or a customer's answer."""
    if _length(request) > MAX_BODY:
        return _plain(413)
    try:
        answer = channel_called(code, _hook_request(request), now=timezone.now())
    except HookUnknownError:
        return _plain(404)
    except HookRefusedError as refusal:
        return _plain(refusal.status)
    return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)


@never_cache
@csrf_exempt
@require_http_methods(["POST"])
def gateway(request: HttpRequest, code: str) -> HttpResponse:
    """What a gateway tells of payments online."""
    if _length(request) > MAX_BODY:
        return _plain(413)
    try:
        gateway_called(code, _hook_request(request), now=timezone.now())
    except GatewayUnknownError:
        return _plain(404)
    except HookRefusedError as refusal:
        return _plain(refusal.status)
    return _plain(200)


def _length(request: HttpRequest) -> int:
    """The length that the request states; the server reads no byte beyond it."""
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else MAX_BODY + 1


def _hook_request(request: HttpRequest) -> HookRequest:
    return HookRequest(
        method=request.method or "GET",
        path=request.path,
        headers={name.lower(): value for name, value in request.headers.items()},
        query=request.GET.dict(),
        body=request.body,
        query_string=request.META.get("QUERY_STRING", ""),
    )


def _plain(status: int) -> HttpResponse:
    """An answer that tells a stranger nothing."""
    return HttpResponse(status=status, content_type="text/plain")
