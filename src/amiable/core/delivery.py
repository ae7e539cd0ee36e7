"""What channels say of a message after it left: one vocabulary for every medium."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

EventKind = Literal[
    "sent",  # taken by the channel
    "delivered",  # in the mailbox, on the phone, in the hands of somebody
    "deferred",  # not yet: the channel tries again by itself
    "bounced",  # this address does not exist or takes nothing any more
    "failed",  # refused, and another message may well arrive
    "unknown",
    "complained",  # the recipient called it unwanted
    "opted_out",  # the recipient wants no more by this channel
    # Registered letters, on paper and electronic.
    "deposited",
    "presented",  # the first attempt: the day from which a formal notice counts as received
    "accepted",  # handed over against a signature
    "refused",  # presented, and the addressee would not have it
    "unclaimed",  # presented, waited for 15 days, sent back
    "returned",  # sent back: no such addressee at this address
]
# The address was wrong, whoever says so.
WRONG_ADDRESS = frozenset({"bounced", "returned"})
# It was presented to the addressee, who did or did not take it (C. civ. 1344; CPC 670).
PRESENTED = frozenset({"presented", "accepted", "refused", "unclaimed"})


@dataclass(frozen=True, slots=True)
class ReportedEvent:
    """What a provider says of one message. It is found by the first reference that is given:
    `key` (Outgoing.key), `provider_id` (Outcome.provider_id), `message_id` (of an email), `number`
    (of a registered letter).

    `at` = aware, None when the provider does not say. `event_id` = the provider's own, or what
    makes one report unique: the same report again changes nothing. `recipient` = the address it
    speaks of, "" for the only one.
    """

    kind: EventKind
    event_id: str
    at: datetime | None = None
    key: str = ""
    provider_id: str = ""
    message_id: str = ""
    number: str = ""
    recipient: str = ""
    detail: str = ""
