"""A plan signed on the payment page: what was read is what is kept, and what is owed is what was
read. A payment that came meanwhile changes the text: it is refused, and shown anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Protocol

from django.db import transaction

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.cases.changes import CaseError, case_find
from amiable.apps.cases.codes import code_spend, is_code_asked
from amiable.apps.cases.links import Link, link_used
from amiable.apps.cases.models import Case, PlanProposal
from amiable.apps.cases.plans import plan_record
from amiable.apps.cases.policies import policy_data
from amiable.apps.dunning.agreeing.offering import Offer, case_offer, plan_offer
from amiable.apps.dunning.confirming.plans import plan_confirm
from amiable.apps.dunning.planning import cases_replan
from amiable.apps.dunning.portal import Saying, portal_say
from amiable.apps.dunning.saying import MEDIUM
from amiable.apps.receivables.allocations import installments_lock
from amiable.apps.receivables.models import Installment
from amiable.core.plans import Choice, Policy
from amiable.core.schedules import PlanPart, ScheduleError
from amiable.core.sentences import Sentence, declare, gettext_noop

State = PlanProposal.State

declare(
    {
        "plan.changed": gettext_noop(
            "What you owe, or the conditions, changed while you were reading: please look at the "
            "instalments again."
        ),
        "plan.not_offered": gettext_noop(
            "No plan can be agreed here just now: one runs or waits already, or nothing is left to "
            "spread."
        ),
        "plan.no_acknowledgment": gettext_noop(
            "An acknowledgment of the debt is not asked for here."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Signing:
    """How somebody signed. `choice` = what was chosen (None = the plan that a person offered);
    `seen` = SHA-256 of the text as it was shown, without any acknowledgment; `address` = the
    network it came from; `agent` = what the browser says it is; `proof` = what the code gave that
    was sent to the customer ("" = none)."""

    choice: Choice | None
    seen: str
    acknowledges: bool
    ticket: str
    language: str
    version: str
    address: str = ""
    agent: str = ""
    proof: str = ""


class Writer(Protocol):
    """Writes a plan as the customer reads it."""

    def __call__(self, offer: Offer, parts: Sequence[PlanPart], *, acknowledges: bool) -> str:
        """The text, with or without the acknowledgment of the debt."""


@transaction.atomic
def plan_sign(
    link: Link,
    signing: Signing,
    *,
    write: Writer,
    saying: Callable[[Offer, Sequence[PlanPart]], Saying],
    on: date,
    now: datetime,
) -> int:
    """Sign a plan: it runs at once, or waits for a person where the policy says so. Returns the
    proposal's id; the same ticket again changes nothing. `saying` = how people here read it.

    1. lock the items, then the case: a payment waits for us, or we see it;
    2. make the plan anew from what is owed now, and compare it with what was read;
    3. keep the text and how it was signed, record the plan, confirm it by email.
    Raises CaseError when it is no longer what was read, or cannot be; then nothing is written.
    """
    case = _locked(link)
    before = PlanProposal.objects.filter(case=case, ticket=signing.ticket).first()
    if before is not None:
        return before.pk
    offered = PlanProposal.objects.filter(case=case, state=State.OFFERED).first()
    offer = case_offer(link, on=on) if signing.choice is None else plan_offer(link, on=on)
    if offer is None or (signing.choice is None and offered is None):
        raise CaseError(Sentence("plan.not_offered"))
    if signing.acknowledges and not offer.may_acknowledge:
        raise CaseError(Sentence("plan.no_acknowledgment"))
    offer, parts = _chosen(offer, signing.choice, offered)
    if text_digest(write(offer, parts, acknowledges=False)) != signing.seen:
        raise CaseError(Sentence("plan.changed"))
    row = _keep(case, link, signing, offer=offer, parts=parts, on=on)
    row.code = _code_spent(link, signing, row, now=now)
    row.text = write(offer, parts, acknowledges=signing.acknowledges)
    row.sha256, row.signed_at = text_digest(row.text), now
    link_used(link, on=on)
    if offered is None and offer.by_person is not None:
        row.save()
        _tell(row, "plan.asked", {}, on=on)
        portal_say(link, saying(offer, parts), ticket=signing.ticket, on=on, now=now)
        return row.pk
    row.state, row.decided_on = State.AGREED, on
    row.plan_id = plan_record(
        link.organization_id, case.pk, instalments=parts, policy=Policy(**row.terms), on=on,
        actor=MEDIUM, mandate_id=row.mandate_id,
    )  # fmt: skip
    row.save()
    confirmed = plan_confirm(row, on=on, now=now)
    _tell(row, "plan.signed", {"plan": row.plan_id, **confirmed}, on=on)
    cases_replan(link.organization_id, [case.customer_id], on=on)
    return row.pk


def offered_parts(proposal: PlanProposal) -> tuple[PlanPart, ...]:
    """The instalments of a proposal."""
    return tuple(PlanPart(date.fromisoformat(day), minor) for day, minor in proposal.parts)


def text_digest(text: str) -> str:
    """By which a text is recognized: SHA-256 of its UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _locked(link: Link) -> Case:
    """Items before the case, as payments lock them: neither waits for the other for ever."""
    case = case_find(link.organization_id, link.case_id)
    items = Installment.objects.filter(
        organization_id=link.organization_id, customer_id=case.customer_id, currency=case.currency,
        settled_on__isnull=True,
    )  # fmt: skip
    installments_lock(link.organization_id, list(items.values_list("id", flat=True)))
    return case_find(link.organization_id, link.case_id, lock=True)


