"""What readers hand to the shell: rows of files as frozen records, and the errors beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from amiable.core.delivery import EventKind
from amiable.core.invoice_lines import LineRow
from amiable.core.sentences import Param, Sentence, declare, gettext_noop

# What is said of any file, whoever was to read it.
declare(
    {
        "file.empty": gettext_noop("The file is empty. Export it again."),
        "file.too_large": gettext_noop("The file is larger than {limit} MB. Split it."),
        "file.xml_hostile": gettext_noop(
            "The XML declares a document type or entities, which no such file needs: refused. "
            "Download it again from its source."
        ),
    }
)

CustomerKind = Literal["company", "consumer", "public"]
InvoiceKind = Literal["invoice", "credit_note", "prepayment"]
StatementKind = Literal["statement", "report", "notification"]

declare(
    {
        "invoice.duplicate": gettext_noop(
            "Invoice {number} is already on line {first}. Keep one of the two rows."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class RowError:
    """One defect of a file: where (1-based line; 0 = the file itself), which column, and why.

    `code` is a code of the sentence catalog; its text names the remedy.
    """

    line: int
    column: str
    code: str
    params: Mapping[str, Param] = field(default_factory=dict)

    @property
    def sentence(self) -> Sentence:
        return Sentence(self.code, self.params)


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer as a file states it. Empty string, or a score of None, = not stated."""

    line: int
    code: str
    name: str
    kind: CustomerKind | None = None
    siren: str = ""
    vat_number: str = ""
    language: str = ""
    segment: str = ""
    sales_owner: str = ""
    creditor: str = ""
    email: str = ""
    phone: str = ""
    address_lines: tuple[str, ...] = ()
    postcode: str = ""
    city: str = ""
    country: str = ""
    payment_term: str = ""
    iban: str = ""
    contact_name: str = ""
    contact_role: str = ""
    score: int | None = None
    payer_group: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """An invoice or credit note as a file states it, amounts in minor units, VAT included.

    `total_minor` is positive for every kind; `open_minor` None = not stated (wholly open).
    `due_stated` False = the due date comes from a default term, and never corrects a known one.
    `lines` = of an electronic invoice; `seller_siren` = who issued it ("" = not stated): an invoice
    of another seller is not ours.
    """

    line: int
    number: str
    kind: InvoiceKind
    issue_date: date
    due_date: date
    currency: str
    total_minor: int
    open_minor: int | None
    customer: CustomerRow
    order_reference: str = ""
    payment_reference: str = ""
    label: str = ""
    due_stated: bool = True
    lines: tuple[LineRow, ...] = ()
    seller_siren: str = ""


@dataclass(frozen=True, slots=True)
class StatementEntry:
    """One movement of a bank statement. `amount_minor` > 0 is money in.

    `original` = the amount before an exchange ("USD 100.00"); `fee_minor` = what the bank took off
    it; `batch_size` = transactions of a batch that the file does not split to the cent;
    `batch_parts` = of how many movements of one batch, side by side, this is one (0 = of none);
    `entry_reference` = what the bank calls the entry of its statement, batch or not.
    `status` = "" when booked, else what a report says of a movement that is not.
    """

    line: int
    booked_on: date
    value_on: date | None
    amount_minor: int
    currency: str
    label: str
    bank_reference: str = ""
    end_to_end_id: str = ""
    structured_reference: str = ""
    payer_name: str = ""
    payer_iban: str = ""
    ultimate_payer: str = ""
    credited_iban: str = ""
    mandate_id: str = ""
    batch_id: str = ""
    operation: str = ""
    is_return: bool = False
    return_reason: str = ""
    uetr: str = ""
    original: str = ""
    fee_minor: int = 0
    batch_size: int = 0
    batch_parts: int = 0
    entry_reference: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class StatementRecord:
    """One account statement: balances in minor units, None where the bank does not state them.

    `entries` may be long: iterate, do not copy. `format` = the code of the reader.
    `kind`: an interim report or a notification tells of movements that the statement repeats.
    """

    account: str
    currency: str
    opening_minor: int | None
    closing_minor: int | None
    opening_on: date | None
    closing_on: date | None
    entries: Sequence[StatementEntry]
    reference: str = ""
    kind: StatementKind = "statement"
    format: str = ""

    @property
    def difference_minor(self) -> int | None:
        """opening + entries - closing; None when a balance is not stated; 0 when it holds."""
        if self.opening_minor is None or self.closing_minor is None:
            return None
        return self.opening_minor + sum(e.amount_minor for e in self.entries) - self.closing_minor


@dataclass(frozen=True, slots=True)
class TrackingRow:
    """What a file says of a registered letter. `detail` = the status in the file's own words."""

    line: int
    number: str
    kind: EventKind
    on: date
    detail: str


@dataclass(frozen=True, slots=True)
class DebitResult:
    """What a bank says of a direct debit that was ordered, by the end-to-end id of the order.

    `status` = RJCT (refused), ACCP, ACSC, PDNG...; `reason` = the external code, or the bank's own;
    `amount_minor` None = not stated.
    """

    line: int
    end_to_end_id: str
    status: str
    reason: str = ""
    amount_minor: int | None = None
    currency: str = "EUR"
    mandate_id: str = ""
    holder: str = ""


@dataclass(frozen=True, slots=True)
class VirtualIbanRow:
    """A virtual IBAN as its provider states it, cleaned. `creditor`, `customer` = their codes,
    `invoice` = a number; "" = not stated. `is_closed` = it takes no money, None = not said."""

    line: int
    iban: str
    bic: str = ""
    currency: str = "EUR"
    reference: str = ""
    creditor: str = ""
    customer: str = ""
    invoice: str = ""
    is_closed: bool | None = None
