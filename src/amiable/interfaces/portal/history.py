"""What was written, said, paid and signed: behind a code, read as often as its proof is good.

The proof travels in the hidden field of each form, so that older pages and letters need no cookie
and stand in no address.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from amiable.apps.insights.customer_history import Moment, customer_history, customer_letter
from amiable.interfaces.portal import codes
from amiable.interfaces.portal.forms import METHODS, SCORES
from amiable.interfaces.portal.guard import Visit, not_found, visited
from amiable.interfaces.portal.showing import page_html
from amiable.interfaces.portal.views import download

PAGE, FARTHEST = 12, 50


@visited("GET", "HEAD", "POST")
def history(request: HttpRequest, visit: Visit) -> HttpResponse:
    """A page of the history, or (`letter`) a letter as it left. A link of one invoice would tell of
    the others, and has none."""
    if visit.link.invoice_id is not None or visit.page.stopped:
        return HttpResponseRedirect(visit.url("home"))
    proof = codes.proof_of(request, visit, codes.FOR_HISTORY)
    if isinstance(proof, HttpResponse):
        return proof
    letter = _number(request.POST.get("letter", ""), most=2**62)
    if letter:
        found = customer_letter(visit.link, letter, with_tests=visit.page.is_test)
        if found is None:
            return not_found(request)
        return download(found[1], found[0], content_type="application/pdf")
    return HttpResponse(_page(visit, proof, _number(request.POST.get("page", ""), most=FARTHEST)))


def _page(visit: Visit, proof: str, number: int) -> str:
    draft = visit.page.draft
    moments, has_more = customer_history(
        visit.link, with_tests=visit.page.is_test, limit=PAGE, offset=PAGE * max(0, number - 1),
        keep={draft.sender.email, draft.creditor.email},
    )  # fmt: skip
    more = {
        "proof": proof,
        "moments": [(each, _words(each)) for each in moments],
        "number": max(1, number),
        "older": number + 1 + (number == 0) if has_more and number < FARTHEST else 0,
        "newer": number - 1 if number > 1 else 0,
    }
    return page_html(visit, "portal/history.html", **more)


def _words(moment: Moment) -> object:
    """What a code of its facts is called."""
    if moment.kind == "payment":
        return METHODS[moment.facts["method"]]
    return SCORES[moment.facts["score"]] if moment.kind == "opinion" else ""


def _number(text: str, *, most: int) -> int:
    """A number of a form; 0 = none that can be."""
    found = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    return found if found <= most else 0
