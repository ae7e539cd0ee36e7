"""Text messages of customers: stored once, long ones joined as their parts come, each case held
from the first part on."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from amiable.apps.messaging.models import Reply
from amiable.apps.messaging.replies.answered import whose_number
from amiable.apps.messaging.replies.proposed import proposals_of
from amiable.apps.messaging.replies.receiving import Received, reply_store
from amiable.core.replies import IncomingMail, read_mail
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.sms import joined
from amiable.plugins.inbound import CustomerReply, Part

# Parts of one text follow each other within seconds; a telephone that was off may be late. After
# that the number they share belongs to another text.
PARTS_WINDOW = timedelta(days=1)

declare(
    {
        "reply.parts_missing": gettext_noop(
            "It comes in {total} parts, of which these are missing so far: {missing}."
        ),
    }
)


def text_receive(
    organization_id: int,
    told: CustomerReply,
    *,
    source: str,
    received_at: datetime,
    among: Collection[int] = (),
) -> Received:
    """Store a customer's text message; the organizations as for reply_receive.

    It belongs to the customer who has its number (see whose_number). The provider's reference
    makes it known: told again, it changes nothing, and other words under the same reference are
    kept as well. A part joins those of the same text that nobody has decided on.
    """
    organization_ids = tuple(among) or (organization_id,)
    place = {"source": source, "received_at": received_at}
    if told.part is not None:
        return _part_receive(organization_id, told, told.part, organization_ids, **place)
    digest = hashlib.sha256(told.content).hexdigest()
    dated = f"{told.sender} {received_at.isoformat()} {digest}"
    names = (hashlib.sha256(dated.encode(errors="replace")).hexdigest(),)
    if told.reference:
        names = (f"{source}:{told.reference}"[:200], *names)
    mail = _text_mail(joined((told.content,)), told.at)
    whose = whose_number(told.sender, organization_ids)
    row = Reply(medium="sms", sender=told.sender, content=told.content)
    named = {"whose": whose, "names": names, "organization_id": organization_id}
    return reply_store(row, mail, **named, **place)


def _part_receive(
    organization_id: int,
    told: CustomerReply,
    part: Part,
    organization_ids: Collection[int],
    *,
    source: str,
    received_at: datetime,
) -> Received:
    """Join a part to its text, or begin one with it."""
    name = f"{source}:{told.sender}:{part.number}/{part.total}:"
    for _ in range(2):
        known = _part_join(name, told.content, part, organization_ids, received_at)
        if known is not None:
            return known
        parts = {str(part.index): told.content.hex()}
        mail = _text_mail(_words(parts, part.total), told.at)
        before = Reply.objects.filter(external_id__startswith=name).count()
        row = Reply(medium="sms", sender=told.sender, content=told.content, parts=parts)
        row.notes = _missing(parts, part.total)
        stored = reply_store(
            row,
            mail,
            whose=whose_number(told.sender, organization_ids),
            names=(f"{name}{before}",),
            organization_id=organization_id,
            source=source,
            received_at=received_at,
        )
        if stored.is_new:
            break
        # Another part came at the same moment and began the text: this one joins it.
    return stored


@transaction.atomic
def _part_join(
    name: str, content: bytes, part: Part, organization_ids: Collection[int], now: datetime
) -> Received | None:
    """Add a part to a text that waits for it; None when none does."""
    rows = Reply.objects.filter(
        organization_id__in=organization_ids,
        medium="sms",
        external_id__startswith=name,
        received_at__gte=now - PARTS_WINDOW,
    )
    place, here = str(part.index), content.hex()
    found = list(rows.select_for_update(no_key=True, of=("self",)).order_by("-id"))
    known = next((row for row in found if row.parts.get(place) == here), None)
    waits = (row for row in found if place not in row.parts and row.state == Reply.State.UNREAD)
    row = known or next(waits, None)
    if row is None:
        return None
    if known is None:
        row.parts[place] = here
        _joined(row, part.total)
    return Received(row.pk, row.organization_id, is_new=False)


def _joined(row: Reply, total: int) -> None:
    """Write what the text says now that one part more has come."""
    row.text = _words(row.parts, total)
    row.content = b"".join(bytes.fromhex(row.parts[place]) for place in sorted(row.parts, key=int))
    row.sha256 = hashlib.sha256(bytes(row.content)).hexdigest()
    on = timezone.localtime(row.received_at).date()
    row.language, row.proposals = proposals_of(_text_mail(row.text, None), on=on)
    row.notes = _missing(row.parts, total)
    row.save(update_fields=["parts", "text", "content", "sha256", "language", "proposals", "notes"])


def _words(parts: Mapping[str, str], total: int) -> str:
    """The words of the parts that came, with a gap shown where one is missing."""
    pieces: list[str] = []
    run: list[bytes] = []
    for place in range(1, total + 1):
        if str(place) in parts:
            run.append(bytes.fromhex(parts[str(place)]))
            continue
        pieces += [joined(run), "[…]"] if run else ["[…]"]
        run = []
    pieces += [joined(run)] if run else []
    return " ".join(pieces)


def _missing(parts: Mapping[str, str], total: int) -> list[dict[str, object]]:
    missing = [str(place) for place in range(1, total + 1) if str(place) not in parts]
    if not missing:
        return []
    told = Sentence("reply.parts_missing", {"total": total, "missing": ", ".join(missing)})
    return [told.to_json()]


def _text_mail(text: str, written_at: datetime | None) -> IncomingMail:
    """A text message in the shape of a mail that holds nothing but words."""
    return replace(
        read_mail(b""), text=text, full_text=text, kind="reply", detail="", evidence=(),
        problems=(), date=written_at,
    )  # fmt: skip
