"""What the invoices of the fictional creditor say to machines: their lines, and the XML that their
PDF carries (Factur-X, profile EN 16931: the Cross Industry Invoice of UN/CEFACT)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape

from amiable.core.money import major
from amiable.interfaces.cli.demo.people import Client, Creditor
from amiable.interfaces.cli.demo.story import Bill

FILE_NAME = "factur-x.xml"
# Cents without VAT: an hour of a fitter, the way there; works below this are one lump sum.
HOUR, TRAVEL, LUMP = 6_200, 4_500, 30_000
LABOUR_PERCENT = 40
_NAMES = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
}


@dataclass(frozen=True, slots=True)
class BillLine:
    """A line in cents without VAT; `unit` = UN/ECE Recommendation 20 (HUR hour, C62 piece)."""

    name: str
    quantity: int
    unit: str
    price_minor: int

    @property
    def net_minor(self) -> int:
        return self.quantity * self.price_minor


def rate_of(client: Client) -> int:
    """VAT in percent: 10 % for works in homes (CGI 279-0 bis), 20 % otherwise."""
    return 10 if client.kind == "consumer" else 20


def net_of(bill: Bill, client: Client) -> int:
    """Cents without VAT, rounded."""
    whole = 100 + rate_of(client)
    return (bill.total_minor * 100 + whole // 2) // whole


def lines_of(bill: Bill, client: Client) -> list[BillLine]:
    """What is charged: works by labour, supplies and travel, all else as one sum."""
    net = net_of(bill, client)
    if client.contract_minor or net < LUMP:
        return [BillLine(bill.label, 1, "C62", net)]
    hours = max(1, net * LABOUR_PERCENT // 100 // HOUR)
    supplies = net - hours * HOUR - TRAVEL
    return [
        BillLine(f"{bill.label} : main-d'œuvre", hours, "HUR", HOUR),
        BillLine(f"{bill.label} : fournitures", 1, "C62", supplies),
        BillLine("Déplacement", 1, "C62", TRAVEL),
    ]


def xml_of(bill: Bill, client: Client, *, creditor: Creditor) -> str:
    """The invoice as a machine reads it."""
    declared = " ".join(f'xmlns:{name}="{uri}"' for name, uri in _NAMES.items())
    lines = "".join(
        _line(number, line, rate_of(client))
        for number, line in enumerate(lines_of(bill, client), 1)
    )
    return (
        f"<rsm:CrossIndustryInvoice {declared}>"
        "<rsm:ExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter>"
        "<ram:ID>urn:cen.eu:en16931:2017</ram:ID>"
        "</ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext>"
        f"<rsm:ExchangedDocument><ram:ID>{bill.number}</ram:ID><ram:TypeCode>380</ram:TypeCode>"
        f"<ram:IssueDateTime>{_day(bill.issued)}</ram:IssueDateTime></rsm:ExchangedDocument>"
        f"<rsm:SupplyChainTradeTransaction>{lines}{_agreed(bill, client, creditor)}"
        f"<ram:ApplicableHeaderTradeDelivery/>{_settled(bill, client, creditor)}"
        "</rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>"
    )


def _line(number: int, line: BillLine, rate: int) -> str:
    return (
        "<ram:IncludedSupplyChainTradeLineItem><ram:AssociatedDocumentLineDocument>"
        f"<ram:LineID>{number}</ram:LineID></ram:AssociatedDocumentLineDocument>"
        f"<ram:SpecifiedTradeProduct><ram:Name>{escape(line.name)}</ram:Name>"
        "</ram:SpecifiedTradeProduct><ram:SpecifiedLineTradeAgreement>"
        f"<ram:NetPriceProductTradePrice><ram:ChargeAmount>{major(line.price_minor)}"
        "</ram:ChargeAmount></ram:NetPriceProductTradePrice></ram:SpecifiedLineTradeAgreement>"
        f'<ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode="{line.unit}">'
        f"{line.quantity}</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery>"
        f"<ram:SpecifiedLineTradeSettlement>{_tax(rate)}"
        f"<ram:SpecifiedTradeSettlementLineMonetarySummation><ram:LineTotalAmount>"
        f"{major(line.net_minor)}</ram:LineTotalAmount>"
        "</ram:SpecifiedTradeSettlementLineMonetarySummation></ram:SpecifiedLineTradeSettlement>"
        "</ram:IncludedSupplyChainTradeLineItem>"
    )


def _tax(rate: int, *, basis_minor: int | None = None, amount_minor: int = 0) -> str:
    told = "" if basis_minor is None else f"<ram:BasisAmount>{major(basis_minor)}</ram:BasisAmount>"
    amount = f"<ram:CalculatedAmount>{major(amount_minor)}</ram:CalculatedAmount>" if told else ""
    return (
        f"<ram:ApplicableTradeTax>{amount}<ram:TypeCode>VAT</ram:TypeCode>{told}"
        f"<ram:CategoryCode>S</ram:CategoryCode><ram:RateApplicablePercent>{rate}"
        "</ram:RateApplicablePercent></ram:ApplicableTradeTax>"
    )


def _agreed(bill: Bill, client: Client, creditor: Creditor) -> str:
    order = (
        "<ram:BuyerOrderReferencedDocument><ram:IssuerAssignedID>"
        f"{escape(bill.order_reference)}</ram:IssuerAssignedID></ram:BuyerOrderReferencedDocument>"
        if bill.order_reference
        else ""
    )
    street, town = creditor.address
    seller = _party(creditor.name, creditor.siren, (street, *town.split(" ", 1)))
    buyer = _party(client.name, client.siren, (client.street, client.postcode, client.town))
    return (
        f"<ram:ApplicableHeaderTradeAgreement><ram:SellerTradeParty>{seller}"
        f"</ram:SellerTradeParty><ram:BuyerTradeParty>{buyer}</ram:BuyerTradeParty>{order}"
        "</ram:ApplicableHeaderTradeAgreement>"
    )


def _party(name: str, siren: str, address: tuple[str, ...]) -> str:
    street, postcode, town = (escape(each) for each in address)
    legal = (
        f'<ram:SpecifiedLegalOrganization><ram:ID schemeID="0002">{siren}</ram:ID>'
        "</ram:SpecifiedLegalOrganization>"
        if siren
        else ""
    )
    return (
        f"<ram:Name>{escape(name)}</ram:Name>{legal}<ram:PostalTradeAddress>"
        f"<ram:PostcodeCode>{postcode}</ram:PostcodeCode><ram:LineOne>{street}</ram:LineOne>"
        f"<ram:CityName>{town}</ram:CityName><ram:CountryID>FR</ram:CountryID>"
        "</ram:PostalTradeAddress>"
    )


def _settled(bill: Bill, client: Client, creditor: Creditor) -> str:
    rate, net = rate_of(client), net_of(bill, client)
    vat = bill.total_minor - net
    sums = {
        "LineTotalAmount": net, "TaxBasisTotalAmount": net, "TaxTotalAmount": vat,
        "GrandTotalAmount": bill.total_minor, "DuePayableAmount": bill.total_minor,
    }  # fmt: skip
    said = {"TaxTotalAmount": 'TaxTotalAmount currencyID="EUR"'}
    told = "".join(
        f"<ram:{said.get(name, name)}>{major(amount)}</ram:{name}>" for name, amount in sums.items()
    )
    return (
        "<ram:ApplicableHeaderTradeSettlement>"
        f"<ram:PaymentReference>{bill.number}</ram:PaymentReference>"
        "<ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>"
        "<ram:SpecifiedTradeSettlementPaymentMeans><ram:TypeCode>58</ram:TypeCode>"
        f"<ram:PayeePartyCreditorFinancialAccount><ram:IBANID>{creditor.iban}</ram:IBANID>"
        "</ram:PayeePartyCreditorFinancialAccount></ram:SpecifiedTradeSettlementPaymentMeans>"
        f"{_tax(rate, basis_minor=net, amount_minor=vat)}"
        "<ram:SpecifiedTradePaymentTerms><ram:DueDateDateTime>"
        f"{_day(bill.due)}</ram:DueDateDateTime></ram:SpecifiedTradePaymentTerms>"
        f"<ram:SpecifiedTradeSettlementHeaderMonetarySummation>{told}"
        "</ram:SpecifiedTradeSettlementHeaderMonetarySummation>"
        "</ram:ApplicableHeaderTradeSettlement>"
    )


def _day(day: date) -> str:
    return f'<udt:DateTimeString format="102">{day:%Y%m%d}</udt:DateTimeString>'
