"""Open items of customers from a FEC (fichier des écritures comptables, LPF art. A47 A-1).

Records are separated by TAB or |, 18 to 22 columns, Debit and Credit or Montant and Sens, decimal
comma, sign before or after the digits, dates AAAAMMJJ. Only accounts 411 become items; every line
counts for the balance. A FEC holds no due date: `default_term` gives it.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from amiable.core.money import AmountError, major, minor
from amiable.core.numbers import ParseError, amount, day
from amiable.core.records import CustomerRow, InvoiceRow
from amiable.core.sentences import gettext_noop
from amiable.core.terms import Term, TermError, due_date, parse_term
from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.imports import _fec_items as ledger
from amiable.plugins.imports._customers import clean
from amiable.plugins.imports._fec_lines import FecFile, FecRow, is_fec_header, open_fec
from amiable.plugins.imports._sniff import head_text
from amiable.plugins.imports._summary import warnings_json
from amiable.plugins.imports._table import Problems, RefusedFileError, refuse


class Fec:
    """FEC of a French accounting package."""

    code = "fec"
    kind: FileKind = "invoices"
    label = gettext_noop("Accounting entries (FEC)")

    def sniff(self, head: bytes, name: str) -> bool:  # noqa: ARG002
        """Whether the first line names the columns of a FEC."""
        return is_fec_header(head_text(head).split("\n", 1)[0])

    def read(self, path: Path, options: ReadOptions) -> ReadResult:
        """Open items of 411 accounts; `settled` holds the pieces that lettering closes."""
        problems = Problems()
        try:
            term = parse_term(options.default_term)
        except TermError:
            problems.error(0, "", "term.unreadable", value=options.default_term[:40])
            return ReadResult(self.kind, self.code, errors=tuple(problems.errors))
        try:
            file = open_fec(path)
        except RefusedFileError as refusal:
            return ReadResult(self.kind, self.code, errors=refusal.errors)
        reading = _Reading(file, options, problems)
        try:
            reading.run()
        except RefusedFileError as refusal:
            problems.errors.extend(refusal.errors)
            reading.customers.clear()
        return _result(reading, term)


class _Reading:
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


def _result(reading: _Reading, term: Term) -> ReadResult:
    lines, unbalanced = ledger.lettered(ledger.without_doubles(reading.customers))
    problems, currency = reading.problems, reading.currency
    for line, rest in unbalanced:
        problems.warning(
            line.line, reading.file.name("ecriturelet"), "fec.lettering",
            letters=line.lettering, rest=major(rest, currency),
        )  # fmt: skip
    balanced = reading.debit == reading.credit
    if not balanced:
        gap = major(reading.debit - reading.credit, currency)
        problems.warning(0, "", "fec.unbalanced", rest=gap)
    _warn_general_account(lines, reading)
    rows = [_row(item, term, currency) for item in ledger.items(lines)]
    summary = {
        "lines": reading.lines,
        "debit": major(reading.debit, currency),
        "credit": major(reading.credit, currency),
        "balanced": balanced,
        "open_items": sum(line.open_minor != 0 for line in lines),
        "open_amount": major(sum(line.open_minor for line in lines), currency),
        "customers": len({row.customer.code for row in rows}),
        "warnings": warnings_json(problems),
    }
    return ReadResult(
        kind="invoices", format=Fec.code,
        invoices=tuple(row for row in rows if row.open_minor),
        settled=tuple(row for row in rows if not row.open_minor),
        errors=tuple(problems.errors), warnings=tuple(problems.warnings), rows=reading.lines,
        summary=summary, header=reading.file.header, raw=reading.raw,
    )  # fmt: skip


def _warn_general_account(lines: Sequence[ledger.Line], reading: _Reading) -> None:
    general = [
        a for a in lines if not a.customer and a.open_minor and a.account.rstrip("0") == "411"
    ]
    if general:
        column = reading.file.name("compauxnum")
        reading.problems.warning(general[0].line, column, "fec.no_customer", count=len(general))


def _row(item: ledger.Item, term: Term, currency: str) -> InvoiceRow:
    line = item.first
    kind = "invoice" if item.total_minor > 0 else "credit_note"
    customer = CustomerRow(
        line=line.line,
        code=line.customer or line.account,
        name=(line.customer_label if line.customer else line.account_label)
        or line.customer
        or line.account,
    )
    return InvoiceRow(
        line=line.line, number=item.number, kind=kind,  # type: ignore[arg-type]
        issue_date=line.piece_date,
        due_date=due_date(term, line.piece_date) if kind == "invoice" else line.piece_date,
        currency=currency, total_minor=abs(item.total_minor), open_minor=abs(item.open_minor),
        customer=customer, label=line.label,
    )  # fmt: skip


PLUGIN = Fec()
