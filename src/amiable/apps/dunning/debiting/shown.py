"""How the instalments of a plan are paid, as pages show them: announced, with the bank, collected,
sent back, tried once more, or the customer's to pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from amiable.apps.cases.queries import PlanView
from amiable.apps.payments.debits.models import Debit, Mandate
from amiable.apps.payments.debits.queries import debits_of_parts
from amiable.core.sentences import Sentence

Step = Literal["announced", "sent", "collected", "returned", "again", "withdrawn"]
_STEPS: dict[str, Step] = {
    "planned": "again", "announced": "announced", "sent": "sent", "collected": "collected",
    "refused": "returned", "returned": "returned", "withdrawn": "withdrawn",
}  # fmt: skip
UNDER_WAY = frozenset({"announced", "sent", "again"})


@dataclass(frozen=True, slots=True)
class PartDebit:
    """The newest collection of an instalment. `why` = why it was withdrawn, or what the bank's
    reason `code` asks for; `mandate` = its reference."""

    step: Step
    on: date
    amount_minor: int
    reference: str
    mandate: str
    code: str = ""
    why: Sentence | None = None

    @property
    def is_under_way(self) -> bool:
        """It is collected: nobody has to pay it."""
        return self.step in UNDER_WAY


def plan_debits(organization_id: int, plans: Sequence[PlanView]) -> dict[int, PartDebit]:
    """By instalment, of plans that are collected: one query, none where none is; one more for a
    plan signed just now, whose instalments are shown as they were agreed until the next look."""
    ids = {part.id for plan in plans if plan.mandate_id for part in plan.parts}
    rows = debits_of_parts(organization_id, ids, running=False) if ids else {}
    found = {part_id: _shown(row) for part_id, row in rows.items()}
    new = [
        plan for plan in plans
        if plan.mandate_id and plan.state == "running" and not any(p.id in rows for p in plan.parts)
    ]  # fmt: skip
    return {**_agreed(organization_id, new), **found} if new else found


def _agreed(organization_id: int, plans: Sequence[PlanView]) -> dict[int, PartDebit]:
    mandates = Mandate.objects.filter(
        organization_id=organization_id, id__in=[plan.mandate_id for plan in plans],
        revoked_on__isnull=True, blocked_on__isnull=True,
    )  # fmt: skip
    rums = dict(mandates.values_list("id", "rum"))
    return {
        part.id: PartDebit(
            "announced", part.due_on, part.amount_minor - part.received_minor, "",
            rums[plan.mandate_id],
        )
        for plan in plans
        if plan.mandate_id in rums
        for part in plan.parts
        if part.state == "running"
    }  # fmt: skip


def _shown(row: Debit) -> PartDebit:
    step = "again" if row.attempt > 1 and row.state == "announced" else _STEPS[row.state]
    why = Sentence.from_json(row.why) if row.why else None
    return PartDebit(
        step, row.collect_on, row.amount_minor, row.end_to_end_id, row.mandate.rum,
        row.reason_code, why,
    )  # fmt: skip
