"""Disputes as people work on them: the list by the day they are to be answered, and one of them
with everything that was said, by the customer, by us and by colleagues."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Length

from amiable.apps.cases.models import Dispute, DisputeEntry, DisputeFile, DisputeQuestion
from amiable.apps.messaging.models import Reply, ReplyFile
from amiable.apps.receivables.models import InvoiceDocument
from amiable.apps.receivables.queries import installment_balances
from amiable.core.money import Money

Tab = Literal["open", "late", "settled"]
TABS: tuple[Tab, ...] = ("open", "late", "settled")
Side = Literal["customer", "us", "colleague", "note"]
SIZE = 50


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """A dispute in the list. `contested` = at most what is open; `unread` = messages of the
    customer that nobody has read; `is_late` = it should have been answered."""

    id: int
    customer_id: int
    customer: str
    creditor_id: int
    number: str
    reason: str
    contested: Money
    is_part: bool
    opened_on: date
    respond_by: date | None
    owner: str
    is_late: bool
    escalated_on: date | None
    unread: int
    closed_on: date | None
    settled_as: str
    outcome: str


@dataclass(frozen=True, slots=True)
class DisputePage:
    """One page of disputes; `total` counts all pages."""

    rows: list[DisputeRow]
    total: int
    number: int
    pages: int


@dataclass(frozen=True, slots=True)
class SpokenFile:
    """A file that goes with what was said; `holder` = "reply" or "entry". `size` in bytes."""

    holder: str
    id: int
    filename: str
    content_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Spoken:
    """Something that was said: by whom, when, whether the customer sees it. `question` = what a
    colleague answers."""

    side: Side
    author: str
    at: datetime
    text: str
    files: tuple[SpokenFile, ...]
    is_outcome: bool = False
    question: str = ""
    reply_id: int | None = None


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question to a colleague that waits, or is over without an answer."""

    id: int
    name: str
    email: str
    question: str
    asked_at: datetime
    expires_on: date
    is_open: bool


@dataclass(frozen=True, slots=True)
class DisputeFull:
    """One dispute. `owner_id` = who looks after it; `language` = the customer's; `can_reopen` = it
    was settled today."""

    row: DisputeRow
    case_id: int
    invoice_id: int
    issue_date: date
    total: Money
    note: str
    owner_id: int | None
    language: str
    has_document: bool
    spoken: tuple[Spoken, ...]
    questions: tuple[QuestionRow, ...]
    given_up: Money | None
    can_reopen: bool


