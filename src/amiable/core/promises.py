"""Promises and payment plans: what was received for each, which hold, and what they keep back.

Kept or broken is never stored: it follows from the receipts. A plan is the promises of one
`plan_id`; it forgives so many missed instalments, and is broken by the next one or by the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal

from amiable.core.facts import CaseFacts, Item, Promise, Receipt

State = Literal["running", "kept", "partly_kept", "broken"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a promise stands on a day: `received_minor` came for it within its time.

    Where an instalment was missed, what came for its plan also catches it up, before it counts
    for those to come; it stays missed.
    `broken_on` = the first day after date and grace, when not enough had come.
    """

    promise: Promise
    received_minor: int
    state: State
    broken_on: date | None = None

    @property
    def remaining_minor(self) -> int:
        """What is still expected."""
        return max(0, self.promise.amount_minor - self.received_minor)


@dataclass(frozen=True, slots=True)
class Cover:
    """The part of an item that a running promise speaks for."""

    amount_minor: int
    promise: Promise


@dataclass(frozen=True, slots=True)
class Break:
    """A promise or plan that was not kept: on which day, for debts known on `made_on`."""

    on: date
    made_on: date | None


@dataclass(frozen=True, slots=True)
class Commitments:
    """What a customer's word means for the case on one day."""

    standings: tuple[Standing, ...] = ()
    covers: Mapping[int, Cover] = field(default_factory=dict)
    breaks: tuple[Break, ...] = ()
    misses: tuple[Break, ...] = ()

    @property
    def ends(self) -> list[date]:
        """The first day after each promise that runs: by then it was kept, or is broken."""
        running = [s.promise for s in self.standings if s.state == "running"]
        return [last_day(promise) + timedelta(days=1) for promise in running]

    def events(self, item: Item) -> dict[str, date]:
        """The last broken promise and missed instalment that concern an item, by event."""
        return {
            name: max(concerned)
            for name, breaks in (
                ("promise_broken", self.breaks),
                ("instalment_missed", self.misses),
            )
            if (concerned := [b.on for b in breaks if _known(item, b.made_on)])
        }


_NONE = Commitments()


def last_day(promise: Promise) -> date:
    """The last day on which the promise can be kept: its date plus grace, or until which a direct
    debit holds it."""
    day = promise.due_on + timedelta(days=promise.grace_days)
    return max(day, promise.held_until or day)


def standings(
    promises: Iterable[Promise], receipts: Sequence[Receipt], today: date
) -> tuple[Standing, ...]:
    """Each promise with what came for it, by due date.

    What a direct debit brought for an instalment serves that one. Other receipts serve the promises
    in order of their dates, each those since it was made; money taken back takes from the latest
    receipts.
    """
    pool = _netted([receipt for receipt in receipts if receipt.on <= today])
    found: list[Standing] = []
    ordered = sorted(promises, key=lambda p: (p.due_on, p.id))
    own = [_own(promise, pool) for promise in ordered]
    for promise, brought in zip(ordered, own, strict=True):
        until, received = last_day(promise), brought
        for came in pool:
            if came.on <= until:
                received += came.take(promise, promise.amount_minor - received)
        found.append(_standing(promise, received, today))
    missed = {s.promise.plan_id for s in found if s.broken_on}
    for plan_id in sorted(each for each in missed if each is not None):
        _catch_up(found, plan_id, pool, today)
    return tuple(found)


def broken_on(together: Sequence[Standing]) -> date | None:
    """The day a promise, or the instalments of one plan by due date, were broken as a whole."""
    missed = [standing for standing in together if standing.broken_on is not None]
    if not missed:
        return None
    forgiven = together[0].promise.forgives
    if len(missed) > forgiven:
        return missed[forgiven].broken_on
    return missed[-1].broken_on if missed[-1] is together[-1] else None


def awaited(stands: Sequence[Standing]) -> list[Standing]:
    """What is still to come, of promises and of plans that hold, by due date."""
    found = [
        standing
        for together in _plans(stands)
        if broken_on(together) is None
        for standing in together
        if standing.state == "running"
    ]
    return sorted(found, key=lambda each: (each.promise.due_on, each.promise.id))


def commitments(facts: CaseFacts, today: date) -> Commitments:
    """What the promises of a case cover, and which were broken, on a day."""
    if not facts.promises:
        return _NONE
    stands = standings(facts.promises, facts.receipts, today)
    breaks, misses = [], []
    alive: list[Standing] = []
    for together in _plans(stands):
        if together[0].promise.plan_id is not None:
            misses += [Break(s.broken_on, s.promise.made_on) for s in together if s.broken_on]
        on = broken_on(together)
        if on is not None:
            breaks.append(Break(on, together[0].promise.made_on))
        else:
            alive += together
    covers = _covers(facts.items, alive)
    return Commitments(stands, covers, tuple(breaks), tuple(misses))


