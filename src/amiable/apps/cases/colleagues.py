"""Questions about a dispute to colleagues without an account, answered at a signed address.

Who knows the address reads the question and the invoice it is about, and nothing else of the
customer; only a digest of its token is kept. It opens nothing any more once it was answered, was
taken back, is over, or the dispute is closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from amiable.apps.cases.changes import CaseError, case_tell
from amiable.apps.cases.disputes import Said, dispute_locked, entry_add
from amiable.apps.cases.files import CheckedFile
from amiable.apps.cases.links import token_digest, token_made
from amiable.apps.cases.models import DisputeEntry, DisputeQuestion
from amiable.apps.receivables.models import InvoiceDocument
from amiable.core.money import Money
from amiable.core.sentences import Sentence, declare, gettext_noop

GOOD_FOR_DAYS = 14
MOST_OPEN = 10
_SALT = "amiable.dispute_question"

declare(
    {
        "question.incomplete": gettext_noop("Write whom you ask, and what."),
        "question.many": gettext_noop("At most {limit} questions wait for an answer at once."),
        "question.over": gettext_noop("This question has been answered or taken back."),
    }
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address of a colleague shows. `total` = the invoice as it was issued, whatever was
    paid since; `contested` = the part of it in dispute, None = the whole; `document_of` = the
    invoice when its file is kept."""

    id: int
    organization_id: int
    dispute_id: int
    name: str
    question: str
    asked_by: str
    organization: str
    language: str
    customer: str
    number: str
    issue_date: date
    total: Money
    contested: Money | None
    note: str
    document_of: int | None


@transaction.atomic
def question_ask(
    organization_id: int,
    dispute_id: int,
    *,
    name: str,
    email: str,
    question: str,
    now: datetime,
    actor: str,
) -> int:
    """Ask a colleague; returns the question's id (see question_url). Raises CaseError."""
    dispute = dispute_locked(organization_id, dispute_id)
    if not name.strip() or not question.strip():
        raise CaseError(Sentence("question.incomplete"))
    waiting = dispute.questions.filter(answered_at__isnull=True, revoked_on__isnull=True)
    if waiting.count() >= MOST_OPEN:
        raise CaseError(Sentence("question.many", {"limit": MOST_OPEN}))
    on = timezone.localtime(now).date()
    row = DisputeQuestion.objects.create(
        organization_id=organization_id, dispute=dispute, name=name.strip()[:120], email=email,
        question=question.strip(), asked_by=actor[:254], asked_at=now,
        expires_on=on + timedelta(days=GOOD_FOR_DAYS),
    )  # fmt: skip
    row.digest = token_digest(_token(organization_id, row.pk))
    row.save(update_fields=["digest"])
    told = {"dispute": dispute.pk, "question": row.pk, "colleague": row.name}
    case_tell(dispute.case, "dispute.asked", told=told, on=on, actor=actor)
    return row.pk


def question_url(organization_id: int, question_id: int) -> str:
    """The address at which a question is answered."""
    return f"{settings.BASE_URL}/ask/{_token(organization_id, question_id)}/"


@transaction.atomic
def question_revoke(organization_id: int, question_id: int, *, on: date, actor: str) -> bool:
    """Take a question back: its address opens nothing any more. False when it is over."""
    rows = DisputeQuestion.objects.filter(
        organization_id=organization_id, id=question_id, answered_at__isnull=True,
        revoked_on__isnull=True,
    )  # fmt: skip
    row = rows.select_for_update(no_key=True, of=("self",)).select_related("dispute__case").first()
    if row is None:
        return False
    row.revoked_on = on
    row.save(update_fields=["revoked_on"])
    told = {"dispute": row.dispute_id, "question": row.pk}
    case_tell(row.dispute.case, "dispute.question_revoked", told=told, on=on, actor=actor)
    return True


def question_find(token: str, *, on: date) -> Asked | None:
    """What a token opens on a day; None for one that is unknown, answered, revoked or over, all
    found out in the same way."""
    rows = DisputeQuestion.objects.filter(digest=token_digest(token)).select_related(
        "organization", "dispute__case", "dispute__installment__invoice__customer"
    )
    row = rows.first()
    if row is None or row.revoked_on or row.answered_at or row.expires_on < on:
        return None
    dispute = row.dispute
    if dispute.closed_on is not None:
        return None
    item, currency = dispute.installment, dispute.case.currency
    documents = InvoiceDocument.objects.filter(invoice_id=item.invoice_id)
    part = dispute.amount_minor
    return Asked(
        id=row.pk,
        organization_id=row.organization_id,
        dispute_id=dispute.pk,
        name=row.name,
        question=row.question,
        asked_by=row.asked_by,
        organization=row.organization.name,
        language=row.organization.language,
        customer=item.invoice.customer.name,
        number=item.invoice.number,
        issue_date=item.invoice.issue_date,
        total=Money(item.invoice.total_minor, currency),
        contested=Money(part, currency) if part else None,
        note=dispute.note,
        document_of=documents.values_list("invoice_id", flat=True).first(),
    )


def question_document(asked: Asked) -> tuple[str, bytes] | None:
    """Name and bytes of the invoice that a question is about."""
    rows = InvoiceDocument.objects.filter(
        organization_id=asked.organization_id, invoice_id=asked.document_of
    )
    row = rows.first()
    return (row.filename, bytes(row.content)) if row else None


@transaction.atomic
def question_answer(
    asked: Asked, text: str, *, files: Sequence[CheckedFile], now: datetime
) -> None:
    """Keep what a colleague answers, once. Raises CaseError."""
    rows = DisputeQuestion.objects.filter(
        id=asked.id, answered_at__isnull=True, revoked_on__isnull=True
    )
    if not rows.update(answered_at=now):
        raise CaseError(Sentence("question.over"))
    said = Said(DisputeEntry.Kind.ANSWER, text, files, question_id=asked.id)
    entry_add(asked.organization_id, asked.dispute_id, said, now=now, actor=asked.name)


def _token(organization_id: int, question_id: int) -> str:
    return token_made(_SALT, f"{organization_id}:{question_id}")
