"""Batches: one line of the statement, its details told apart (camt.054), in whatever order.

The details wait as AWAITED lines until the statement books their sum; then they stand for the bulk
line, which stays as SPLIT. Nothing is booked twice, and nothing that a person decided is undone
unasked: a bulk line that is posted or put aside gets a proposal.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Q

from amiable.apps.banking.identity import digest, fingerprints
from amiable.apps.banking.lines import lines_store
from amiable.apps.banking.models import BankAccount, Batch, Statement, StatementLine
from amiable.apps.banking.proposed import proposals_drop
from amiable.apps.banking.recognition import is_bulk
from amiable.apps.receivables.queries import chunks
from amiable.core.money import Money
from amiable.core.records import RowError, StatementEntry, StatementRecord
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "bank.batch_unequal": gettext_noop(
            "the details of the batch of {day} come to {told}, but the statement books {booked}: "
            "the line stays whole"
        ),
        "bank.batch_proposed": gettext_noop(
            "the details of the batch of {amount} of {day} have come, but its line was already "
            "decided: look at it under Bank to split it"
        ),
        "bank.split": gettext_noop("split into the {count} movements that the bank tells"),
    }
)

# A notification and the statement it belongs to lie so far apart at most.
WINDOW = timedelta(days=10)
Line = StatementLine
OPEN = (Line.State.NEW, Line.State.PROPOSED, Line.State.LEFT)


def batches_keep(
    told_in: Statement, record: StatementRecord, *, key: str, groups: Sequence[Sequence[int]] = ()
) -> int:
    """Keep the details of a notification's batches as lines that wait; returns how many are new.

    `groups` = places of the parts of each batch; found by themselves when not given. `key` = of
    the account, as for fingerprints.
    """
    marks = fingerprints(key, (entry for entries in _found(record, groups) for entry in entries))
    batches, start = [], 0
    for entries in _found(record, groups):
        prints = marks[start : start + len(entries)]
        start += len(entries)
        named = ["batch", entries[0].batch_id, entries[0].entry_reference]
        batches.append(_batch(told_in, entries, digest(named, prints)))
    scope = Batch.objects.filter(organization_id=told_in.organization_id)
    known: set[str] = set()
    for some in chunks({batch.fingerprint for batch in batches}):
        known |= set(scope.filter(fingerprint__in=some).values_list("fingerprint", flat=True))
    new = [batch for batch in batches if batch.fingerprint not in known]
    if new:
        Batch.objects.bulk_create(new, batch_size=500)
        pairs = zip(batches, _found(record, groups), strict=True)
        lines_store(told_in, _parts(pairs), state=Line.State.AWAITED)
    return len(new)


def _found(
    record: StatementRecord, groups: Sequence[Sequence[int]]
) -> Iterator[list[StatementEntry]]:
    if groups:
        for places in groups:
            yield [record.entries[place] for place in places]
        return
    entries: list[StatementEntry] = []
    for entry in record.entries:
        if not entry.batch_parts or entry.status:
            continue
        entries.append(entry)
        if len(entries) == entry.batch_parts:
            yield entries
            entries = []


def _batch(told_in: Statement, entries: Sequence[StatementEntry], mark: str) -> Batch:
    first = entries[0]
    return Batch(
        organization_id=told_in.organization_id,
        told_in=told_in,
        booked_on=first.booked_on,
        value_on=first.value_on,
        amount_minor=sum(entry.amount_minor for entry in entries),
        currency=first.currency,
        size=len(entries),
        batch_id=first.batch_id[:60],
        reference=first.entry_reference,
        fingerprint=mark,
    )


def _parts(
    kept: Iterable[tuple[Batch, Sequence[StatementEntry]]],
) -> Iterator[tuple[StatementEntry, str, int]]:
    """(entry, fingerprint, batch): the statement may tell the same in full, so theirs differ."""
    for batch, entries in kept:
        for number, entry in enumerate(entries if batch.pk else ()):
            yield entry, digest(["part", batch.fingerprint, number]), batch.pk


@dataclass(slots=True)
class _Candidate:
    """A line that may be the bulk line of a batch."""

    row: StatementLine
    is_taken: bool = False

    def named(self, batch: Batch) -> bool | None:
        """Whether bank and notification call it the same; None when one of them does not say."""
        record = self.row.record
        told = False
        for mine, name in ((batch.batch_id, "batch_id"), (batch.reference, "entry_reference")):
            theirs = record.get(name, "")
            if mine and theirs:
                if mine == theirs:
                    return True
                told = True
        if batch.reference and batch.reference == record.get("bank_reference"):
            return True
        return False if told else None

    def fits(self, batch: Batch) -> bool:
        """Whether amount and day are the same, and nothing contradicts it."""
        row = self.row
        size = row.record.get("batch_size", 0)
        same_day = row.booked_on == batch.booked_on or (
            row.value_on is not None and row.value_on == batch.value_on
        )
        return (
            row.amount_minor == batch.amount_minor
            and same_day
            and size in {0, batch.size}
            and self.named(batch) is not False
        )


def batches_link(
    organization_id: int, accounts: Iterable[BankAccount], *, days: tuple[date, date], on: date
) -> tuple[Counter[str], list[RowError]]:
    """Give waiting batches of those days their bulk lines; returns counts and what there is to say.

    Counts: split (bulk lines), parts (movements that now stand for them), proposed, unequal.
    """
    counts: Counter[str] = Counter()
    notes: list[RowError] = []
    for account in accounts:
        waiting = _waiting(organization_id, account, days)
        if not waiting:
            continue
        linked = list(_linked(waiting, _candidates(account, waiting)))
        whole = [pair for pair in linked if _sum(pair[1]) == pair[0].amount_minor]
        split = [pair for pair in whole if pair[0].state in OPEN]
        counts["parts"] += lines_split(organization_id, split, on=on)
        counts["split"] += sum(line.state == Line.State.SPLIT for line, _ in whole)
        for line, batches in whole:
            if line.state != Line.State.SPLIT:
                _propose(line, batches, counts, notes)
        for line, batches in linked:
            if _sum(batches) != line.amount_minor:
                _leave(line, batches, counts, notes)
        _save([batch for _, batches in linked for batch in batches])
    return counts, notes


def _waiting(organization_id: int, account: BankAccount, days: tuple[date, date]) -> list[Batch]:
    states = (Batch.State.WAITING, Batch.State.UNEQUAL)
    rows = Batch.objects.filter(
        organization_id=organization_id, state__in=states, told_in__account=account,
        booked_on__range=(days[0] - WINDOW, days[1] + WINDOW),
    )  # fmt: skip
    return list(rows.order_by("booked_on", "id"))


def _candidates(account: BankAccount, waiting: Sequence[Batch]) -> list[_Candidate]:
    """Lines of about those days that are of the amount of a batch, or are called like one."""
    days = [batch.booked_on for batch in waiting]
    lines = StatementLine.objects.filter(
        statement__account=account, statement__kind="statement", batch=None,
        booked_on__range=(min(days) - WINDOW, max(days) + WINDOW),
    )  # fmt: skip
    lines = lines.exclude(state=Line.State.SPLIT)
    found: dict[int, StatementLine] = {}
    for amounts in chunks({batch.amount_minor for batch in waiting}):
        found |= {row.pk: row for row in lines.filter(amount_minor__in=amounts)}
    for names in chunks({name for b in waiting for name in (b.batch_id, b.reference) if name}):
        named = Q(record__batch_id__in=names) | Q(record__entry_reference__in=names)
        found |= {row.pk: row for row in lines.filter(named)}
    rows = sorted(found.values(), key=lambda row: (row.booked_on, row.pk))
    return [
        _Candidate(row)
        for row in rows
        if is_bulk(row.record) and row.record.get("batch_parts", 0) < 2
    ]


def _linked(
    waiting: Sequence[Batch], candidates: Sequence[_Candidate]
) -> Iterator[tuple[StatementLine, list[Batch]]]:
    """Each line with the batches that are its details: by name and amount, by several of one name,
    by amount and day where nothing else fits; last, those of another sum."""
    left = list(waiting)
    for batch in list(left):
        for one in candidates:
            same = one.row.amount_minor == batch.amount_minor and one.row.currency == batch.currency
            if same and not one.is_taken and one.named(batch):
                one.is_taken = True
                left.remove(batch)
                yield one.row, [batch]
                break
    by_name: dict[str, list[Batch]] = defaultdict(list)
    for batch in left:
        by_name[batch.batch_id or batch.reference].append(batch)
    unequal: list[tuple[StatementLine, list[Batch]]] = []
    for one in candidates:
        named = [b for b in by_name.get(one.row.record.get("batch_id", ""), []) if one.named(b)]
        named = named or [b for b in left if one.named(b)]
        named = [
            b for b in named if b in left and (b.amount_minor < 0) == (one.row.amount_minor < 0)
        ]
        if one.is_taken or not named:
            continue
        one.is_taken = True
        left = [batch for batch in left if batch not in named]
        unequal.append((one.row, named))
    yield from _by_amount(left, candidates)
    yield from unequal


def _by_amount(
    left: Sequence[Batch], candidates: Sequence[_Candidate]
) -> Iterator[tuple[StatementLine, list[Batch]]]:
    """Batches and lines of one amount and day, when there are as many of one as of the other."""
    buckets: dict[Any, list[Batch]] = defaultdict(list)
    for batch in left:
        buckets[batch.booked_on, batch.amount_minor, batch.currency].append(batch)
    for batches in buckets.values():
        fitting = [
            one
            for one in candidates
            if not one.is_taken
            and one.row.currency == batches[0].currency
            and all(one.fits(batch) for batch in batches)
        ]
        if len(fitting) == len(batches):
            for one, batch in zip(fitting, batches, strict=True):
                one.is_taken = True
                yield one.row, [batch]


def _propose(
    line: StatementLine, batches: Sequence[Batch], counts: Counter[str], notes: list[RowError]
) -> None:
    """A person had decided on the line: nothing is undone unasked."""
    counts["proposed"] += 1
    said = {"amount": Money(line.amount_minor, line.currency), "day": line.booked_on}
    notes.append(RowError(0, "", "bank.batch_proposed", said))
    for batch in batches:
        batch.state, batch.line = Batch.State.PROPOSED, line


def _leave(
    line: StatementLine, batches: Sequence[Batch], counts: Counter[str], notes: list[RowError]
) -> None:
    """The bank books another sum than its details come to: told once, until more of them come."""
    if any(b.state != Batch.State.UNEQUAL or b.line_id != line.pk for b in batches):
        counts["unequal"] += 1
        booked, told = (Money(n, line.currency) for n in (line.amount_minor, _sum(batches)))
        said = {"day": line.booked_on, "told": told, "booked": booked}
        notes.append(RowError(0, "", "bank.batch_unequal", said))
    for batch in batches:
        batch.state, batch.line = Batch.State.UNEQUAL, line


def lines_split(
    organization_id: int, pairs: Sequence[tuple[StatementLine, Sequence[Batch]]], *, on: date
) -> int:
    """Let details stand for their bulk lines; returns how many. Call inside a transaction."""
    proposals_drop(organization_id, {line.pk for line, _ in pairs}, on=on)
    for line, batches in pairs:
        count = sum(batch.size for batch in batches)
        line.state = Line.State.SPLIT
        line.evidence = [Sentence("bank.split", {"count": count}).to_json()]
        for batch in batches:
            batch.state, batch.line = Batch.State.SPLIT, line
    StatementLine.objects.bulk_update(
        [line for line, _ in pairs], ["state", "evidence"], batch_size=250
    )
    split = [batch for _, batches in pairs for batch in batches]
    _save(split)
    parts = StatementLine.objects.filter(
        batch_id__among={batch.pk for batch in split}, state=Line.State.AWAITED
    )
    parts.filter(amount_minor=0).update(state=Line.State.IGNORED)
    parts.update(state=Line.State.NEW)
    return sum(batch.size for batch in split)


def _save(batches: Sequence[Batch]) -> None:
    Batch.objects.bulk_update(batches, ["state", "line"], batch_size=250)


def _sum(batches: Sequence[Batch]) -> int:
    return sum(batch.amount_minor for batch in batches)
