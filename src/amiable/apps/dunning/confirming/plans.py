"""The emails about a payment plan: that it is agreed, and what a person answered to a proposal."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from amiable.apps.cases.links import Link
from amiable.apps.cases.models import PlanProposal
from amiable.apps.dunning.confirming.answers import reader_of, scenario_for
from amiable.apps.dunning.confirming.drafting import About, draft_of, facts_of, reach_of
from amiable.apps.dunning.confirming.leaving import OF_ANSWER, confirmation_freeze
from amiable.apps.dunning.debiting.means import terms_named
from amiable.apps.messaging.sending.modes import test_recipient
from amiable.core.drafts import Confirmed, Draft
from amiable.core.schedules import PlanPart
from amiable.core.sentences import Sentence


def plan_confirm(proposal: PlanProposal, *, on: date, now: datetime) -> dict[str, Any]:
    """Freeze the email that says what became of a proposal; what the history keeps of it."""
    draft = _draft(proposal, on=on)
    frozen = (
        confirmation_freeze(proposal.organization_id, draft, now=now)
        if isinstance(draft, Draft)
        else draft
    )
    if isinstance(frozen, int):
        return {"confirmation": frozen}
    return {"unconfirmed": frozen.to_json()}


def _draft(proposal: PlanProposal, *, on: date) -> Draft | Sentence:
    organization_id, case_id = proposal.organization_id, proposal.case_id
    row = proposal.link
    if row is not None and row.is_test and not test_recipient(organization_id):
        return Sentence("confirm.test_link")
    facts = facts_of(organization_id, case_id, on=on)
    if isinstance(facts, Sentence):
        return facts
    agreed = proposal.state == PlanProposal.State.AGREED
    about = About(
        key=f"{OF_ANSWER}plan-{proposal.pk}-{proposal.state}",
        text=_text(proposal) if agreed else "portal_plan_answer",
        facts=facts,
        scenario=scenario_for(organization_id, case_id),
        asked={item.id: item.open_minor for item in facts.items},
    )
    reader = None
    if row is not None:
        link = Link(row.pk, organization_id, case_id, None, row.is_test)
        reader = reader_of(link, reach_of(facts))
    draft = draft_of(about, _confirmed(proposal), to=reader, on=on)
    return draft if draft.recipient else Sentence("confirm.no_email")


def _text(proposal: PlanProposal) -> str:
    return "portal_plan_debit" if proposal.mandate_id else "portal_plan"


def _confirmed(proposal: PlanProposal) -> Confirmed:
    refused = proposal.state == PlanProposal.State.REFUSED
    parts = tuple(PlanPart(date.fromisoformat(day), minor) for day, minor in proposal.parts)
    return Confirmed(
        kind="plan",
        amount_minor=proposal.amount_minor,
        on=parts[0].due_on,
        parts=() if refused else parts,
        answer=proposal.answer,
        debit=None if refused else terms_named(proposal.mandate_id),
    )
