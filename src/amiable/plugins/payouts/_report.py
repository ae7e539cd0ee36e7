"""What payout reports share: a table of movements, each of a payout, its amounts checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import InvalidOperation
from pathlib import Path
from typing import NamedTuple, Protocol

from amiable.core import numbers
from amiable.core.money import AmountError, Money, major, minor
from amiable.core.payouts import PayoutPart, PayoutRow, provider_label, totals
from amiable.core.sentences import declare, gettext_noop
from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.imports._fields import Names
from amiable.plugins.imports._rows import rows_read, table_of
from amiable.plugins.imports._sniff import head_has
from amiable.plugins.imports._table import Problems, RefusedFileError, Table

declare(
    {
        "payout.empty": gettext_noop("The row has no {field}: export the report again, whole."),
        "payout.amount": gettext_noop(
            "“{value}” is no amount in {currency}: export the report again, unchanged."
        ),
        "payout.date": gettext_noop("“{value}” is no date: export the report again, unchanged."),
        "payout.currency": gettext_noop("“{value}” is no currency: write its code, such as EUR."),
        "payout.row_sum": gettext_noop(
            "{gross} less fees of {fee} is not {net}: export the report again, unchanged."
        ),
        "payout.twice": gettext_noop(
            "The movement {name} is on line {first} already. Keep one of the two rows."
        ),
        "payout.mixed": gettext_noop(
            "The payout {name} is of another day or currency on line {first}. Export it again."
        ),
        "payout.spoiled": gettext_noop(
            "The payout {name} has rows that cannot be read: it is left out whole."
        ),
    }
)
Needs = Sequence[tuple[str, ...]]
_DATE_SIGNS = 10  # of what begins with a date, the hour left out
_CURRENCY_SIGNS = 3


class UnreadableError(Exception):
    """A cell that cannot be read, which has been said."""


class Moved(NamedTuple):
    """A row: the movement, and the payout that it is of. `arrives_on` None = the report does not
    say; `reference` = what the bank may show of the payout besides its name."""

    line: int
    payout: str
    arrives_on: date | None
    currency: str
    part: PayoutPart
    reference: str = ""


@dataclass(slots=True)
class Cells:
    """The fields of a row; what is wrong with one is said with its column."""

    line: int
    texts: dict[str, str]
    columns: dict[str, str]
    problems: Problems
    mark: numbers.DecimalMark = "."
    order: numbers.DayOrder = "dmy"

    def text(self, name: str) -> str:
        """A field, "" when the file has no such column."""
        return self.texts.get(name, "")

    def needed(self, name: str) -> str:
        """A field that every row has."""
        text = self.text(name)
        if not text:
            raise self.wrong(name, "payout.empty", field=self.columns.get(name, name))
        return text

    def currency(self, name: str) -> str:
        """A currency's code in capitals."""
        text = self.needed(name).upper()
        if len(text) != _CURRENCY_SIGNS or not text.isascii() or not text.isalpha():
            raise self.wrong(name, "payout.currency", value=text[:40])
        return text

    def day(self, name: str) -> date:
        """A day, whatever the hour behind it."""
        text = self.needed(name)
        try:
            return numbers.day(text[:_DATE_SIGNS], self.order)
        except ValueError as error:
            raise self.wrong(name, "payout.date", value=text[:40]) from error

    def amount(self, name: str, currency: str) -> int:
        """Minor units; 0 of an empty cell."""
        text = self.text(name)
        try:
            return minor(numbers.amount(text, self.mark)[0], currency) if text else 0
        except (ValueError, AmountError, InvalidOperation) as error:
            told = {"value": text[:40], "currency": currency}
            raise self.wrong(name, "payout.amount", **told) from error

    def summed(self, gross: int, fee: int, net: int, currency: str) -> None:
        """Refuse a row that does not add up."""
        if gross - fee != net:
            amounts = {"gross": gross, "fee": fee, "net": net}
            told = {name: Money(amount, currency) for name, amount in amounts.items()}
            raise self.wrong("net", "payout.row_sum", **told)

    def wrong(self, name: str, code: str, /, **params: str | Money) -> UnreadableError:
        """Say what is wrong with a field."""
        self.problems.error(self.line, self.columns.get(name, ""), code, **params)
        return UnreadableError(code)


class Format(Protocol):
    """What a provider's report is like: `names` of its columns by field (`payout` among them)."""

    provider: str
    names: Names
    needs: Needs

    def moved(self, cells: Cells) -> Moved | None:
        """A row; None = it is of no payout yet."""
        ...


