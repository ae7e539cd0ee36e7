"""Rows of statement lines written as they come: as many as a file holds, few in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from typing import Any

from amiable.apps.banking.models import Statement, StatementLine
from amiable.apps.work.bulk import rows_insert
from amiable.core.records import StatementEntry
from amiable.core.sentences import Sentence, declare, gettext_noop

declare({"bank.no_money": gettext_noop("the movement is of zero: it only informs")})

TOLD_EVERY = 5000
# Fields of StatementEntry that have a column of their own.
_OWN = frozenset({"line", "booked_on", "value_on", "amount_minor", "currency", "label"})
_RECORDED = tuple(each.name for each in fields(StatementEntry) if each.name not in _OWN)
_COLUMNS = (
    "organization_id", "statement_id", "batch_id", "fingerprint", "booked_on", "value_on",
    "amount_minor", "currency", "label", "record", "state", "evidence",
)  # fmt: skip


def lines_store(
    statement: Statement,
    movements: Iterable[tuple[StatementEntry, str, int | None]],
    *,
    state: StatementLine.State = StatementLine.State.NEW,
    told: Callable[[int], None] | None = None,
) -> int:
    """Store (entry, fingerprint, batch or None) as lines of a statement; returns how many.

    A movement of zero waits for nobody. `told` hears how many are done, now and then.
    """
    count = 0

    def rows() -> Iterator[list[Any]]:
        nonlocal count
        for entry, mark, batch_id in movements:
            yield _row(statement, entry, mark, batch_id, state)
            count += 1
            if told and count % TOLD_EVERY == 0:
                told(count)

    rows_insert(StatementLine, _COLUMNS, rows=rows())
    return count


def _row(
    statement: Statement, entry: StatementEntry, mark: str, batch_id: int | None,
    state: StatementLine.State,
) -> list[Any]:  # fmt: skip
    values = ((name, getattr(entry, name)) for name in _RECORDED)
    record = {name: value for name, value in values if value}
    evidence = []
    if not entry.amount_minor and state == StatementLine.State.NEW:
        state, evidence = StatementLine.State.IGNORED, [Sentence("bank.no_money").to_json()]
    return [
        statement.organization_id, statement.pk, batch_id, mark, entry.booked_on, entry.value_on,
        entry.amount_minor, entry.currency, entry.label, record, state.value, evidence,
    ]  # fmt: skip
