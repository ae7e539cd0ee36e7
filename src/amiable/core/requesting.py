"""Requests for the payment of chosen invoices: what may be asked of a payer now, by which medium,
and where a request stands once it was made.

A request is no reminder: it may ask for what is not due yet, and no minimum keeps it back. Every
other reason not to write holds as for reminders, and it counts as a contact like one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from amiable.core.facts import CaseFacts
from amiable.core.guards import askable, moment_stop
from amiable.core.promises import commitments
from amiable.core.scenario import Medium, Scenario, Step
from amiable.core.stops import (
    Stop,
    case_stop,
    chaseable_minor,
    credit_sentence,
    medium_stop,
    pace_stop,
)

TEMPLATE = "payment_request"
# By which a request can leave: what carries a link that a finger opens.
MEDIA: tuple[Medium, ...] = ("email", "sms")

Standing = Literal["paid", "partly_paid", "disputed", "promised", "opened", "sent"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be asked now: minor units by item, by a medium; or the stop, which passes
    (`postpone`: the same request may leave later) or does not. `medium` "" = none reaches."""

    asked: Mapping[int, int] = field(default_factory=dict)
    medium: Medium | Literal[""] = ""
    stop: Stop | None = None
    postpone: bool = False

    @property
    def leaves(self) -> bool:
        """Whether it may leave, now or later."""
        return self.stop is None or self.postpone


@dataclass(frozen=True, slots=True)
class Part:
    """An invoice of a request, in minor units: what was asked and what was open of it then, and
    what is open now."""

    asked_minor: int
    open_minor: int
    left_minor: int

    @property
    def paid_minor(self) -> int:
        """How much of what was asked has gone since, by payment or credit."""
        return min(self.asked_minor, max(0, self.open_minor - self.left_minor))


def step_of(medium: Medium) -> Step:
    """A request as a step of a scenario: the way drafts and guards know messages."""
    return Step(TEMPLATE, 0, medium, "preventive", template=TEMPLATE, attachments=("invoices",))


def request_check(
    facts: CaseFacts,
    scenario: Scenario,
    *,
    item_ids: Collection[int],
    media: Sequence[Medium],
    now: datetime,
    own: datetime | None = None,
    extra: Collection[str] = (),
) -> Verdict:
    """Whether the payer of a case may be asked at `now` (business time) for these items, by the
    first of `media` that reaches; `own` and `extra` as in `guards.check`."""
    today = now.date()
    given = commitments(facts, today)
    kept, stop = askable(facts, item_ids, today=today, given=given)
    asked = {item.id: chaseable_minor(item, given) for item in kept}
    stop = case_stop(facts, today) or stop
    if stop is None and facts.unallocated_minor >= sum(asked.values()):
        stop = Stop(credit_sentence(facts, sum(asked.values())))
    if stop is not None:
        return Verdict(stop=stop)
    medium = next((m for m in media if medium_stop(facts, m) is None), None)
    if medium is None:
        return Verdict(asked, stop=medium_stop(facts, media[0]))
    stop = pace_stop(facts, scenario, medium=medium, today=today, extra=extra)
    stop = stop or moment_stop(facts, step_of(medium), medium=medium, today=today, own=own or now)
    return Verdict(asked, medium, stop, postpone=stop is not None)


def standing(
    parts: Iterable[Part], *, opened: bool, promised: bool, disputed: bool
) -> tuple[Standing, int]:
    """Where a request that left stands, and what was paid of it, in minor units."""
    asked = paid = 0
    for part in parts:
        asked += part.asked_minor
        paid += part.paid_minor
    return standing_of(asked, paid, opened=opened, promised=promised, disputed=disputed), paid


def standing_of(
    asked_minor: int, paid_minor: int, *, opened: bool, promised: bool, disputed: bool
) -> Standing:
    """Where a request stands that left for `asked_minor`, of which `paid_minor` was paid.

    Money says more than words, and words more than a page that was looked at.
    """
    if paid_minor >= asked_minor:
        return "paid"
    if paid_minor:
        return "partly_paid"
    if disputed:
        return "disputed"
    if promised:
        return "promised"
    return "opened" if opened else "sent"
