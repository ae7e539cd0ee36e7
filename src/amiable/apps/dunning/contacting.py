"""What is said on the payment page of who should be written to instead: proposed by whoever has the
link, and validated by a person. Nothing of the contact that is known is told there."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.cases.changes import CaseError, case_find
from amiable.apps.cases.links import Link, link_message, link_used
from amiable.apps.dunning.planning import cases_replan
from amiable.apps.dunning.saying import said_before, said_keep
from amiable.apps.messaging.models import Message, Reply
from amiable.apps.messaging.replies.receiving import replies_wake
from amiable.core.sentences import Sentence, declare, gettext_noop

# Who has the link may propose; nobody's inbox is filled by it.
MOST_WAITING = 3

declare(
    {
        "contact.enough": gettext_noop(
            "What you told us before waits to be read by one of us: thank you for your patience."
        ),
        "contact.proposed": gettext_noop(
            "Proposed on the payment page: check it before you validate, a stranger may have the "
            "link."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class NewContact:
    """Whom to turn to instead; `subject` = how people here read it in lists."""

    name: str
    email: str
    phone: str
    note: str
    subject: str


@transaction.atomic
def contact_propose(link: Link, contact: NewContact, *, ticket: str, now: datetime) -> None:
    """Keep a proposal as an answer that waits for a person; the same ticket again changes nothing.

    Raises CaseError when enough of them wait already.
    """
    case = case_find(link.organization_id, link.case_id, lock=True)
    name = f"contact:{ticket}"[:200]
    if said_before(case, name):
        return
    waiting = Reply.objects.filter(
        organization_id=link.organization_id, case=case, external_id__startswith="contact:",
        state=Reply.State.UNREAD,
    )  # fmt: skip
    if waiting.count() >= MOST_WAITING:
        raise CaseError(Sentence("contact.enough"))
    said = {"said": "wrong_contact", "link": link.id, **asdict(contact)}
    row = said_keep(
        case, said, name=name, subject=contact.subject, text=contact.note, now=now,
        message=_message(link), notes=[Sentence("contact.proposed").to_json()],
        proposals=[
            {
                "label": "wrong_contact", "confidence_pct": 100, "is_sure": True, "spans": [],
                "facts": {"contact": [contact.email, contact.name], "phone": contact.phone},
            }
        ],
    )  # fmt: skip
    on = timezone.localtime(now).date()
    told = {"reply": row.pk, "sender": row.sender_name, "kind": row.kind}
    event_record(row.organization_id, Happening("reply.received", on, "portal", case.pk, told))
    link_used(link, on=on)
    replies_wake(row.organization_id, [case.pk], on=on)
    cases_replan(row.organization_id, [case.customer_id], on=on)


def _message(link: Link) -> Message | None:
    """The message that carried the link: its address is the wrong one."""
    key = link_message(link)
    rows = Message.objects.filter(
        organization_id=link.organization_id, case_id=link.case_id, key=key, is_test=False
    )
    return rows.defer("content").first() if key else None
