"""Codes of the domain as people read them: words, tone and icon for each state."""

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


LOOKS: dict[str, dict[str, Look]] = {
    "role": {
        "manager": Look(_("Manager")),
        "collector": Look(_("Collector")),
        "accountant": Look(_("Accountant")),
        "reader": Look(_("Reader")),
    },
    "customer": {
        "company": Look(_("Company")),
        "consumer": Look(_("Consumer")),
        "public": Look(_("Public body")),
    },
    "invoice": {
        "invoice": Look(_("Invoice")),
        "credit_note": Look(_("Credit note")),
        "prepayment": Look(_("Prepayment")),
    },
    "item": {
        "upcoming": Look(_("Not due yet"), "quiet"),
        "overdue": Look(_("Overdue"), "bad"),
        "disputed": Look(_("In dispute"), "warn"),
        "held": Look(_("On hold"), "info"),
        "missing": Look(_("Missing from last export"), "warn"),
        "credit": Look(_("Credit"), "good"),
    },
    "bucket": {
        "not_due": Look(_("Not due yet")),
        "1_30": Look(_("1 to 30 days late")),
        "31_60": Look(_("31 to 60 days late")),
        "61_90": Look(_("61 to 90 days late")),
        "over_90": Look(_("Over 90 days late")),
        "overdue": Look(_("Overdue")),
    },
    "figure": {
        "dso_count_back": Look(_("DSO (count-back)")),
        "best_possible_dso": Look(_("Best possible DSO")),
        "average_days_delinquent": Look(_("Average days delinquent")),
        "dso_simple": Look(_("DSO (simple)")),
        "best_possible_simple": Look(_("Best possible DSO (simple)")),
        "dso_net": Look(_("DSO, net of credits")),
        "dso_undisputed": Look(_("DSO without disputes")),
        "overdue_ratio": Look(_("Share overdue")),
        "overdue_age": Look(_("Average age of what is overdue")),
        "days_to_pay": Look(_("Average days to pay")),
        "days_late": Look(_("Average days late")),
        "days_late_only": Look(_("Average days late, early payments as zero")),
        "cei": Look(_("Collection effectiveness (CEI)")),
    },
    "medium": {
        "email": Look(_("Email"), icon="mail"),
        "letter": Look(_("Letter"), icon="mail-opened"),
        "registered_letter": Look(_("Registered letter"), icon="certificate"),
        "sms": Look(_("Text message"), icon="message"),
        "phone": Look(_("Phone call"), icon="phone"),
        "task": Look(_("Task"), icon="checkbox"),
    },
    "stage": {
        "preventive": Look(_("Preventive"), "info"),
        "friendly": Look(_("Friendly"), "good"),
        "firm": Look(_("Firm"), "warn"),
        "formal": Look(_("Formal notice"), "bad"),
        "litigation": Look(_("Litigation"), "bad"),
    },
    "action": {
        "to_approve": Look(_("To approve"), "warn"),
        "approved": Look(_("Ready"), "info"),
        "claimed": Look(_("Being sent"), "info"),
        "todo": Look(_("To do"), "warn"),
        "done": Look(_("Done"), "good"),
        "cancelled": Look(_("Cancelled"), "quiet"),
        "skipped": Look(_("Skipped"), "quiet"),
        "failed": Look(_("Failed"), "bad"),
        "unknown": Look(_("Unknown: check"), "bad"),
    },
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
    },
    "call": {
        "promise": Look(_("Promised to pay"), "good"),
        "callback": Look(_("To call again"), "info"),
        "dispute": Look(_("Disputes the invoice"), "warn"),
        "no_answer": Look(_("No answer"), "quiet"),
        "wrong_number": Look(_("Wrong number"), "bad"),
        "refused": Look(_("Refuses to pay"), "bad"),
        "already_paid": Look(_("Says it is paid"), "good"),
        "done": Look(_("Done"), "good"),
    },
    "line": {
        "new": Look(_("Not looked at yet"), "quiet"),
        "posted": Look(_("Matched"), "good"),
        "proposed": Look(_("To confirm"), "warn"),
        "left": Look(_("Not recognized"), "bad"),
        "ignored": Look(_("Put aside"), "quiet"),
    },
    "import": {
        "done": Look(_("Imported"), "good"),
        "partial": Look(_("Imported in part"), "warn"),
        "refused": Look(_("Refused"), "bad"),
    },
    "count": {
        "rows": Look(_("Rows read")),
        "rejected": Look(_("Rows rejected")),
        "created": Look(_("Created")),
        "updated": Look(_("Updated")),
        "unchanged": Look(_("Unchanged")),
        "missing": Look(_("Missing from the file")),
        "settled": Look(_("Closed by the file")),
        "entries": Look(_("Entries written")),
        "credit_notes": Look(_("Credit notes")),
        "reappeared": Look(_("Back in the file")),
        "due_changed": Look(_("Due dates changed")),
        "customers_created": Look(_("New customers")),
        "customers_updated": Look(_("Customers updated")),
        "statements": Look(_("Statements")),
        "known": Look(_("Statements already known")),
        "lines": Look(_("New lines")),
        "duplicates": Look(_("Lines already known")),
        "unbalanced": Look(_("Statements that do not balance")),
        "gaps": Look(_("Missing statements")),
        "accounts": Look(_("Accounts")),
    },
    "file": {
        "invoices": Look(_("Invoices"), icon="file-invoice"),
        "customers": Look(_("Customers"), icon="users"),
        "statement": Look(_("Bank statement"), icon="building-bank"),
    },
    "format": {
        "invoices_csv": Look("CSV"),
        "invoices_xlsx": Look("Excel"),
        "customers": Look("CSV, Excel"),
        "fec": Look("FEC"),
        "camt053": Look("camt.053"),
        "cfonb120": Look("CFONB 120"),
    },
    "channel": {
        "outbox": Look(_("Built-in outbox")),
        "smtp": Look(_("Email server")),
        "spool": Look(_("Folder")),
    },
    "job": {
        "queued": Look(_("Waiting"), "quiet"),
        "running": Look(_("Running"), "info"),
        "done": Look(_("Done"), "good"),
        "failed": Look(_("Failed"), "bad"),
    },
    "job_kind": {
        "plan": Look(_("Planning"), icon="calendar-event"),
        "send": Look(_("Sending"), icon="send"),
        "match": Look(_("Bank matching"), icon="arrows-exchange"),
        "day": Look(_("Daily run"), icon="sun"),
        "check": Look(_("Nightly check"), icon="shield-check"),
        "snapshot": Look(_("Figures of the night"), icon="chart-bar"),
        "import": Look(_("Import"), icon="file-import"),
    },
    "dispute": {
        "price": Look(_("Price")),
        "quantity": Look(_("Quantity")),
        "quality": Look(_("Quality")),
        "delivery": Look(_("Delivery")),
        "duplicate": Look(_("Invoiced twice")),
        "missing_document": Look(_("Missing document")),
        "other": Look(_("Other")),
    },
    "promise": {
        "running": Look(_("Running"), "info"),
        "kept": Look(_("Kept"), "good"),
        "broken": Look(_("Broken"), "bad"),
        "cancelled": Look(_("Cancelled"), "quiet"),
    },
    "method": {
        "transfer": Look(_("Bank transfer")),
        "direct_debit": Look(_("Direct debit")),
        "card": Look(_("Card")),
        "cheque": Look(_("Cheque")),
        "other": Look(_("Other")),
    },
}


def look(kind: str, code: str) -> Look:
    """The look of a code; an unknown code is shown as it is."""
    return LOOKS.get(kind, {}).get(code) or Look(code.replace("_", " "))


def choices(kind: str) -> list[tuple[str, str | Promise]]:
    """(code, words) pairs of a kind, for select fields."""
    return [(code, item.label) for code, item in LOOKS[kind].items()]
