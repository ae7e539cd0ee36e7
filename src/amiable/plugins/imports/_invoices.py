"""Rows of a table of invoices: every cell that decides what is owed is read exactly or refused."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from amiable.core.money import AmountError, minor
from amiable.core.numbers import (
    CURRENCIES,
    DecimalMark,
    ParseError,
    amount,
    day,
    decimal_mark,
    plain,
)
from amiable.core.records import CustomerRow, InvoiceKind, InvoiceRow
from amiable.core.sentences import declare, gettext_noop
from amiable.core.terms import TermError, due_date, parse_term
from amiable.plugins.base import ReadOptions, ReadResult
from amiable.plugins.imports._customers import CustomerReader, clean
from amiable.plugins.imports._fields import stated_currency
from amiable.plugins.imports._status import State, overlooked, state_of, state_of_lettering
from amiable.plugins.imports._summary import invoices_summary
from amiable.plugins.imports._table import Problems, RefusedFileError, Table, refuse
from amiable.plugins.imports._totals import Sums, is_labelled

declare(
    {
        "invoice.due_missing": gettext_noop(
            "The row has neither a due date nor a payment term. Give one of them."
        ),
        "invoice.due_before_issue": gettext_noop(
            "The due date {due} is before the issue date {issued}. Correct one of them."
        ),
        "invoice.open_above_total": gettext_noop(
            "The open amount is above the total of the invoice. Correct one of them."
        ),
        "invoice.open_sign": gettext_noop(
            "The open amount of an invoice cannot be negative. Enter what the customer overpaid "
            "as a credit note."
        ),
        "invoice.paid_above_total": gettext_noop(
            "The amount paid is above the total of the invoice. Enter what the customer overpaid "
            "as a credit note."
        ),
        "invoice.currency_unknown": gettext_noop(
            "“{value}” is not a currency code such as EUR. Correct it."
        ),
        "invoice.type_unknown": gettext_noop(
            "“{value}” is not a type of document. Write invoice, credit note or prepayment."
        ),
        "invoice.zero": gettext_noop("The total is zero: nothing is owed, the row was left out."),
        "invoice.term_ignored": gettext_noop(
            "“{value}” is not a payment term; the due date of the row was used."
        ),
    }
)

_TYPES: dict[str, InvoiceKind] = {
    **dict.fromkeys(
        ("facture", "facture client", "facture de vente", "facture standard", "fac",
         "fa", "f", "doit", "invoice", "inv", "sales invoice", "customer invoice", "out_invoice",
         "380"), "invoice"
    ),
    **dict.fromkeys(
        ("avoir", "avoir client", "facture d'avoir", "facture avoir", "av", "a", "note de credit",
         "credit note", "credit_note", "customer credit note", "out_refund", "credit memo",
         "credit", "creditnote", "cn", "crn", "381"),
        "credit_note"
    ),
    **dict.fromkeys(
        ("acompte", "facture d'acompte", "facture acompte", "prepayment", "prepayment invoice",
         "prepayment_invoice", "down payment", "deposit", "deposit invoice", "386"), "prepayment"
    ),
}  # fmt: skip
_LIMITS = {"order_reference": 60, "payment_reference": 60, "label": 200}


def read_invoices(table: Table, options: ReadOptions, *, format_code: str) -> ReadResult:
    """Every row of the table as an invoice or its errors. Never raises on content."""
    problems = Problems()
    reader = _InvoiceReader(table, options, problems)
    raw: dict[int, tuple[str, ...]] = {}
    invoices: list[InvoiceRow] = []
    if "open" not in table.columns:
        unread = [n for i, n in enumerate(table.header) if i not in table.columns.values()]
        for name in overlooked(unread):
            problems.warning(table.header_line, name, "invoice.open_overlooked", name=name[:60])
    rows = 0
    try:
        for line, cells in table.rows():
            rows += 1
            before = len(problems.errors)
            found = reader.read(line, cells)
            if len(problems.errors) > before:
                raw[line] = tuple(cells)
            elif found is not None:
                invoices.append(found)
        if not rows:
            raise refuse("file.header_only", table.header_line)
    except RefusedFileError as refusal:
        problems.errors.extend(refusal.errors)
        # The file was not read to its end: what was read so far must not enter as if it were.
        invoices = []
    return ReadResult(
        kind="invoices",
        format=format_code,
        invoices=tuple(invoices),
        errors=tuple(problems.errors),
        warnings=tuple(problems.warnings),
        rows=rows,
        summary=invoices_summary(invoices, rows, problems, table),
        header=table.header,
        raw=raw,
        cells_of=table.cells_of,
    )


class _InvoiceReader:
    def __init__(self, table: Table, options: ReadOptions, problems: Problems) -> None:
        self._table, self._options, self._problems = table, options, problems
        self._customers = CustomerReader(table, problems)
        self._columns = table.columns
        self._first_lines: dict[tuple[str, str], int] = {}
        self._sums = Sums()
        self._unknown_states: set[tuple[str, str]] = set()
        self._line = 0
        self._cells: list[str] = []

    def read(self, line: int, cells: list[str]) -> InvoiceRow | None:
        """The invoice of a row; None when it is owed nothing or has errors (all recorded)."""
        if not self._table.fitted(line, cells, self._problems):
            return None
        self._line, self._cells = line, cells
        if self._is_totals_row():
            self._warn("total", "invoice.totals_row")
            return None
        state = self._state()
        if state == "void":
            return None
        before = len(self._problems.errors)
        customer = self._customers.read(line, cells)
        number = self._number(customer)
        kind, total, open_minor, currency = self._amounts(state)
        issued, due = self._dates(kind)
        order, payment, label = map(self._short, _LIMITS)
        if len(self._problems.errors) > before or customer is None or not issued or not due:
            return None
        if total == 0:
            self._warn("total", "invoice.zero")
            return None
        self._sums.add(-total if kind == "credit_note" else total, currency)
        return InvoiceRow(
            line=line, number=number, kind=kind, issue_date=issued, due_date=due,
            currency=currency, total_minor=total, open_minor=open_minor, customer=customer,
            order_reference=order, payment_reference=payment, label=label,
        )  # fmt: skip

    def _is_totals_row(self) -> bool:
        if any(map(self._text, ("number", "issue_date", "due_date"))):
            return False
        if not is_labelled(self._cells):
            return False
        currency = self._text("currency").upper() or self._options.currency
        try:
            text = self._cells[self._columns["total"]]
            stated = minor(self._parsed(text)[0], currency) if text.strip() else None
        except (ParseError, AmountError):
            return False
        return self._sums.close(stated, currency)

    def _text(self, field: str) -> str:
        index = self._columns.get(field)
        return "" if index is None else clean(self._cells[index])

    def _error(self, field: str, code: str, **params: str | int | date) -> None:
        self._problems.error(self._line, self._customers.column(field), code, **params)

    def _warn(self, field: str, code: str, **params: str | int | date) -> None:
        self._problems.warning(self._line, self._customers.column(field), code, **params)

    def _number(self, customer: CustomerRow | None) -> str:
        number = self._text("number")
        if not number:
            self._error("number", "row.missing")
        elif len(number) > 60:
            self._error("number", "row.too_long", limit=60)
        else:
            # Numbers are unique per creditor: the second row is the doubtful one.
            key = (customer.creditor if customer else "", number)
            first = self._first_lines.setdefault(key, self._line)
            if first != self._line:
                self._error("number", "invoice.duplicate", number=number, first=first)
        return number

    def _short(self, field: str) -> str:
        text = self._text(field)
        if len(text) > _LIMITS[field]:
            self._warn(field, "row.shortened", limit=_LIMITS[field])
        return text[: _LIMITS[field]]

    def _state(self) -> State:
        """What the columns of status say; a cancelled invoice or a draft is warned of."""
        found: set[State] = set()
        for field in ("payment_status", "status"):
            text = self._text(field)
            state = state_of(text, field)
            if state is not None:
                found.add(state)
            elif text and (field, text) not in self._unknown_states:
                self._unknown_states.add((field, text))
                self._warn(field, "invoice.status_unknown", value=text[:40])
            if state == "void":
                self._warn(field, "invoice.void", value=text[:40])
            elif state == "part" and not self._text("open") and not self._text("paid"):
                self._error(field, "invoice.part_paid", value=text[:40])
        lettered = state_of_lettering(letters := self._text("lettering"))
        found |= {lettered} if lettered else set()
        if lettered == "part" and not self._text("open") and not self._text("paid"):
            self._error("lettering", "invoice.part_paid", value=letters[:40])
        states: tuple[State, ...] = ("void", "part", "paid")
        return next((state for state in states if state in found), "open")

    def _open(self, state: State, total: int | None, currency: str) -> int | None:
        """The open amount as stated; else the total less what is stated as paid; else the status.

        It has the sign of the total. None when the row says nothing: the whole total is open.
        """
        if self._text("open"):
            return self._amount("open", currency)
        if self._text("paid"):
            paid = self._amount("paid", currency)
            if paid is None or total is None:
                return None
            rest = abs(total) - abs(paid)
            if rest < 0:
                self._error("paid", "invoice.paid_above_total")
            return max(rest, 0)
        return 0 if state == "paid" else None

    def _sided(self, total: int | None) -> int | None:
        """The total as a debit; a credit (Sens = C) is negative."""
        side = self._text("side").upper()
        if total is None or "side" not in self._columns:
            return total
        if side in {"C", "CREDIT", "CRÉDIT", "-1", "-"}:
            return -total
        if side not in {"D", "DEBIT", "DÉBIT", "+1", "1", "+"}:
            self._error("side", "fec.side", value=side[:20])
        return total

    def _amounts(self, state: State) -> tuple[InvoiceKind, int, int | None, str]:
        currency = self._text("currency").upper() or self._options.currency
        currency = "EUR" if currency == "€" else currency
        if currency not in CURRENCIES:
            self._error("currency", "invoice.currency_unknown", value=currency[:40])
            currency = "EUR"
        if not self._text("total"):
            self._error("total", "row.missing")
        total = self._sided(self._amount("total", currency))
        open_minor = self._open(state, total, currency)
        kind = self._kind(total or 0)
        if total is None:
            return kind, 0, None, currency
        if open_minor is not None:
            if kind != "credit_note" and open_minor < 0:
                self._error("open", "invoice.open_sign")
            elif abs(open_minor) > abs(total):
                self._error("open", "invoice.open_above_total")
            open_minor = abs(open_minor)
        return kind, abs(total), open_minor, currency

    def _kind(self, total: int) -> InvoiceKind:
        text = self._text("type")
        kind: InvoiceKind = "invoice"
        if text:
            found = _TYPES.get(plain(text).replace("’", "'"))
            if found is None:
                self._error("type", "invoice.type_unknown", value=text[:40])
            else:
                kind = found
        return "credit_note" if total < 0 else kind

    def _amount(self, field: str, currency: str) -> int | None:
        index = self._columns.get(field)
        raw = "" if index is None else self._cells[index]
        text = raw if type(raw) is not str else clean(raw)
        if not text:
            return None
        try:
            value, symbol = self._parsed(text)
            symbol = symbol or self._stated[field]
            if symbol and symbol != currency:
                self._error(field, "amount.symbol", value=text[:40], currency=currency)
                return None
            return minor(value, currency)
        except ParseError as error:
            self._error(field, error.code, value=text[:40])
        except AmountError:
            scaled = value.normalize().as_tuple().exponent
            code = (
                "amount.decimals" if isinstance(scaled, int) and scaled < 0 else "amount.too_large"
            )
            params = {"currency": currency} if code == "amount.decimals" else {}
            self._error(field, code, value=text[:40], **params)
        return None

    @functools.cached_property
    def _stated(self) -> dict[str, str]:
        """The currency that the name of an amount's column states, "" when it states none."""
        return {
            field: stated_currency(self._customers.column(field), self._options.currency)
            for field in ("total", "open", "paid")
        }

    def _parsed(self, text: str) -> tuple[Decimal, str]:
        try:
            return amount(text)
        except ParseError as error:
            if error.code != "amount.ambiguous":
                raise
        return amount(text, self._mark)

    @functools.cached_property
    def _mark(self) -> DecimalMark:
        """The file's decimal mark, found by reading its amounts once more, only when needed."""
        return decimal_mark(self._all_amounts())

    def _all_amounts(self) -> Iterator[str]:
        indexes = [self._columns[f] for f in ("total", "open", "paid") if f in self._columns]
        for _, cells in self._table.rows():
            for index in indexes:
                if index < len(cells):
                    yield cells[index]

    def _dates(self, kind: InvoiceKind) -> tuple[date | None, date | None]:
        if not self._text("issue_date"):
            self._error("issue_date", "row.missing")
        issued = self._date("issue_date")
        if self._text("due_date"):
            due = self._date("due_date")
            self._check_unused_term()
        else:
            due = self._due_from_term(kind, issued)
        # A credit note is usable at once: what its due column says does not matter.
        if kind == "credit_note" and issued:
            due = max(due or issued, issued)
        if issued and due and due < issued:
            self._error("due_date", "invoice.due_before_issue", due=due, issued=issued)
        return issued, due

    def _date(self, field: str) -> date | None:
        text = self._text(field)
        if not text:
            return None
        try:
            return day(text)
        except ParseError as error:
            self._error(field, error.code, value=text[:40])
        return None

    def _due_from_term(self, kind: InvoiceKind, issued: date | None) -> date | None:
        text = self._text("payment_term")
        if not text:
            if kind != "credit_note":
                field = "due_date" if "due_date" in self._columns else "payment_term"
                self._error(field, "invoice.due_missing")
            return issued
        try:
            term = parse_term(text)
        except TermError:
            self._error("payment_term", "term.unreadable", value=text[:40])
            return None
        return due_date(term, issued) if issued else None

    def _check_unused_term(self) -> None:
        text = self._text("payment_term")
        if not text:
            return
        try:
            parse_term(text)
        except TermError:
            self._warn("payment_term", "invoice.term_ignored", value=text[:40])
