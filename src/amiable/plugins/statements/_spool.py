"""Movements of a statement as a sequence that stays small in memory however long it is."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import IO, overload

from amiable.core.records import StatementEntry

IN_MEMORY = 20_000
CHUNK = 5_000
# Rows of plain values: three times faster than pickled records.
_values = attrgetter(*(each.name for each in fields(StatementEntry)))


class Entries(Sequence[StatementEntry]):
    """Entries in the order they were added; from IN_MEMORY on, in a temporary file of our own.

    Iterating reads the file in chunks; any number of iterations may run, one after the other or
    interleaved. The file vanishes with the sequence.
    """

    def __init__(self) -> None:
        self._tail: list[StatementEntry] = []
        self._file: IO[bytes] | None = None
        self._places: list[int] = []  # where each chunk of CHUNK entries begins in the file
        self._looked: tuple[int, list[StatementEntry]] = (
            -1,
            [],
        )  # the chunk last asked for by index

    def append(self, entry: StatementEntry) -> None:
        """Add an entry at the end."""
        self._tail.append(entry)
        if len(self._tail) >= (CHUNK if self._file else IN_MEMORY):
            self._spill()

    def settled(self) -> Sequence[StatementEntry]:
        """A tuple when all entries are in memory, else this sequence."""
        return self if self._file else tuple(self._tail)

    def _spill(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the sequence
        for start in range(0, len(self._tail), CHUNK):
            self._places.append(self._file.seek(0, 2))
            rows = [_values(entry) for entry in self._tail[start : start + CHUNK]]
            pickle.dump(rows, self._file, pickle.HIGHEST_PROTOCOL)
        self._tail = []

    def _chunk(self, number: int) -> list[StatementEntry]:
        if self._file is None or number == len(self._places):
            return self._tail
        self._file.seek(self._places[number])
        return [StatementEntry(*row) for row in pickle.load(self._file)]  # noqa: S301  # we wrote it

    def __iter__(self) -> Iterator[StatementEntry]:
        for number in range(len(self._places) + 1):
            yield from self._chunk(number)

    def __len__(self) -> int:
        return len(self._places) * CHUNK + len(self._tail)

    @overload
    def __getitem__(self, index: int) -> StatementEntry: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[StatementEntry, ...]: ...

    def __getitem__(self, index: int | slice) -> StatementEntry | tuple[StatementEntry, ...]:
        if isinstance(index, slice):
            return tuple(self[number] for number in range(*index.indices(len(self))))
        at = range(len(self))[index]
        if self._file is None:
            return self._tail[at]
        if self._looked[0] != at // CHUNK:
            self._looked = (at // CHUNK, self._chunk(at // CHUNK))
        return self._looked[1][at % CHUNK]