def disputes(organization_id: int, tab: Tab, *, on: date, page: int = 1) -> DisputePage:
    """Disputes of a tab: those to be answered first, those settled latest first. Three queries."""
    rows = _tab(organization_id, tab, on)
    total = rows.count()
    pages = max(1, -(-total // SIZE))
    number = min(max(1, page), pages)
    start = (number - 1) * SIZE
    return DisputePage(_rows(rows[start : start + SIZE], on), total, number, pages)


def disputes_counts(organization_id: int, *, on: date) -> dict[str, int]:
    """How many disputes each tab with work holds: one query."""
    rows = _tab(organization_id, "open", on)
    late = Count("id", filter=Q(respond_by__lt=on))
    return rows.order_by().aggregate(open=Count("id"), late=late)


def dispute(organization_id: int, dispute_id: int, *, on: date) -> DisputeFull | None:
    """One dispute in full; None when it is not there. A fixed number of queries."""
    found = Dispute.objects.filter(organization_id=organization_id, id=dispute_id)
    row = next(iter(_rows(found, on)), None)
    if row is None:
        return None
    one = found.select_related("installment__invoice", "case__customer").get()
    invoice, currency = one.installment.invoice, one.case.currency
    questions = list(one.questions.order_by("id"))
    return DisputeFull(
        row=row,
        case_id=one.case_id,
        invoice_id=invoice.pk,
        issue_date=invoice.issue_date,
        total=Money(invoice.total_minor, currency),
        note=one.note,
        owner_id=one.owner_id,
        language=one.case.customer.language,
        has_document=InvoiceDocument.objects.filter(invoice_id=invoice.pk).exists(),
        spoken=spoken(one),
        questions=tuple(_question(each, on) for each in questions if not each.answered_at),
        given_up=Money(one.settled_minor, currency) if one.settled_minor else None,
        can_reopen=one.closed_on == on and bool(one.settled_as),
    )


def spoken(one: Dispute, *, to_customer: bool = False) -> tuple[Spoken, ...]:
    """What was said of a dispute, in order; `to_customer` = only what the customer may see. Four
    queries."""
    entries = one.entries.select_related("question").order_by("at", "id")
    if to_customer:
        entries = entries.filter(kind__in=DisputeEntry.TO_CUSTOMER)
    replies = Reply.objects.filter(organization_id=one.organization_id, dispute=one)
    written = list(replies.defer("content").order_by("received_at", "id"))
    said = list(entries)
    files = _files("entry", DisputeFile.objects.filter(entry__in=[x.pk for x in said]))
    files |= _files("reply", ReplyFile.objects.filter(reply__in=[x.pk for x in written]))
    found = [
        Spoken("customer", each.sender_name, each.received_at, each.text,
               tuple(files.get(("reply", each.pk), ())), reply_id=each.pk)
        for each in written
    ]  # fmt: skip
    found += [_said(each, tuple(files.get(("entry", each.pk), ()))) for each in said]
    return tuple(sorted(found, key=lambda each: each.at))


def dispute_file(
    organization_id: int, dispute_id: int, *, holder: str, file_id: int, to_customer: bool = False
) -> tuple[str, bytes] | None:
    """Name and bytes of a file of a dispute; of those that the customer may see where asked so."""
    rows: QuerySet[Any]
    if holder == "reply":
        rows = ReplyFile.objects.filter(reply__dispute=dispute_id)
    else:
        rows = DisputeFile.objects.filter(entry__dispute=dispute_id)
        if to_customer:
            rows = rows.filter(entry__kind__in=DisputeEntry.TO_CUSTOMER)
    found = rows.filter(organization_id=organization_id, id=file_id).first()
    return (found.filename, bytes(found.content)) if found else None


def colleague_files(organization_id: int, dispute_id: int) -> tuple[SpokenFile, ...]:
    """The files that the customer sent with a dispute: one query."""
    rows = ReplyFile.objects.filter(organization_id=organization_id, reply__dispute=dispute_id)
    return tuple(each for listed in _files("reply", rows).values() for each in listed)


def _tab(organization_id: int, tab: Tab, on: date) -> QuerySet[Dispute]:
    rows = Dispute.objects.filter(organization_id=organization_id, is_mistake=False)
    if tab == "settled":
        return rows.filter(closed_on__isnull=False).order_by("-closed_on", "-id")
    rows = rows.filter(closed_on__isnull=True)
    if tab == "late":
        rows = rows.filter(respond_by__lt=on)
    return rows.order_by(F("respond_by").asc(nulls_last=True), "id")


def _rows(rows: QuerySet[Dispute], on: date) -> list[DisputeRow]:
    unread = Count("replies", filter=Q(replies__state="unread"))
    found = list(
        rows.annotate(unread=unread).select_related(
            "case__customer", "installment__invoice", "owner"
        )
    )
    organizations = {each.organization_id for each in found}
    opens: dict[int, int] = {}
    for organization_id in organizations:
        opens |= installment_balances(organization_id, [each.installment_id for each in found])
    return [_row(each, opens.get(each.installment_id, 0), on) for each in found]


def _row(one: Any, open_minor: int, on: date) -> DisputeRow:
    part = one.amount_minor
    contested = part if one.closed_on or part is not None else open_minor
    contested = one.installment.invoice.total_minor if contested is None else contested
    return DisputeRow(
        id=one.pk,
        customer_id=one.case.customer_id,
        customer=one.case.customer.name,
        creditor_id=one.case.customer.creditor_id,
        number=one.installment.invoice.number,
        reason=one.reason,
        contested=Money(contested, one.case.currency),
        is_part=part is not None,
        opened_on=one.opened_on,
        respond_by=one.respond_by,
        owner=one.owner.get_full_name() or one.owner.email if one.owner else "",
        is_late=one.closed_on is None and one.respond_by is not None and one.respond_by < on,
        escalated_on=one.escalated_on,
        unread=one.unread,
        closed_on=one.closed_on,
        settled_as=one.settled_as,
        outcome=one.outcome,
    )


_SIDES: dict[str, Side] = {
    "message": "us", "outcome": "us", "note": "note", "answer": "colleague",
}  # fmt: skip


def _said(entry: DisputeEntry, files: tuple[SpokenFile, ...]) -> Spoken:
    return Spoken(
        side=_SIDES[entry.kind],
        author=entry.author,
        at=entry.at,
        text=entry.text,
        files=files,
        is_outcome=entry.kind == DisputeEntry.Kind.OUTCOME,
        question=entry.question.question if entry.question else "",
    )


def _question(row: DisputeQuestion, on: date) -> QuestionRow:
    is_open = row.revoked_on is None and row.expires_on >= on
    return QuestionRow(
        row.pk, row.name, row.email, row.question, row.asked_at, row.expires_on, is_open
    )


def _files(holder: str, rows: QuerySet[Any]) -> dict[tuple[str, int], list[SpokenFile]]:
    """Files by what they go with, without their bytes."""
    found: dict[tuple[str, int], list[SpokenFile]] = defaultdict(list)
    sized: Iterable[Collection[Any]] = (
        rows.annotate(size=Length("content"))
        .order_by("id")
        .values_list(f"{holder}_id", "id", "filename", "content_type", "size")
    )
    for owner, *told in sized:
        found[holder, owner].append(SpokenFile(holder, *told))
    return found
