"""The Cross Industry Invoice of UN/CEFACT (D16B, D22B), as Factur-X and ZUGFeRD 2 profile it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from amiable.plugins.base import ReadOptions, ReadResult
from amiable.plugins.imports._einvoice import (
    Party,
    Stated,
    StatedLine,
    einvoice,
    french_ids,
    xml_root,
)
from amiable.plugins.statements._common import Refused, clean
from amiable.plugins.statements._xml import local, text_of, texts_of

# Lines that only group or inform (XP Z12-012, EXT-FR-FE-163): their amounts are of other lines.
_IDLE = frozenset({"GROUP", "INFORMATION"})
_TAX = ("SpecifiedLineTradeSettlement", "ApplicableTradeTax")
_PRICE = ("SpecifiedLineTradeAgreement", "NetPriceProductTradePrice")


def read_cii(path: Path, options: ReadOptions, *, code: str) -> ReadResult:
    """The invoice of a file, or why it is refused."""
    try:
        root = xml_root(path)
        if local(root) != "CrossIndustryInvoice":
            raise Refused(0, "", "einvoice.other")
        return einvoice(_stated(root), options, code=code)
    except Refused as refused:
        return ReadResult("invoices", code, errors=(refused.error,))


def _stated(root: Any) -> Stated:
    trade = ("SupplyChainTradeTransaction",)
    settled = (*trade, "ApplicableHeaderTradeSettlement")
    agreed = (*trade, "ApplicableHeaderTradeAgreement")
    summed = (*settled, "SpecifiedTradeSettlementHeaderMonetarySummation")
    document = ("ExchangedDocument",)
    due = texts_of(root, *settled, "SpecifiedTradePaymentTerms", "DueDateDateTime",
                   "DateTimeString")  # fmt: skip
    currency = text_of(root, *settled, "InvoiceCurrencyCode")
    return Stated(
        number=clean(text_of(root, *document, "ID"), 100),
        type=text_of(root, *document, "TypeCode"),
        issued=text_of(root, *document, "IssueDateTime", "DateTimeString"),
        due=max(due, default=""),
        currency=currency,
        seller=_party(root, *agreed, "SellerTradeParty"),
        buyer=_party(root, *agreed, "BuyerTradeParty"),
        lines_net=text_of(root, *summed, "LineTotalAmount"),
        net=text_of(root, *summed, "TaxBasisTotalAmount"),
        tax=_tax(root, summed, currency),
        gross=text_of(root, *summed, "GrandTotalAmount"),
        prepaid=text_of(root, *summed, "TotalPrepaidAmount"),
        payable=text_of(root, *summed, "DuePayableAmount"),
        iban=text_of(root, *settled, "SpecifiedTradeSettlementPaymentMeans",
                     "PayeePartyCreditorFinancialAccount", "IBANID"),
        payment_reference=clean(text_of(root, *settled, "PaymentReference"), 140),
        preceding=text_of(root, *settled, "InvoiceReferencedDocument", "IssuerAssignedID"),
        order=clean(text_of(root, *agreed, "BuyerOrderReferencedDocument", "IssuerAssignedID"), 60),
        lines=_lines(root),
    )  # fmt: skip


def _tax(root: Any, summed: tuple[str, ...], currency: str) -> str:
    """The VAT in the currency of the invoice; it may be stated in another one, too."""
    found = root.findall("/".join("{*}" + each for each in (*summed, "TaxTotalAmount")))
    own = [each for each in found if each.get("currencyID", currency) == currency]
    return (own[0].text or "").strip() if own else ""


def _party(root: Any, *path: str) -> Party:
    address = (*path, "PostalTradeAddress")
    vat = root.find("/".join("{*}" + each for each in (*path, "SpecifiedTaxRegistration")) + "/"
                    "{*}ID[@schemeID='VA']")  # fmt: skip
    return Party(
        name=clean(text_of(root, *path, "Name"), 200),
        ids=french_ids(root, (*path, "SpecifiedLegalOrganization", "ID"), (*path, "GlobalID")),
        vat="" if vat is None else "".join((vat.text or "").split()),
        address=tuple(clean(text_of(root, *address, name), 100)
                      for name in ("LineOne", "LineTwo", "LineThree")),
        postcode=clean(text_of(root, *address, "PostcodeCode"), 20),
        city=clean(text_of(root, *address, "CityName"), 100),
        country=text_of(root, *address, "CountryID"),
        email=text_of(root, *path, "DefinedTradeContact", "EmailURIUniversalCommunication",
                      "URIID"),
    )  # fmt: skip


def _lines(root: Any) -> list[StatedLine]:
    found = root.iterfind("{*}SupplyChainTradeTransaction/{*}IncludedSupplyChainTradeLineItem")
    about = ("AssociatedDocumentLineDocument",)
    return [_line(each) for each in found
            if text_of(each, *about, "LineStatusReasonCode") not in _IDLE]  # fmt: skip


def _line(line: Any) -> StatedLine:
    quantity = line.find("{*}SpecifiedLineTradeDelivery/{*}BilledQuantity")
    product = "SpecifiedTradeProduct"
    return StatedLine(
        number=clean(text_of(line, "AssociatedDocumentLineDocument", "LineID"), 20),
        name=clean(text_of(line, product, "Name"), 1000),
        net=text_of(line, "SpecifiedLineTradeSettlement",
                    "SpecifiedTradeSettlementLineMonetarySummation", "LineTotalAmount"),
        vat_pct=text_of(line, *_TAX, "RateApplicablePercent"),
        category=text_of(line, *_TAX, "CategoryCode"),
        quantity="" if quantity is None else (quantity.text or "").strip(),
        unit="" if quantity is None else quantity.get("unitCode", ""),
        price=text_of(line, *_PRICE, "ChargeAmount"),
        base=text_of(line, *_PRICE, "BasisQuantity"),
        item=clean(text_of(line, product, "SellerAssignedID"), 60),
        description=clean(text_of(line, product, "Description"), 1000),
    )  # fmt: skip
