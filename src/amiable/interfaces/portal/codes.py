"""It is you: a code to a known address, before something is signed or bank data is written.

Everything travels in the forms, as on the other pages: what is to be signed, and the proof that
the code gave. Nothing of it stands in an address, and no cookie is set.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from amiable.apps.cases.changes import CaseError
from amiable.apps.cases.codes import Purpose, code_proven, code_try, code_waiting, is_code_asked
from amiable.apps.dunning.confirming.codes import code_points, code_send
from amiable.apps.messaging.sending.routes import configured_routes
from amiable.interfaces.portal import limits, words
from amiable.interfaces.portal.guard import Visit, said
from amiable.interfaces.portal.showing import page_html
from amiable.interfaces.portal.tickets import ticket_name


@dataclass(frozen=True, slots=True)
class Asked:
    """What a code is asked for. `url` = name of the page that goes on with it; `fields` = what its
    form holds meanwhile; `why` = in words."""

    purpose: Purpose
    url: str
    fields: tuple[str, ...]
    why: str | Promise


FOR_PLAN = Asked(
    "plan", "plan", ("count", "first_on", "first", "means", "seen", "acknowledges"),
    _("You are about to sign the instalments that you have read."),
)  # fmt: skip
FOR_MANDATE = Asked(
    "mandate", "mandate", ("step", "name", "iban", "span", "scheme", "seen", "then"),
    _("A mandate concerns a bank account."),
)  # fmt: skip
FOR_HISTORY = Asked(
    "history", "history", (),
    _("Your messages and payments are shown to you alone."),
)  # fmt: skip


def proof_of(
    request: HttpRequest, visit: Visit, asked: Asked, *, amount_minor: int = 0
) -> str | HttpResponse:
    """The proof that this request may go on, "" where none is wanted (`amount_minor` = what a plan
    spreads); else the page that asks for a code, sends it or says what was wrong."""
    if not is_code_asked(visit.link.organization_id, asked.purpose, amount_minor=amount_minor):
        return ""
    proof = request.POST.get("proof", "")
    if code_proven(visit.link, asked.purpose, proof=proof, now=visit.now):
        return proof
    step = request.POST.get("code_step", "")
    name = ticket_name(request.POST.get("ticket", ""), visit.link.id)
    if step == "send" and name:
        return _send(request, visit, asked, ticket=name)
    if step == "check" and name:
        return _check(request, visit, asked)
    late = gettext("This page was open for long: please look at it and send it again.")
    return _page(request, visit, asked, problem=late if step else "")


def _check(request: HttpRequest, visit: Visit, asked: Asked) -> str | HttpResponse:
    found = code_try(visit.link, asked.purpose, typed=request.POST.get("code", ""), now=visit.now)
    if isinstance(found, str):
        return found
    return _page(request, visit, asked, problem=words.sentence(found))


def _send(request: HttpRequest, visit: Visit, asked: Asked, *, ticket: str) -> HttpResponse:
    if not limits.CODES.allows(limits.address_of(request)):
        return said(request, "portal/busy.html", 429)
    try:
        code_send(
            visit.page, asked.purpose, name=request.POST.get("to", ""), ticket=ticket,
            now=visit.now, routes=configured_routes(),
        )  # fmt: skip
    except CaseError as error:
        return _page(request, visit, asked, problem=words.sentence(error.sentence))
    return _page(request, visit, asked)


def _page(request: HttpRequest, visit: Visit, asked: Asked, *, problem: str = "") -> HttpResponse:
    """Where a code may go, and the field for one that is on its way."""
    sent = request.POST if request.method == "POST" else {"then": request.GET.get("then", "")}
    more = {
        "asked": asked,
        "action": visit.url(asked.url),
        "carried": [(name, sent[name]) for name in asked.fields if name in sent],
        "points": code_points(visit.page, configured_routes()),
        "waiting": code_waiting(visit.link, asked.purpose, now=visit.now),
        "problem": problem,
    }
    shown = page_html(visit, "portal/code.html", **more)
    return HttpResponse(shown, status=422 if problem else 200)
