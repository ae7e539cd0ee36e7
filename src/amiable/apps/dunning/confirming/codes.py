"""Codes for customers of the payment page: to which of their known addresses, and how they leave.

Nobody types an address for a code: it goes to one that the customer is reached at.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.utils import timezone

from amiable.apps.cases.changes import CaseError
from amiable.apps.cases.codes import GOOD_FOR, Purpose, code_draw, code_void
from amiable.apps.dunning.confirming.points import KnownPoint, known_points
from amiable.apps.dunning.writing.portal import Page
from amiable.apps.messaging.queries import OF_CODE
from amiable.apps.messaging.sending.codes import code_hand_over, code_media
from amiable.apps.messaging.sending.modes import test_recipient
from amiable.apps.messaging.sending.routes import Routes
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "code.not_sent": gettext_noop(
            "The code could not be sent there. Please choose another address, or contact us."
        ),
        "code.no_point": gettext_noop("Please choose where the code is sent."),
    }
)


def code_points(page: Page, routes: Routes) -> tuple[KnownPoint, ...]:
    """Where the customer of a page may have a code sent; nothing where no address is known or no
    channel reaches it."""
    is_test = bool(test_recipient(page.link.organization_id))
    return known_points(page, code_media(routes, is_test=is_test))


def code_send(
    page: Page, purpose: Purpose, *, name: str, ticket: str, now: datetime, routes: Routes
) -> None:
    """Draw a code and send it at once to the point of this name; the same ticket again sends
    nothing. Raises CaseError when it may not be, or did not leave. Call outside a transaction."""
    point = next((each for each in code_points(page, routes) if each.name == name), None)
    if point is None:
        raise CaseError(Sentence("code.no_point"))
    to = point.to
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
