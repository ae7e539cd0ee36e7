"""What customers say on the payment page: kept as an answer, and a fact of the case at once.

A promise, a dispute or a payment that is said to be made stops the reminders as if a person had
read it in a letter, and an email confirms it; what repeats itself waits for a person instead.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal, get_args

from django.db import transaction
from django.utils import timezone

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.cases.changes import case_find
from amiable.apps.cases.disputed import Contested
from amiable.apps.cases.files import CheckedFile
from amiable.apps.cases.links import Link, link_used
from amiable.apps.cases.models import Case, Dispute
from amiable.apps.cases.queries import Given, words_given
from amiable.apps.cases.services import CaseError, promise_cancel
from amiable.apps.dunning.answers import PAUSING, Decision, pause_days, reply_decide
from amiable.apps.dunning.confirming.answers import Answered, answer_draft, answer_is_confirmed
from amiable.apps.dunning.confirming.leaving import confirmation_freeze
from amiable.apps.dunning.disputing import reply_files_keep
from amiable.apps.dunning.moving import promise_moving
from amiable.apps.dunning.saying import MEDIUM, said_before, said_keep
from amiable.apps.messaging.models import Reply
from amiable.apps.messaging.replies.receiving import replies_wake
from amiable.apps.receivables.models import Installment
from amiable.apps.tenants.models import Organization
from amiable.core.drafts import Confirmed, Draft
from amiable.core.sentences import Sentence, declare, gettext_noop

Said = Literal["promise", "hardship", "dispute", "already_paid"]
SAID: tuple[Said, ...] = get_args(Said)
# A pause that a customer asks for again within this time is for a person to decide.
AGAIN = timedelta(days=30)
State = Reply.State

declare(
    {
        "portal.promise_policy": gettext_noop(
            "Choose a day until {until}, or tell us that you need longer."
        ),
        "portal.promise_person": gettext_noop(
            "A new date has to be agreed with us: tell us that you need longer."
        ),
        "portal.settled": gettext_noop("Nothing is left to pay: thank you."),
        "portal.not_here": gettext_noop("This invoice is no longer open: look at the page again."),
        "portal.read_by_person": gettext_noop(
            "Something like it was said on the payment page shortly before: read it and decide."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Saying:
    """What a customer says. Amounts in minor units.

    `amount_minor`, `due_on` = what is promised, in the place of the promise `moves`;
    `amount_minor`, `paid_on`, `method` = what was paid; `installment_id`, `reason`,
    `amount_minor` (None = the whole), `lines` = what is disputed; `note` = in the customer's own
    words; `subject`, `words` = how people here read it in lists and as the reason of a pause.
    """

    said: Said
    subject: str
    words: str = ""
    note: str = ""
    amount_minor: int | None = None
    due_on: date | None = None
    paid_on: date | None = None
    method: str = ""
    installment_id: int | None = None
    number: str = ""
    reason: str = ""
    lines: tuple[Contested, ...] = ()
    moves: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What was said on the page, as the page shows it again. `due_on` = the day promised; `until` =
    last day of the pause it brought; `waits` = a person reads it first; `is_confirmed` = an email
    says so, too; `dispute_id` = the dispute it opened."""

    said: Said
    on: date
    facts: Mapping[str, Any]
    due_on: date | None
    until: date | None
    waits: bool
    is_confirmed: bool = False
    dispute_id: int | None = None


