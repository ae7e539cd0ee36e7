"""Movements known from another telling: across formats by what cannot differ, batches by their sum.

Another format cuts texts and gives other references: there a movement is the same when account,
booking day, amount and currency agree and nothing contradicts it, each stored line standing for one
movement only. A batch is the same money whole and in its parts.
"""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any

from django.db.models import Count, QuerySet

from amiable.apps.banking.identity import Prints
from amiable.apps.banking.models import BankAccount, StatementLine
from amiable.core.numbers import plain
from amiable.core.records import StatementRecord

AT_ONCE = 20_000  # movements of whole days, read and stored, that are looked at together
_PAIRS = 10_000  # of one day and amount: beyond, twins are told apart by count alone
_TELLING = ("end_to_end_id", "structured_reference", "payer_iban", "mandate_id")
_NAMES = ("batch_id", "entry_reference")  # of a batch, as the bank gives them
_BATCH = (*_NAMES, "batch_size", "batch_parts")


@dataclass(frozen=True, slots=True)
class _Said:
    """A movement as one side tells it. `key` = its place in the statement, or its fingerprint.

    `group` = the place where the batch that it is part of begins, or the bulk line that it is a
    part of; None for all others. `line_id` of stored ones.
    """

    key: Any
    format: str
    day: date
    amount_minor: int
    currency: str
    label: str
    record: Mapping[str, Any]
    group: int | None = None
    line_id: int = 0

    @property
    def bucket(self) -> tuple[date, int, str]:
        return self.day, self.amount_minor, self.currency

    def words(self) -> frozenset[str]:
        """Words of some length of the label and the name."""
        text = plain(f"{self.label} {self.record.get('payer_name', '')}")
        return frozenset(re.findall(r"[a-z0-9]{4,}", text))


@dataclass(slots=True)
class Recognized:
    """`places` of entries that are stored from another telling; `overlapping` = how many are new on
    days that another format has told; `retold` = places of the parts of batches stored whole."""

    places: set[int] = field(default_factory=set)
    overlapping: int = 0
    retold: list[list[int]] = field(default_factory=list)


def recognize(
    account: BankAccount, record: StatementRecord, *, prints: Prints, known: bytearray
) -> Recognized:
    """Find entries of a statement, unknown by fingerprint, among the stored lines of other formats.

    A line of the same format counts only when the bank's own reference is the same, or when one of
    them is a batch and the other its parts.
    """
    found = Recognized()
    stored = _lines(account)
    if not stored.exists():
        return found
    places = _places(record, known)
    for days in _windows(stored, places):
        here = sorted(place for day in days for place in places[day])
        fresh, again = _fresh(record, prints, known, here)
        before = [line for line in _stored(stored, days) if line.key not in again]
        if before and fresh:
            _pair(found, fresh, before)
    return found


def _lines(account: BankAccount) -> QuerySet[StatementLine]:
    rows = StatementLine.objects.filter(
        organization_id=account.organization_id, statement__account=account
    )
    return rows.exclude(state=StatementLine.State.AWAITED)


def _places(record: StatementRecord, known: bytearray) -> dict[date, array[int]]:
    """Where the movements of each day stand, of days on which one is not known yet."""
    places: dict[date, array[int]] = defaultdict(lambda: array("L"))
    new: set[date] = set()
    for place, entry in enumerate(record.entries):
        places[entry.booked_on].append(place)
        if not known[place]:
            new.add(entry.booked_on)
    return {day: places[day] for day in new}


def _windows(
    stored: QuerySet[StatementLine], places: Mapping[date, Sequence[int]]
) -> Iterator[set[date]]:
    """Days that other tellings speak of, as many together as memory allows."""
    counted = stored.filter(booked_on__in=list(places)).values_list("booked_on")
    some: set[date] = set()
    size = 0
    for day, count in counted.annotate(Count("id")).order_by("booked_on"):
        more = count + len(places[day])
        if some and size + more > AT_ONCE:
            yield some
            some, size = set(), 0
        some.add(day)
        size += more
    if some:
        yield some


