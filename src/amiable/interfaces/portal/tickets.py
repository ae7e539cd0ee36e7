"""Tickets of forms: made for a link, signed, good for a day and for one use.

Whoever can read a ticket has the link already and nobody else can make one: no cookie is needed to
know that a form was sent from our page.
"""

from __future__ import annotations

import secrets

from django.core import signing

GOOD_FOR = 24 * 3600  # seconds
_SALT = "amiable.portal.ticket"


def ticket(link_id: int) -> str:
    """A new ticket of a link."""
    return signing.dumps([link_id, secrets.token_hex(12)], salt=_SALT)


def ticket_name(text: str, link_id: int) -> str | None:
    """The name of a ticket, by which what it was used for is kept; None for one that is not of
    this link, was changed, or is too old."""
    try:
        owner, name = signing.loads(text[:300], salt=_SALT, max_age=GOOD_FOR)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return str(name) if owner == link_id else None
