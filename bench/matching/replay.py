"""One run: a stream of lines through one matcher, in date order, each answer judged.

Two modes. `gold`: after each line the accounts hold what really happened, so that every matcher
meets the same accounts. `own`: what a matcher posts stays posted, right or wrong; a person enters
the truth only where it did not post. Either way it learns from lines of the past alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from bench.matching.facts import Answer, BankLine, Event, Gold, Reading, is_right
from bench.matching.profiles import Profile
from bench.matching.stream import Stream
from bench.matching.world import Customer, Invoice, Note


@dataclass(frozen=True)
class Entered:
    """What is entered on the accounts for a line. `parts` = what each invoice is lessened by,
    credit notes and `given_up` included; `by_person` = the truth, told by somebody."""

    customer_id: int | None
    parts: tuple[tuple[int, int], ...] = ()
    notes: tuple[tuple[int, int], ...] = ()
    given_up: int = 0
    returns: int | None = None
    by_person: bool = True


@dataclass
class Accounts:
    """The books as the seller keeps them: wrong posts included."""

    open: dict[int, int] = field(default_factory=dict)
    left: dict[int, int] = field(default_factory=dict)
    of_line: dict[int, tuple[Entered, ...]] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        if isinstance(event, Note):
            self.left[event.id] = event.left
        else:
            self.open[event.id] = event.total

    def enter(self, line: BankLine, entered: tuple[Entered, ...]) -> None:
        self.of_line[line.id] = entered
        for one in entered:
            for invoice_id, amount in one.parts:
                self.open[invoice_id] -= amount
            for note_id, amount in one.notes:
                self.left[note_id] -= amount
            for before in self.of_line.get(one.returns or 0, ()):
                for invoice_id, amount in before.parts:
                    self.open[invoice_id] += amount


class Matcher(Protocol):
    """What takes part. It may keep what it likes of what it is told."""

    name: str

    def start(self, customers: Iterable[Customer]) -> None:
        """The customers, with the accounts (IBAN) known at the start."""

    def take(self, event: Event) -> None:
        """An invoice or a credit note was issued. Keep a copy: it changes as it is paid."""

    def decide(self, line: BankLine) -> Answer:
        """The answer to one line. Nothing is entered yet."""

    def enter(self, line: BankLine, entered: tuple[Entered, ...]) -> None:
        """What the accounts hold for the line from now on."""


@dataclass(frozen=True)
class Judged:
    """A line with its truth and an answer. `rank` = place of the right reading, 0 = none;
    `seconds` of the processor."""

    line: BankLine
    gold: Gold
    answer: Answer
    rank: int
    seconds: float

    @property
    def right(self) -> bool:
        if self.answer.action == "aside":
            return self.gold.action == "aside"
        return self.rank == 1

    @property
    def automatic(self) -> bool:
        return self.answer.action in {"post", "aside"}

    @property
    def wrong_customer(self) -> bool:
        """Posted to somebody who did not pay, or in whose name nobody paid."""
        if self.answer.action != "post" or self.right:
            return False
        (reading,) = self.answer.readings[:1]
        meant = {d[0] for d in self.gold.debits} or {self.gold.customer_id}
        return reading.customer_id not in meant


def run(matcher: Matcher, profile: Profile, seed: int, *, lines: int, mode: str) -> list[Judged]:
    """Replay a stream; the judged lines in their order."""
    return list(judged(matcher, profile, seed, lines=lines, mode=mode))


def judged(
    matcher: Matcher, profile: Profile, seed: int, *, lines: int, mode: str
) -> Iterator[Judged]:
    """See `run`."""
    stream = Stream(profile, seed)
    accounts = Accounts()
    matcher.start(stream.world.customers)
    for event in stream.opening():
        accounts.take(event)
        matcher.take(event)
    for event in stream.events(lines):
        if isinstance(event, Invoice | Note):
            accounts.take(event)
            matcher.take(event)
            continue
        line, gold = event
        started = time.process_time()
        answer = matcher.decide(line)
        seconds = time.process_time() - started
        ranks = (n for n, reading in enumerate(answer.readings, 1) if is_right(reading, gold))
        one = Judged(line, gold, answer, next(ranks, 0), seconds)
        entered = _truth(gold, accounts)
        if mode == "own" and answer.action == "post":
            entered = (_own(line, answer.readings[0], accounts),)
        elif mode == "own" and answer.action == "aside":
            entered = ()
        accounts.enter(line, entered)
        matcher.enter(line, entered)
        yield one


def _truth(gold: Gold, accounts: Accounts) -> tuple[Entered, ...]:
    """The truth, as far as the accounts still can hold it."""
    if gold.action == "aside":
        return ()
    if gold.returns is not None:
        return (Entered(gold.customer_id, returns=gold.returns),)
    if gold.debits:
        return tuple(
            Entered(customer_id, _clipped(((invoice, amount),), accounts))
            for customer_id, invoice, amount in gold.debits
        )
    notes = tuple((i, accounts.left[i]) for i in sorted(gold.notes) if accounts.left.get(i))
    parts = _clipped(gold.parts, accounts)
    given_up = max(0, gold.written_off) if parts == gold.parts else 0
    return (Entered(gold.customer_id, parts, notes, given_up),)


def _own(line: BankLine, reading: Reading, accounts: Accounts) -> Entered:
    notes = tuple((i, accounts.left.get(i, 0)) for i in sorted(reading.notes))
    parts = _clipped(tuple(sorted(reading.parts)), accounts)
    paid = line.amount + sum(left for _, left in notes)
    given_up = sum(part for _, part in parts) - paid if reading.written_off else 0
    return Entered(
        reading.customer_id, parts, notes, max(0, given_up), reading.returns, by_person=False
    )


def _clipped(parts: tuple[tuple[int, int], ...], accounts: Accounts) -> tuple[tuple[int, int], ...]:
    kept = ((i, min(amount, accounts.open.get(i, 0))) for i, amount in parts)
    return tuple((i, amount) for i, amount in kept if amount > 0)


def copy_of(event: Event) -> Event:
    """An invoice or note as it is now: the stream goes on changing its own."""
    return replace(event)