@transaction.atomic
def portal_say(
    link: Link,
    saying: Saying,
    *,
    files: Sequence[CheckedFile] = (),
    ticket: str,
    on: date,
    now: datetime,
) -> None:
    """Write down what a customer says, with all it brings; the same ticket again changes nothing.

    Raises CaseError when it cannot be (more promised than owed, an invoice that is paid by now);
    then nothing is written.
    """
    case = case_find(link.organization_id, link.case_id, lock=True)
    name = answer_name(ticket)
    if said_before(case, name):
        return
    if saying.installment_id is not None:
        _check_open(link, case, saying.installment_id)
    else:
        _check_owing(link, case)
    if saying.said == "promise":
        _check_promise(link, saying, on)
    again = _is_repeated(case, saying, on)
    row = _keep(link, case, saying, name=name, now=now, again=again)
    reply_files_keep(row, files)
    told = {"reply": row.pk, "sender": row.sender_name, "kind": row.kind}
    event_record(row.organization_id, Happening("reply.received", on, MEDIUM, case.pk, told))
    link_used(link, on=on)
    if again:
        _belong(row, saying)
        replies_wake(row.organization_id, [case.pk], on=on)
        return
    # Written on the facts as they were: what is said then covers them.
    beside = _confirm(Answered(row.pk, link, _confirms(saying), saying.installment_id), on, now)
    if saying.moves is not None:
        promise_cancel(row.organization_id, saying.moves, on=on, actor=MEDIUM)
        beside |= {"moved": saying.moves}
    reply_decide(
        row.organization_id, row.pk, _decision(saying), on=on, actor=MEDIUM, now=now, beside=beside
    )


def portal_told(link: Link, ticket: str) -> Told | None:
    """What was said with a ticket, None when nothing was."""
    rows = Reply.objects.filter(
        organization_id=link.organization_id, case_id=link.case_id, external_id=answer_name(ticket)
    )
    return next((_told(row, is_confirmed=answer_is_confirmed(row)) for row in rows), None)


def portal_recent(link: Link, *, on: date) -> list[Told]:
    """What was said on the page about what this link shows, the newest first, for as long as it
    matters: what somebody here has settled since is not repeated."""
    rows = Reply.objects.filter(
        organization_id=link.organization_id, case_id=link.case_id, medium=MEDIUM,
        external_id__startswith=answer_name(""), received_at__gte=_start(on - AGAIN),
        task_done_on__isnull=True,
    ).exclude(state=State.IGNORED)  # fmt: skip
    found = [_told(row) for row in rows.order_by("-id")[:20]]
    contested = set(
        Dispute.objects.filter(case_id=link.case_id, closed_on__isnull=True).values_list(
            "installment_id", flat=True
        )
    )
    return [
        told
        for told in found
        if (told.said != "dispute" or told.facts["installment_id"] in contested)
        and (link.invoice_id is None or told.facts["invoice_id"] in {None, link.invoice_id})
    ]


def answer_name(ticket: str) -> str:
    """What the answer of a ticket is called: an answer is kept once under its name."""
    return f"portal:{ticket}"[:200]


def _check_open(link: Link, case: Case, installment_id: int) -> None:
    rows = Installment.objects.filter(
        id=installment_id, customer_id=case.customer_id, currency=case.currency,
        settled_on__isnull=True,
    )  # fmt: skip
    if link.invoice_id is not None:
        rows = rows.filter(invoice_id=link.invoice_id)
    if not rows.exists():
        raise CaseError(Sentence("portal.not_here"))


def _check_owing(link: Link, case: Case) -> None:
    """Something is still open: the page may have been opened before the payment came."""
    rows = Installment.objects.filter(
        customer_id=case.customer_id, currency=case.currency, settled_on__isnull=True
    )
    if link.invoice_id is not None:
        rows = rows.filter(invoice_id=link.invoice_id)
    if not rows.exists():
        raise CaseError(Sentence("portal.settled"))


def _check_promise(link: Link, saying: Saying, on: date) -> None:
    """Customers promise by themselves within the days that the organization allows, unless they
    broke a promise before."""
    days = Organization.objects.values_list("portal_promise_days", flat=True).get(
        id=link.organization_id
    )
    given = words_given(link.organization_id, [link.case_id], on=on).get(link.case_id, Given())
    if not days or given.broken_count:
        raise CaseError(Sentence("portal.promise_person"))
    until = on + timedelta(days=days)
    if saying.moves is not None:
        moving = promise_moving(link, given, days=days, on=on)
        if moving is None or (moving.promise_id, moving.left_minor) != _moved(saying):
            raise CaseError(Sentence("portal.promise_person"))
        until = moving.until
    if saying.due_on is None or saying.due_on > until:
        raise CaseError(Sentence("portal.promise_policy", {"until": until}))


def _moved(saying: Saying) -> tuple[int | None, int | None]:
    return saying.moves, saying.amount_minor


