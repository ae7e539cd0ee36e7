"""Rows of a bank's table (CSV, XLSX) as statements: signs, running balances, words around them.

Every cell that decides an amount or a day is read exactly or refuses its row, and with it the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise

from amiable.core.money import AmountError, DecimalsError, minor
from amiable.core.numbers import (
    CURRENCIES,
    DayOrder,
    DecimalMark,
    ParseError,
    amount,
    day,
    decimal_mark,
    plain,
)
from amiable.core.records import RowError, StatementEntry
from amiable.core.sentences import declare, gettext_noop
from amiable.plugins.base import ReadOptions, ReadResult
from amiable.plugins.imports import _fields
from amiable.plugins.imports._fields import stated_currency
from amiable.plugins.imports._table import RefusedFileError, Table, refuse
from amiable.plugins.statements import _common as common
from amiable.plugins.statements._columns import of_other_table
from amiable.plugins.statements._common import Draft, Refused
from amiable.plugins.statements._marks import Unnamed, clockless, order_of, standing_of
from amiable.plugins.statements._preamble import Preamble, balance_row, preamble

declare(
    {
        "statement.both_sides": gettext_noop(
            "the row has a debit and a credit, a movement has one side only: take one of them out"
        ),
        "statement.no_amount": gettext_noop("the row has no amount: write it, or take the row out"),
        "statement.side": gettext_noop(
            "“{value}” is no side of an account: write debit or credit, D or C, - or +"
        ),
    }
)

PARTIAL_ERRORS = 10_000  # rows put aside at most: beyond, the file is of another kind
_AMOUNTS = ("amount", "debit", "credit", "balance")
_SIDES = {
    **dict.fromkeys(("d", "debit", "db", "dr", "dt", "-", "s", "soll", "af"), -1),
    **dict.fromkeys(("c", "credit", "cr", "ct", "+", "h", "haben", "bij"), 1),
}
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{8,30}")
_REVOLUT = {"completed date", "date de fin"}
_EXCEL_TEXT = re.compile(r'^="?(.*?)"?$')


@dataclass(slots=True)
class _Side:
    """One account of the file: its draft and its running balances in file order."""

    draft: Draft
    above: Preamble
    balances: list[tuple[date, int, int | None]] = field(default_factory=list)


@dataclass(slots=True)
class _Reading:
    table: Table
    options: ReadOptions
    above: Preamble
    mark: DecimalMark = ""
    days: DayOrder = "dmy"
    own_iban: bool = False
    currency: str = ""
    sides: dict[tuple[str, str], _Side] = field(default_factory=dict)
    errors: list[RowError] = field(default_factory=list)
    warnings: list[RowError] = field(default_factory=list)
    pending: int = 0
    raw: dict[int, tuple[str, ...]] = field(default_factory=dict)
    rows: int = 0

    def cell(self, cells: Sequence[str], name: str) -> str:
        index = self.table.columns.get(name)
        text = cells[index].strip() if index is not None and index < len(cells) else ""
        return _EXCEL_TEXT.sub(r"\1", text) if text.startswith("=") else text

    def column(self, name: str) -> str:
        index = self.table.columns.get(name)
        return "" if index is None else self.table.header[index]


def read_rows(table: Table, options: ReadOptions, *, format_code: str) -> ReadResult:
    """The statements of a table; any row in error refuses the file."""
    if of_other_table(table.header) and not options.columns:
        error = RowError(table.header_line, "", "statement.other_table")
        return common.result(format_code, [], [error])
    most = PARTIAL_ERRORS if options.partial else common.MAX_ERRORS
    try:
        reading = _prepared(table, options)
        for line, cells in table.rows():
            _take(reading, line, cells)
            if len(reading.errors) >= most:
                break
        if not (reading.rows or reading.errors or reading.pending):
            raise refuse("file.header_only", table.header_line)
    except RefusedFileError as refusal:
        return common.result(format_code, [], refusal.errors)
    partial = options.partial and len(reading.errors) < most
    for side in reading.sides.values() if partial or not reading.errors else ():
        _balance(reading, side)
    drafts = [side.draft for side in reading.sides.values()]
    for draft in drafts[:1]:
        draft.pending, draft.warnings = reading.pending, reading.warnings
    used = {name: table.header[index] for name, index in table.columns.items()}
    errors, more = reading.errors, {"columns": used}
    found = common.result(format_code, drafts, errors, more=more, partial=partial)
    return replace(found, header=table.header, raw=reading.raw) if partial and errors else found


def _prepared(table: Table, options: ReadOptions) -> _Reading:
    """What the whole file proves: its decimal mark, its own account, its currency."""
    above = preamble(_above(table))
    reading = _Reading(table, options, above)
    texts: list[str] = []
    days: set[str] = set()
    ibans: set[str] = set()
    unknown = Unnamed(table.header, table.columns)
    for _, cells in table.rows():
        unknown.see(cells)
        texts += [text for name in _AMOUNTS if (text := reading.cell(cells, name))]
        days |= {clockless(reading.cell(cells, name)) for name in ("booked_on", "value_on")}
        if len(ibans) < 2:
            ibans |= {text for text in (reading.cell(cells, "iban").replace(" ", ""),) if text}
    reading.mark = options.layout.decimal or decimal_mark(texts)
    reading.days = order_of(days, options.layout.days)
    if not {"debit", "credit", "side"} & {*table.columns, *options.columns}:
        unknown.take_side(
            table.columns, signed=any(text.strip("+ ")[:1] in "-(−" for text in texts)
        )
    reading.own_iban = len(ibans) == 1 and "account" not in table.columns
    _turn(reading)
    named = [stated_currency(reading.column(name), "") for name in _AMOUNTS]
    stated = next((code for code in named if code), "") or above.currency
    reading.currency = stated or options.currency
    return reading


def _turn(reading: _Reading) -> None:
    """A column "Account number" right behind the other party's name is the other party's."""
    columns, chosen = reading.table.columns, reading.options.columns
    if (
        columns.get("account", 0) - 1 == columns.get("payer_name")
        and "payer_iban" not in columns
        and "account" not in chosen
    ):
        columns["payer_iban"] = columns.pop("account")


def _above(table: Table) -> Iterable[list[str]]:
    for line, cells in table.source():
        if line >= table.header_line:
            return
        yield cells


def _take(reading: _Reading, line: int, cells: list[str]) -> None:
    """One row: a movement, a balance in words, or an error."""
    dated = clockless(reading.cell(cells, "booked_on") or reading.cell(cells, "value_on"))
    if balance_row(reading.above, cells, dated=_is_day(reading, dated)):
        return
    if _left_out(reading, line, cells):
        return
    reading.rows += 1
    try:
        if len(cells) > len(reading.table.header) and any(cells[len(reading.table.header) :]):
            width = {"cells": len(cells), "columns": len(reading.table.header)}
            raise Refused(line, "", "row.width", **width)
        _movement(reading, line, cells)
    except Refused as refused:
        reading.errors.append(refused.error)
        reading.raw[line] = tuple(cells)


def _left_out(reading: _Reading, line: int, cells: list[str]) -> bool:
    """Whether a row is no movement: it is to come, never took place, or only tells something."""
    state = reading.cell(cells, "state")
    standing = standing_of(state)
    if standing == "pending":
        reading.pending += 1
    elif standing == "void":
        told = {"value": state[:40]}
        reading.warnings.append(RowError(line, reading.column("state"), "statement.row_void", told))
    elif _tells_only(reading, cells):
        _next_account(reading, cells)
        told = {"value": common.clean(" ".join(cells), 60)}
        reading.warnings.append(RowError(line, "", "statement.row_note", told))
        return True
    return standing != "booked"


def _next_account(reading: _Reading, cells: list[str]) -> None:
    """Words between the rows may begin the next account of the file: what follows is its own."""
    found = preamble([cells])
    if found.account and found.account != reading.above.account:
        reading.above = found


def _tells_only(reading: _Reading, cells: list[str]) -> bool:
    """Whether a row is words below or between movements: no amount, and no day or one cell."""
    if any(reading.cell(cells, name) for name in _AMOUNTS):
        return False
    days = any(reading.cell(cells, name) for name in ("booked_on", "value_on"))
    return not days or sum(bool(cell.strip()) for cell in cells) == 1


def _movement(reading: _Reading, line: int, cells: list[str]) -> None:
    stated = reading.cell(cells, "currency").upper()
    currency = stated or reading.currency
    if currency not in CURRENCIES:
        raise Refused(line, reading.column("currency"), "statement.bad_currency", value=currency)
    size = _signed(reading, line, cells, currency)
    fee = _fee(reading, line, cells, currency)
    size -= fee
    value_on = _day(reading, line, cells, "value_on")
    booked_on = _day(reading, line, cells, "booked_on") or value_on
    if booked_on is None:
        raise Refused(line, reading.column("booked_on"), "statement.no_date", where="date")
    short, more = (common.clean(reading.cell(cells, name)) for name in ("label", "label_more"))
    more = "" if more == "-" else more
    label = more if more.startswith(short) else common.clean(f"{short} {more}")
    credited = reading.cell(cells, "credited_iban").replace(" ", "").upper()
    other = reading.cell(cells, "payer_iban") or (
        "" if reading.own_iban else reading.cell(cells, "iban")
    )
    other = other.replace(" ", "")
    returned = common.is_returned(label, size)
    entry = StatementEntry(
        line=line,
        booked_on=booked_on,
        value_on=value_on,
        amount_minor=size,
        currency=currency,
        label=label,
        bank_reference=reading.cell(cells, "bank_reference")[:60],
        end_to_end_id=reading.cell(cells, "end_to_end_id")[:60],
        payer_name=common.clean(reading.cell(cells, "payer_name"), 140),
        payer_iban=other if _IBAN.fullmatch(other) else "",
        credited_iban=credited if _IBAN.fullmatch(credited) else "",
        operation=reading.cell(cells, "operation")[:40],
        is_return=returned,
        return_reason=common.return_reason(label) if returned else "",
        fee_minor=fee,
    )
    balance = reading.cell(cells, "balance")
    after = _amount(reading, line, "balance", balance, currency) if balance else None
    side = _side(reading, line, cells, currency)
    side.draft.add([entry], size, currency)
    side.balances.append((booked_on, size, after))


def _side(reading: _Reading, line: int, cells: list[str], currency: str) -> _Side:
    account = reading.cell(cells, "account") or (
        reading.cell(cells, "iban") if reading.own_iban else ""
    )
    account = common.clean(account.replace(" ", "") or reading.above.account, 60)
    if len(account) > 40 or '"' in account:  # a quotation mark is of a row that is damaged
        raise Refused(line, reading.column("account"), "statement.no_account")
    key = (account, currency)
    if key not in reading.sides:
        draft = Draft(account=account, currency=currency)
        reading.sides[key] = _Side(draft, reading.above)
    return reading.sides[key]


def _signed(reading: _Reading, line: int, cells: list[str], currency: str) -> int:
    """Signed minor units of a row, from one signed column, a side, or debit and credit."""
    found = {name: reading.cell(cells, name) for name in ("amount", "debit", "credit")}
    sizes = {
        name: _amount(reading, line, name, text, currency) for name, text in found.items() if text
    }
    if sizes.get("debit") and sizes.get("credit"):
        raise Refused(line, reading.column("debit"), "statement.both_sides")
    if sizes.get("debit"):
        return -abs(sizes["debit"])
    if "credit" in sizes or "debit" in sizes:
        return sizes.get("credit", 0)
    if "amount" not in sizes:
        raise Refused(line, reading.column("amount") or "credit", "statement.no_amount")
    side = plain(reading.cell(cells, "side"))
    if not side:
        return -sizes["amount"] if reading.options.layout.reversed else sizes["amount"]
    if side not in _SIDES:
        raise Refused(line, reading.column("side"), "statement.side", value=side[:40])
    return _SIDES[side] * abs(sizes["amount"])


def _fee(reading: _Reading, line: int, cells: list[str], currency: str) -> int:
    """What is charged beside the amount, in minor units: Revolut, told by its "Completed Date"."""
    text = reading.cell(cells, "fee")
    if not text or _fields.normal(reading.column("booked_on")) not in _REVOLUT:
        return 0
    return abs(_amount(reading, line, "fee", text, currency))


def _amount(reading: _Reading, line: int, name: str, text: str, currency: str) -> int:
    column = reading.column(name)
    try:
        value, own = amount(text, reading.mark)
        if own and own != currency:
            raise Refused(line, column, "amount.symbol", value=text[:40], currency=currency)
        return minor(value, currency)
    except ParseError as error:
        raise Refused(line, column, error.code, value=text[:40]) from error
    except DecimalsError as error:
        told = {"value": text[:40], "currency": currency}
        raise Refused(line, column, "amount.decimals", **told) from error
    except AmountError as error:
        raise Refused(line, column, "amount.too_large", value=text[:40]) from error


def _day(reading: _Reading, line: int, cells: list[str], name: str) -> date | None:
    text = clockless(reading.cell(cells, name))
    if not text:
        return None
    try:
        return day(text, reading.days)
    except ParseError as error:
        raise Refused(line, reading.column(name), error.code, value=text[:40]) from error


def _is_day(reading: _Reading, text: str) -> bool:
    try:
        return bool(text) and bool(day(text, reading.days))
    except ParseError:
        return False


def _balance(reading: _Reading, side: _Side) -> None:
    """Opening and closing of an account: from its running balances, else from words."""
    draft, rows = side.draft, side.balances
    if rows[0][0] > rows[-1][0] or (rows[0][0] == rows[-1][0] and _goes_backwards(rows)):
        rows = rows[::-1]
    (first_on, first, after_first), (last_on, _, after_last) = rows[0], rows[-1]
    draft.opening_on, draft.closing_on = first_on, last_on
    if after_first is not None and after_last is not None and not _stands_still(rows):
        draft.opening = (after_first - first, draft.currency)
        draft.closing = (after_last, draft.currency)
    elif sum(each.above is side.above for each in reading.sides.values()) == 1:
        draft.opening = _stated(reading, side.above.opening, draft)
        draft.closing = _stated(reading, side.above.closing, draft)


def _stated(reading: _Reading, text: str, draft: Draft) -> tuple[int, str] | None:
    """A balance in words, when it can be read without doubt."""
    if not text:
        return None
    try:
        value, own = amount(text, reading.mark)
        if own and own != draft.currency:
            return None
        return minor(value, draft.currency), draft.currency
    except (ParseError, AmountError):
        return None


def _stands_still(rows: Sequence[tuple[date, int, int | None]]) -> bool:
    """Whether a balance is that of the account today, written on every row: it never moves,
    though the movements would move it."""
    sizes = [size for _, size, _ in rows]
    same = len({after for _, _, after in rows}) == 1
    return same and any(sizes[1:]) and any(sizes[:-1])


def _goes_backwards(rows: Sequence[tuple[date, int, int | None]]) -> bool:
    """Whether the running balances of one day only follow from the last row to the first."""
    pairs = list(pairwise(rows))
    forwards = all(
        before is not None and after == before + size for (_, _, before), (_, size, after) in pairs
    )
    backwards = all(
        before is not None and after is not None and after == before + size
        for (_, size, after), (_, _, before) in pairs
    )
    return backwards and not forwards
