"""The inbox of answers: what waits, whose it is, what is at stake, and one answer in full."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Length
from django.utils import timezone

from amiable.apps.cases.models import Case
from amiable.apps.customers.models import ContactPoint, Customer
from amiable.apps.messaging.models import Mailbox, Reply, ReplyFile
from amiable.apps.receivables.models import Installment
from amiable.apps.receivables.queries import OpenItem, open_items
from amiable.apps.tenants.models import Organization
from amiable.core.money import Money
from amiable.core.sentences import Sentence

Tab = Literal["unread", "tasks", "done", "machines"]
TABS: tuple[Tab, ...] = ("unread", "tasks", "done", "machines")
SIZE = 50
SNIPPET = 140
CANDIDATES = 12
State, Kind = Reply.State, Reply.Kind
# Answers without a file that are this organization's own all the same.
_OURS = ("reply.several_customers", "reply.sender", "reply.test_message", "reply.number")


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """An answer in the list. `stake` = what is open in its file; `proposal` = the first, if any."""

    id: int
    sender: str
    sender_name: str
    subject: str
    snippet: str
    medium: str
    kind: str
    state: str
    label: str
    task: str
    received_at: datetime
    waits_days: int
    case_id: int | None
    customer_id: int | None
    customer: str
    stake: Money | None
    proposal: Mapping[str, Any] | None
    decided_by: str


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """One page of answers; `total` counts all pages."""

    rows: list[AnswerRow]
    total: int
    number: int
    pages: int


@dataclass(frozen=True, slots=True)
class AnswerFile:
    """A file that came along; `size` in bytes."""

    id: int
    filename: str
    content_type: str
    size: int
    is_dangerous: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that an answer may belong to."""

    case_id: int
    customer_id: int
    customer: str
    code: str
    stake: Money


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer in full. `words` = its own words in pieces, with whether each is evidence."""

    row: AnswerRow
    words: tuple[tuple[str, bool], ...]
    quoted: str
    notes: tuple[Sentence, ...]
    why: tuple[Sentence, ...]
    files: tuple[AnswerFile, ...]
    proposals: tuple[Mapping[str, Any], ...]
    items: tuple[OpenItem, ...]
    message_id: int | None
    message_subject: str
    previous_id: int | None
    next_id: int | None
    can_be_undone: bool


@dataclass(frozen=True, slots=True)
class MailboxState:
    """A mailbox that is read: its name, when last, and what went wrong."""

    name: str
    read_at: datetime | None
    error: str


def inbox(
    organization_id: int, tab: Tab, *, on: date, with_unmatched: bool, page: int = 1
) -> AnswerPage:
    """Answers of a tab: those that wait longest first, those that are settled latest first.

    `with_unmatched` = also what matched nobody, which only managers see. Four queries.
    """
    rows = _tab(organization_id, tab, on=on, with_unmatched=with_unmatched)
    total = rows.count()
    pages = max(1, -(-total // SIZE))
    number = min(max(1, page), pages)
    start = (number - 1) * SIZE
    return AnswerPage(_rows(organization_id, rows[start : start + SIZE], on), total, number, pages)


def inbox_counts(organization_id: int, *, on: date, with_unmatched: bool) -> dict[str, int]:
    """How many answers each tab with work holds."""
    return {
        tab: _tab(organization_id, tab, on=on, with_unmatched=with_unmatched).count()
        for tab in ("unread", "tasks")
    }


def unread_count(organization_id: int, *, with_unmatched: bool) -> int:
    """How many answers wait to be read."""
    seen = _seen(organization_id, with_unmatched=with_unmatched)
    return seen.filter(state=State.UNREAD).count()


def answer(organization_id: int, reply_id: int, *, on: date, with_unmatched: bool) -> Answer | None:
    """One answer in full, None when it is not theirs to see."""
    seen = _seen(organization_id, with_unmatched=with_unmatched)
    found = seen.filter(id=reply_id).select_related("case__customer", "message").defer("content")
    reply = found.first()
    if reply is None:
        return None
    (row,) = _rows(organization_id, seen.filter(id=reply_id), on)
    items = _items(organization_id, reply.case)
    proposals = tuple(reply.proposals)
    spans = proposals[0]["spans"] if proposals else []
    order = list(
        _tab(organization_id, "unread", on=on, with_unmatched=with_unmatched).values_list(
            "id", flat=True
        )[:500]
    )
    before, after = _neighbors(order, reply_id)
    decided = reply.decided_at
    return Answer(
        row=row,
        words=marked(reply.text, spans),
        quoted=reply.quoted,
        notes=_sentences(reply.notes),
        why=_sentences(reply.matched_by),
        files=_files(reply),
        proposals=proposals,
        items=items,
        message_id=reply.message_id,
        message_subject=reply.message.subject if reply.message else "",
        previous_id=before,
        next_id=after,
        can_be_undone=decided is not None and timezone.localtime(decided).date() == on,
    )


def answer_file(
    organization_id: int, reply_id: int, file_id: int, *, with_unmatched: bool
) -> tuple[str, bytes] | None:
    """Name and bytes of a file that came with an answer."""
    seen = _seen(organization_id, with_unmatched=with_unmatched).filter(id=reply_id)
    found = ReplyFile.objects.filter(id=file_id, reply__in=seen.values("id")).first()
    return (found.filename, bytes(found.content)) if found else None


def answer_source(organization_id: int, reply_id: int, *, with_unmatched: bool) -> bytes | None:
    """The bytes as they came."""
    seen = _seen(organization_id, with_unmatched=with_unmatched).filter(id=reply_id)
    content = seen.values_list("content", flat=True).first()
    return None if content is None else bytes(content)


def candidates(organization_id: int, reply_id: int, search: str) -> list[Candidate]:
    """Files an answer may belong to: by name or code, else those its sender's address is of."""
    customers = Customer.objects.filter(organization_id=organization_id)
    text = search.strip()
    if text:
        customers = customers.filter(Q(name__icontains=text) | Q(code__istartswith=text))
    else:
        replies = Reply.objects.filter(organization_id=organization_id, id=reply_id)
        sender, held = replies.values_list("sender", "candidates").first() or ("", [])
        points = ContactPoint.objects.filter(organization_id=organization_id, value__iexact=sender)
        known = Q(id__in=points.values("customer_id")) | Q(cases__id__in=held)
        customers = customers.filter(known).distinct()
    rows = (
        Case.objects.filter(organization_id=organization_id, customer__in=customers)
        .annotate(is_open=Exists(_open_of_case()))
        .order_by("-is_open", "customer__name", "id")
        .values_list("id", "customer_id", "customer__name", "customer__code", "currency")
    )[:CANDIDATES]
    found = list(rows)
    stakes = _stakes(organization_id, {row[1] for row in found})
    return [
        Candidate(case_id, customer_id, name, code, Money(stakes[customer_id, currency], currency))
        for case_id, customer_id, name, code, currency in found
    ]


