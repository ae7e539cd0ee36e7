"""Calls as figures, and what happens next with a case, in one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Q
from django.utils import timezone

from amiable.apps.cases.models import Promise
from amiable.apps.dunning.models import Action
from amiable.apps.insights.case_decision import decisions
from amiable.core.call_retries import UNREACHED
from amiable.core.money import Money
from amiable.core.sentences import Param, Sentence, declare, gettext_noop

FIGURE_DAYS = 30

declare(
    {
        "next.call": gettext_noop("Next: call again on {on}."),
        "next.call_at": gettext_noop("Next: call again on {on} at {hour}."),
        "next.call_now": gettext_noop("Next: call the other number now."),
        "next.message": gettext_noop("Next: {medium} on {on}."),
        "next.to_confirm": gettext_noop("Next: {medium}, once somebody confirms it."),
        "next.promise": gettext_noop("Next: {amount} expected by {due}; nothing is sent before."),
        "next.stopped": gettext_noop("Next: nothing for now. {why}"),
        "next.nothing": gettext_noop("Next: nothing is planned."),
        "next.by_email": gettext_noop("an email"),
        "next.by_letter": gettext_noop("a letter"),
        "next.by_registered_letter": gettext_noop("a registered letter"),
        "next.by_sms": gettext_noop("a text message"),
        "next.by_phone": gettext_noop("a call"),
        "next.by_task": gettext_noop("a task in the house"),
    }
)


@dataclass(frozen=True, slots=True)
class CallFigures:
    """Calls of a period. `reached` = those that reached somebody, `promised` = those that brought a
    dated promise; percentages of whole numbers, None = nothing to divide by."""

    days: int
    made: int
    reached: int
    promised: int

    @property
    def reached_pct(self) -> int | None:
        """RPC: calls that reached the payer over calls made."""
        return round(100 * self.reached / self.made) if self.made else None

    @property
    def promised_pct(self) -> int | None:
        """PTP: contacts that brought a dated promise over contacts."""
        return round(100 * self.promised / self.reached) if self.reached else None


def call_figures(organization_id: int, *, on: date, days: int = FIGURE_DAYS) -> CallFigures:
    """Calls made in the last `days` days, that of `on` included; one query."""
    rows = Action.objects.filter(
        organization_id=organization_id, medium="phone", state=Action.State.DONE,
        closed_on__gt=on - timedelta(days=days), closed_on__lte=on,
    )  # fmt: skip
    counts = rows.aggregate(
        made=Count("id"),
        reached=Count("id", filter=~Q(result__in=UNREACHED)),
        promised=Count("id", filter=Q(result="promise")),
    )
    return CallFigures(days, **counts)


def next_step(organization_id: int, case_id: int, *, on: date) -> Sentence:
    """What happens next with a case if nothing changes: another call, a message, a promised day."""
    pending = Action.objects.filter(
        organization_id=organization_id, case_id=case_id, state__in=Action.PENDING
    ).exclude(medium="task")
    action = pending.order_by("due_on", "id").first()
    if action is not None:
        return _pending(action)
    promise = _promise(organization_id, case_id, on)
    if promise is not None:
        return promise
    decision = decisions(organization_id, [case_id], on=on).get(case_id)
    if decision is not None and decision.upcoming is not None:
        coming = decision.upcoming
        return Sentence("next.message", {"medium": _by(coming.medium), "on": coming.on})
    if decision is not None and decision.why:
        return Sentence("next.stopped", {"why": decision.why[0]})
    return Sentence("next.nothing")


def _pending(action: Action) -> Sentence:
    if action.medium != "phone":
        if action.state == Action.State.TO_APPROVE:
            return Sentence("next.to_confirm", {"medium": _by(action.medium)})
        return Sentence("next.message", {"medium": _by(action.medium), "on": action.due_on})
    params: dict[str, Param] = {"on": action.due_on}
    if action.retry_at is None:
        return Sentence("next.call", params)
    if action.reasons and action.reasons[0]["code"] == "action.other_number":
        return Sentence("next.call_now")
    local = timezone.localtime(action.retry_at)
    if not (local.hour or local.minute):
        return Sentence("next.call", params)
    return Sentence("next.call_at", {**params, "hour": f"{local:%H:%M}"})


def _promise(organization_id: int, case_id: int, on: date) -> Sentence | None:
    """The promise that runs, when all waits for it."""
    rows = Promise.objects.filter(
        organization_id=organization_id, case_id=case_id, cancelled_on__isnull=True,
        due_on__gte=on,
    ).select_related("case")  # fmt: skip
    row = rows.order_by("due_on", "id").first()
    if row is None:
        return None
    amount = Money(row.amount_minor, row.case.currency)
    return Sentence("next.promise", {"amount": amount, "due": row.due_on})


def _by(medium: str) -> Sentence:
    return Sentence(f"next.by_{medium}")
