"""What comes back: stored once, whole, matched to a case and its message, read and never run."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.cases.models import Case
from amiable.apps.cases.services import cases_wake
from amiable.apps.messaging.models import Reply, ReplyFile
from amiable.apps.messaging.replies.answered import Whose, whose_mail
from amiable.apps.messaging.replies.objecting import objection_apply
from amiable.apps.messaging.replies.proposed import proposals_of
from amiable.apps.messaging.replies.reported import reports_record
from amiable.core.replies import IncomingMail, read_mail

# What a mailbox held long before it was connected is no news: it holds nothing.
OLD_MAIL = timedelta(days=30)
# What machines write and a person must decide about all the same.
_FOR_PEOPLE = frozenset({"vacation", "challenge", "complaint"})

State, Kind = Reply.State, Reply.Kind


@dataclass(frozen=True, slots=True)
class Received:
    """Where an answer was stored; `is_new` False = it was there already."""

    reply_id: int
    organization_id: int
    is_new: bool


def reply_receive(
    organization_id: int,
    content: bytes,
    *,
    source: str,
    received_at: datetime,
    among: Collection[int] = (),
) -> Received:
    """Store an email as its bytes.

    `organization_id` = whose mailbox or channel it came by; `among` = all those that share it. It
    goes to the one whose case it answers, else to the first. The same Message-ID (or, without
    one, the same bytes) changes nothing. A case is looked at again at once; an unread answer of a
    person holds it (see answers_unread).
    """
    mail = read_mail(content)
    whose = whose_mail(mail, tuple(among) or (organization_id,))
    row = Reply(medium="email", sender=mail.from_address.address[:300], content=content)
    names = _names(mail, hashlib.sha256(content).hexdigest())
    return reply_store(
        row, mail, whose=whose, names=names, organization_id=organization_id, source=source,
        received_at=received_at,
    )  # fmt: skip


@transaction.atomic
def reply_store(
    row: Reply,
    mail: IncomingMail,
    *,
    whose: Whose,
    names: Sequence[str],
    organization_id: int,
    source: str,
    received_at: datetime,
) -> Received:
    """Write an answer that was read, once, with what it brings; `row` holds its content, medium,
    sender and notes of its own, `names` what it may be known by."""
    owner = whose.organization_id or organization_id
    row.sha256 = hashlib.sha256(row.content).hexdigest()
    known = _known({owner, organization_id}, names, row, mail)
    if known is not None:
        return known
    row.organization_id, row.source = owner, source
    row.external_id = _free(owner, names)
    on = timezone.localtime(received_at).date()
    _fill(row, mail, whose, at=_moment(mail, received_at), on=on)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:  # told twice at the same moment: the other one has stored it
        same = Reply.objects.get(organization_id=owner, external_id=row.external_id)
        return Received(same.pk, owner, is_new=False)
    _files_keep(row, mail)
    reports_record(row, mail, source=source, now=received_at)
    _tell(row, source, on)
    objection_apply(row, whose.customers, on=on, now=received_at)
    return Received(row.pk, owner, is_new=True)


@transaction.atomic
def reply_assign(
    organization_id: int, reply_id: int, case_id: int | None, *, on: date, actor: str
) -> bool:
    """Say by hand whose file an answer belongs to (None = to none). False when either is not
    there, or something was already decided on it."""
    row = (
        Reply.objects.select_for_update(no_key=True, of=("self",))
        .filter(organization_id=organization_id, id=reply_id, state=State.UNREAD)
        .first()
    )
    cases = Case.objects.filter(organization_id=organization_id, id=case_id)
    if row is None or (case_id is not None and not cases.exists()):
        return False
    before, row.case_id, row.message_id = row.case_id, case_id, None
    row.save(update_fields=["case", "message"])
    told = {"reply": row.pk, "sender": row.sender}
    for kind, whose in (("reply.unassigned", before), ("reply.assigned", case_id)):
        if whose is not None and before != case_id:
            event_record(organization_id, Happening(kind, on, actor, whose, told))
    # Those that were held while nobody knew are held no more, or again.
    replies_wake(organization_id, {*row.candidates, before, case_id} - {None}, on=on)
    return True


def answers_unread(organization_id: int, case_ids: Collection[int]) -> dict[int, date]:
    """Per case, the day of the newest answer of a person that nobody has read; one that may be
    about several counts for each of them."""
    open_to_all = Q(case__isnull=True) & ~Q(candidates=[])
    rows = Reply.objects.filter(
        Q(case_id__among=case_ids) | open_to_all,
        organization_id=organization_id,
        state=State.UNREAD,
        kind=Kind.REPLY,
    )
    wanted, newest = set(case_ids), dict[int, date]()
    for case_id, candidates, at in rows.order_by("received_at").values_list(
        "case_id", "candidates", "received_at"
    ):
        for each in wanted & ({case_id} if case_id else set(candidates)):
            newest[each] = timezone.localtime(at).date()
    return newest


def replies_wake(organization_id: int, case_ids: Collection[int | None], *, on: date) -> None:
    """Make the planner look at these cases."""
    rows = Case.objects.filter(organization_id=organization_id, id__in=case_ids)
    cases_wake(organization_id, set(rows.values_list("customer_id", flat=True)), on=on)


def _known(
    organization_ids: Collection[int], names: Sequence[str], new: Reply, mail: IncomingMail
) -> Received | None:
    """The same answer, stored before: under its Message-ID with the same words, or its bytes. One
    that matched nobody then may lie with the owner of the mailbox."""
    rows = Reply.objects.filter(organization_id__in=organization_ids, external_id__in=names)
    for row in rows.only("id", "organization_id", "sha256", "text", "sender", "kind"):
        if row.sha256 == new.sha256 or (new.medium == "email" and _same(row, mail)):
            return Received(row.pk, row.organization_id, is_new=False)
    return None


def _same(row: Reply, mail: IncomingMail) -> bool:
    """Copies of one mail differ in the headers of their way; a Message-ID alone proves nothing."""
    sender = mail.from_address.address[:300]
    return (row.text, row.sender, row.kind) == (mail.text, sender, mail.kind)


def _names(mail: IncomingMail, digest: str) -> tuple[str, ...]:
    """How a mail may be called: its Message-ID where that is one, its digest."""
    own = mail.message_id
    usable = own and len(own) <= 200 and own.isascii() and own.isprintable()
    return (own, digest) if usable else (digest,)


def _free(organization_id: int, names: Sequence[str]) -> str:
    """The first name that no other answer bears; a Message-ID may be claimed by another mail."""
    rows = Reply.objects.filter(organization_id=organization_id, external_id__in=names)
    taken = set(rows.values_list("external_id", flat=True))
    return next((name for name in names if name not in taken), names[-1])


def _moment(mail: IncomingMail, now: datetime) -> datetime:
    """When it came: now, since that is when people here can first see it, except for old mail."""
    written = mail.date
    return written if written is not None and written < now - OLD_MAIL else now


def _fill(row: Reply, mail: IncomingMail, whose: Whose, *, at: datetime, on: date) -> None:
    """Write whose it is, what was read in it and what it proposes."""
    state = State.UNREAD if _is_for_people(mail, whose) else State.DONE
    row.case_id, row.message_id = whose.case_id, whose.message_id
    row.candidates = list(whose.candidates)
    row.matched_by = [why.to_json() for why in whose.why]
    row.sender_name, row.subject = mail.from_address.name[:200], mail.subject[:300]
    row.text, row.quoted, row.received_at, row.kind = mail.text, mail.quoted, at, mail.kind
    row.language, row.proposals = proposals_of(mail, on=on)
    row.notes = [*row.notes, *(note.to_json() for note in (*mail.evidence, *mail.problems))]
    row.state = state
    row.label = "" if state == State.UNREAD else mail.detail or mail.kind


def _is_for_people(mail: IncomingMail, whose: Whose) -> bool:
    """What a person wrote or must decide about; also a report that nothing proves."""
    if mail.kind == Kind.BOUNCE:
        hard = any(report.outcome == "hard" for report in mail.recipients)
        return hard and whose.case_id is not None and whose.message_id is None
    return mail.kind == Kind.REPLY or mail.detail in _FOR_PEOPLE


def _files_keep(row: Reply, mail: IncomingMail) -> None:
    ReplyFile.objects.bulk_create(
        ReplyFile(
            organization_id=row.organization_id,
            reply=row,
            filename=each.name[:200],
            content_type=each.media_type[:100],
            content=each.content,
            sha256=hashlib.sha256(each.content).hexdigest(),
        )
        for each in mail.attachments
    )


def _tell(row: Reply, source: str, on: date) -> None:
    told: dict[str, object] = {"reply": row.pk, "sender": row.sender, "kind": row.kind}
    happening = Happening("reply.received", on, source, row.case_id, told)
    event_record(row.organization_id, happening)
    if row.case_id is not None:
        replies_wake(row.organization_id, [row.case_id], on=on)
    elif row.candidates:
        replies_wake(row.organization_id, row.candidates, on=on)
