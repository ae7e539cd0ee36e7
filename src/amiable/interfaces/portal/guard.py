"""What every address of the page has in common: found by its token or not at all, limited, in the
customer's language, kept out of caches, search engines and the addresses of other sites."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt

from amiable.apps.cases.links import Link, link_find
from amiable.apps.dunning.writing.portal import Page, portal_page
from amiable.apps.messaging.writing.wording import LANGUAGES, language_of
from amiable.interfaces.portal import files, limits

_log = logging.getLogger(__name__)
LARGEST_FORM = 20_000  # bytes
HEADERS = {
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive, nosnippet",
    "Cache-Control": "no-store, private, max-age=0",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that a link allows: what it shows, in which language. `chosen` = the language
    asked for in the address, "" = the customer's own."""

    token: str
    link: Link
    page: Page
    language: str
    chosen: str
    on: date
    now: datetime

    def url(self, name: str, **values: Any) -> str:
        """An address of this page, in the language that was chosen."""
        address = reverse(f"portal:{name}", kwargs={"token": self.token, **values})
        return f"{address}?lang={self.chosen}" if self.chosen else address


View = Callable[..., HttpResponse]


# A form that was not sent to its end, or is none.
_TORN = (SuspiciousOperation, UnreadablePostError, MultiPartParserError)


def visited(*methods: str, takes_files: bool = False) -> Callable[[View], View]:
    """A view of (request, visit, ...) behind a token, by these methods."""

    def decorate(view: View) -> View:
        @csrf_exempt  # a signed ticket stands in each form instead: see tickets
        @functools.wraps(view)
        def wrapper(request: HttpRequest, token: str, **values: Any) -> HttpResponse:
            try:
                refused = _refused(request, token, methods, takes_files=takes_files)
                with files.place(request) as is_free:
                    if refused is None and not is_free:
                        refused = said(request, "portal/busy.html", 429)
                    return kept_apart(refused or _answer(request, token, view, values))
            except _TORN:
                return kept_apart(HttpResponse(status=400))
            except Exception:
                if settings.DEBUG:
                    raise
                _log.exception("the payment page failed")
                return kept_apart(said(request, "portal/broken.html", 500))

        return wrapper

    return decorate


def plain(view: View) -> View:
    """A view without a token, answered under the same headers."""

    @csrf_exempt
    @functools.wraps(view)
    def wrapper(request: HttpRequest, **values: Any) -> HttpResponse:
        return kept_apart(view(request, **values))

    return wrapper


def not_found(request: HttpRequest) -> HttpResponse:
    """The one answer to what is unknown, over, revoked or not theirs."""
    return said(request, "portal/missing.html", 404)


def _answer(request: HttpRequest, token: str, view: View, values: dict[str, Any]) -> HttpResponse:
    now = timezone.now()
    on = timezone.localtime(now).date()
    link = link_find(token, on=on)
    if link is None:
        if limits.MISSES.allows(limits.address_of(request)):
            return not_found(request)
        return said(request, "portal/busy.html", 429)
    page = portal_page(link, on=on)
    chosen = request.GET.get("lang", "")
    chosen = chosen if chosen in LANGUAGES else ""
    language = chosen or language_of(page.language)
    with translation.override(language):
        response = view(request, Visit(token, link, page, language, chosen, on, now), **values)
    response.headers["Content-Language"] = language
    return response


def _refused(
    request: HttpRequest, token: str, methods: tuple[str, ...], *, takes_files: bool
) -> HttpResponse | None:
    """Why a request is not even looked at; the same for every token."""
    if request.method not in methods:
        return HttpResponse(status=405, headers={"Allow": ", ".join(methods)})
    within = limits.BY_ADDRESS.allows(limits.address_of(request)) and limits.BY_TOKEN.allows(token)
    if within and request.method == "POST":
        if takes_files and request.content_type == files.UPLOAD:
            if files.is_too_large(request):
                return said(request, "portal/large.html", 413)
            within = limits.FORMS.allows(token) and limits.UPLOADS.allows(token)
            return None if within else said(request, "portal/busy.html", 429)
        if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_FORM:
            return HttpResponse(status=413)
        if request.content_type != "application/x-www-form-urlencoded":
            return HttpResponse(status=415)
        within = limits.FORMS.allows(token)
    return None if within else said(request, "portal/busy.html", 429)


def said(request: HttpRequest, template: str, status: int) -> HttpResponse:
    """A page for somebody of whom nothing is known."""
    wanted = request.headers.get("Accept-Language", "")[:2].lower()
    language = wanted if wanted in LANGUAGES else LANGUAGES[0]
    with translation.override(language):
        text = render_to_string(template, {"language": language})
    return HttpResponse(text, status=status, headers={"Content-Language": language})


def kept_apart(response: HttpResponse) -> HttpResponse:
    """The answer with the headers of every page here."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    # The policy above is narrower than the console's, and replaces it.
    response._csp_exempt = True  # type: ignore[attr-defined]
    return response
