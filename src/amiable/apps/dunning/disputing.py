"""What is said of a dispute between the customer and us: on the payment page, and by email.

A message of the customer is an answer that waits for a person, and wakes the case; one of us stands
on the page of the dispute at once and leaves as an email a few minutes later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.cases.changes import CaseError, case_find
from amiable.apps.cases.disputes import (
    Said,
    Settlement,
    dispute_give_up,
    dispute_settle,
    entry_add,
)
from amiable.apps.cases.files import CheckedFile
from amiable.apps.cases.links import Link, link_used
from amiable.apps.cases.models import Dispute, DisputeEntry
from amiable.apps.dunning.confirming.disputes import dispute_draft
from amiable.apps.dunning.confirming.leaving import confirmation_freeze
from amiable.apps.dunning.planning import cases_replan
from amiable.apps.dunning.saying import MEDIUM, said_before, said_keep
from amiable.apps.messaging.models import Reply, ReplyFile
from amiable.apps.messaging.replies.receiving import replies_wake
from amiable.core.drafts import Draft
from amiable.core.sentences import Sentence, declare, gettext_noop

LABEL = "dispute_message"
WITHDRAWN = "dispute_withdrawn"  # what was said, and the task it leaves
MOST_A_DAY = 20  # messages of a customer about one dispute

declare(
    {
        "dispute.not_yours": gettext_noop("This is no longer here: look at your page again."),
        "dispute.empty": gettext_noop("Write a message, or choose a file."),
        "dispute.enough": gettext_noop(
            "You have sent many messages today: we read them, and answer you."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer of ours was kept. `unsent` = why no email carries it; None when one does."""

    entry_id: int
    unsent: Sentence | None


@transaction.atomic
def dispute_tell(
    organization_id: int,
    dispute_id: int,
    text: str,
    *,
    files: Sequence[CheckedFile] = (),
    now: datetime,
    actor: str,
) -> Answered:
    """Write to the customer about an open dispute. Raises CaseError."""
    said = Said(DisputeEntry.Kind.MESSAGE, text, files)
    entry_id = entry_add(organization_id, dispute_id, said, now=now, actor=actor)
    draft = _draft(organization_id, dispute_id, text, now=now, ahead=0)
    return Answered(entry_id, _freeze(organization_id, draft, now=now))


@transaction.atomic
def dispute_end(
    organization_id: int, dispute_id: int, settlement: Settlement, *, now: datetime, actor: str
) -> Answered:
    """End a dispute and tell the customer how; the case is planned anew. Raises CaseError."""
    on = timezone.localtime(now).date()
    rows = Dispute.objects.filter(organization_id=organization_id, id=dispute_id)
    if not rows.filter(closed_on__isnull=True).exists():
        raise CaseError(Sentence("dispute.closed_before"))
    # Written on the invoice as it is: what is given up, or paid, is no part of a message.
    draft = _draft(organization_id, dispute_id, settlement.sentence, now=now, ahead=1)
    entry_id = dispute_settle(organization_id, dispute_id, settlement, now=now, actor=actor)
    unsent = _freeze(organization_id, draft, now=now)
    customers = rows.values_list("case__customer_id", flat=True)
    cases_replan(organization_id, set(customers), on=on)
    return Answered(entry_id, unsent)


@transaction.atomic
def dispute_write(
    link: Link,
    dispute_id: int,
    *,
    text: str,
    files: Sequence[CheckedFile] = (),
    subject: str,
    ticket: str,
    now: datetime,
) -> None:
    """Keep what a customer adds to a dispute; the same ticket again changes nothing.

    `subject` = how people here read it in lists. Raises CaseError.
    """
    case = case_find(link.organization_id, link.case_id, lock=True)
    name = f"dispute:{ticket}"[:200]
    if said_before(case, name):
        return
    dispute = _contested(link, dispute_id)
    if not text.strip() and not files:
        raise CaseError(Sentence("dispute.empty"))
    on = timezone.localtime(now).date()
    since = now - timedelta(days=1)
    today = _replies(dispute).filter(medium=MEDIUM, received_at__gt=since)
    if today.count() >= MOST_A_DAY:
        raise CaseError(Sentence("dispute.enough"))
    said = {
        "said": LABEL, "dispute": dispute_id, "note": text, "link": link.id,
        "files": [each.sha256 for each in files],
    }  # fmt: skip
    row = said_keep(
        case, said, name=name, subject=subject, text=text.strip(), now=now, dispute=dispute
    )
    reply_files_keep(row, files)
    told = {"reply": row.pk, "sender": row.sender_name, "kind": row.kind, "dispute": dispute_id}
    event_record(row.organization_id, Happening("reply.received", on, MEDIUM, case.pk, told))
    link_used(link, on=on)
    replies_wake(row.organization_id, [case.pk], on=on)
    cases_replan(row.organization_id, [case.customer_id], on=on)