def mailboxes(organization_id: int) -> list[MailboxState]:
    """The organization's own mailboxes, as they were last read."""
    rows = Mailbox.objects.filter(organization_id=organization_id).order_by("name")
    return [MailboxState(*row) for row in rows.values_list("name", "read_at", "error")]


def answers_overdue(organization_id: int, on: date) -> list[tuple[int, str]]:
    """Customers whose answer nobody has read for as long as it holds the case: id and name."""
    hold = Organization.objects.values_list("unread_reply_hold_days", flat=True)
    since = on - timedelta(days=hold.get(id=organization_id))
    rows = Reply.objects.filter(
        organization_id=organization_id, state=State.UNREAD, kind=Kind.REPLY, case__isnull=False,
        received_at__date__lte=since,
    ).order_by("received_at")  # fmt: skip
    found = rows.values_list("case__customer_id", "case__customer__name")
    return list(dict.fromkeys(found))


def marked(text: str, spans: Iterable[Sequence[int]]) -> tuple[tuple[str, bool], ...]:
    """The text in pieces, each with whether it lies in a span; spans may overlap or lie outside."""
    pieces: list[tuple[str, bool]] = []
    at = 0
    for start, end in sorted((max(0, a), min(len(text), b)) for a, b in spans):
        if end <= at:
            continue
        first = max(start, at)
        pieces += [(text[at:first], False), (text[first:end], True)]
        at = end
    pieces.append((text[at:], False))
    return tuple(piece for piece in pieces if piece[0])


def _seen(organization_id: int, *, with_unmatched: bool) -> QuerySet[Reply]:
    rows = Reply.objects.filter(organization_id=organization_id)
    if with_unmatched:
        return rows
    return rows.filter(Q(case__isnull=False) | Q(matched_by__0__code__in=_OURS))


