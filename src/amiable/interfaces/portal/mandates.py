"""Pay by direct debit: an account and its holder, the mandate to read, signed in one tap; later,
how it stands, and to revoke it."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from amiable.apps.cases.services import CaseError
from amiable.apps.dunning.agreeing.signing import text_digest
from amiable.apps.dunning.debiting.signing import (
    Agreed,
    MandateOffer,
    mandate_agree,
    mandate_offer,
    mandate_signed,
    mandate_withdraw,
)
from amiable.apps.payments.debits.mandates import account_problem
from amiable.core.direct_debits import compact
from amiable.interfaces.portal import codes, mandate_words, words
from amiable.interfaces.portal.forms import PortalForm
from amiable.interfaces.portal.guard import Visit, visited
from amiable.interfaces.portal.plans import network_of
from amiable.interfaces.portal.showing import page_html
from amiable.interfaces.portal.tickets import ticket_name

# What was chosen of a plan, as it travels with the forms of its mandate.
_PLAN = re.compile(r"(?P<count>[0-9]{1,2})_(?P<first_on>[0-9-]{10})_(?P<first>[0-9.,  ]{0,15})")
_SPANS = (("on", _("For these invoices and the next ones")), ("once", _("For one collection")))
_SCHEMES = (
    ("CORE", _("With the right to a refund (CORE)")),
    ("B2B", _("Between businesses, without it (B2B)")),
)


class MandateForm(PortalForm):
    """Who is debited, on which account, for what. `then` = the plan it is signed for."""

    then = ""

    name = forms.CharField(max_length=70, label=_("Account holder"))
    iban = forms.CharField(max_length=42, label=_("IBAN"))
    span = forms.ChoiceField(choices=_SPANS, label=_("What for?"))
    scheme = forms.ChoiceField(choices=_SCHEMES, label=_("Which kind of mandate?"))

    def clean_iban(self) -> str:
        """An account that direct debits reach, its key checked."""
        if problem := account_problem(self.cleaned_data["iban"]):
            raise forms.ValidationError(words.sentence(problem))
        return compact(self.cleaned_data["iban"])


@visited("GET", "HEAD", "POST")
def mandate(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The mandate of the customer: to fill in, to read and sign, or signed. To revoke it needs no
    code: it harms nobody, and has to be as easy as signing."""
    offer = mandate_offer(visit.page, on=visit.on)
    if offer is None:
        return HttpResponseRedirect(visit.url("home"))
    then = _then(request)
    if request.method != "POST" and offer.rum and "again" not in request.GET:
        return _page(visit, offer, _form(request, visit, offer), signed=True)
    name = ticket_name(request.POST.get("ticket", ""), visit.link.id)
    if name and request.POST.get("step") == "revoke":
        mandate_withdraw(visit.page, on=visit.on)
        return HttpResponseRedirect(visit.url("mandate"), status=303)
    if name and mandate_signed(visit.page, name):
        return HttpResponseRedirect(_next(visit, then), status=303)
    proof = codes.proof_of(request, visit, codes.FOR_MANDATE)
    return proof if isinstance(proof, HttpResponse) else _go_on(request, visit, offer, proof=proof)


def _then(request: HttpRequest) -> str:
    """The choice of a plan that waits for the mandate, "" where none does."""
    sent = request.POST if request.method == "POST" else request.GET
    text = sent.get("then", "")
    return text if _PLAN.fullmatch(text) else ""


def _next(visit: Visit, then: str) -> str:
    """Where one goes on once the mandate is signed: back to the plan, or to the mandate."""
    found = _PLAN.fullmatch(then)
    if found is None:
        return visit.url("mandate")
    address = visit.url("plan")
    query = urlencode({**found.groupdict(), "means": "debit"})
    return f"{address}{'&' if '?' in address else '?'}{query}"


def _go_on(request: HttpRequest, visit: Visit, offer: MandateOffer, *, proof: str) -> HttpResponse:
    """The form, or what it was sent with."""
    step = request.POST.get("step", "")
    if step not in {"read", "sign"}:
        return _page(visit, offer, _form(request, visit, offer), proof=proof)
    name = ticket_name(request.POST.get("ticket", ""), visit.link.id)
    form = _form(request, visit, offer, is_sent=True)
    if name is None or not form.is_valid():
        late = gettext("This page was open for long: please look at it and send it again.")
        problem = "" if name else late
        return _page(visit, offer, form, proof=proof, problem=problem, status=422)
    if step == "sign":
        return _sign(request, visit, offer, form, ticket=name, proof=proof)
    return _page(visit, offer, form, text=_text(offer, form), proof=proof)


def _sign(
    request: HttpRequest, visit: Visit, offer: MandateOffer, form: MandateForm, *, ticket: str,
    proof: str,
) -> HttpResponse:  # fmt: skip
    """Signed when it says what was read."""
    text = _text(offer, form)
    if request.POST.get("seen", "") != text_digest("\n".join(text)):
        problem = gettext("The text of the mandate changed while you were reading: please read it "
                          "again.")  # fmt: skip
        return _page(visit, offer, form, text=text, proof=proof, problem=problem, status=422)
    data = form.cleaned_data
    agreed = Agreed(
        name=data["name"],
        iban=data["iban"],
        scheme=data["scheme"],
        is_one_off=data["span"] == "once",
        text="\n".join(text),
        language=visit.language,
        version=mandate_words.VERSION,
        ticket=ticket,
        network=network_of(request),
        agent=request.headers.get("User-Agent", ""),
        proof=proof,
    )
    try:
        mandate_agree(visit.page, agreed, on=visit.on, now=visit.now)
    except CaseError as error:
        problem = words.sentence(error.sentence)
        return _page(visit, offer, form, proof=proof, problem=problem, status=422)
    return HttpResponseRedirect(_next(visit, _then(request)), status=303)


def _form(
    request: HttpRequest, visit: Visit, offer: MandateOffer, *, is_sent: bool = False
) -> MandateForm:
    """The form; one that is signed for a plan is for more than one collection."""
    initial = {"name": visit.page.draft.customer.name[:70], "span": "on", "scheme": "CORE"}
    sent = request.POST.copy() if is_sent else None
    then = _then(request)
    if sent is not None:
        fixed = {"scheme": offer.schemes[0]} if len(offer.schemes) == 1 else {}
        for name, value in {**fixed, **({"span": "on"} if then else {})}.items():
            sent[name] = value
    form = MandateForm(sent, page=visit.page, on=visit.on, initial=initial)
    form.then = then
    choices = [each for each in _SCHEMES if each[0] in offer.schemes]
    form.fields["scheme"].choices = choices  # type: ignore[attr-defined]  # a choice field
    return form


def _text(offer: MandateOffer, form: MandateForm) -> tuple[str, ...]:
    data = form.cleaned_data
    return mandate_words.paragraphs(
        offer, name=data["name"], iban=data["iban"], scheme=data["scheme"],
        one_off=data["span"] == "once",
    )  # fmt: skip


def _page(
    visit: Visit, offer: MandateOffer, form: MandateForm, *, text: tuple[str, ...] = (),
    signed: bool = False, proof: str = "", problem: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    """The mandate that is signed; the form; or the text to sign. `proof` goes with its forms."""
    more = {
        "offer": offer,
        "form": form,
        "text": text,
        "seen": text_digest("\n".join(text)),
        "signed": signed,
        "proof": proof,
        "problem": problem,
    }
    return HttpResponse(page_html(visit, "portal/mandate.html", **more), status=status)