def _chosen(
    offer: Offer, choice: Choice | None, offered: PlanProposal | None
) -> tuple[Offer, tuple[PlanPart, ...]]:
    offer = _debited(offer, choice, offered)
    return offer, _parts(offer, choice, offered)


def _debited(offer: Offer, choice: Choice | None, offered: PlanProposal | None) -> Offer:
    """The offer with the means that was chosen: by direct debit only under a mandate."""
    wanted = choice.by_debit if choice else offered is not None and offered.mandate_id is not None
    if wanted and (offer.means is None or offer.means.mandate_id is None):
        raise CaseError(Sentence("plan.no_mandate"))
    return replace(offer, is_debited=wanted)


def _parts(
    offer: Offer, choice: Choice | None, offered: PlanProposal | None
) -> tuple[PlanPart, ...]:
    if choice is None:
        parts = offered_parts(offered) if offered else ()
        if offer.is_debited and offer.means and parts[0].due_on < offer.means.soonest:
            raise CaseError(Sentence("plan.too_soon", {"day": offer.means.soonest}))
        return parts
    try:
        return offer.parts(choice)
    except ScheduleError as error:
        raise CaseError(error.sentence) from error


def _keep(
    case: Case,
    link: Link,
    signing: Signing,
    *,
    offer: Offer,
    parts: Sequence[PlanPart],
    on: date,
) -> PlanProposal:
    """The proposal with how it was signed: the one that a person offered, or a new one."""
    row = PlanProposal.objects.filter(case=case, state=State.OFFERED).first() or PlanProposal(
        organization_id=link.organization_id, case=case, state=State.WAITING, asked_on=on,
        asked_by=MEDIUM, terms=policy_data(offer.policy),
    )  # fmt: skip
    row.parts = [[part.due_on.isoformat(), part.amount_minor] for part in parts]
    row.amount_minor = sum(part.amount_minor for part in parts)
    row.link_id = link.id
    row.mandate_id = offer.means.mandate_id if offer.is_debited and offer.means else None
    row.ticket, row.language, row.version = signing.ticket, signing.language, signing.version
    row.acknowledges = signing.acknowledges
    row.address, row.agent = signing.address[:64], signing.agent[:300]
    return row


def _code_spent(
    link: Link, signing: Signing, row: PlanProposal, *, now: datetime
) -> dict[str, Any]:
    """How a code confirmed it, where one is asked for; its proof signs nothing else."""
    if not is_code_asked(link.organization_id, "plan", amount_minor=row.amount_minor):
        return {}
    return code_spend(link, "plan", proof=signing.proof, now=now).to_json()


def _tell(row: PlanProposal, kind: str, told: dict[str, object], *, on: date) -> None:
    """The history keeps the digest: what is kept of the text can be checked against it."""
    kept = {"proposal": row.pk, "sha256": row.sha256, "acknowledges": row.acknowledges}
    kept |= {"code": row.code} if row.code else {}
    kept |= {"mandate": row.mandate_id} if row.mandate_id else {}
    event_record(row.organization_id, Happening(kind, on, MEDIUM, row.case_id, {**kept, **told}))