def _is_repeated(case: Case, saying: Saying, on: date) -> bool:
    """Whether the same was said before: no pause is got twice without a person."""
    if saying.said == "dispute":
        disputes = Dispute.objects.filter(installment_id=saying.installment_id)
        return disputes.filter(closed_on__isnull=True).exists()
    before = Reply.objects.filter(
        case=case, medium=MEDIUM, label=saying.said, received_at__gte=_start(on - AGAIN)
    )
    return saying.said in PAUSING and before.exists()


def _belong(row: Reply, saying: Saying) -> None:
    """What is contested once more belongs to the dispute that is open."""
    if saying.said == "dispute":
        open_ones = Dispute.objects.filter(
            installment_id=saying.installment_id, closed_on__isnull=True
        )
        row.dispute_id = open_ones.values_list("id", flat=True).first()
        row.save(update_fields=["dispute"])


def _start(on: date) -> datetime:
    return timezone.make_aware(datetime.combine(on, time.min))


def _keep(
    link: Link, case: Case, saying: Saying, *, name: str, now: datetime, again: bool
) -> Reply:
    """The answer as it came: its fields are the evidence."""
    said = {key: str(x) if isinstance(x, date) else x for key, x in asdict(saying).items()}
    said |= {"link": link.id, "invoice_id": _invoice_id(saying)}
    return said_keep(
        case, said, name=name, subject=saying.subject, text=saying.note, now=now,
        notes=[Sentence("portal.read_by_person").to_json()] if again else [],
        proposals=[_proposal(case, saying)] if again else [],
    )  # fmt: skip


def _invoice_id(saying: Saying) -> int | None:
    rows = Installment.objects.filter(id=saying.installment_id)
    return rows.values_list("invoice_id", flat=True).first() if saying.installment_id else None


def _proposal(case: Case, saying: Saying) -> dict[str, Any]:
    """What the inbox offers first for an answer that a person has to read: what was clicked."""
    facts: dict[str, Any] = {"dispute_reason": saying.reason}
    if saying.amount_minor:
        facts["amount"] = [saying.amount_minor, case.currency]
    return {
        "label": saying.said, "confidence_pct": 100, "is_sure": False, "spans": [], "facts": facts,
    }  # fmt: skip


def _decision(saying: Saying) -> Decision:
    return Decision(
        verdict=saying.said,
        note=saying.note,
        amount_minor=saying.amount_minor if saying.said == "promise" else None,
        due_on=saying.due_on,
        invoice=saying.number,
        installment_id=saying.installment_id,
        reason=saying.reason,
        disputed_minor=saying.amount_minor if saying.said == "dispute" else None,
        lines=saying.lines,
        words=saying.words,
    )


def _confirm(answered: Answered, on: date, now: datetime) -> dict[str, Any]:
    """Freeze the email that confirms an answer; what the history keeps of it."""
    organization_id = answered.link.organization_id
    draft = answer_draft(answered, on=on)
    if draft is None:
        return {}
    frozen = (
        confirmation_freeze(organization_id, draft, now=now) if isinstance(draft, Draft) else draft
    )
    if isinstance(frozen, int):
        return {"confirmation": frozen}
    return {"unconfirmed": frozen.to_json()}


def _confirms(saying: Saying) -> Confirmed:
    return Confirmed(
        kind=saying.said,
        amount_minor=saying.amount_minor,
        on=saying.due_on or saying.paid_on,
        number=saying.number,
        reason=saying.reason,
    )


def _told(row: Reply, *, is_confirmed: bool = False) -> Told:
    facts = json.loads(bytes(row.content))
    on = timezone.localtime(row.received_at).date()
    waits = row.state == State.UNREAD
    until = None if waits else _until(row, facts["said"], on)
    due_on = date.fromisoformat(facts["due_on"]) if facts["due_on"] else None
    return Told(facts["said"], on, facts, due_on, until, waits, is_confirmed, row.dispute_id)


def _until(row: Reply, said: Said, on: date) -> date | None:
    """Last day of the pause that an answer of a day brought. A payment is looked for as long as
    was told then, whatever is set today: its task begins the day after."""
    if said == "already_paid":
        return row.task_on - timedelta(days=1) if row.task_on else None
    days = pause_days(row.organization_id, said)
    return on + timedelta(days=days) if days else None
