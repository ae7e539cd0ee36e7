"""Reads the rows of a FEC: sums of all lines, and the lines of 411 accounts."""

from __future__ import annotations

import functools
from datetime import date

from amiable.core.money import AmountError, minor
from amiable.core.numbers import ParseError, amount, day
from amiable.plugins.base import ReadOptions
from amiable.plugins.imports import _fec_items as ledger
from amiable.plugins.imports._customers import clean
from amiable.plugins.imports._fec_lines import FecFile, FecRow
from amiable.plugins.imports._table import Problems, refuse


class FecReading:
    """Sums of all lines, and the lines of 411 accounts."""

    def __init__(self, file: FecFile, options: ReadOptions, problems: Problems) -> None:
        self.file, self.problems = file, problems
        self.currency = options.currency
        self.customers: list[ledger.Line] = []
        self.raw: dict[int, tuple[str, ...]] = {}
        self.lines = self.debit = self.credit = 0

    def run(self) -> None:
        """Read every row. Raises RefusedFileError when the file has no row or is no table."""
        for row in self.file.rows():
            self.lines += 1
            before = len(self.problems.errors)
            self._row(row)
            if len(self.problems.errors) > before:
                self.raw[row.line] = tuple(row.cells)
        if not self.lines:
            raise refuse("file.header_only", 1)

    def _row(self, row: FecRow) -> None:
        if not self.file.fitted(row, self.problems):
            return
        debit, credit = self._amounts(row)
        if debit is None or credit is None:
            return
        self.debit += debit
        self.credit += credit
        on_date = self._date(row, "ecrituredate")
        if on_date and row.text("comptenum").startswith("411"):
            self._customer_line(row, on_date, debit - credit)

    def _amounts(self, row: FecRow) -> tuple[int | None, int | None]:
        if "sens" in self.file.columns:
            side = row.text("sens").upper()
            if side not in ("D", "C", "+1", "-1", "1", "+", "-"):
                column = self.file.name("sens")
                self.problems.error(row.line, column, "fec.side", value=side[:20])
                return None, None
            value = self._amount(row, "montant", required=True)
            return (value, 0) if side in ("D", "+1", "1", "+") else (0, value)
        both_empty = not row.text("debit") and not row.text("credit")
        debit = self._amount(row, "debit", required=both_empty)
        return debit, self._amount(row, "credit", required=False)

    def _amount(self, row: FecRow, field: str, *, required: bool) -> int | None:
        text = row.text(field)
        column = self.file.name(field)
        if not text:
            if not required:
                return 0
            self.problems.error(row.line, column, "row.missing")
            return None
        try:
            return _minor(text, self.currency)
        except ParseError:
            self.problems.error(row.line, column, "amount.unreadable", value=text[:40])
        except AmountError:
            self.problems.error(
                row.line, column, "amount.decimals", value=text[:40], currency=self.currency
            )
        return None

    def _date(self, row: FecRow, field: str) -> date | None:
        text = row.text(field)
        try:
            return day(text)
        except ParseError as error:
            code = error.code if text else "row.missing"
            params = {"value": text[:40]} if text else {}
            self.problems.error(row.line, self.file.name(field), code, **params)
        return None

    def _customer_line(self, row: FecRow, on_date: date, amount_minor: int) -> None:
        piece_date = self._date(row, "piecedate") if row.text("piecedate") else on_date
        if piece_date is None:
            return
        for field, limit in (("pieceref", 40), ("compauxnum", 60), ("comptenum", 60)):
            if len(row.text(field)) > limit:
                self.problems.error(row.line, self.file.name(field), "row.too_long", limit=limit)
                return
        texts = {field: clean(row.text(field)) for field in (
            "journalcode", "journallib", "ecriturenum", "comptenum", "comptelib", "compauxnum",
            "compauxlib", "pieceref", "ecriturelib", "ecriturelet",
        )}  # fmt: skip
        self.customers.append(
            ledger.Line(
                line=row.line, journal=texts["journalcode"], journal_label=texts["journallib"],
                entry=texts["ecriturenum"][:15], on_date=on_date, account=texts["comptenum"],
                account_label=texts["comptelib"][:200], customer=texts["compauxnum"],
                customer_label=texts["compauxlib"][:200], piece=texts["pieceref"],
                piece_date=piece_date, label=texts["ecriturelib"][:200],
                amount_minor=amount_minor, lettering=texts["ecriturelet"],
            )
        )  # fmt: skip


@functools.lru_cache(maxsize=4096)
def _minor(text: str, currency: str) -> int:
    # No thousands separator in a FEC: a point or a comma is always the decimal mark.
    return minor(amount(text, "." if "." in text else ",")[0], currency)
