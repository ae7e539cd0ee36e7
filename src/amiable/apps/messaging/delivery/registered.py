"""Writes of registered letters: number, deposit, what became of them, and the papers that prove it.
By hand or from a file; providers tell the same through their hook."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import PurePosixPath

from django.db import transaction
from django.utils import timezone

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.messaging.delivery.events import events_record
from amiable.apps.messaging.models import Message, Proof
from amiable.core.delivery import EventKind, ReportedEvent
from amiable.core.records import RowError, TrackingRow
from amiable.core.registered import TOLD, number_clean, number_problem
from amiable.core.sentences import Param, Sentence, declare, gettext_noop

MEDIUM = "registered_letter"
HAND, FILE = "hand", "file"
MAX_PROOF_BYTES = 10 * 1024 * 1024
# By what a file begins with, whatever its name claims.
_SIGNATURES = (
    (b"%PDF-", "application/pdf", ".pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png", ".png"),
    (b"\xff\xd8\xff", "image/jpeg", ".jpg"),
)

declare(
    {
        "registered.not_found": gettext_noop("There is no such registered letter here."),
        "registered.number_taken": gettext_noop(
            "{number} is the number of another letter already."
        ),
        "registered.not_sent": gettext_noop(
            "The letter has not left yet: there is nothing to note."
        ),
        "registered.kind": gettext_noop("Choose what became of the letter."),
        "registered.future": gettext_noop("{on} is yet to come: write it on the day."),
        "registered.too_early": gettext_noop(
            "{on} is before the letter was written, on {written}."
        ),
        "registered.proof_kind": gettext_noop("Choose what the paper is."),
        "registered.proof_empty": gettext_noop("The file is empty."),
        "registered.proof_large": gettext_noop(
            "The file is larger than {limit} MB: scan it again, smaller."
        ),
        "registered.proof_type": gettext_noop("Only PDF, PNG and JPEG files are kept as proofs."),
        "tracking.unknown": gettext_noop("No letter here bears the number {number}: passed over."),
        "tracking.future": gettext_noop("{on} is yet to come: passed over."),
    }
)  # fmt: skip


class RegisteredError(ValueError):
    """A wish that cannot be granted; `sentence` says why."""

    def __init__(self, code: str, **params: Param) -> None:
        self.sentence = Sentence(code, params)
        super().__init__(str(self.sentence))


@transaction.atomic
def letter_deposit(
    organization_id: int,
    message_id: int,
    number: str,
    *,
    deposited_on: date | None,
    now: datetime,
    actor: str,
) -> str:
    """Write a letter's number ("" = keep it), and the day it was handed to the post (None = not
    yet). Returns the number as it is kept. Raises RegisteredError."""
    letter = _letter(organization_id, message_id)
    clean = number_clean(number)
    if clean and clean != letter.number:
        problem = number_problem(number)
        if problem:
            raise RegisteredError(problem.code, **problem.params)
        others = Message.objects.filter(organization_id=organization_id, number=clean)
        if others.exclude(id=letter.pk).exists():
            raise RegisteredError("registered.number_taken", number=number[:40])
        told = {"message": letter.pk, "from": letter.number, "to": clean}
        letter.number = clean
        letter.save(update_fields=["number"])
        on = timezone.localtime(now).date()
        event_record(
            organization_id, Happening("registered.number", on, actor, letter.case_id, told)
        )
    if deposited_on is not None:
        _tell(letter, "deposited", at_on=deposited_on, now=now, actor=actor, note="")
    return letter.number


@transaction.atomic
def letter_event(
    organization_id: int,
    message_id: int,
    kind: EventKind,
    *,
    at_on: date,
    now: datetime,
    actor: str,
    note: str = "",
) -> bool:
    """Write what became of a letter on a day; the same again changes nothing (False).

    What was written stays; a wrong word is set right by the right one of the same day or later.
    Raises RegisteredError.
    """
    return _tell(
        _letter(organization_id, message_id), kind, at_on=at_on, now=now, actor=actor, note=note
    )


@transaction.atomic
def proof_add(
    organization_id: int,
    message_id: int,
    kind: str,
    *,
    filename: str,
    content: bytes,
    now: datetime,
    actor: str,
) -> int:
    """Keep a scan with a letter; returns its id. The same file again is the one that is there.

    `kind` = one of Proof.Kind. Raises RegisteredError.
    """
    letter = _letter(organization_id, message_id)
    if kind not in Proof.Kind.values:
        raise RegisteredError("registered.proof_kind")
    if not content:
        raise RegisteredError("registered.proof_empty")
    if len(content) > MAX_PROOF_BYTES:
        raise RegisteredError("registered.proof_large", limit=MAX_PROOF_BYTES // 2**20)
    found = next((each for each in _SIGNATURES if content.startswith(each[0])), None)
    if found is None:
        raise RegisteredError("registered.proof_type")
    _, content_type, ending = found
    proof, created = Proof.objects.get_or_create(
        message=letter,
        sha256=hashlib.sha256(content).hexdigest(),
        defaults={
            "organization_id": organization_id, "kind": kind, "content": content,
            "filename": _filename(filename, ending), "content_type": content_type,
            "added_at": now, "added_by": actor[:254],
        },
    )  # fmt: skip
    if created:
        told = {
            "message": letter.pk, "proof": proof.pk, "kind": kind, "sha256": proof.sha256,
            "file": proof.filename,
        }  # fmt: skip
        on = timezone.localtime(now).date()
        event_record(
            organization_id, Happening("registered.proof", on, actor, letter.case_id, told)
        )
    return proof.pk


def tracking_record(
    organization_id: int, rows: Sequence[TrackingRow], *, on: date, now: datetime, actor: str
) -> tuple[dict[str, int], list[RowError]]:
    """Record what a file says of letters; returns counts, and the rows passed over: letters of
    others, and days to come. The same file again changes nothing. Set-based."""
    passed: list[RowError] = []
    events: dict[ReportedEvent, TrackingRow] = {}
    for row in rows:
        if row.on > on:
            passed.append(RowError(row.line, "status_date", "tracking.future", {"on": row.on}))
            continue
        event = ReportedEvent(
            row.kind, f"{row.kind}:{row.on}", at=_moment(row.on, now), number=row.number,
            detail=row.detail,
        )  # fmt: skip
        events.setdefault(event, row)
    done = events_record(
        list(events), channel=FILE, now=now, actor=actor, organization_id=organization_id
    )
    for event in done.unknown:
        params: dict[str, Param] = {"number": event.number}
        row = events[event]
        passed.append(RowError(row.line, "tracking_number", "tracking.unknown", params))
    counts = {"recorded": done.recorded, "repeated": done.repeated, "passed_over": len(passed)}
    return counts, sorted(passed, key=lambda each: each.line)


def _letter(organization_id: int, message_id: int) -> Message:
    """The letter, held. Raises RegisteredError."""
    rows = Message.objects.filter(
        organization_id=organization_id, id=message_id, medium=MEDIUM, is_test=False
    )
    letter = rows.select_for_update(no_key=True, of=("self",)).defer("content", "text").first()
    if letter is None:
        raise RegisteredError("registered.not_found")
    return letter


def _tell(
    letter: Message, kind: EventKind, *, at_on: date, now: datetime, actor: str, note: str
) -> bool:
    if kind not in TOLD:
        raise RegisteredError("registered.kind")
    if letter.state not in {Message.State.SENT, Message.State.UNKNOWN}:
        raise RegisteredError("registered.not_sent")
    if at_on > timezone.localtime(now).date():
        raise RegisteredError("registered.future", on=at_on)
    if at_on < letter.on_date:
        raise RegisteredError("registered.too_early", on=at_on, written=letter.on_date)
    key = f"{letter.organization_id}:{letter.key}:{letter.pk}"
    event = ReportedEvent(
        kind, f"{kind}:{at_on}", at=_moment(at_on, now), key=key, detail=note[:500]
    )
    return events_record([event], channel=HAND, now=now, actor=actor).recorded == 1


def _moment(day: date, now: datetime) -> datetime:
    """Noon of a day, or now when that is yet to come."""
    return min(timezone.make_aware(datetime.combine(day, time(12))), now)


def _filename(name: str, ending: str) -> str:
    """The file's own name without its folder, ending as its content does."""
    own = "".join(
        sign for sign in PurePosixPath(name.replace("\\", "/")).name if sign.isprintable()
    )
    stem = own.rpartition(".")[0] or own
    return f"{stem[:150] or 'proof'}{ending}"
