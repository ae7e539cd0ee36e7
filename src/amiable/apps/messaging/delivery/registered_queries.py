"""Reads of registered letters: where each stands, what to do next, the papers kept with it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q
from django.utils import timezone

from amiable.apps.messaging.models import DeliveryEvent, Message, Proof
from amiable.core.registered import STATES, Standing, standing
from amiable.core.sentences import Sentence

SIZE = 50
# What somebody must do something about, the most pressing first.
_ORDER = ("to_deposit", "presented", "returned", "deposited", "refused", "unclaimed", "accepted")


@dataclass(frozen=True, slots=True)
class LetterRow:
    """A registered letter in a list. `proofs` = how many papers are kept with it."""

    id: int
    customer_id: int
    customer: str
    address: str
    subject: str
    number: str
    on_date: date
    channel: str
    standing: Standing
    is_overdue: bool
    next_step: Sentence
    proofs: int

    @property
    def is_electronic(self) -> bool:
        """Whether it went to a mailbox (CPCE L100), not by post."""
        return "@" in self.address


@dataclass(frozen=True, slots=True)
class LetterPage:
    """A page of letters, those that need a hand first. `counts` = letters per state, and under
    "overdue" those never said to be collected; `total` = those of the filter."""

    rows: list[LetterRow]
    counts: dict[str, int]
    total: int
    number: int
    pages: int


@dataclass(frozen=True, slots=True)
class ProofRow:
    """A paper kept with a letter."""

    id: int
    kind: str
    filename: str
    content_type: str
    sha256: str
    added_at: datetime
    added_by: str


def registered_letters(
    organization_id: int, *, on: date, state: str = "", page: int = 1, size: int = SIZE
) -> LetterPage:
    """Registered letters that left, in four queries. `state` = one of core.registered.STATES,
    "overdue", or "" = all."""
    standings = _standings(organization_id)
    counts = Counter(each.state for each in standings.values())
    counts["overdue"] = sum(each.is_overdue(on) for each in standings.values())
    chosen = [
        message_id
        for message_id, each in standings.items()
        if state in {"", each.state} or (state == "overdue" and each.is_overdue(on))
    ]
    chosen.sort(key=lambda i: (not standings[i].is_overdue(on), _rank(standings[i]), -i))
    pages = max(1, -(-len(chosen) // size))
    number = min(max(1, page), pages)
    ids = chosen[(number - 1) * size : number * size]
    return LetterPage(
        _rows(organization_id, ids, standings, on),
        {name: counts[name] for name in (*STATES, "overdue")},
        len(chosen),
        number,
        pages,
    )


def letter_row(organization_id: int, message_id: int, *, on: date) -> LetterRow | None:
    """One registered letter; None when it is none, or has not left."""
    standings = _standings(organization_id, message_id)
    rows = _rows(organization_id, [*standings], standings, on)
    return rows[0] if rows else None


def proofs(organization_id: int, message_id: int) -> list[ProofRow]:
    """The papers kept with a message, without their content, oldest first."""
    rows = Proof.objects.filter(organization_id=organization_id, message_id=message_id)
    fields = ("id", "kind", "filename", "content_type", "sha256", "added_at", "added_by")
    return [ProofRow(*row) for row in rows.order_by("id").values_list(*fields)]


def proof_file(organization_id: int, proof_id: int) -> tuple[str, str, bytes] | None:
    """Name, type and content of a paper; None when it is not there."""
    rows = Proof.objects.filter(organization_id=organization_id, id=proof_id)
    found = rows.values_list("filename", "content_type", "content").first()
    return (found[0], found[1], bytes(found[2])) if found else None


def _rank(each: Standing) -> int:
    return _ORDER.index(each.state)


def _standings(organization_id: int, message_id: int | None = None) -> dict[int, Standing]:
    """Where letters stand, by message id, from their events alone."""
    letters = Message.objects.filter(
        organization_id=organization_id,
        medium="registered_letter",
        is_test=False,
        state__in=[Message.State.SENT, Message.State.UNKNOWN],
    )
    if message_id is not None:
        letters = letters.filter(id=message_id)
    told: dict[int, list[tuple[str, date]]] = defaultdict(list)
    # An electronic letter that its provider has is deposited; one on paper waits for the post.
    events = DeliveryEvent.objects.filter(message__in=letters.values("id")).exclude(
        ~Q(message__recipient__contains="@"), kind="sent"
    )
    for letter_id, kind, at in events.values_list("message_id", "kind", "at"):
        told[letter_id].append(
            ("deposited" if kind == "sent" else kind, timezone.localtime(at).date())
        )
    return {
        letter_id: standing(told[letter_id]) for letter_id in letters.values_list("id", flat=True)
    }


def _rows(
    organization_id: int, ids: list[int], standings: dict[int, Standing], on: date
) -> list[LetterRow]:
    found = {
        row[0]: row
        for row in Message.objects.filter(organization_id=organization_id, id__in=ids).values_list(
            "id", "case__customer_id", "case__customer__name", "recipient", "subject", "number",
            "on_date", "channel",
        )
    }  # fmt: skip
    papers = Proof.objects.filter(message_id__in=ids).values_list("message_id")
    counted = dict(papers.annotate(Count("id")).order_by())
    return [
        LetterRow(
            *found[letter_id],
            standings[letter_id],
            standings[letter_id].is_overdue(on),
            standings[letter_id].next_step(on),
            counted.get(letter_id, 0),
        )
        for letter_id in ids
    ]
