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
