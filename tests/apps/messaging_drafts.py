"""Drafts for the tests of messages, as dunning would hand them over."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from amiable.apps.messaging.library.samples import CREDITOR, CUSTOMER
from amiable.core.drafts import Draft, DraftLine

ON = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)

STAGES = {
    "reminder_preventive": ("email", "preventive"),
    "reminder_1": ("email", "friendly"),
    "reminder_2": ("email", "friendly"),
    "reminder_firm": ("letter", "firm"),
    "reminder_sms": ("sms", "firm"),
    "reminder_last": ("email", "firm"),
    "formal_notice": ("registered_letter", "formal"),
}
RECIPIENTS = {"email": "ap@client.example", "sms": "06 12 34 56 78"}


def line(number: int = 42, late: int = 30, *, group="due", total=125_223, paid=0) -> DraftLine:
    due = ON - timedelta(days=late)
    return DraftLine(
        invoice_id=number,
        number=f"FA2026-{number:04d}",
        issue_date=due - timedelta(days=30),
        due_date=due,
        total_minor=total,
        open_minor=total - paid,
        days_late=late,
        group=group,
    )


def draft(template: str = "reminder_1", *lines: DraftLine, key: str = "", case=None, **fields):
    """A draft of a shipped template; one invoice, 30 days late, unless lines are given."""
    medium, stage = STAGES[template]
    default = (line(late=-15),) if stage == "preventive" else (line(),)
    values = {
        "key": key or f"{template}-1",
        "case_id": case.id if case else 1,
        "creditor_id": 1,
        "customer_id": case.customer_id if case else 1,
        "medium": medium,
        "template": template,
        "stage": stage,
        "language": "fr",
        "on_date": ON,
        "currency": "EUR",
        "creditor": CREDITOR,
        "customer": CUSTOMER,
        "customer_code": "C000123",
        "customer_kind": "company",
        "recipient": RECIPIENTS.get(medium, ""),
        "lines": lines or default,
        "deadline_on": date(2026, 12, 1),
        "previous_contact_on": date(2026, 11, 12),
        **fields,
    }
    return Draft(**values)
