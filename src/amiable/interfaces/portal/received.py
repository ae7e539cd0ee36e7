"""An invoice that never came: to download at once, or by email once more to a known address, with
how it was sent before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.translation import gettext

from amiable.apps.cases.services import CaseError
from amiable.apps.dunning.never_received import (
    PAUSE,
    copies_today,
    copy_ask,
    copy_points,
    is_first_copy,
)
from amiable.apps.dunning.writing.portal import PageItem
from amiable.apps.insights.invoice_proof import document_emails
from amiable.core.masking import masked_email
from amiable.interfaces.portal.guard import Visit, visited
from amiable.interfaces.portal.showing import page_html
from amiable.interfaces.portal.tickets import ticket_name

MOST_EMAILS = 3


@dataclass(frozen=True, slots=True)
class Sending:
    """An email that brought the invoice before: its day, to whom (masked), what became of it."""

    on: date
    to: str
    arrived: bool
    came_back: bool


@visited("GET", "HEAD", "POST")
def received(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The invoice that its address names, else the first one whose document is kept."""
    kept = {item.invoice_id: item for item in visit.page.items if item.has_document}
    sent = request.POST if request.method == "POST" else request.GET
    item = _chosen(kept, sent.get("invoice", ""))
    if visit.page.stopped or item is None:
        return HttpResponseRedirect(visit.url("home"))
    if request.method != "POST":
        return HttpResponse(_page(visit, item, kept))
    if ticket_name(request.POST.get("ticket", ""), visit.link.id) is None:
        late = gettext("This page was open for long: please look at it and send it again.")
        return HttpResponse(_page(visit, item, kept, problem=late), status=422)
    try:
        point, reason = request.POST.get("to", ""), _words(visit, item)
        copy_ask(visit.page, item.invoice_id, point=point, words=reason, now=visit.now)
    except CaseError:
        problem = gettext("It cannot be sent now: please download it here, or contact us.")
        return HttpResponse(_page(visit, item, kept, problem=problem), status=422)
    return HttpResponseRedirect(f"{_address(visit, item)}#copy", status=303)


def _chosen(kept: dict[int, PageItem], named: str) -> PageItem | None:
    """The item of the invoice asked for; one that is not on the page is none."""
    if not named:
        return next(iter(kept.values()), None)
    return kept.get(int(named)) if named.isascii() and named.isdigit() else None


def _page(visit: Visit, item: PageItem, kept: dict[int, PageItem], *, problem: str = "") -> str:
    emails = document_emails(visit.link.organization_id, item.invoice_id)[:MOST_EMAILS]
    return page_html(
        visit,
        "portal/received.html",
        item=item,
        others=[(each, _address(visit, each)) for each in kept.values() if each is not item],
        copy=copies_today(visit.page, now=visit.now).get(item.invoice_id),
        points=copy_points(visit.page),
        days=PAUSE.days if is_first_copy(visit.page, item.invoice_id) else 0,
        sendings=[
            Sending(each.on_date, masked_email(each.recipient), each.arrived, each.came_back)
            for each in emails
        ],
        problem=problem,
    )


def _address(visit: Visit, item: PageItem) -> str:
    mark = "&" if visit.chosen else "?"
    return f"{visit.url('received')}{mark}invoice={item.invoice_id}"


def _words(visit: Visit, item: PageItem) -> str:
    """Why its reminders wait, for people of the house."""
    with translation.override(visit.page.house_language):
        return gettext("Says that {number} never came: sent once more").format(number=item.number)
