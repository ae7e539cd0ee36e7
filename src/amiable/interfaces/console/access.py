"""Who may open or change what: every page starts from the organization of the user's membership."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header, url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from amiable.apps.tenants import queries as tenants

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from amiable.apps.tenants.models import Membership, Organization

View = Callable[..., HttpResponse]


class Request(HttpRequest):
    """A request as the views below `page` and `change` see it."""

    membership: Membership
    organization: Organization
    can_change: bool
    can_manage: bool
    can_pay: bool
    htmx: HtmxDetails


def _member(view: View) -> View:
    """Give the view request.membership and request.organization, or explain why there is none."""

    @login_required
    @functools.wraps(view)
    def wrapper(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        membership = tenants.membership(request.user.pk or 0)
        if membership is None:
            return render(request, "console/no_membership.html", status=403)
        request.membership = membership
        request.organization = membership.organization
        request.can_change = membership.role != "reader"
        request.can_manage = membership.role == "manager"
        request.can_pay = membership.role in {"manager", "accountant"}
        return view(request, *args, **kwargs)

    return wrapper


def page(view: View) -> View:
    """A page to read: GET, by any member."""
    return require_safe(_member(view))


def ask(view: View) -> View:
    """A question too long for an address: POST, by any member; nothing is changed."""
    return require_POST(_member(view))


def change(view: View) -> View:
    """A change: POST with its token, by a member who is more than a reader."""

    def checked(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.can_change:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return require_POST(_member(functools.wraps(view)(checked)))


def manage(view: View) -> View:
    """A change that concerns everybody: POST with its token, by a manager."""

    def checked(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.can_manage:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return require_POST(_member(functools.wraps(view)(checked)))


def pay(view: View) -> View:
    """An order to the bank: POST with its token, by a manager or an accountant."""

    def checked(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.can_pay:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return require_POST(_member(functools.wraps(view)(checked)))


def actor(request: HttpRequest) -> str:
    """How the audit trail names the person behind a change."""
    return str(request.user.email)  # type: ignore[union-attr]


def page_number(request: HttpRequest) -> int:
    """The page of a list asked for; the first when it is no sensible number."""
    text = request.GET.get("page", "1")
    return int(text) if text.isdecimal() and len(text) < 7 else 1


def ids(texts: Iterable[str]) -> list[int]:
    """The object ids among what a form sent; anything that can be none is left out."""
    return [int(text) for text in texts if text.isdecimal() and len(text) < 19]


def back(request: HttpRequest, default: str) -> HttpResponse:
    """Return to the page the change was made on, when it is one of ours."""
    target = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(target, {request.get_host()})
    return redirect(target if ours else default)


def download(content: bytes, *, name: str, content_type: str) -> HttpResponse:
    """A file to keep."""
    response = HttpResponse(content, content_type=content_type)
    disposition = content_disposition_header(as_attachment=True, filename=name)
    response.headers["Content-Disposition"] = disposition or "attachment"
    return response
