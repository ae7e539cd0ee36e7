"""What a person here makes of a plan that a customer proposed: approved, refused, or another one
offered, which the customer signs on the payment page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from django.db import transaction

from amiable.apps.audit.models import Event
from amiable.apps.audit.services import Happening, event_record
from amiable.apps.cases.changes import CaseError, case_find
from amiable.apps.cases.models import Case, PlanProposal
from amiable.apps.cases.pauses import hold_lift
from amiable.apps.cases.plans import parts_check, plan_record
from amiable.apps.cases.policies import policy_data, policy_of
from amiable.apps.dunning.agreeing.signing import offered_parts
from amiable.apps.dunning.answers import reply_task_close
from amiable.apps.dunning.confirming.plans import plan_confirm
from amiable.apps.dunning.debiting.means import debit_means
from amiable.apps.dunning.planning import cases_replan
from amiable.apps.dunning.portal import answer_name
from amiable.apps.messaging.models import Reply
from amiable.core.plans import Policy
from amiable.core.schedules import PlanPart
from amiable.core.sentences import Sentence, declare, gettext_noop

State = PlanProposal.State
DECIDED = "plan.decided"

declare(
    {
        "plan.decided_before": gettext_noop("This proposal was decided on already."),
        "plan.day_past": gettext_noop(
            "The first instalment was for {day}, which is past: offer other days."
        ),
    }
)


@transaction.atomic
def proposal_decide(
    organization_id: int,
    proposal_id: int,
    verdict: Literal["approve", "refuse"],
    *,
    answer: str = "",
    on: date,
    actor: str,
    now: datetime,
) -> int:
    """Approve a plan that a customer signed, or refuse it with an answer. Returns its case's
    customer. Raises CaseError when it was decided before, or is no longer what is owed."""
    row = _locked(organization_id, proposal_id)
    if row is None:
        raise CaseError(Sentence("case.not_found"))
    if row.state != State.WAITING:
        raise CaseError(Sentence("plan.decided_before"))
    row.decided_on, row.decided_by, row.answer = on, actor, answer
    row.state = State.AGREED if verdict == "approve" else State.REFUSED
    if verdict == "approve":
        parts = offered_parts(row)
        if parts[0].due_on < on:
            raise CaseError(Sentence("plan.day_past", {"day": parts[0].due_on}))
        policy = Policy(**row.terms)
        _check_debit(row, parts[0].due_on, on=on)
        row.plan_id = plan_record(
            organization_id, row.case_id, instalments=parts, policy=policy, on=on, actor=actor,
            mandate_id=row.mandate_id,
        )  # fmt: skip
    row.save()
    _close(row, on=on, actor=actor)
    told = {"verdict": verdict, **({"plan": row.plan_id} if row.plan_id else {})}
    return _told(row, told, on=on, actor=actor, now=now)


@transaction.atomic
def proposal_offer(
    organization_id: int,
    case_id: int,
    *,
    parts: Sequence[PlanPart],
    mandate_id: int | None = None,
    answer: str = "",
    on: date,
    actor: str,
    now: datetime,
) -> int:
    """Offer a plan to a customer, in the place of any that waits: it is signed on the payment
    page, and a pause that the proposal brought goes on; `mandate_id` = of the one under
    which it is collected. Returns the proposal's id. Raises CaseError when it cannot be."""
    case = case_find(organization_id, case_id, lock=True)
    parts_check(organization_id, case_id, parts, on=on)
    for before in PlanProposal.objects.filter(case=case, state__in=PlanProposal.OPEN):
        before.state, before.decided_on, before.decided_by = State.WITHDRAWN, on, actor
        before.save(update_fields=["state", "decided_on", "decided_by"])
        _close(before, on=on, actor=actor, keeps_pause=True)
    last = PlanProposal.objects.filter(case=case, link__isnull=False).order_by("-id").first()
    row = PlanProposal.objects.create(
        organization_id=organization_id, case=case, state=State.OFFERED, asked_on=on,
        asked_by=actor, answer=answer, link_id=last.link_id if last else None,
        terms=policy_data(policy_of(organization_id, case_id)),
        parts=[[part.due_on.isoformat(), part.amount_minor] for part in parts],
        amount_minor=sum(part.amount_minor for part in parts), mandate_id=mandate_id,
    )  # fmt: skip
    _told(row, {"verdict": "offer"}, on=on, actor=actor, now=now)
    return row.pk


@transaction.atomic
def proposal_withdraw(organization_id: int, proposal_id: int, *, on: date, actor: str) -> bool:
    """Take back a plan that was offered and is not signed. False when it is not open."""
    row = _locked(organization_id, proposal_id)
    if row is None or row.state != State.OFFERED:
        return False
    row.state, row.decided_on, row.decided_by = State.WITHDRAWN, on, actor
    row.save()
    _event(row, {"verdict": "withdraw"}, on=on, actor=actor)
    return True


def _check_debit(row: PlanProposal, first_on: date, *, on: date) -> None:
    """Raise CaseError when what was signed to be collected can no longer be, as it was signed."""
    if row.mandate_id is None:
        return
    customer_id = row.case.customer_id
    means = debit_means(row.organization_id, customer_id, currency=row.case.currency, on=on)
    if means is None or means.mandate_id is None:
        raise CaseError(Sentence("plan.no_mandate"))
    if first_on < means.soonest:
        raise CaseError(Sentence("plan.too_soon", {"day": means.soonest}))


def _locked(organization_id: int, proposal_id: int) -> PlanProposal | None:
    """The proposal, its case locked before it as everywhere; None when it is not there."""
    rows = PlanProposal.objects.filter(organization_id=organization_id, id=proposal_id)
    case_id = rows.values_list("case_id", flat=True).first()
    if case_id is None:
        return None
    case_find(organization_id, case_id, lock=True)
    return rows.get()


def _close(row: PlanProposal, *, on: date, actor: str, keeps_pause: bool = False) -> None:
    """The task that the proposal brought is done, and its pause over."""
    reply_id = (
        Reply.objects.filter(organization_id=row.organization_id)
        .filter(external_id=answer_name(row.ticket))
        .values_list("id", flat=True)
        .first()
    )
    if not row.ticket or reply_id is None:
        return
    reply_task_close(row.organization_id, reply_id, done=True, on=on, actor=actor)
    told = Event.objects.filter(
        organization_id=row.organization_id, case_id=row.case_id, kind="reply.decided",
        payload__reply=reply_id,
    ).values_list("payload", flat=True)  # fmt: skip
    hold_ids = [each["hold"] for each in told if "hold" in each]
    for hold_id in [] if keeps_pause else hold_ids:
        hold_lift(row.organization_id, hold_id, on=on, actor=actor)


def _told(
    row: PlanProposal, told: dict[str, object], *, on: date, actor: str, now: datetime
) -> int:
    confirmed = plan_confirm(row, on=on, now=now)
    _event(row, {**told, **confirmed}, on=on, actor=actor)
    customer_id = Case.objects.values_list("customer_id", flat=True).get(id=row.case_id)
    cases_replan(row.organization_id, [customer_id], on=on)
    return customer_id


def _event(row: PlanProposal, told: dict[str, object], *, on: date, actor: str) -> None:
    kept = {"proposal": row.pk, **told}
    event_record(row.organization_id, Happening(DECIDED, on, actor, row.case_id, kept))
