"""Pay in several times: how many instalments, what they are, read and signed; then, as long as the
plan runs, how far it is and what to pay next."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from amiable.apps.cases.codes import is_code_asked
from amiable.apps.cases.queries import PlanView
from amiable.apps.cases.services import CaseError
from amiable.apps.dunning.agreeing.offering import Offer, case_offer, plan_offer
from amiable.apps.dunning.agreeing.proposals import Proposal, open_proposal, refused_lately
from amiable.apps.dunning.agreeing.signing import Signing, plan_sign, text_digest
from amiable.apps.dunning.debiting.shown import PartDebit, plan_debits
from amiable.apps.dunning.paying import page_account
from amiable.apps.dunning.writing.portal import Page, page_draft
from amiable.core.plans import Choice, first_day
from amiable.core.schedules import PlanPart, ScheduleError
from amiable.interfaces.portal import codes, plan_words, words
from amiable.interfaces.portal.forms import Amount, PortalForm
from amiable.interfaces.portal.guard import Visit, visited
from amiable.interfaces.portal.limits import address_of
from amiable.interfaces.portal.online import allow_leaving
from amiable.interfaces.portal.showing import page_html, pay_panel
from amiable.interfaces.portal.tickets import ticket_name

_MEANS = (
    ("self", _("I pay each one: by card or bank transfer")),
    ("debit", _("By direct debit: nothing to do any more")),
)


class ChoiceForm(PortalForm):
    """How many instalments, from which day, and how much at first ("" = as the policy has it)."""

    count = forms.IntegerField(min_value=2, max_value=60, label=_("How many instalments?"))
    first_on = forms.DateField(label=_("First instalment on"))
    first = Amount(required=False, label=_("Pay more at first (if you like)"))
    means = forms.ChoiceField(required=False, choices=_MEANS, label=_("How do you pay them?"))

    @property
    def choice(self) -> Choice:
        """What was chosen, once the form is valid."""
        data = self.cleaned_data
        by_debit = data["means"] == "debit"
        return Choice(data["count"], data["first_on"], data["first"], by_debit=by_debit)


@dataclass(frozen=True, slots=True)
class Shown:
    """A plan to read and sign. `text` = its paragraphs, `seen` = the digest of the whole."""

    parts: tuple[PlanPart, ...]
    text: tuple[str, ...]
    seen: str


@visited("GET", "HEAD", "POST")
def plan(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The plan of the case: to choose, to sign, waiting, or running."""
    page = visit.page
    if page.stopped or not page.items:
        return HttpResponseRedirect(visit.url("home"))
    if page.plans:
        return _running(visit, page.plans[0])
    proposal = open_proposal(visit.link)
    if proposal is not None and proposal.is_waiting:
        return HttpResponse(page_html(visit, "portal/plan_waiting.html", proposal=proposal))
    offer = _offered(visit, proposal)
    if offer is None:
        return HttpResponseRedirect(visit.url("later"))
    if request.method == "POST":
        return _sign(request, visit, offer, proposal)
    return _page(request, visit, offer, proposal)


def _offered(visit: Visit, proposal: Proposal | None) -> Offer | None:
    """What the plan of a person here is about, or what the customer may choose by itself."""
    offered = case_offer if proposal else plan_offer
    return offered(visit.link, on=visit.on)


