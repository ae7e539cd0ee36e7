"""Instalments of payment plans that are collected by direct debit: on which days, and what of each
may be collected of which invoices. Never more than is open, never what was paid otherwise."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from amiable.core.direct_debits import LARGEST_MINOR
from amiable.core.facts import CaseFacts, Item
from amiable.core.promises import Commitments, Standing, broken_on, standings
from amiable.core.schedules import PlanPart
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.stops import case_stop, item_stop
from amiable.core.workdays import is_target_day, is_workday, next_workday

declare(
    {
        "debit.plan_over": gettext_noop("Its payment plan was changed or ended."),
        "debit.plan_broken": gettext_noop("Its payment plan was not kept: it has ended."),
        "debit.part_paid": gettext_noop("The instalment was paid otherwise."),
        "debit.part_rest": gettext_noop(
            "What is left of the instalment is another amount: it is collected for the rest."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Try:
    """A collection of an instalment, from the day it was planned until its answer: what the bank
    said, the day it was withdrawn, or the latest day by which either is to be expected. `again` =
    the second presentation of the try before it."""

    planned_on: date
    until: date
    again: bool = False


def held_until(last_day: date, tries: Sequence[Try]) -> date:
    """The last day on which an instalment can be kept: its date plus grace, or the answer of a
    collection that was under way by then. What was missed before a collection stays missed.

    `tries` = in the order in which they were made.
    """
    until, held = last_day, True
    for each in tries:
        held = held if each.again else each.planned_on <= until
        if held:
            until = max(until, each.until)
    return until


@dataclass(frozen=True, slots=True)
class PartChoice:
    """What may be collected of the instalments of a case: (item, minor units) of each, by its id;
    why not, for the others."""

    parts: Mapping[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    stops: Mapping[int, Sentence] = field(default_factory=dict)

    def amount(self, part_id: int) -> int:
        """What may be collected of an instalment, in minor units."""
        return sum(minor for _, minor in self.parts.get(part_id, ()))

    def stop_of(self, part_id: int, amount_minor: int, *, attempt: int) -> Sentence | None:
        """Why a collection of an instalment may not go on as it is; None when it may. A second
        presentation is never made larger."""
        may = self.amount(part_id)
        if not may:
            return self.stops.get(part_id) or Sentence("debit.plan_over")
        if may < amount_minor or (may > amount_minor and attempt == 1):
            return Sentence("debit.part_rest")
        return None


def collected_parts(parts: Sequence[PlanPart], zone: str = "") -> tuple[PlanPart, ...]:
    """The instalments on days on which banks collect as well (TARGET), each after the one before
    it: what is agreed for a day is then collected on that day."""
    found: list[PlanPart] = []
    for part in parts:
        day = part.due_on
        if found:
            day = max(day, found[-1].due_on + timedelta(days=1))
        while not (is_target_day(day) and is_workday(day, zone)):
            day = next_workday(day + timedelta(days=1), zone)
        found.append(replace(part, due_on=day))
    return tuple(found)


def part_choice(
    facts: CaseFacts,
    on: date,
    *,
    plan_ids: Collection[int],
    with_bank: Mapping[int, int],
    busy: Collection[int] = (),
    own_holds: Collection[int] = (),
) -> PartChoice:
    """What of each instalment may be collected, the oldest invoices first, one instalment after
    the other: together never more than is open, less what is disputed, paused, or a credit.

    `plan_ids` = plans paid by direct debit; `with_bank` = minor units by item that were handed to
    the bank already; `busy` = the instalments they are for; `own_holds` = pauses of the
    collections themselves, which do not stand against them.
    """
    stands = [
        each
        for each in standings(facts.promises, facts.receipts, on)
        if each.promise.plan_id in plan_ids
    ]
    if facts.currency != "EUR":
        return PartChoice(stops=_all(stands, Sentence("debit.currency")))
    facts = replace(facts, holds=tuple(h for h in facts.holds if h.id not in own_holds))
    if stop := case_stop(facts, on):
        return PartChoice(stops=_all(stands, stop.sentence))
    room, why = _room(facts, on, with_bank)
    parts: dict[int, tuple[tuple[int, int], ...]] = {}
    stops: dict[int, Sentence] = {}
    for each in stands:
        part_id = each.promise.id
        together = [s for s in stands if s.promise.plan_id == each.promise.plan_id]
        if part_id in busy:
            continue
        if broken_on(together) is not None:
            stops[part_id] = Sentence("debit.plan_broken")
        elif each.state == "kept" or not each.remaining_minor:
            stops[part_id] = Sentence("debit.part_paid")
        elif taken := _take(facts.items, each, room):
            parts[part_id] = taken
        else:
            stops[part_id] = why or Sentence("debit.part_paid")
    return PartChoice(parts, stops)


def _all(stands: Sequence[Standing], why: Sentence) -> dict[int, Sentence]:
    return {each.promise.id: why for each in stands}


def _order(items: Sequence[Item]) -> list[Item]:
    return sorted(items, key=lambda item: (item.due_date, item.id))


def _room(
    facts: CaseFacts, on: date, with_bank: Mapping[int, int]
) -> tuple[dict[int, int], Sentence | None]:
    """What of each item may be collected, and the first reason why one may not."""
    credit, room = max(0, facts.unallocated_minor), {}
    why: Sentence | None = None
    for item in _order(facts.items):
        if stop := item_stop(facts, item, on, given=Commitments()):
            why = why or stop.sentence
            continue
        left = max(0, item.chased_minor - with_bank.get(item.id, 0))
        used = min(credit, left)  # a credit not used yet pays the oldest first
        credit -= used
        room[item.id] = left - used
    return room, why


def _take(
    items: Sequence[Item], standing: Standing, room: dict[int, int]
) -> tuple[tuple[int, int], ...]:
    """What an instalment takes of the items that were known when it was agreed."""
    want, taken = min(standing.remaining_minor, LARGEST_MINOR), []
    for item in _order(items):
        made_on = standing.promise.made_on
        part = min(want, room.get(item.id, 0))
        if part > 0 and (made_on is None or item.issue_date <= made_on):
            taken.append((item.id, part))
            room[item.id] -= part
            want -= part
    return tuple(taken)
