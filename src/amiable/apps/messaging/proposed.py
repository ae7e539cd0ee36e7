"""What an answer seems to ask for, as it is stored with it: plain data, ranked.

Each proposal: "label", "confidence_pct", "is_sure" (only the first may be), "spans" of the text
that show it, and "facts": "day" (ISO), "amount" ([minor, currency]), "share_pct",
"dispute_reason", "contact" ([address, name]); what is not said is left out.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from amiable.core.replies.mail import IncomingMail


def proposals_of(mail: IncomingMail, *, on: date) -> tuple[str, list[dict[str, Any]]]:
    """The language of a mail, "" when unknown, and what it proposes."""
    return "", []