def _page(
    request: HttpRequest,
    visit: Visit,
    offer: Offer,
    proposal: Proposal | None,
    *,
    proof: str = "",
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """What may be chosen, and the plan that the choice gives."""
    form = _form(request, visit, offer)
    shown: Shown | None = None
    by_debit = proposal.mandate_id is not None if proposal else form.data["means"] == "debit"
    offer = replace(offer, is_debited=by_debit and offer.means is not None)
    if proposal is not None:
        shown = _shown(offer, proposal.parts)
    elif form.is_valid():
        try:
            shown = _shown(offer, offer.parts(form.choice))
        except ScheduleError as error:
            form.add_error(None, words.sentence(error.sentence))
    unsigned = offer.is_debited and offer.means is not None and offer.means.mandate_id is None
    more: dict[str, Any] = {
        "offer": offer, "form": form, "shown": shown, "proposal": proposal, "problem": problem,
        "counts": [(n, _times(n)) for n in offer.counts],
        "acknowledgment": plan_words.acknowledgment(offer) if offer.may_acknowledge else "",
        "acknowledges": request.POST.get("acknowledges", ""),
        "why_person": words.sentence(offer.by_person) if offer.by_person and not proposal else "",
        "refused": None if proposal else refused_lately(visit.link, on=visit.on),
        "first": form.data.get("first", ""), "unsigned": unsigned, "by_debit": offer.is_debited,
        "then": "" if proposal else f"{form.data['count']}_{form.data['first_on']}"
        f"_{form.data['first']}",
        "needs_code": is_code_asked(
            visit.link.organization_id, "plan",
            amount_minor=proposal.amount_minor if proposal else offer.debt_minor,
        ),
        "proof": proof,
    }  # fmt: skip
    return HttpResponse(page_html(visit, "portal/plan.html", **more), status=status)


def _times(count: int) -> str:
    text = ngettext("{count} instalment", "{count} instalments", count)
    return text.format(count=count)


def _form(request: HttpRequest, visit: Visit, offer: Offer) -> ChoiceForm:
    """What was chosen; at first the number nearest to three, from the proposed day."""
    sent = request.POST if request.method == "POST" else request.GET
    usual = min(offer.counts, key=lambda n: (abs(n - 3), n), default=2)
    day = first_day(offer.policy, on=visit.on, zone=offer.zone)
    data = {
        "count": sent.get("count", str(usual)),
        "first_on": sent.get("first_on", day.isoformat()),
        "first": sent.get("first", ""),
        "means": sent.get("means", "self") if offer.means else "self",
    }
    return ChoiceForm(data, page=visit.page, on=visit.on)


def _shown(offer: Offer, parts: tuple[PlanPart, ...]) -> Shown:
    text = plan_words.agreement(offer, parts, acknowledges=False)
    return Shown(parts, tuple(text.split("\n")), text_digest(text))


def _sign(
    request: HttpRequest, visit: Visit, offer: Offer, proposal: Proposal | None
) -> HttpResponse:
    """Sign what was read; when it is no longer so, it is shown anew and nothing is signed."""
    name = ticket_name(request.POST.get("ticket", ""), visit.link.id)
    form, proof = _form(request, visit, offer), ""
    if name is None:
        problem = gettext("This page was open for long: please look at it and send it again.")
    elif proposal is None and not form.is_valid():
        problem = gettext("Please look at your choice again.")
    else:
        spread = proposal.amount_minor if proposal else offer.debt_minor
        found = codes.proof_of(request, visit, codes.FOR_PLAN, amount_minor=spread)
        if isinstance(found, HttpResponse):
            return found
        proof = found
        signing = Signing(
            choice=None if proposal else form.choice,
            seen=request.POST.get("seen", ""),
            acknowledges=request.POST.get("acknowledges") == "yes",
            ticket=name,
            language=visit.language,
            version=plan_words.VERSION,
            address=network_of(request),
            agent=request.headers.get("User-Agent", ""),
            proof=proof,
        )
        try:
            _signed(visit, signing)
            return HttpResponseRedirect(visit.url("plan"), status=303)
        except CaseError as error:
            problem = words.sentence(error.sentence)
    fresh = _offered(visit, proposal)
    if fresh is None:
        return HttpResponseRedirect(visit.url("home"), status=303)
    return _page(request, visit, fresh, proposal, proof=proof, problem=problem, status=422)


def _signed(visit: Visit, signing: Signing) -> None:
    page = visit.page
    plan_sign(
        visit.link,
        signing,
        write=plan_words.agreement,
        saying=lambda offer, parts: plan_words.asked(
            offer, parts, language=page.house_language, is_test=page.is_test
        ),
        on=visit.on,
        now=visit.now,
    )


def network_of(request: HttpRequest) -> str:
    """The network that a request came from, 256 addresses or a subscriber's (IPv6 /48): enough to
    tell an office from another, too little to find a person by."""
    text = address_of(request).partition("/")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    prefix = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network((address, prefix), strict=False))


def _running(visit: Visit, view: PlanView) -> HttpResponse:
    """How far a plan is, and its next instalment to pay: exactly that amount. What is collected by
    direct debit is not asked for."""
    debits = plan_debits(visit.link.organization_id, [view])
    collected = {part_id for part_id, debit in debits.items() if debit.is_under_way}
    own = [part for part in view.parts if part.id not in collected]
    late = sum(part.amount_minor - part.received_minor for part in own if part.broken_on)
    part = next((part for part in own if part.state == "running"), None)
    asked = late + (part.amount_minor - part.received_minor if part else 0)
    payable = sum(item.open_minor - item.collected_minor for item in visit.page.items)
    asked = min(asked, payable)
    draft, ids = next_draft(visit.page, asked)
    account = page_account(visit.page)
    more = {
        "plan": view, "next": part, "late": max(0, late), "asked": asked, "ids": ids,
        "parts": [(part, debits.get(part.id)) for part in view.parts],
        "coming": _coming(view, debits), "left": min(view.left_minor, payable),
        "mandate_ended": bool(view.mandate_id and asked),
        "pay": pay_panel(draft, visit.language),
        "online": words.figures(asked, draft.currency) if account and asked else "",
    }  # fmt: skip
    response = HttpResponse(page_html(visit, "portal/plan_running.html", **more))
    return allow_leaving(response, account) if account else response


def _coming(view: PlanView, debits: Mapping[int, PartDebit]) -> PartDebit | None:
    """The collection that comes next."""
    under_way = [debits[p.id] for p in view.parts if p.id in debits and debits[p.id].is_under_way]
    return min(under_way, key=lambda debit: debit.on, default=None)


def next_draft(page: Page, asked_minor: int) -> tuple[Any, list[int]]:
    """The draft that asks for so much of the oldest items, and their ids."""
    left, kept, ids = asked_minor, [], []
    draft = page_draft(page, {item.id for item in page.items})
    lines = zip(page.items, draft.lines, strict=True)
    for item, line in sorted(lines, key=lambda each: (each[0].due_date, each[0].id)):
        taken = min(left, item.open_minor - item.collected_minor)
        if taken > 0:
            kept.append(replace(line, open_minor=taken, beside_minor=item.open_minor - taken))
            ids.append(item.id)
            left -= taken
    return replace(draft, lines=tuple(kept), credit_minor=0), ids
