"""What a message must say, as plain facts: the hand-over from dunning to messaging."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from amiable.core.records import CustomerKind
from amiable.core.scenario import Attachment, Medium, Stage
from amiable.core.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Party:
    """A creditor or a customer as it stands on a message."""

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


@dataclass(frozen=True, slots=True)
class DraftLine:
    """An invoice as the message lists it. `days_late` < 0 = not yet due.

    Groups: `due` = asked for by this message; `reminded` = due too, but following its own course
    at a firmer level; `upcoming` = not yet due; `disputed` = contested, not asked for. An invoice
    contested in part stands on two lines; `beside_minor` = what its other line holds.
    """

    invoice_id: int
    number: str
    issue_date: date
    due_date: date
    total_minor: int
    open_minor: int
    days_late: int
    group: Literal["due", "reminded", "upcoming", "disputed"] = "due"
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
class Draft:
    """One message to one customer, before it is rendered. Amounts in minor units.

    `copies` = who else gets the same email. `attention` = the person a letter is for, "" = nobody
    in particular. `notes` say how the recipients were chosen.
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

    @property
    def due_minor(self) -> int:
        """What is asked for: the due lines less the customer's credit."""
        return sum(x.open_minor for x in self.lines if x.group == "due") - self.credit_minor
