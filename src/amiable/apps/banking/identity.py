"""Which movements are the same: exactly by fingerprint, across formats by what cannot differ.

Read again in its own format, a movement has the same fingerprint. Another format cuts texts and
gives other references: there a movement is the same when account, booking day, amount and currency
agree and nothing contradicts it, each stored line standing for one movement only.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any

from amiable.apps.banking.models import BankAccount, StatementLine
from amiable.core.numbers import plain
from amiable.core.records import StatementEntry, StatementRecord

CHUNK = 5000
DAYS = 31
_PAIRS = 10_000  # of one day and amount: beyond, twins are told apart by count alone
_TELLING = ("end_to_end_id", "structured_reference", "payer_iban", "mandate_id")


def fingerprints(account: str, entries: Iterable[StatementEntry]) -> list[str]:
    """One per movement: what the bank says of it, and which of its twins of the day it is.

    Two real payments of the same day, amount and text differ by their rank; the same day read
    again in another statement gives the same ranks.
    """
    ranks: Counter[bytes] = Counter()
    prints = []
    for entry in entries:
        said = [
            account,
            entry.booked_on.isoformat(),
            entry.amount_minor,
            entry.currency,
            entry.label,
            entry.bank_reference,
            entry.end_to_end_id,
            entry.structured_reference,
            entry.payer_name,
        ]
        twins = hashlib.blake2b(_json(said), digest_size=16).digest()
        prints.append(digest([*said, ranks[twins]]))
        ranks[twins] += 1
    return prints


def digest(values: Sequence[Any]) -> str:
    """SHA-256 of plain values, in hexadecimal."""
    return hashlib.sha256(_json(values)).hexdigest()


def _json(values: Sequence[Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def known_prints(organization_id: int, prints: Sequence[str]) -> set[str]:
    """Those fingerprints that are stored already."""
    known: set[str] = set()
    for start in range(0, len(prints), CHUNK):
        rows = StatementLine.objects.filter(
            organization_id=organization_id, fingerprint__in=prints[start : start + CHUNK]
        )
        known |= set(rows.values_list("fingerprint", flat=True))
    return known


@dataclass(frozen=True, slots=True)
class _Said:
    """A movement as one side tells it. `key` = its place in the statement, or its fingerprint."""

    key: Any
    format: str
    day: date
    amount_minor: int
    currency: str
    label: str
    record: Mapping[str, Any]

    @property
    def bucket(self) -> tuple[date, int, str]:
        return self.day, self.amount_minor, self.currency

    def words(self) -> frozenset[str]:
        """Words of some length of the label and the name."""
        text = plain(f"{self.label} {self.record.get('payer_name', '')}")
        return frozenset(re.findall(r"[a-z0-9]{4,}", text))


@dataclass(slots=True)
class Recognized:
    """`places` of entries that are stored from another format; `overlapping` = how many are new
    on days that another format has told."""

    places: set[int] = field(default_factory=set)
    overlapping: int = 0


def recognize(
    account: BankAccount, record: StatementRecord, *, prints: Sequence[str], known: set[str]
) -> Recognized:
    """Find entries of a statement, unknown by fingerprint, among the stored lines of other formats.

    A line of the same format counts only when the bank's own reference is the same.
    """
    found = Recognized()
    days = {
        e.booked_on for e, mark in zip(record.entries, prints, strict=True) if mark not in known
    }
    lines = StatementLine.objects.filter(statement__account=account)
    told = sorted(set(lines.filter(booked_on__in=days).values_list("booked_on", flat=True)))
    for start in range(0, len(told), DAYS):
        some = set(told[start : start + DAYS])
        stored = [line for line in _stored(account, some) if line.key not in known]
        fresh = list(_fresh(record, prints, known, some)) if stored else []
        if fresh:
            _pair(found, fresh, stored)
    return found


def _fresh(
    record: StatementRecord, prints: Sequence[str], known: set[str], days: set[date]
) -> Iterator[_Said]:
    for place, (entry, mark) in enumerate(zip(record.entries, prints, strict=True)):
        if entry.booked_on in days and mark not in known:
            said = {name: getattr(entry, name) for name in (*_TELLING, "payer_name")}
            said["bank_reference"] = entry.bank_reference
            yield _Said(
                place,
                record.format,
                entry.booked_on,
                entry.amount_minor,
                entry.currency,
                entry.label,
                said,
            )


def _stored(account: BankAccount, days: set[date]) -> Iterator[_Said]:
    rows = StatementLine.objects.filter(statement__account=account, booked_on__in=days)
    names = ("statement__format", "booked_on", "amount_minor", "currency", "label", "record")
    for row in rows.order_by("booked_on", "id").values_list("fingerprint", *names):
        yield _Said(*row)


def _pair(found: Recognized, fresh: list[_Said], stored: list[_Said]) -> None:
    """Pair by day and amount first; what is left of a day may be the same money cut otherwise."""
    by_bucket: dict[Any, list[_Said]] = defaultdict(list)
    for line in stored:
        by_bucket[line.bucket].append(line)
    used: set[str] = set()
    by_bucket_fresh: dict[Any, list[_Said]] = defaultdict(list)
    for said in fresh:
        by_bucket_fresh[said.bucket].append(said)
    for bucket, some in by_bucket_fresh.items():
        for said, line in _pairs(some, by_bucket.get(bucket, [])):
            found.places.add(said.key)
            used.add(line.key)
    left = [said for said in fresh if said.key not in found.places]
    _cut_otherwise(found, left, [line for line in stored if line.key not in used])
    told = {(line.day, line.currency) for line in stored if _elsewhere(line, fresh[0].format)}
    left = [said for said in left if said.key not in found.places]
    found.overlapping += sum((said.day, said.currency) in told for said in left)


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
