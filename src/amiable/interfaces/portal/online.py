"""Payment online: from the page to the gateway's own, and what became of it when one comes back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext

from amiable.apps.cases.services import CaseError
from amiable.apps.dunning.paying import (
    Account,
    checkout_begin,
    checkout_found,
    checkout_look,
    page_account,
)
from amiable.apps.dunning.writing.portal import Page, portal_page
from amiable.interfaces.portal import words
from amiable.interfaces.portal.forms import PayForm
from amiable.interfaces.portal.guard import HEADERS, Visit, not_found, visited
from amiable.interfaces.portal.opinions import asked
from amiable.interfaces.portal.showing import home_context, page_html
from amiable.interfaces.portal.tickets import ticket_name
from amiable.plugins.paying import GatewayError

_POLICY = "Content-Security-Policy"


@dataclass(frozen=True, slots=True)
class Online:
    """What the first page needs to offer it: `problem` = why it was not begun just now."""

    amount: str
    problem: str = ""


def items_sent(sent: QueryDict, page: Page) -> frozenset[int]:
    """The items ticked in a form, those of the page only."""
    numbers = (text for text in sent.getlist("i") if re.fullmatch(r"[0-9]{1,18}", text))
    return frozenset(map(int, numbers)) & {item.id for item in page.items}


def home_page(
    visit: Visit, ids: frozenset[int], *, problem: str = "", amount: str = "", status: int = 200
) -> HttpResponse:
    """The first page, with payment online where the creditor has an account for it."""
    context = home_context(visit, ids)
    account, asked = page_account(visit.page), context["pay"].amount_minor
    online = None
    if account is not None and asked:
        shown = amount or words.figures(asked, visit.page.draft.currency)
        online = Online(shown, problem)
    page = page_html(visit, "portal/home.html", online=online, problem=problem, **context)
    response = HttpResponse(page, status=status)
    return allow_leaving(response, account) if online and account else response


def allow_leaving(response: HttpResponse, account: Account) -> HttpResponse:
    """The page, whose form may lead to the gateway: browsers ask the page's own policy."""
    leads = " ".join(["form-action 'self'", *account.config["origins"]])
    response.headers[_POLICY] = HEADERS[_POLICY].replace("form-action 'self'", leads)
    return response


@visited("GET", "HEAD", "POST")
def pay(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Begin to pay what is ticked, or a part of it, and go to the gateway's page. Whoever comes
    by its address alone (a reload, a bookmark) finds the first page."""
    if request.method != "POST":
        return HttpResponseRedirect(reverse("portal:home", args=[visit.token]))
    form = PayForm(request.POST, page=visit.page, on=visit.on)
    ids = items_sent(request.POST, visit.page)
    name = ticket_name(request.POST.get("ticket", ""), visit.link.id)
    problem, amount = "", request.POST.get("amount", "")[:40]
    if name is None:
        problem = gettext("This page was open for long: please look at it and send it again.")
    elif not form.is_valid():
        problem = str(form.errors["amount"][0])
    else:
        try:
            return _leave(visit, ids, form.cleaned_data["amount"], name=name)
        except CaseError as error:
            problem = words.sentence(error.sentence)
        except GatewayError:
            problem = gettext(
                "Payment online does not answer just now. Nothing was charged: please try again "
                "in a moment, or pay by bank transfer."
            )
    return home_page(visit, ids, problem=problem, amount=amount, status=422)


@visited("GET", "HEAD")
def back(request: HttpRequest, visit: Visit, payment: str) -> HttpResponse:
    """What became of a payment, as the gateway knows it now."""
    found = checkout_found(visit.link, payment)
    if found is None:
        return not_found(request)
    found = checkout_look(found, now=visit.now)
    page = portal_page(visit.link, on=visit.on)  # again: the look may have brought money
    more: dict[str, Any] = {"paid": found, "left": max(0, page.due_minor - page.credit_minor)}
    if found.state == "paid" and not page.items:
        more |= asked(visit)
    return HttpResponse(page_html(visit, "portal/online.html", **more))


def _leave(visit: Visit, ids: frozenset[int], amount_minor: int, *, name: str) -> HttpResponse:
    name = f"{name}-{amount_minor}"
    url = checkout_begin(
        visit.page,
        ids,
        amount_minor=amount_minor,
        subject=_subject(visit, ids),
        language=visit.language,
        return_url=f"{settings.BASE_URL}{visit.url('back', payment=name)}",
        name=name,
        now=visit.now,
    )
    return HttpResponseRedirect(url, status=303)


def _subject(visit: Visit, ids: frozenset[int]) -> str:
    numbers = [item.number for item in visit.page.items if item.id in ids]
    shown = ", ".join(numbers[:5]) + ("..." if len(numbers) > 5 else "")
    return f"{visit.page.draft.creditor.name} - {shown}"
