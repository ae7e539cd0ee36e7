"""What an electronic invoice states, in either syntax, checked and made an InvoiceRow.

Figures are taken as stated: totals that do not add up are said, never mended; lines that cannot be
read to the last are left out with the reason, and the invoice enters without them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from lxml import etree
from stdnum.fr import siren as stdnum_siren

from amiable.core.invoice_lines import MOST_LINES, LineRow, plain_decimal
from amiable.core.money import AmountError, major, minor
from amiable.core.numbers import CURRENCIES
from amiable.core.records import CustomerRow, InvoiceKind, InvoiceRow, RowError
from amiable.core.sentences import declare, gettext_noop
from amiable.core.terms import due_date, parse_term
from amiable.plugins.base import ReadOptions, ReadResult
from amiable.plugins.statements._common import Refused, clean
from amiable.plugins.statements._xml import check_prolog

declare(
    {
        "einvoice.broken": gettext_noop("The XML is broken: {detail}. Ask for the file again."),
        "einvoice.other": gettext_noop(
            "The XML is no invoice of Factur-X, ZUGFeRD 2, CII or UBL. Export it as one of them."
        ),
        "einvoice.too_large": gettext_noop(
            "The invoice is larger than {limit} MB. Export it without what is attached to it."
        ),
        "einvoice.amount": gettext_noop(
            "“{value}” is not an amount in {currency}. Ask for the invoice again."
        ),
        "einvoice.date": gettext_noop("“{value}” is not a date. Ask for the invoice again."),
        "einvoice.type": gettext_noop(
            "“{value}” is not a type of invoice that is owed (380, 381, 384, 386, 389 …)."
        ),
        "einvoice.lines_unread": gettext_noop(
            "The lines were left out: {value} of line {number} cannot be read. The invoice itself "
            "was taken."
        ),
        "einvoice.lines_many": gettext_noop(
            "The lines were left out: there are more than {limit}. The invoice itself was taken."
        ),
        "einvoice.lines_differ": gettext_noop(
            "The lines add up to {lines} without VAT, the invoice says {stated}. Both were kept as "
            "stated."
        ),
        "einvoice.total_differs": gettext_noop(
            "{net} without VAT and {tax} of VAT do not add up to {gross}. The total was taken as "
            "stated."
        ),
    }
)

MAX_BYTES = 20 * 1024 * 1024
# UNTDID 1001 as EN 16931 and the French rules allow it (BR-FR-04).
_KINDS: dict[str, InvoiceKind] = {
    **dict.fromkeys(("380", "384", "389", "393", "471", "472", "473", "501", "326"), "invoice"),
    **dict.fromkeys(("386", "500"), "prepayment"),
    **dict.fromkeys(("381", "261", "262", "396", "502", "503"), "credit_note"),
}
# Categories without VAT, which need not state a rate (EN 16931, BT-151).
_UNTAXED = frozenset({"Z", "E", "AE", "K", "G", "O"})


@dataclass(slots=True)
class StatedLine:
    """A line as text; `category` = code of its VAT (BT-151)."""

    number: str
    name: str
    net: str
    vat_pct: str
    category: str = ""
    quantity: str = ""
    unit: str = ""
    price: str = ""
    base: str = ""
    item: str = ""
    description: str = ""


@dataclass(slots=True)
class Party:
    """Seller or buyer as stated; `ids` = SIREN, SIRET (see french_ids)."""

    name: str = ""
    ids: tuple[str, ...] = ()
    vat: str = ""
    address: tuple[str, ...] = ()
    postcode: str = ""
    city: str = ""
    country: str = ""
    email: str = ""

    @property
    def siren(self) -> str:
        """Of its identifiers (SIREN, SIRET), else of its French VAT number; "" = not stated."""
        digits = [re.sub(r"\s", "", each)[:9] for each in self.ids]
        if self.vat.upper().startswith("FR"):
            digits.append(re.sub(r"\s", "", self.vat)[4:])
        return next((each for each in digits if stdnum_siren.is_valid(each)), "")


@dataclass(slots=True)
class Stated:
    """The invoice as text, by the names of INTERFACES. Dates are ISO or YYYYMMDD."""

    number: str
    type: str
    issued: str
    due: str
    currency: str
    seller: Party
    buyer: Party
    lines_net: str
    net: str
    tax: str
    gross: str
    prepaid: str
    payable: str
    iban: str = ""
    payment_reference: str = ""
    preceding: str = ""
    order: str = ""
    lines: list[StatedLine] = field(default_factory=list)


def xml_root(path: Path) -> Any:
    """The root of a document of sane size without a document type. Raises Refused."""
    if path.stat().st_size > MAX_BYTES:
        raise Refused(0, "", "einvoice.too_large", limit=MAX_BYTES // 2**20)
    check_prolog(path)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True,
        remove_pis=True,
    )  # fmt: skip
    try:
        return etree.fromstring(path.read_bytes().lstrip(b" \t\r\n"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        detail = clean(getattr(error, "msg", "") or str(error), 200)
        raise Refused(getattr(error, "lineno", 0) or 0, "", "einvoice.broken", detail=detail) from (
            error
        )


def french_ids(root: Any, *paths: tuple[str, ...]) -> tuple[str, ...]:
    """Identifiers that say they are a SIREN or a SIRET (ISO 6523, 0002 and 0009)."""
    found = [node for path in paths for node in root.iterfind("/".join("{*}" + n for n in path))]
    return tuple(each.text or "" for each in found if each.get("schemeID") in {"0002", "0009"})


def einvoice(stated: Stated, options: ReadOptions, *, code: str) -> ReadResult:
    """The invoice, or every reason why it cannot be taken. Never raises on content."""
    reader = _Checked(stated, options)
    row = reader.row()
    return ReadResult(
        "invoices", code, invoices=() if reader.errors or row is None else (row,),
        errors=tuple(reader.errors), warnings=tuple(reader.warnings), rows=1,
        summary=reader.summary(row),
    )  # fmt: skip


class _Checked:
    def __init__(self, stated: Stated, options: ReadOptions) -> None:
        self._stated, self._options = stated, options
        self._currency = stated.currency.upper()
        self.errors: list[RowError] = []
        self.warnings: list[RowError] = []

    def row(self) -> InvoiceRow | None:
        stated = self._stated
        if self._currency not in CURRENCIES:
            self._error("currency", "invoice.currency_unknown", value=self._currency[:40])
            return None
        kind = _KINDS.get(stated.type)
        if kind is None:
            self._error("type", "einvoice.type", value=stated.type[:40])
        for name, value in (("number", stated.number), ("customer_name", stated.buyer.name)):
            if not value:
                self._error(name, "row.missing")
        if len(stated.number) > 60:
            self._error("number", "row.too_long", limit=60)
        issued = self._day("issue_date", stated.issued)
        due = self._day("due_date", stated.due) if stated.due else None
        total = self._amount("total", stated.gross)
        payable = self._amount("open", stated.payable) if stated.payable else total
        if total == 0:
            self._error("total", "invoice.zero")
        if self.errors or issued is None or total is None or payable is None or kind is None:
            return None
        if total < 0:
            kind = "invoice" if kind == "credit_note" else "credit_note"
        self._check_total(total)
        is_part = stated.prepaid not in {"", "0"} and 0 <= abs(payable) < abs(total)
        usual = due_date(parse_term(self._options.default_term), issued)
        return InvoiceRow(
            line=0, number=stated.number, kind=kind, issue_date=issued,
            due_date=max(due or (issued if kind == "credit_note" else usual), issued),
            currency=self._currency, total_minor=abs(total),
            open_minor=abs(payable) if is_part else None, customer=self._customer(),
            order_reference=stated.order[:60], payment_reference=stated.payment_reference[:60],
            label="", due_stated=due is not None, lines=self._lines(negative=total < 0),
            seller_siren=stated.seller.siren,
        )  # fmt: skip

    def summary(self, row: InvoiceRow | None) -> dict[str, Any]:
        """INTERFACES, `amiable read`, for invoices."""
        stated = self._stated
        return {
            "number": stated.number, "type": stated.type, "currency": self._currency,
            "issue_date": row.issue_date.isoformat() if row else stated.issued,
            "due_date": row.due_date.isoformat() if row and row.due_stated else stated.due,
            "seller": _party(stated.seller), "buyer": _party(stated.buyer),
            "total_without_vat": stated.net, "vat": stated.tax, "total_with_vat": stated.gross,
            "prepaid": stated.prepaid, "amount_due": stated.payable, "iban": stated.iban,
            "payment_reference": stated.payment_reference,
            "preceding_invoice": stated.preceding, "lines": len(stated.lines),
            "invoices": int(bool(row and row.kind != "credit_note")),
            "credit_notes": int(bool(row and row.kind == "credit_note")), "columns": {},
            "warnings": [
                {"line": w.line, "column": w.column, "code": w.code, "message": str(w.sentence)}
                for w in self.warnings
            ],
        }  # fmt: skip

    def _error(self, column: str, code: str, **params: Any) -> None:
        self.errors.append(RowError(0, column, code, params))

    def _warn(self, column: str, code: str, **params: Any) -> None:
        self.warnings.append(RowError(0, column, code, params))

    def _amount(self, column: str, text: str) -> int | None:
        try:
            return minor(plain_decimal(text), self._currency)
        except (AmountError, ValueError):
            said = {"value": text[:40], "currency": self._currency}
            self._error(column, "einvoice.amount", **said)
        return None

    def _day(self, column: str, text: str) -> date | None:
        try:
            return date.fromisoformat(text[:10])
        except ValueError:
            self._error(column, "einvoice.date", value=text[:40])
        return None

    def _check_total(self, total: int) -> None:
        try:
            net, tax = (minor(plain_decimal(each), self._currency)
                        for each in (self._stated.net, self._stated.tax or "0"))  # fmt: skip
        except (AmountError, ValueError):
            return
        if net + tax != total:
            said = {"net": net, "tax": tax, "gross": total}
            texts = {name: major(amount, self._currency) for name, amount in said.items()}
            self._warn("total", "einvoice.total_differs", **texts)

    def _customer(self) -> CustomerRow:
        buyer = self._stated.buyer
        return CustomerRow(
            line=0, code="", name=buyer.name[:200], siren=buyer.siren, vat_number=buyer.vat[:20],
            email=buyer.email if re.fullmatch(r"[^@\s]{1,64}@[^@\s]{3,180}", buyer.email) else "",
            address_lines=tuple(each[:100] for each in buyer.address[:4] if each),
            postcode=buyer.postcode[:12], city=buyer.city[:100],
            country=buyer.country if re.fullmatch("[A-Z]{2}", buyer.country) else "",
        )  # fmt: skip

    def _lines(self, *, negative: bool) -> tuple[LineRow, ...]:
        stated = self._stated.lines
        if len(stated) > MOST_LINES:
            self._warn("lines", "einvoice.lines_many", limit=MOST_LINES)
            return ()
        found: list[LineRow] = []
        for place, line in enumerate(stated, start=1):
            number = line.number[:20] or str(place)
            try:
                found.append(_line(line, number, self._currency, -1 if negative else 1))
            except (AmountError, ValueError) as error:
                self._warn("lines", "einvoice.lines_unread", value=str(error)[:40], number=number)
                return ()
        self._check_lines(found, -1 if negative else 1)
        return tuple(found)

    def _check_lines(self, found: Sequence[LineRow], sign: int) -> None:
        try:
            stated = minor(plain_decimal(self._stated.lines_net), self._currency)
        except (AmountError, ValueError):
            return
        total = sign * sum(line.net_minor for line in found)
        if found and total != stated:
            said = {"lines": major(total, self._currency), "stated": major(stated, self._currency)}
            self._warn("lines", "einvoice.lines_differ", **said)


def _line(line: StatedLine, number: str, currency: str, sign: int) -> LineRow:
    """Raises ValueError naming the figure that cannot be read."""
    rate = line.vat_pct or ("0" if line.category in _UNTAXED else "")
    if not rate:
        raise ValueError("VAT")
    pct = plain_decimal(rate)
    if pct.startswith("-") or float(pct) > 100:
        raise ValueError(rate)
    quantity = plain_decimal(line.quantity) if line.quantity else ""
    price = plain_decimal(line.price) if line.price else ""
    if price and line.base not in {"", "1"} and plain_decimal(line.base) != "1":
        price = ""  # the price of several units: the net amount says what is owed
    return LineRow(
        number=number, name=line.name[:200] or number, vat_pct=pct, quantity=quantity,
        net_minor=sign * minor(plain_decimal(line.net), currency), unit=line.unit[:10],
        unit_price=price, item=line.item[:60], description=line.description[:500],
    )  # fmt: skip


def _party(party: Party) -> dict[str, str]:
    return {"name": party.name, "siren": party.siren, "vat": party.vat}
