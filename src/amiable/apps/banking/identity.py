"""Which movements are the same: exactly, by a fingerprint of what the bank says of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

from amiable.apps.banking.models import StatementLine
from amiable.core.records import StatementEntry

CHUNK = 5000


class Prints(Sequence[str]):
    """Fingerprints of movements in hexadecimal, of which a million take 32 MB."""

    def __init__(self) -> None:
        self._content = bytearray()

    def append(self, mark: bytes) -> None:
        """Add a fingerprint of 32 bytes at the end."""
        self._content += mark

    def __len__(self) -> int:
        return len(self._content) // 32

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        at = 32 * range(len(self))[index]
        return self._content[at : at + 32].hex()

    def __iter__(self) -> Iterator[str]:
        return (self[number] for number in range(len(self)))


def fingerprints(account: str, entries: Iterable[StatementEntry]) -> Prints:
    """One per movement: what the bank says of it, and which of its twins of the day it is.

    Two real payments of the same day, amount and text differ by their rank; the same day read
    again in another statement gives the same ranks.
    """
    ranks: dict[int, int] = {}
    prints = Prints()
    for entry in entries:
        said = _json(
            [
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
        )
        # A short key for each is enough: two that share one by chance only count as twins.
        twins = int.from_bytes(hashlib.blake2b(said, digest_size=7).digest(), "big")
        rank = ranks.get(twins, 0)
        ranks[twins] = rank + 1
        prints.append(hashlib.sha256(b"%b,%d]" % (said[:-1], rank)).digest())
    return prints


def digest(values: Sequence[Any], more: Iterable[str] = ()) -> str:
    """SHA-256 of plain values, and of more texts after them, in hexadecimal."""
    state = hashlib.sha256(_json(values)[:-1])
    for text in more:
        state.update(b"," + _json(text))
    state.update(b"]")
    return state.hexdigest()


def _json(values: Any) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def known_places(organization_id: int, prints: Prints) -> bytearray:
    """For each fingerprint 1 when it is stored already, else 0."""
    found = bytearray(len(prints))
    rows = StatementLine.objects.filter(organization_id=organization_id)
    for start in range(0, len(prints), CHUNK):
        some = {mark: start + number for number, mark in enumerate(prints[start : start + CHUNK])}
        stored = rows.filter(fingerprint__among=set(some))
        for mark in stored.values_list("fingerprint", flat=True):
            found[some[mark]] = 1
    return found