def _tab(organization_id: int, tab: Tab, *, on: date, with_unmatched: bool) -> QuerySet[Reply]:
    rows = _seen(organization_id, with_unmatched=with_unmatched)
    if tab == "unread":
        return rows.filter(state=State.UNREAD).order_by("received_at", "id")
    if tab == "tasks":
        # A payment that came settles what was to be checked.
        opened = _open_of_case("case__customer_id", "case__currency")
        waiting = rows.filter(task_on__lte=on, task_done_on__isnull=True).exclude(task="")
        return waiting.filter(Exists(opened)).order_by("task_on", "id")
    by_person = Q(decided_at__isnull=False)
    settled = rows.exclude(state=State.UNREAD).filter(by_person if tab == "done" else ~by_person)
    return settled.order_by("-received_at", "-id")


def _open_of_case(
    customer: str = "customer_id", currency: str = "currency"
) -> QuerySet[Installment]:
    return Installment.objects.filter(
        customer_id=OuterRef(customer), currency=OuterRef(currency), settled_on__isnull=True
    )


def _rows(organization_id: int, replies: QuerySet[Reply], on: date) -> list[AnswerRow]:
    fields = (
        "id", "sender", "sender_name", "subject", "text", "medium", "kind", "state", "label",
        "task", "received_at", "case_id", "case__customer_id", "case__customer__name",
        "case__currency", "proposals", "decided_by",
    )  # fmt: skip
    found = list(replies.values(*fields))
    customers = {row["case__customer_id"] for row in found} - {None}
    stakes = _stakes(organization_id, customers)
    return [_row(row, stakes, on) for row in found]


def _row(row: dict[str, Any], stakes: Mapping[tuple[int, str], int], on: date) -> AnswerRow:
    customer_id, currency = row["case__customer_id"], row["case__currency"]
    received = timezone.localtime(row["received_at"]).date()
    return AnswerRow(
        id=row["id"],
        sender=row["sender"],
        sender_name=row["sender_name"],
        subject=row["subject"],
        snippet=" ".join(row["text"][: 3 * SNIPPET].split())[:SNIPPET],
        medium=row["medium"],
        kind=row["kind"],
        state=row["state"],
        label=row["label"],
        task=row["task"],
        received_at=row["received_at"],
        waits_days=max(0, (on - received).days),
        case_id=row["case_id"],
        customer_id=customer_id,
        customer=row["case__customer__name"] or "",
        stake=Money(stakes[customer_id, currency], currency) if customer_id else None,
        proposal=row["proposals"][0] if row["proposals"] else None,
        decided_by=row["decided_by"],
    )


def _stakes(organization_id: int, customer_ids: Collection[int]) -> dict[tuple[int, str], int]:
    """What is open by (customer, currency)."""
    found: dict[tuple[int, str], int] = defaultdict(int)
    if customer_ids:
        for item in open_items(organization_id, customer_ids):
            found[item.customer_id, item.currency] += item.open_minor
    return found


def _items(organization_id: int, case: Case | None) -> tuple[OpenItem, ...]:
    if case is None:
        return ()
    found = open_items(organization_id, [case.customer_id])
    mine = [item for item in found if item.currency == case.currency and item.open_minor > 0]
    return tuple(sorted(mine, key=lambda item: (item.due_date, item.id)))


def _files(reply: Reply) -> tuple[AnswerFile, ...]:
    dangerous = {
        note["params"].get("name")
        for note in reply.notes
        if note["code"] in {"mail.attachment_dangerous", "mail.attachment_disguised"}
    }
    rows = ReplyFile.objects.filter(reply=reply).annotate(size=Length("content")).order_by("id")
    return tuple(
        AnswerFile(file_id, name, content_type, size, name in dangerous)
        for file_id, name, content_type, size in rows.values_list(
            "id", "filename", "content_type", "size"
        )
    )


def _neighbors(order: list[int], reply_id: int) -> tuple[int | None, int | None]:
    """Before and after in the list; for one that is not in it any more, none and the first."""
    if reply_id not in order:
        return None, order[0] if order else None
    at = order.index(reply_id)
    return (order[at - 1] if at else None), (order[at + 1] if at + 1 < len(order) else None)


def _sentences(data: Iterable[Mapping[str, Any]]) -> tuple[Sentence, ...]:
    return tuple(Sentence.from_json(each) for each in data)