@dataclass(slots=True)
class Report:
    """A reader of the reports of a provider."""

    code: str
    label: str
    format: Format
    kind: FileKind = "payouts"

    def sniff(self, head: bytes, _name: str) -> bool:
        """Whether one of the first rows has all the columns that the report needs."""
        needs = self.format.needs
        return head_has(head, self.format.names, needs, at_least=len(needs))

    def read(self, path: Path, options: ReadOptions) -> ReadResult:
        """The payouts of the file, each whole or not at all."""
        try:
            table = table_of(path, options, self.format.names, self.format.needs)
        except RefusedFileError as refusal:
            return ReadResult(self.kind, self.code, errors=refusal.errors)
        problems = Problems()
        reading = _Reading(self.format, table, problems)
        found, result = rows_read(table, problems, reading.row, kind=self.kind, code=self.code)
        moved = [each for each in found if isinstance(each, Moved)]
        payouts = tuple(_payouts(self.format.provider, moved, reading.spoiled))
        for name in sorted(reading.spoiled - {""}):
            problems.warning(0, "", "payout.spoiled", name=name)
        told = [summary_of(row) for row in payouts]
        summary = {**result.summary, "payouts": told, "open_rows": len(found) - len(moved)}
        warnings = tuple(problems.warnings)
        return replace(result, payouts=payouts, summary=summary, warnings=warnings)


@dataclass(slots=True)
class _Reading:
    """Rows one after the other; `seen` = the line of each movement, `of` = the first of each
    payout, `spoiled` = payouts with a row that cannot be read."""

    format: Format
    table: Table
    problems: Problems
    seen: dict[str, int] = field(default_factory=dict)
    of: dict[str, Moved] = field(default_factory=dict)
    spoiled: set[str] = field(default_factory=set)

    def row(self, line: int, cells: list[str]) -> Moved | bool | None:
        """A movement, True when it is of no payout yet, or None when it is wrong."""
        columns = self.table.columns
        texts = {name: cells[index].strip() for name, index in columns.items()}
        header = {name: self.table.header[index] for name, index in columns.items()}
        try:
            read = Cells(line, texts, header, self.problems)
            moved = self.format.moved(read)
            if moved:
                self._fits(read, moved)
        except UnreadableError:
            self.spoiled.add(texts.get("payout", ""))
            return None
        return moved or True

    def _fits(self, cells: Cells, moved: Moved) -> None:
        name = moved.part.name
        if name in self.seen:
            raise cells.wrong("name", "payout.twice", name=name, first=str(self.seen[name]))
        self.seen[name] = moved.line
        first = self.of.setdefault(moved.payout, moved)
        if (first.arrives_on, first.currency) != (moved.arrives_on, moved.currency):
            told = {"name": moved.payout, "first": str(first.line)}
            raise cells.wrong("payout", "payout.mixed", **told)


def _payouts(provider: str, moved: Sequence[Moved], spoiled: set[str]) -> list[PayoutRow]:
    """The payouts of the rows, in the order of the file; none that has a row in error."""
    groups: dict[str, list[Moved]] = {}
    for each in moved:
        if each.payout not in spoiled:
            groups.setdefault(each.payout, []).append(each)
    rows = []
    for name, group in groups.items():
        parts, first = tuple(each.part for each in group), group[0]
        days = [part.on for part in parts if part.on]
        row = PayoutRow(
            line=first.line,
            provider=provider,
            name=name,
            currency=first.currency,
            net_minor=totals(parts).net,
            arrives_on=first.arrives_on or max(days),
            parts=parts,
            reference=first.reference,
        )
        rows.append(row)
    return rows


def summary_of(row: PayoutRow) -> dict[str, object]:
    """What `amiable read` says of a payout, amounts in major units."""
    sums = totals(row.parts)
    amounts = {"gross": sums.gross, "refunds": sums.back, "fees": sums.fees, "other": sums.other,
               "net": row.net_minor, "difference": row.net_minor - sums.net}  # fmt: skip
    return {
        "payout": row.name,
        "provider": provider_label(row.provider),
        "arrives_on": row.arrives_on.isoformat(),
        "currency": row.currency,
        "payments": sums.payments,
        "movements": len(row.parts),
        **{name: major(amount, row.currency) for name, amount in amounts.items()},
    }