def is_bulk(record: Mapping[str, Any]) -> bool:
    """Whether a movement can stand for several: a batch, or nothing says who paid or for what."""
    if record.get("batch_size", 0) > 1:
        return True
    return not any(record.get(name) for name in (*_TELLING, "payer_name"))


def _fresh(
    record: StatementRecord, prints: Prints, known: bytearray, places: Sequence[int]
) -> tuple[list[_Said], set[str]]:
    """Movements at these places that no fingerprint knows, and the fingerprints of those known.

    The parts of a batch are of one day and stand side by side: all of them are here, or none.
    """
    fresh, again = [], set()
    group, left = 0, 0
    for place in places:
        entry = record.entries[place]
        if not left and entry.batch_parts > 1:
            group, left = place, entry.batch_parts
        is_part, left = left > 0, max(left - 1, 0)
        if known[place]:
            again.add(prints[place])
            continue
        names = (*_TELLING, *_BATCH, "payer_name", "bank_reference")
        fresh.append(
            _Said(
                place,
                record.format,
                entry.booked_on,
                entry.amount_minor,
                entry.currency,
                entry.label,
                {name: getattr(entry, name) for name in names},
                group if is_part else None,
            )
        )
    return fresh, again


def _stored(stored: QuerySet[StatementLine], days: set[date]) -> Iterator[_Said]:
    names = (
        "fingerprint", "statement__format", "booked_on", "amount_minor", "currency", "label",
        "record", "batch__line_id", "id",
    )  # fmt: skip
    rows = stored.filter(booked_on__in=days).order_by("booked_on", "id")
    for row in rows.values_list(*names):
        yield _Said(*row)


def _pair(found: Recognized, fresh: list[_Said], stored: list[_Said]) -> None:
    """Batches first, then pairs by day and amount; what is left of a day may be the same money cut
    otherwise."""
    used = _batches(found, fresh, stored)
    by_bucket: dict[Any, list[_Said]] = defaultdict(list)
    for line in stored:
        if line.key not in used:
            by_bucket[line.bucket].append(line)
    by_bucket_fresh: dict[Any, list[_Said]] = defaultdict(list)
    for said in fresh:
        if said.key not in found.places:
            by_bucket_fresh[said.bucket].append(said)
    for bucket, some in by_bucket_fresh.items():
        for said, line in _pairs(some, by_bucket.get(bucket, [])):
            found.places.add(said.key)
            used.add(line.key)
    left = [said for said in fresh if said.key not in found.places]
    _cut_otherwise(found, left, _unused(stored, used))
    told = {(line.day, line.currency) for line in stored if _elsewhere(line, fresh[0].format)}
    left = [said for said in left if said.key not in found.places]
    found.overlapping += sum((said.day, said.currency) in told for said in left)


def _unused(stored: list[_Said], used: set[str]) -> list[_Said]:
    """Stored money that nothing stands for yet, a split batch once: its bulk line, or, when one of
    its parts was told, its other parts."""
    by_parts = {line.group for line in stored if line.key in used and line.group}
    return [
        line
        for line in stored
        if line.key not in used
        and (line.group in by_parts if line.group else line.line_id not in by_parts)
    ]


def _batches(found: Recognized, fresh: list[_Said], stored: list[_Said]) -> set[str]:
    """Find batches told in parts that are stored whole, and whole ones stored in parts; returns the
    fingerprints of the stored lines that are told."""
    used: set[str] = set()
    whole: dict[Any, list[_Said]] = defaultdict(list)
    parts_of: dict[int, set[str]] = defaultdict(set)
    for line in stored:
        whole[line.bucket].append(line)
        if line.group:
            parts_of[line.group].add(line.key)
    for parts in _groups(fresh):
        bucket = (parts[0].day, sum(part.amount_minor for part in parts), parts[0].currency)
        same = (line for line in whole[bucket] if line.key not in used)
        line = next((line for line in same if _same_batch(parts[0], line)), None)
        if line:
            used |= {line.key, *parts_of[line.line_id]}
            found.places |= {part.key for part in parts}
            if not parts_of[line.line_id]:  # one that is split needs no details any more
                found.retold.append([part.key for part in parts])
    return used | _wholes(found, fresh, stored)