@dataclass(slots=True)
class _Came:
    """What came on a day: all of it, what is left of it, and what promises made on that very day
    took of it."""

    on: date
    all_minor: int
    left_minor: int
    taken_minor: int = 0

    def take(self, promise: Promise, most: int) -> int:
        """Take at most so much for a promise: nothing that had come before it was made."""
        if promise.made_on is not None and self.on < promise.made_on:
            return 0
        if self.on == promise.made_on:
            most = min(most, self.all_minor - promise.before_minor - self.taken_minor)
        taken = max(0, min(self.left_minor, most))
        self.left_minor -= taken
        self.taken_minor += taken if self.on == promise.made_on else 0
        return taken


def _netted(receipts: Iterable[Receipt]) -> list[_Came]:
    pool: list[_Came] = []
    for receipt in sorted(receipts, key=lambda r: r.on):
        if not pool or pool[-1].on != receipt.on:
            pool.append(_Came(receipt.on, 0, 0))
        pool[-1].left_minor += max(0, receipt.amount_minor)
        back = max(0, -receipt.amount_minor)
        for came in reversed(pool):
            taken = min(came.left_minor, back)
            came.left_minor -= taken
            back -= taken
    for came in pool:
        came.all_minor = came.left_minor
    return pool


def _own(promise: Promise, pool: Sequence[_Came]) -> int:
    """Take from the pool what direct debits brought for this very instalment."""
    want, until = min(promise.collected_minor, promise.amount_minor), last_day(promise)
    for came in reversed(pool):
        if came.on <= until:
            want -= came.take(promise, want)
    return min(promise.collected_minor, promise.amount_minor) - want


def _enough(promise: Promise, received: int) -> bool:
    return received * 100 >= promise.amount_minor * promise.tolerance_pct


def _standing(promise: Promise, received: int, today: date) -> Standing:
    if _enough(promise, received):
        return Standing(promise, received, "kept")
    if today <= last_day(promise):
        return Standing(promise, received, "running")
    state: State = "partly_kept" if received else "broken"
    return Standing(promise, received, state, last_day(promise) + timedelta(days=1))


def _catch_up(
    found: list[Standing],
    plan_id: int,
    pool: Iterable[_Came],
    today: date,
) -> None:
    """Spread what came for a plan with a missed instalment, late or not: over those that were
    kept and are past, then over those that were missed, then over those to come."""
    members = [i for i, s in enumerate(found) if s.promise.plan_id == plan_id]

    def turn(i: int) -> int:
        if found[i].state == "kept" and found[i].promise.collected_minor:
            return 0
        return 2 if today <= last_day(found[i].promise) else int(found[i].broken_on is not None)

    came = sum(found[i].received_minor for i in members)
    missing = sum(found[i].remaining_minor for i in members if turn(i) > 0)
    first = found[members[0]].promise
    for entry in pool:
        taken = entry.take(first, missing)
        missing -= taken
        came += taken
    for i in sorted(members, key=turn):
        standing, promise = found[i], found[i].promise
        most = standing.received_minor if turn(i) == 0 else promise.amount_minor
        received = min(came, most)
        came -= received
        state = standing.state
        if turn(i) == 2:
            state = "kept" if _enough(promise, received) else "running"
        found[i] = replace(standing, received_minor=received, state=state)


def _plans(stands: Iterable[Standing]) -> list[list[Standing]]:
    """Standings that belong together: the instalments of a plan, or one promise."""
    found: list[list[Standing]] = []
    plans: dict[int, list[Standing]] = {}
    for standing in stands:
        plan_id = standing.promise.plan_id
        if plan_id in plans:
            plans[plan_id].append(standing)
            continue
        found.append([standing])
        if plan_id is not None:
            plans[plan_id] = found[-1]
    return found


def _covers(items: Iterable[Item], alive: Iterable[Standing]) -> dict[int, Cover]:
    """Oldest debts first: what was missed in a plan is asked for, what is to come is covered."""
    left = {item.id: item.chased_minor for item in items}
    ordered = sorted(items, key=lambda item: (item.due_date, item.id))
    covers: dict[int, Cover] = {}
    for standing in alive:
        promise, budget = standing.promise, standing.remaining_minor
        if standing.state == "kept":
            continue
        forgiven = promise.amount_minor * (100 - promise.tolerance_pct)  # in hundredths
        for item in ordered:
            if budget <= 0:
                break
            if not _known(item, promise.made_on) or left[item.id] <= 0:
                continue
            taken = min(left[item.id], budget)
            if (left[item.id] - taken) * 100 <= forgiven:
                taken = left[item.id]
            left[item.id] -= taken
            budget -= taken
            if standing.state == "running":
                held = covers.get(item.id)
                amount = taken + (held.amount_minor if held else 0)
                covers[item.id] = Cover(amount, held.promise if held else promise)
    return covers


def _known(item: Item, made_on: date | None) -> bool:
    """A promise speaks of the invoices that existed when it was made."""
    return made_on is None or item.issue_date <= made_on
