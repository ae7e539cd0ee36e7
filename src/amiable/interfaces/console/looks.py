"""How a code is shown, and the words for messages: their states, what became of them, papers."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Look:
    """How a code is shown. Tones: good, warn, bad, info, quiet."""

    label: str | Promise
    tone: str = "quiet"
    icon: str = ""


PAYING: dict[str, dict[str, Look]] = {
    "rest": {
        "part": Look(_("A part payment: the rest stays due"), "quiet"),
        "cents": Look(_("Cents"), "quiet"),
        "bank_fee": Look(_("A bank's fee"), "info"),
        "discount": Look(_("A discount for paying early"), "info"),
        "deduction": Look(_("A deduction"), "warn"),
        "dispute": Look(_("In dispute"), "warn"),
    },
    "deduction": {
        "debit_note": Look(_("Debit note of the customer")),
        "retention": Look(_("Guarantee retained (works)")),
        "prorata": Look(_("Share of site costs (compte prorata)")),
        "penalties": Look(_("Penalties claimed by the customer")),
        "other": Look(_("Another deduction")),
    },
    "rest_state": {
        "waiting": Look(_("Waits for an approval"), "warn"),
        "within": Look(_("Given up, within the limits"), "good"),
        "disputed": Look(_("In dispute"), "warn"),
        "approved": Look(_("Approved"), "good"),
        "refused": Look(_("Refused: due again"), "bad"),
    },
    "order": {
        "law": Look(_("As the law says (C. civ. 1342-10)")),
        "oldest": Look(_("The oldest invoices first, one after the other")),
        "agreed": Look(_("As agreed in words: a person decides")),
    },
    "habit": {
        "oldest": Look(_("Pays the oldest first")),
        "balance": Look(_("Pays all that is due")),
        "month": Look(_("Pays by month")),
        "discount": Look(_("Deducts a discount")),
        "bank_fee": Look(_("Short by the same fee")),
        "group": Look(_("Pays several at a time")),
        "payer": Look(_("Another pays for it")),
    },
}

MESSAGES: dict[str, dict[str, Look]] = {
    "message": {
        "frozen": Look(_("Ready"), "info"),
        "sending": Look(_("Being sent"), "info"),
        "sent": Look(_("Sent"), "good"),
        "failed": Look(_("Failed"), "bad"),
        "unknown": Look(_("Unknown: check"), "bad"),
        "withdrawn": Look(_("Withdrawn"), "quiet"),
    },
    "delivery": {
        "sent": Look(_("Sent"), "good"),
        "delivered": Look(_("Delivered"), "good"),
        "deferred": Look(_("Delayed"), "warn"),
        "bounced": Look(_("Returned"), "bad"),
        "failed": Look(_("Failed"), "bad"),
        "unknown": Look(_("Unknown"), "bad"),
        "complained": Look(_("Called unwanted by the recipient"), "bad"),
        "opted_out": Look(_("The recipient wants no more messages"), "warn"),
        "deposited": Look(_("Posted"), "info"),
        "presented": Look(_("Presented to the addressee"), "good"),
        "accepted": Look(_("Delivered against a signature"), "good"),
        "refused": Look(_("Refused by the addressee"), "warn"),
        "unclaimed": Look(_("Not collected in time"), "warn"),
        "returned": Look(_("Sent back: nobody of that name there"), "bad"),
    },
    "letter": {
        "overdue": Look(_("Not collected in 15 days?"), "bad"),
        "to_deposit": Look(_("To take to the post"), "warn"),
        "deposited": Look(_("On its way"), "info"),
        "presented": Look(_("Presented, waits to be collected"), "info"),
        "accepted": Look(_("Handed over"), "good"),
        "refused": Look(_("Refused"), "warn"),
        "unclaimed": Look(_("Never collected"), "warn"),
        "returned": Look(_("Came back: wrong address"), "bad"),
    },
    "proof": {
        "deposit": Look(_("Receipt of deposit")),
        "receipt": Look(_("Signed slip")),
        "return": Look(_("Envelope that came back")),
        "other": Look(_("Another paper")),
    },
    "checkout": {
        "open": Look(_("Begun, not finished"), "quiet"),
        "processing": Look(_("On its way"), "info"),
        "paid": Look(_("Paid, and gone back"), "warn"),
        "failed": Look(_("Did not go through"), "warn"),
        "expired": Look(_("Not finished in time"), "quiet"),
    },
    "recipient": {
        "accounts_payable": Look(_("Accounts payable")),
        "buyer": Look(_("Buyer")),
        "manager": Look(_("Manager at the customer")),
        "director": Look(_("Director")),
        "legal": Look(_("Legal department")),
    },
    "channel": {
        "outbox": Look(_("Built-in outbox")),
        "smtp": Look(_("Email server")),
        "email_api": Look(_("Email provider")),
        "spool": Look(_("Folder")),
    },
}
