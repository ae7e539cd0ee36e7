"""Open items of customers from a FEC (fichier des écritures comptables, LPF art. A47 A-1).

Records are separated by TAB or |, 18 to 22 columns, Debit and Credit or Montant and Sens, decimal
comma, sign before or after the digits, dates AAAAMMJJ. Only accounts 411 become items; every line
counts for the balance. A FEC holds no due date: `default_term` gives it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from amiable.core.money import major
from amiable.core.records import CustomerRow, InvoiceRow
from amiable.core.sentences import gettext_noop
from amiable.core.terms import Term, TermError, due_date, parse_term
from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.imports import _fec_items as ledger
from amiable.plugins.imports._fec_lines import is_fec_header, open_fec
from amiable.plugins.imports._fec_reading import FecReading
from amiable.plugins.imports._sniff import head_text
from amiable.plugins.imports._summary import warnings_json
from amiable.plugins.imports._table import Problems, RefusedFileError


class Fec:
    """FEC of a French accounting package."""

    code = "fec"
    kind: FileKind = "invoices"
    label = gettext_noop("Accounting entries (FEC)")

    def sniff(self, head: bytes, _name: str) -> bool:
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
        reading = FecReading(file, options, problems)
        try:
            reading.run()
        except RefusedFileError as refusal:
            problems.errors.extend(refusal.errors)
            reading.customers.clear()
        return _result(reading, term)


def _result(reading: FecReading, term: Term) -> ReadResult:
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
        cells_of=reading.file.cells_of,
    )  # fmt: skip


def _warn_general_account(lines: Sequence[ledger.Line], reading: FecReading) -> None:
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
        customer=customer, label=line.label, due_stated=False,
    )  # fmt: skip


PLUGIN = Fec()
