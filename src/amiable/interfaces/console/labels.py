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
        "simulate": Look(_("Simulation"), icon="eye-check"),
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
    "recipient": {
        "accounts_payable": Look(_("Accounts payable")),
        "buyer": Look(_("Buyer")),
        "manager": Look(_("Manager at the customer")),
        "director": Look(_("Director")),
        "legal": Look(_("Legal department")),
    },
    "attachment": {
        "invoices": Look(_("The invoices")),
        "statement": Look(_("The statement of account")),
    },
    "task": {
        "ask_sales_owner": Look(_("Ask the sales owner")),
        "hold_deliveries": Look(_("Hold deliveries")),
        "review": Look(_("Decide what comes next")),
        "hand_over": Look(_("Hand over to litigation")),
    },
    "approval": {
        "automatic": Look(_("Automatic")),
        "batch": Look(_("Confirmed in a batch")),
        "manual": Look(_("By hand, one by one")),
    },
    "day_kind": {
        "calendar": Look(_("calendar days")),
        "working": Look(_("working days")),
    },
    "side": {"after": Look(_("after")), "before": Look(_("before"))},
    "anchor": {
        "due_date": Look(_("the due date")),
        "issue_date": Look(_("the issue date")),
        "previous_step": Look(_("the delivery of the step above")),
        "formal_notice_received": Look(_("the receipt of the formal notice")),
        "promise_broken": Look(_("a promise broken")),
        "instalment_missed": Look(_("an installment missed")),
        "payment_returned": Look(_("a payment returned")),
        "dispute_closed": Look(_("a dispute closed")),
    },
    "event": {
        "promise_broken": Look(_("When a promise is broken"), icon="heart-broken"),
        "instalment_missed": Look(_("When an installment is missed"), icon="calendar-x"),
        "payment_returned": Look(_("When a payment is returned"), icon="arrow-back-up"),
        "dispute_closed": Look(_("When a dispute is closed"), icon="scale"),
        "issue_date": Look(_("From the issue date"), icon="file-invoice"),
        "due_date": Look(_("Around the due date"), icon="calendar-event"),
    },
    "catch_up": {
        "catch_up_step": Look(_("start at the catch-up step at most")),
        "jump": Look(_("jump to the level of its age")),
        "one_by_one": Look(_("every step in turn")),
    },
    "weekday": {
        "mon": Look(_("Monday")),
        "tue": Look(_("Tuesday")),
        "wed": Look(_("Wednesday")),
        "thu": Look(_("Thursday")),
        "fri": Look(_("Friday")),
    },
    "spoken": {"fr": Look(_("French")), "en": Look(_("English"))},
    "text": {
        "agency_first": Look(_("Agency: first contact")),
        "agency_reminder": Look(_("Agency: reminder")),
        "agency_sms": Look(_("Agency: text message")),
        "agency_last": Look(_("Agency: last letter")),
        "agency_formal": Look(_("Agency: formal notice")),
        "courtesy_preventive": Look(_("Courtesy, before the due date")),
        "courtesy_1": Look(_("Courtesy, first reminder")),
        "courtesy_2": Look(_("Courtesy, second reminder")),
        "formal_notice": Look(_("Formal notice")),
        "instalment_missed": Look(_("Installment missed")),
        "payment_returned": Look(_("Payment returned")),
        "promise_broken": Look(_("Promise broken")),
        "promise_broken_sms": Look(_("Promise broken, text message")),
        "promise_broken_last": Look(_("Promise broken, last letter")),
        "public_preventive": Look(_("Public body, before the due date")),
        "public_reminder_1": Look(_("Public body, first reminder")),
        "public_reminder_2": Look(_("Public body, second reminder")),
        "public_letter": Look(_("Public body, letter on interest")),
        "reminder_preventive": Look(_("Before the due date")),
        "reminder_1": Look(_("First reminder")),
        "reminder_2": Look(_("Second reminder")),
        "reminder_firm": Look(_("Firm reminder")),
        "reminder_last": Look(_("Last reminder")),
        "reminder_sms": Look(_("Reminder by text message")),
        "statement_reminder": Look(_("Statement of account")),
        "subscription_1": Look(_("Subscription, first message")),
        "subscription_2": Look(_("Subscription, second message")),
        "subscription_last": Look(_("Subscription, last message")),
        "subscription_sms": Look(_("Subscription, text message")),
    },
}


def look(kind: str, code: str) -> Look:
    """The look of a code; an unknown code is shown as it is."""
    return LOOKS.get(kind, {}).get(code) or Look(code.replace("_", " "))


def choices(kind: str) -> list[tuple[str, str | Promise]]:
    """(code, words) pairs of a kind, for select fields."""
    return [(code, item.label) for code, item in LOOKS[kind].items()]
