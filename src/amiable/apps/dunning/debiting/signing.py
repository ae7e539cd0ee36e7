"""A mandate signed on the payment page: what was read is what is kept, and an email confirms it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from amiable.apps.cases.changes import CaseError, case_find
from amiable.apps.cases.codes import code_spend, is_code_asked, mandate_waiver
from amiable.apps.cases.links import Link, link_used
from amiable.apps.dunning.confirming.answers import reader_of, scenario_for
from amiable.apps.dunning.confirming.drafting import About, draft_of, facts_of, reach_of
from amiable.apps.dunning.confirming.leaving import OF_ANSWER, confirmation_freeze
from amiable.apps.dunning.debiting.announcing import terms_of
from amiable.apps.dunning.saying import MEDIUM
from amiable.apps.dunning.writing.portal import Page
from amiable.apps.payments.debits.mandates import (
    MandateIn,
    live_mandates,
    mandate_revoke,
    mandate_sign,
)
from amiable.apps.payments.debits.models import Mandate
from amiable.apps.payments.telling import PaymentError
from amiable.apps.tenants.models import Creditor
from amiable.core.direct_debits import Scheme, masked, may_sign
from amiable.core.drafts import Confirmed
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "mandate.not_offered": gettext_noop(
            "Direct debit is not possible here: please pay by transfer."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class MandateOffer:
    """What can be signed. `rum`, `account`, `signed_on` = of the mandate that runs, if any; nothing
    of the account is told where a code is asked for before bank data."""

    creditor: str
    address: tuple[str, ...]
    ics: str
    notice_days: int
    schemes: tuple[Scheme, ...]
    rum: str = ""
    account: str = ""
    signed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Agreed:
    """What somebody agreed to. `text` = as it was shown; `version` of the page; `network` it came
    from; `agent` = what the browser says it is; `proof` = what the code gave that was sent to the
    customer ("" = none)."""

    name: str
    iban: str
    scheme: Scheme
    is_one_off: bool
    text: str
    language: str
    version: str
    ticket: str
    network: str = ""
    agent: str = ""
    proof: str = ""


def is_mandate_offered(page: Page) -> bool:
    """Whether a customer can sign here: not where its creditor collects nothing, the debt is not in
    euros, nothing may be asked for, or messages are a test."""
    return (
        page.has_debits and page.draft.currency == "EUR" and not page.stopped and not page.is_test
    )


def mandate_offer(page: Page, *, on: date) -> MandateOffer | None:
    """What the customer of a page can sign; None when nothing."""
    if not is_mandate_offered(page):
        return None
    creditor = Creditor.objects.get(id=page.draft.creditor_id)
    schemes: tuple[Scheme, ...] = ("CORE", "B2B")
    offer = MandateOffer(
        creditor=creditor.name,
        address=tuple(creditor.address),
        ics=creditor.ics,
        notice_days=creditor.debit_notice_days,
        schemes=tuple(s for s in schemes if may_sign(s, page.draft.customer_kind)),
    )
    customer_id = page.draft.customer_id
    live = live_mandates(page.link.organization_id, {customer_id}, on=on).get(customer_id)
    if live is None:
        return offer
    hidden = is_code_asked(page.link.organization_id, "mandate")
    account = "" if hidden else masked(live.holder_iban)
    return replace(offer, rum=live.rum, account=account, signed_on=live.signed_on)


def mandate_signed(page: Page, ticket: str) -> Mandate | None:
    """What was signed with a ticket: the same form again signs nothing more."""
    return Mandate.objects.filter(
        organization_id=page.link.organization_id, customer_id=page.draft.customer_id,
        evidence__ticket=ticket,
    ).first()  # fmt: skip


@transaction.atomic
def mandate_agree(page: Page, agreed: Agreed, *, on: date, now: datetime) -> Mandate:
    """Keep a mandate with its evidence, and confirm it by email; the same ticket again changes
    nothing. Raises CaseError when it cannot be signed."""
    link = page.link
    customer_id = case_find(link.organization_id, link.case_id, lock=True).customer_id
    before = mandate_signed(page, agreed.ticket)
    if before is not None:
        return before
    offer = mandate_offer(page, on=on)
    if offer is None or agreed.scheme not in offer.schemes:
        raise CaseError(Sentence("mandate.not_offered"))
    code: dict[str, Any]
    if is_code_asked(link.organization_id, "mandate"):
        code = code_spend(link, "mandate", proof=agreed.proof, now=now).to_json()
    else:
        code = {"waived": mandate_waiver(link.organization_id)}
    signed = MandateIn(
        customer_id=customer_id,
        holder_name=agreed.name,
        holder_iban=agreed.iban,
        signed_on=on,
        signed_how="portal",
        scheme=agreed.scheme,
        is_one_off=agreed.is_one_off,
        evidence={**_evidence(agreed, offer, link, now), "code": code},
    )
    try:
        row = mandate_sign(link.organization_id, signed, on=on, actor=MEDIUM, case_id=link.case_id)
    except PaymentError as error:
        raise CaseError(error.sentence) from error
    link_used(link, on=on)
    _confirm(row, page, offer, on=on, now=now)
    return row


@transaction.atomic
def mandate_withdraw(page: Page, *, on: date) -> None:
    """The customer revokes the mandate that runs; nothing when none does."""
    link, customer_id = page.link, page.draft.customer_id
    live = live_mandates(link.organization_id, {customer_id}, on=on).get(customer_id)
    if live is not None:
        mandate_revoke(link.organization_id, live.pk, on=on, actor=MEDIUM, case_id=link.case_id)
        link_used(link, on=on)


def _evidence(agreed: Agreed, offer: MandateOffer, link: Link, now: datetime) -> dict[str, Any]:
    return {
        "text": agreed.text,
        "page_version": agreed.version,
        "language": agreed.language,
        "signed_at": timezone.localtime(now).isoformat(),
        "network": agreed.network,
        "browser": agreed.agent[:300],
        "link": link.id,
        "ticket": agreed.ticket,
        "creditor": offer.creditor,
        "ics": offer.ics,
        "scheme": agreed.scheme,
        "name": agreed.name,
        "iban": agreed.iban,
    }


def _confirm(row: Mandate, page: Page, offer: MandateOffer, *, on: date, now: datetime) -> None:
    """To the address that the link was sent to; it leaves in a few minutes, like any other."""
    link = page.link
    facts = facts_of(link.organization_id, link.case_id, on=on)
    if isinstance(facts, Sentence):
        return
    asked = {item.id: item.payable_minor for item in page.items if item.state == "due"}
    about = About(
        key=f"{OF_ANSWER}mandate/{row.pk}",
        text="mandate_signed",
        facts=facts,
        scenario=scenario_for(link.organization_id, link.case_id),
        asked=asked or {item.id: item.payable_minor for item in page.items},
    )
    confirms = Confirmed("mandate", debit=terms_of(row, offer.ics))
    draft = draft_of(about, confirms, to=reader_of(link, reach_of(facts)), on=on)
    if draft.recipient and draft.lines:
        confirmation_freeze(link.organization_id, draft, now=now)
