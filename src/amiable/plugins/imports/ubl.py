"""An invoice or credit note as XML of OASIS UBL 2.1, as EN 16931 and Peppol profile it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from amiable.core.sentences import gettext_noop
from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.imports._einvoice import (
    Party,
    Stated,
    StatedLine,
    einvoice,
    french_ids,
    xml_root,
)
from amiable.plugins.statements._common import Refused, clean
from amiable.plugins.statements._xml import local, text_of

_SPACE = "urn:oasis:names:specification:ubl:schema:xsd:"
_HEAD = re.compile(rb"urn:oasis:names:specification:ubl:schema:xsd:(?:Invoice|CreditNote)-2")
_ROOTS = {f"{{{_SPACE}{name}-2}}{name}" for name in ("Invoice", "CreditNote")}
_TAX = ("Item", "ClassifiedTaxCategory")


class Ubl:
    """Reader of UBL invoices and credit notes."""

    code = "ubl"
    kind: FileKind = "invoices"
    label = gettext_noop("Electronic invoice (UBL XML)")

    def sniff(self, head: bytes, _name: str) -> bool:
        """A document of the name spaces of UBL invoices."""
        return not head.startswith(b"%PDF") and bool(_HEAD.search(head.replace(b"\0", b"")))

    def read(self, path: Path, options: ReadOptions) -> ReadResult:
        """The invoice, its customer and its lines."""
        try:
            root = xml_root(path)
            if root.tag not in _ROOTS:
                raise Refused(0, "", "einvoice.other")
            return einvoice(_stated(root), options, code=self.code)
        except Refused as refused:
            return ReadResult(self.kind, self.code, errors=(refused.error,))


def _stated(root: Any) -> Stated:
    name = local(root)  # Invoice or CreditNote: their elements are called after them
    summed = "LegalMonetaryTotal"
    currency = text_of(root, "DocumentCurrencyCode")
    due = text_of(root, "DueDate") or text_of(root, "PaymentMeans", "PaymentDueDate")
    return Stated(
        number=clean(text_of(root, "ID"), 100),
        type=text_of(root, f"{name}TypeCode"),
        issued=text_of(root, "IssueDate"),
        due=due,
        currency=currency,
        seller=_party(root, "AccountingSupplierParty", "Party"),
        buyer=_party(root, "AccountingCustomerParty", "Party"),
        lines_net=text_of(root, summed, "LineExtensionAmount"),
        net=text_of(root, summed, "TaxExclusiveAmount"),
        tax=_tax(root, currency),
        gross=text_of(root, summed, "TaxInclusiveAmount"),
        prepaid=text_of(root, summed, "PrepaidAmount"),
        payable=text_of(root, summed, "PayableAmount"),
        iban=text_of(root, "PaymentMeans", "PayeeFinancialAccount", "ID"),
        payment_reference=clean(text_of(root, "PaymentMeans", "PaymentID"), 140),
        preceding=text_of(root, "BillingReference", "InvoiceDocumentReference", "ID"),
        order=clean(text_of(root, "OrderReference", "ID"), 60),
        lines=[_line(each, name) for each in root.iterfind(f"{{*}}{name}Line")],
    )


def _tax(root: Any, currency: str) -> str:
    """The VAT in the currency of the invoice; it may be stated in another one, too."""
    found = root.findall("{*}TaxTotal/{*}TaxAmount")
    own = [each for each in found if each.get("currencyID", currency) == currency]
    return (own[0].text or "").strip() if own else ""


def _party(root: Any, *path: str) -> Party:
    address = (*path, "PostalAddress")
    legal = (*path, "PartyLegalEntity")
    vat = [text_of(each, "CompanyID")
           for each in root.iterfind("/".join("{*}" + n for n in (*path, "PartyTaxScheme")))
           if text_of(each, "TaxScheme", "ID") == "VAT"]  # fmt: skip
    return Party(
        name=clean(text_of(root, *legal, "RegistrationName")
                   or text_of(root, *path, "PartyName", "Name"), 200),
        ids=french_ids(root, (*legal, "CompanyID"), (*path, "PartyIdentification", "ID")),
        vat="".join(vat[0].split()) if vat else "",
        address=tuple(clean(text_of(root, *address, *each), 100) for each in
                      (("StreetName",), ("AdditionalStreetName",), ("AddressLine", "Line"))),
        postcode=clean(text_of(root, *address, "PostalZone"), 20),
        city=clean(text_of(root, *address, "CityName"), 100),
        country=text_of(root, *address, "Country", "IdentificationCode"),
        email=text_of(root, *path, "Contact", "ElectronicMail"),
    )  # fmt: skip


def _line(line: Any, name: str) -> StatedLine:
    verb = "Invoiced" if name == "Invoice" else "Credited"
    quantity = line.find(f"{{*}}{verb}Quantity")
    return StatedLine(
        number=clean(text_of(line, "ID"), 20),
        name=clean(text_of(line, "Item", "Name"), 1000),
        net=text_of(line, "LineExtensionAmount"),
        vat_pct=text_of(line, *_TAX, "Percent"),
        category=text_of(line, *_TAX, "ID"),
        quantity="" if quantity is None else (quantity.text or "").strip(),
        unit="" if quantity is None else quantity.get("unitCode", ""),
        price=text_of(line, "Price", "PriceAmount"),
        base=text_of(line, "Price", "BaseQuantity"),
        item=clean(text_of(line, "Item", "SellersItemIdentification", "ID"), 60),
        description=clean(text_of(line, "Item", "Description"), 1000),
    )


PLUGIN = Ubl()