@transaction.atomic
def dispute_withdrawn(
    link: Link, dispute_id: int, *, subject: str, ticket: str, now: datetime
) -> None:
    """The customer contests no longer, on the payment page: a fact at once, planned anew, and a
    task for who looked after it; the same ticket again changes nothing.

    `subject` = how people here read it. Raises CaseError when it was settled before.
    """
    case = case_find(link.organization_id, link.case_id, lock=True)
    name = f"withdrawn:{ticket}"[:200]
    if said_before(case, name):
        return
    dispute = _contested(link, dispute_id)
    on = timezone.localtime(now).date()
    dispute_give_up(link.organization_id, dispute_id, words=subject, on=on, actor=MEDIUM)
    # What it asked of us is done with it.
    asked = _replies(dispute).filter(task="answer_dispute", task_done_on__isnull=True)
    asked.update(task_done_on=on)
    told = {"said": WITHDRAWN, "dispute": dispute_id, "link": link.id}
    row = said_keep(
        case, told, name=name, subject=subject, now=now, dispute=dispute, state=Reply.State.DONE,
        label="other", decided_at=now, decided_by=MEDIUM, task=WITHDRAWN, task_on=on,
    )  # fmt: skip
    happened = {"reply": row.pk, "sender": row.sender_name, "kind": row.kind, **told}
    event_record(row.organization_id, Happening("reply.received", on, MEDIUM, case.pk, happened))
    link_used(link, on=on)
    cases_replan(row.organization_id, [case.customer_id], on=on)


def _contested(link: Link, dispute_id: int) -> Dispute:
    """Raises CaseError when the link may not see it."""
    dispute = dispute_of_link(link, dispute_id)
    if dispute is None:
        raise CaseError(Sentence("dispute.not_yours"))
    return dispute


def _replies(dispute: Dispute) -> QuerySet[Reply]:
    return Reply.objects.filter(organization_id=dispute.organization_id, dispute=dispute)


def dispute_of_link(link: Link, dispute_id: int) -> Dispute | None:
    """A dispute that a link may see: of its case, and of its invoice where it is of one alone."""
    rows = Dispute.objects.filter(
        organization_id=link.organization_id, case_id=link.case_id, id=dispute_id, is_mistake=False
    ).select_related("installment__invoice", "case")
    if link.invoice_id is not None:
        rows = rows.filter(installment__invoice_id=link.invoice_id)
    return rows.first()


def reply_files_keep(row: Reply, files: Sequence[CheckedFile]) -> None:
    """Keep checked files with an answer."""
    ReplyFile.objects.bulk_create(
        ReplyFile(
            organization_id=row.organization_id, reply=row, filename=each.name,
            content_type=each.content_type, content=each.content, sha256=each.sha256,
        )
        for each in files
    )  # fmt: skip


def _draft(
    organization_id: int, dispute_id: int, words: str, *, now: datetime, ahead: int
) -> Draft | Sentence:
    """`ahead` = how many entries come before the one it carries is kept."""
    on: date = timezone.localtime(now).date()
    part = DisputeEntry.objects.filter(dispute_id=dispute_id).count() + ahead
    return dispute_draft(organization_id, dispute_id, words, on=on, part=part)


def _freeze(organization_id: int, draft: Draft | Sentence, *, now: datetime) -> Sentence | None:
    if isinstance(draft, Sentence):
        return draft
    frozen = confirmation_freeze(organization_id, draft, now=now)
    return frozen if isinstance(frozen, Sentence) else None
