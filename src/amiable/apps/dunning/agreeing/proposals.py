"""Proposed plans as pages show them: the one that is open, one refused of late, what was signed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from amiable.apps.cases.links import Link
from amiable.apps.cases.models import PlanProposal
from amiable.apps.dunning.agreeing.offering import plan_offer
from amiable.apps.dunning.agreeing.signing import offered_parts
from amiable.core.schedules import PlanPart

# A refusal is told again on the page for so long.
TOLD = timedelta(days=30)
_FIELDS = (
    "id", "case_id", "state", "amount_minor", "asked_on", "asked_by", "text", "sha256",
    "acknowledges", "code", "signed_at", "address", "agent", "decided_on", "decided_by", "answer",
    "plan_id", "mandate_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan on paper; amounts in minor units. `text`, `sha256` = what was signed; `code` =
    of the code that confirmed it, {} = none was asked for (cases.codes.Evidence)."""

    id: int
    case_id: int
    state: str
    amount_minor: int
    asked_on: date
    asked_by: str
    text: str
    sha256: str
    acknowledges: bool
    code: Mapping[str, str]
    signed_at: datetime | None
    address: str
    agent: str
    decided_on: date | None
    decided_by: str
    answer: str
    plan_id: int | None
    mandate_id: int | None
    parts: tuple[PlanPart, ...]
    currency: str

    @property
    def is_waiting(self) -> bool:
        """Signed by the customer: a person decides."""
        return self.state == PlanProposal.State.WAITING


def is_plan_open(link: Link, *, on: date) -> bool:
    """Whether the page has a plan to choose, to sign, or one that waits."""
    return open_proposal(link) is not None or plan_offer(link, on=on) is not None


def open_proposal(link: Link) -> Proposal | None:
    """What waits for a person, or for the customer's signature, in the case of a link."""
    rows = PlanProposal.objects.filter(case_id=link.case_id, state__in=PlanProposal.OPEN)
    rows = rows.select_related("case")
    return None if link.invoice_id else next((_proposal(row) for row in rows), None)


def refused_lately(link: Link, *, on: date) -> Proposal | None:
    """The newest proposal when it was refused of late: the customer reads why."""
    rows = PlanProposal.objects.filter(case_id=link.case_id).select_related("case")
    newest = rows.order_by("-id").first()
    if newest is None or newest.state != PlanProposal.State.REFUSED:
        return None
    recent = newest.decided_on is not None and newest.decided_on > on - TOLD
    return _proposal(newest) if recent else None


def case_proposals(organization_id: int, case_ids: Collection[int]) -> list[Proposal]:
    """Every proposal of cases, newest first: one query."""
    rows = PlanProposal.objects.filter(organization_id=organization_id, case_id__in=case_ids)
    return [_proposal(row) for row in rows.select_related("case").order_by("-id")]


def _proposal(row: PlanProposal) -> Proposal:
    known = {name: getattr(row, name) for name in _FIELDS}
    return Proposal(**known, parts=offered_parts(row), currency=row.case.currency)
