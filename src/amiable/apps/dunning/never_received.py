"""Customers to whom an invoice never came: they have it sent once more by themselves, and its
reminders wait the first time, so that nobody is chased for what was not seen yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from amiable.apps.audit.models import Event
from amiable.apps.audit.services import Happening, event_record
from amiable.apps.cases.changes import CaseError, cases_wake
from amiable.apps.cases.links import link_used
from amiable.apps.cases.many_pauses import holds_place
from amiable.apps.dunning.confirming.invoices import copies_of_day, invoice_resend
from amiable.apps.dunning.confirming.points import KnownPoint, known_points
from amiable.apps.dunning.saying import MEDIUM
from amiable.apps.dunning.writing.portal import Page
from amiable.apps.messaging.models import Message
from amiable.core.drafts import Recipient
from amiable.core.masking import masked_email
from amiable.core.sentences import Sentence, declare, gettext_noop

NEVER_RECEIVED = "invoice.never_received"
PAUSE = timedelta(days=7)  # to receive it, read it and have it paid
# What is promised, planned, contested or held already is not reminded of.
_REMINDED = frozenset({"due", "reminded", "upcoming"})

declare(
    {
        "never_received.no_point": gettext_noop("Please choose where the invoice is sent."),
    }
)


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of today: to whom, masked, and whether it has left."""

    to: str
    is_gone: bool


def copy_points(page: Page) -> tuple[KnownPoint, ...]:
    """The known email addresses that a copy may go to, the usual one first."""
    return known_points(page, {"email"})


def is_first_copy(page: Page, invoice_id: int) -> bool:
    """Whether the customer has not asked for this invoice before: then its reminders wait."""
    before = Event.objects.filter(
        organization_id=page.link.organization_id, case_id=page.link.case_id, kind=NEVER_RECEIVED,
        payload__invoice=invoice_id,
    )  # fmt: skip
    return not before.exists()


def copies_today(page: Page, *, now: datetime) -> Mapping[int, Copy]:
    """Copies that left today or are about to, by invoice."""
    on = timezone.localtime(now).date()
    found = copies_of_day(page.link.organization_id, page.link.case_id, on=on)
    return {
        invoice_id: Copy(masked_email(row.recipient), row.state != Message.State.FROZEN)
        for invoice_id, row in found.items()
    }


@transaction.atomic
def copy_ask(page: Page, invoice_id: int, *, point: str, words: str, now: datetime) -> None:
    """A customer says that an invoice of the page never came: it leaves once more, to the `point`
    of this name. The first time those of its open
    instalments that are reminded of wait for PAUSE; `words` = why, as people here
    read it. A second copy on the same day is not sent.

    Raises CaseError when it is not on the page, the point is none, or nothing can be sent; then
    nothing is written.
    """
    link, on = page.link, timezone.localtime(now).date()
    items = [item for item in page.items if item.invoice_id == invoice_id]
    if not items:
        raise CaseError(Sentence("portal.not_here"))
    known = next((each for each in copy_points(page) if each.name == point), None)
    if known is None:
        raise CaseError(Sentence("never_received.no_point"))
    try:
        message_id = invoice_resend(
            link.organization_id, invoice_id, now=now, actor=MEDIUM, to=Recipient(known.to.value)
        )
    except CaseError as error:
        if error.sentence.code == "invoice.resent_today":
            return
        raise
    told = {"invoice": invoice_id, "number": items[0].number, "message": message_id}
    asked = [item.id for item in items if item.state in _REMINDED]
    if asked and is_first_copy(page, invoice_id):
        wanted = [(link.case_id, item_id, on + PAUSE) for item_id in asked]
        told["holds"] = holds_place(
            link.organization_id, wanted, reason=words[:200], on=on, actor=MEDIUM
        )
        cases_wake(link.organization_id, [page.draft.customer_id], on=on)
    event_record(link.organization_id, Happening(NEVER_RECEIVED, on, MEDIUM, link.case_id, told))
    link_used(link, on=on)
