"""What a person decides about a bulk line whose details have come: split it, keep it, join it."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.banking.batches import lines_split
from amiable.apps.banking.models import Batch, Match, StatementLine
from amiable.apps.banking.posting import lines_state
from amiable.apps.banking.proposed import proposals_drop
from amiable.apps.banking.services import MatchError, match_undo
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "bank.no_details": gettext_noop("no details wait for this line"),
        "bank.parts_posted": gettext_noop(
            "a part of this line is posted: undo it first, then put the line together"
        ),
        "bank.joined_by": gettext_noop("put together again by {person}"),
    }
)

State = StatementLine.State


@transaction.atomic
def batch_split(organization_id: int, line_id: int, *, on: date, actor: str) -> StatementLine:
    """Split a bulk line into the details that wait for it; what was posted on it is undone first.

    Raises MatchError, PaymentError.
    """
    row, batches = _locked(organization_id, line_id, Batch.State.PROPOSED)
    if row.state == State.POSTED:
        posted = Match.objects.get(line=row, state=Match.State.POSTED)
        match_undo(organization_id, posted.pk, on=on, actor=actor)
        row.refresh_from_db()
    lines_split(organization_id, [(row, batches)], on=on)
    _tell(organization_id, "line.split", row, on=on, actor=actor)
    return row


@transaction.atomic
def batch_refuse(organization_id: int, line_id: int, *, on: date, actor: str) -> StatementLine:
    """Keep the line as it was decided; its details are not proposed again. Raises MatchError."""
    row, batches = _locked(organization_id, line_id, Batch.State.PROPOSED)
    _settle(batches, Batch.State.REFUSED)
    _tell(organization_id, "line.kept_whole", row, on=on, actor=actor)
    return row


@transaction.atomic
def batch_join(organization_id: int, line_id: int, *, on: date, actor: str) -> StatementLine:
    """Put a split line together again; its details are not proposed again. Raises MatchError."""
    row, batches = _locked(organization_id, line_id, Batch.State.SPLIT)
    parts = StatementLine.objects.filter(batch__in=batches)
    ids = set(parts.select_for_update(no_key=True).values_list("id", flat=True))
    if parts.filter(state=State.POSTED).exists():
        raise MatchError("bank.parts_posted")
    proposals_drop(organization_id, ids, on=on)
    StatementLine.objects.filter(id__among=ids).update(state=State.AWAITED, evidence=[])
    _settle(batches, Batch.State.REFUSED)
    lines_state([row], State.LEFT, evidence=[Sentence("bank.joined_by", {"person": actor})])
    _tell(organization_id, "line.joined", row, on=on, actor=actor)
    return row


def _locked(
    organization_id: int, line_id: int, state: Batch.State
) -> tuple[StatementLine, list[Batch]]:
    rows = StatementLine.objects.filter(organization_id=organization_id)
    row = rows.select_for_update(no_key=True).get(id=line_id)
    batches = list(Batch.objects.filter(line=row, state=state).order_by("id"))
    if not batches:
        raise MatchError("bank.no_details")
    return row, batches


def _settle(batches: list[Batch], state: Batch.State) -> None:
    Batch.objects.filter(id__in=[batch.pk for batch in batches]).update(state=state)


def _tell(organization_id: int, kind: str, row: StatementLine, *, on: date, actor: str) -> None:
    event_record(organization_id, Happening(kind, on, actor, payload={"line": row.pk}))
