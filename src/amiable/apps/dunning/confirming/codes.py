"""Codes for customers of the payment page: to which of their known addresses, and how they leave.

Nobody types an address for a code: it goes to one that the customer is reached at.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.utils import timezone
from django.utils.crypto import salted_hmac

from amiable.apps.cases.changes import CaseError
from amiable.apps.cases.codes import GOOD_FOR, Address, Purpose, code_draw, code_void
from amiable.apps.cases.links import Link
from amiable.apps.dunning.writing.portal import Page
from amiable.apps.dunning.writing.recipients import reaches
from amiable.apps.messaging.queries import OF_CODE
from amiable.apps.messaging.sending.codes import code_hand_over, code_media
from amiable.apps.messaging.sending.modes import test_recipient
from amiable.apps.messaging.sending.routes import Routes
from amiable.core.masking import masked_email, masked_phone
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.sms import mobile_number

MOST_POINTS = 6

declare(
    {
        "code.not_sent": gettext_noop(
            "The code could not be sent there. Please choose another address, or contact us."
        ),
        "code.no_point": gettext_noop("Please choose where the code is sent."),
    }
)


@dataclass(frozen=True, slots=True)
class CodePoint:
    """A known address to send a code to. `name` says nothing of it and is of one link alone."""

    name: str
    medium: str
    shown: str


def code_points(page: Page, routes: Routes) -> tuple[CodePoint, ...]:
    """Where the customer of a page may have a code sent, the usual addresses first; nothing where
    none is known or no channel reaches it."""
    return tuple(
        CodePoint(_name(page.link, to), to.medium, to.masked) for to in _addresses(page, routes)
    )


def code_send(
    page: Page, purpose: Purpose, *, name: str, ticket: str, now: datetime, routes: Routes
) -> None:
    """Draw a code and send it at once to the point of this name; the same ticket again sends
    nothing. Raises CaseError when it may not be, or did not leave. Call outside a transaction."""
    to = next((x for x in _addresses(page, routes) if _name(page.link, x) == name), None)
    if to is None:
        raise CaseError(Sentence("code.no_point"))
    drawn = code_draw(page.link, purpose, to=to, ticket=ticket, now=now)
    if not drawn.code:
        return
    draft = replace(
        page.draft,
        key=f"{OF_CODE}{drawn.id}",
        medium="sms" if to.medium == "sms" else "email",
        recipient=to.value,
        recipient_name="",
        copies=(),
        on_date=timezone.localtime(now).date(),
    )
    outcome = code_hand_over(
        page.link.organization_id, draft, drawn.code,
        minutes=int(GOOD_FOR.total_seconds()) // 60, now=now, routes=routes,
    )  # fmt: skip
    if isinstance(outcome, Sentence) or outcome.state not in {"sent", "unknown"}:
        code_void(drawn.id, now=now)
        raise CaseError(Sentence("code.not_sent"))


def _addresses(page: Page, routes: Routes) -> list[Address]:
    link, is_test = page.link, bool(test_recipient(page.link.organization_id))
    if link.is_test and not is_test:
        return []  # the link of a test, after the test
    customer_id, media = page.draft.customer_id, code_media(routes, is_test=is_test)
    found: dict[str, Address] = {}
    for point in reaches(link.organization_id, [customer_id])[customer_id].points:
        number = mobile_number(point.value) if point.medium == "phone" else None
        if point.medium == "email" and "email" in media:
            to = Address("email", point.value, masked_email(point.value))
            found.setdefault(point.value.casefold(), to)
        elif number and "sms" in media:
            found.setdefault(number, Address("sms", number, masked_phone(number)))
    return list(found.values())[:MOST_POINTS]


def _name(link: Link, to: Address) -> str:
    value = f"{link.id}\0{to.medium}\0{to.value.casefold()}"
    return salted_hmac("amiable.code_point", value, algorithm="sha256").hexdigest()[:16]
