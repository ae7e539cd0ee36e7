"""Entries of a long statement: on disk, in order, read as often as wanted."""

from __future__ import annotations

from datetime import date

import pytest

from amiable.core.records import StatementEntry
from amiable.plugins.statements._spool import CHUNK, IN_MEMORY, Entries


def entries(count: int) -> Entries:
    kept = Entries()
    for number in range(count):
        kept.append(StatementEntry(number, date(2026, 1, 1), None, number, "EUR", f"n {number}"))
    return kept


@pytest.mark.parametrize("count", [0, 3, IN_MEMORY - 1, IN_MEMORY, IN_MEMORY + CHUNK + 7])
def test_entries_come_back_in_order_as_often_as_asked(count):
    kept = entries(count)
    assert len(kept) == count
    first, second = iter(kept), iter(kept)
    for number in range(count):  # interleaved
        assert next(first).line == number
        assert next(second).amount_minor == number
    assert [entry.line for entry in kept] == list(range(count))
    if count:
        assert (kept[0].line, kept[-1].line, kept[count // 2].line) == (0, count - 1, count // 2)
        assert [entry.line for entry in kept[1:3]] == list(range(1, min(count, 3)))
    with pytest.raises(IndexError):
        kept[count]


def test_short_statements_are_plain_tuples():
    assert entries(5).settled() == tuple(entries(5))
    assert isinstance(entries(IN_MEMORY).settled(), Entries)
