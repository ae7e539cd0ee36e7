"""What an answer seems to ask for, as it is stored with it: plain data, ranked.

Each proposal: "label", "confidence_pct", "is_sure" (only the first may be), "spans" of the text
that show it, and "facts": "day" (ISO), "amount" ([minor units, currency]), "share_pct",
"dispute_reason", "means", "contact" ([address, name]), "later" (further parts of a promise, each
[ISO day, minor units, currency]); what is not said is left out.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from amiable.core.replies import Facts, IncomingMail, Intent, classify


def proposals_of(
    mail: IncomingMail, *, on: date, currency: str = "EUR"
) -> tuple[str, list[dict[str, Any]]]:
    """The language of a mail, "" when unknown, and what it proposes."""
    found = classify(mail, on=on, currency=currency)
    sure = found.label != "unsure"
    proposals = [
        {**_plain(intent), "is_sure": sure and position == 0}
        for position, intent in enumerate(found.intents)
    ]
    return found.language, proposals


def _plain(intent: Intent) -> dict[str, Any]:
    return {
        "label": intent.label,
        "confidence_pct": intent.confidence_pct,
        "spans": [list(span) for span in intent.spans],
        "facts": _facts(intent.facts),
    }


def _facts(facts: Facts) -> dict[str, Any]:
    contact, amount = facts.contact, facts.amount
    values = {
        "day": facts.day.isoformat() if facts.day else None,
        "amount": [amount.amount_minor, amount.currency] if amount else None,
        "share_pct": facts.share_pct,
        "dispute_reason": facts.dispute_reason,
        "means": facts.means,
        "contact": [contact.address, contact.name] if contact else None,
        "later": [
            [part.day.isoformat(), part.amount.amount_minor, part.amount.currency]
            for part in facts.later
        ],
    }
    return {name: value for name, value in values.items() if value}