def _wholes(found: Recognized, fresh: list[_Said], stored: list[_Said]) -> set[str]:
    """Batches told whole whose parts are stored, by the names that the bank gives them."""
    by_name: dict[Any, list[_Said]] = defaultdict(list)
    for line in stored:
        if not line.group and line.record.get("batch_parts", 0) > 1:
            for name in {line.record.get(name) for name in _NAMES} - {None}:
                by_name[line.day, line.currency, name].append(line)
    used: set[str] = set()
    for said in fresh if by_name else []:
        if said.group is not None or not is_bulk(said.record):
            continue
        for name in {said.record[name] for name in _NAMES} - {""}:
            parts = [p for p in by_name[said.day, said.currency, name] if p.key not in used]
            if parts and sum(part.amount_minor for part in parts) == said.amount_minor:
                used |= {part.key for part in parts}
                found.places.add(said.key)
                break
    return used


def _groups(fresh: list[_Said]) -> list[list[_Said]]:
    """Batches told in parts, those of which every part is new."""
    groups: dict[int, list[_Said]] = defaultdict(list)
    for said in fresh:
        if said.group is not None:
            groups[said.group].append(said)
    return [parts for parts in groups.values() if len(parts) == parts[0].record["batch_parts"]]


def _same_batch(part: _Said, line: _Said) -> bool:
    """Whether a stored line of the same amount is the batch, whole, of which this is a part."""
    if line.group or line.record.get("batch_parts", 0) > 1 or not is_bulk(line.record):
        return False
    for name in _NAMES:
        mine, theirs = part.record[name], line.record.get(name, "")
        if mine and theirs:
            return bool(mine == theirs)
    return line.record.get("batch_size", 0) in {0, part.record["batch_parts"]}


def _pairs(fresh: list[_Said], stored: list[_Said]) -> Iterator[tuple[_Said, _Said]]:
    """Pairs that agree most come first; each movement is paired once."""
    if len(fresh) * len(stored) > _PAIRS:
        yield from (pair for pair in zip(fresh, stored, strict=False) if _score(*pair) is not None)
        return
    scored = [
        (score, -number, said, line)
        for said in fresh
        for number, line in enumerate(stored)
        if (score := _score(said, line)) is not None
    ]
    scored.sort(key=lambda each: each[:2], reverse=True)
    taken: set[Any] = set()
    for _, _, said, line in scored:
        if said.key not in taken and line.key not in taken:
            taken |= {said.key, line.key}
            yield said, line


def _score(said: _Said, line: _Said) -> int | None:
    """How much two tellings agree; None when they cannot be of the same movement."""
    reference = said.record["bank_reference"]
    same_reference = bool(reference) and reference == line.record.get("bank_reference", "")
    if not same_reference and not _elsewhere(line, said.format):
        return None
    score = 10 * same_reference
    for name in _TELLING:
        mine, theirs = said.record[name], line.record.get(name, "")
        if mine and theirs:
            if mine.casefold().replace(" ", "") != theirs.casefold().replace(" ", ""):
                return None
            score += 10
    names = [set(plain(each.record.get("payer_name", "")).split()) for each in (said, line)]
    if all(names) and not names[0] & names[1]:
        return None
    return score + len(said.words() & line.words())


def _cut_otherwise(found: Recognized, fresh: list[_Said], stored: list[_Said]) -> None:
    """A batch is one movement in one format and several in another: the sums of the day agree."""

    def group(said: _Said) -> tuple[date, str, bool]:
        return said.day, said.currency, said.amount_minor >= 0

    lines = defaultdict(list)
    for line in stored:
        lines[group(line)].append(line)
    for key, some in groupby(sorted(fresh, key=group), key=group):
        movements = list(some)
        others = [line for line in lines[key] if _elsewhere(line, movements[0].format)]
        same_money = sum(m.amount_minor for m in movements) == sum(o.amount_minor for o in others)
        if others and same_money and len(others) != len(movements):
            found.places |= {movement.key for movement in movements}


def _elsewhere(line: _Said, code: str) -> bool:
    """Whether a stored line comes from another format than this one."""
    return line.format not in {"", code}
