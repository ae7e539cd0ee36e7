"""What a message must say, as plain facts: the hand-over from dunning to messaging."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from typing import Literal

from amiable.core.claims import Claimed
from amiable.core.records import CustomerKind
from amiable.core.scenario import Attachment, Medium, Stage
from amiable.core.schedules import PlanPart
from amiable.core.sentences import Sentence
from amiable.core.virtual_ibans import PayAccounts

Group = Literal["due", "reminded", "upcoming", "disputed", "promised", "planned", "held"]


@dataclass(frozen=True, slots=True)
class Party:
    """A creditor or a customer as it stands on a message.

    `sender_email` = what emails are sent from, "" for `email`, to which answers come.
    """

    name: str
    address_lines: tuple[str, ...] = ()
    postcode: str = ""
    city: str = ""
    country: str = "FR"
    email: str = ""
    phone: str = ""
    siren: str = ""
    iban: str = ""
    bic: str = ""
    brand_color: str = "#1f4e79"
    signatory: str = ""
    sms_sender: str = ""
    sender_email: str = ""


@dataclass(frozen=True, slots=True)
class DraftLine:
    """An invoice as the message lists it. `days_late` < 0 = not yet due.

    Groups: `due` = asked for by this message; `reminded` = due too, but following its own course
    at a firmer level; `upcoming` = not yet due; not asked for: `disputed` = contested, `promised`
    and `planned` = the customer gave a date, `held` = we look into it. An invoice contested or
    promised in part stands on several lines; `beside_minor` = what its other lines hold.
    """

    invoice_id: int
    number: str
    issue_date: date
    due_date: date
    total_minor: int
    open_minor: int
    days_late: int
    group: Group = "due"
    beside_minor: int = 0

    @property
    def paid_minor(self) -> int:
        """What was paid or credited so far."""
        return self.total_minor - self.open_minor - self.beside_minor


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody a message goes to: an email address or a phone number, and whose it is.

    `name` and `role` are empty where nobody in particular is known. A letter has no address here.
    """

    address: str
    name: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class Pledge:
    """A promise, or an instalment of a plan, that was not kept. Amounts in minor units.

    `next_on`, `next_minor` = the instalment of the plan that comes next.
    """

    amount_minor: int
    due_on: date
    made_on: date | None = None
    received_minor: int = 0
    in_plan: bool = False
    next_on: date | None = None
    next_minor: int = 0


@dataclass(frozen=True, slots=True)
class Agency:
    """Who collects for the creditor (CPCE exec. R124-4): its identity, the reference it gives the
    case, and the day of the letter that carried the statements of that article (None = not yet)."""

    party: Party
    reference: str
    first_letter_on: date | None = None


@dataclass(frozen=True, slots=True)
class DebitTerms:
    """The mandate under which money is collected: its reference (RUM) and scheme, the creditor's
    identifier (ICS), and the account to be debited, masked."""

    reference: str
    scheme: str
    ics: str
    account: str


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What was agreed in a call or on the payment page, for the message that confirms it. `kind` =
    promise, callback, dispute, already_paid, plan, or due (a reminder of what was agreed).

    `amount_minor` = what is promised or said to be paid, or what is disputed of an invoice (None =
    the whole); `on`, `at` = the day promised, agreed or of the payment, and its hour; `number` =
    the disputed invoice; `parts` = the instalments of a plan; `answer` = what a person wrote to it.
    """

    kind: str
    amount_minor: int | None = None
    on: date | None = None
    at: time | None = None
    number: str = ""
    reason: str = ""
    debit: DebitTerms | None = None
    parts: tuple[PlanPart, ...] = ()
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """One message to one customer, before it is rendered. Amounts in minor units.

    `copies` = who else gets the same email. `attention` = the person a letter is for, "" = nobody
    in particular. `notes` say how the recipients were chosen. `return_code` = why the payment came
    back, as the bank codes it (ISO 20022, "AM04"). `account` = every open item, for the statement.
    `scenario` = code of the scenario it comes from, which may have texts of its own.
    `confirms` = what was agreed: such a message asks for nothing else.
    `payment_link` = where the customer can pay on the web, "" for nowhere. `claims` = interest and
    fixed fee asked for beside the principal. `accounts` = those to pay on: the creditor's IBAN and
    BIC are the one of them that fits the lines.
    """

    key: str
    case_id: int
    creditor_id: int
    customer_id: int
    medium: Medium
    template: str
    stage: Stage
    language: str
    on_date: date
    currency: str
    creditor: Party
    customer: Party
    customer_code: str
    customer_kind: CustomerKind
    recipient: str
    lines: tuple[DraftLine, ...]
    credit_minor: int = 0
    payment_reference: str = ""
    deadline_on: date | None = None
    previous_contact_on: date | None = None
    thread_ids: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    recipient_name: str = ""
    recipient_role: str = ""
    copies: tuple[Recipient, ...] = ()
    attention: str = ""
    notes: tuple[Sentence, ...] = ()
    pledge: Pledge | None = None
    returned_on: date | None = None
    return_code: str = ""
    agency: Agency | None = None
    account: tuple[DraftLine, ...] = ()
    scenario: str = ""
    payment_link: str = ""
    claims: tuple[Claimed, ...] = ()
    confirms: Confirmed | None = None
    accounts: PayAccounts | None = None

    @property
    def sender(self) -> Party:
        """In whose name the message is written: the agency's, else the creditor's."""
        return self.agency.party if self.agency else self.creditor

    @property
    def is_electronic(self) -> bool:
        """A registered letter that goes to a mailbox (CPCE L100)."""
        return self.medium == "registered_letter" and "@" in self.recipient

    @property
    def due_minor(self) -> int:
        """What is asked for: the due lines less the customer's credit."""
        return sum(x.open_minor for x in self.lines if x.group == "due") - self.credit_minor
