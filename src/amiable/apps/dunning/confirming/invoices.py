"""An invoice sent once more, with its document, to the customer's usual address: it asks for
nothing, leaves a few minutes later, and stands in the history of the case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.cases.changes import CaseError, case_find
from amiable.apps.cases.models import Case
from amiable.apps.dunning.confirming.answers import scenario_for
from amiable.apps.dunning.confirming.drafting import About, draft_of, facts_of
from amiable.apps.dunning.confirming.leaving import OF_INVOICE, confirmation_freeze
from amiable.apps.messaging.models import Message
from amiable.apps.messaging.services import messages_withdraw
from amiable.apps.receivables.models import Installment, Invoice, InvoiceDocument
from amiable.core.drafts import Confirmed, Draft, DraftLine, Recipient
from amiable.core.sentences import Sentence, declare, gettext_noop

TEXT = "invoice_copy"
RESENT = "invoice.resent"
State = Message.State

declare(
    {
        "invoice.no_document": gettext_noop(
            "No PDF is kept of this invoice: attach it first, then send it."
        ),
        "invoice.resent_today": gettext_noop(
            "A copy already leaves, or left today: look at the messages below."
        ),
        "invoice.too_late": gettext_noop("It has left already: it cannot be taken back."),
    }
)


@transaction.atomic
def invoice_resend(
    organization_id: int, invoice_id: int, *, now: datetime, actor: str, to: Recipient | None = None
) -> int:
    """Send an invoice with its document once more by email, `to` a known address (None = the usual
    one); the id of the message.

    At most one copy a day, however often it is asked for. Raises CaseError where the invoice is not
    there, has no document, or nothing may be sent to its customer.
    """
    invoice = Invoice.objects.filter(organization_id=organization_id, id=invoice_id).first()
    case = invoice and Case.objects.filter(
        organization_id=organization_id, customer=invoice.customer_id, currency=invoice.currency
    ).first()  # fmt: skip
    if invoice is None or case is None:
        raise CaseError(Sentence("case.not_found"))
    case_find(organization_id, case.pk, lock=True)
    on = timezone.localtime(now).date()
    if not InvoiceDocument.objects.filter(invoice=invoice).exists():
        raise CaseError(Sentence("invoice.no_document"))
    if invoice_id in copies_of_day(organization_id, case.pk, on=on):
        raise CaseError(Sentence("invoice.resent_today"))
    named = f"{OF_INVOICE}{invoice.pk}/"
    earlier = Message.objects.filter(organization_id=organization_id, key__startswith=named)
    draft = _draft(invoice, case.pk, key=f"{named}{earlier.count() + 1}", to=to, on=on)
    frozen = confirmation_freeze(organization_id, draft, now=now)
    if isinstance(frozen, Sentence):
        raise CaseError(frozen)
    told = {"invoice": invoice.pk, "number": invoice.number, "message": frozen}
    event_record(organization_id, Happening(RESENT, on, actor, case.pk, told))
    return frozen


@transaction.atomic
def invoice_resend_undo(
    organization_id: int, message_id: int, *, now: datetime, actor: str
) -> None:
    """Take a copy back that has not left. Raises CaseError when it has."""
    rows = Message.objects.select_for_update(no_key=True).filter(
        organization_id=organization_id, id=message_id, key__startswith=OF_INVOICE,
        state=State.FROZEN,
    )  # fmt: skip
    message = rows.first()
    if message is None:
        raise CaseError(Sentence("invoice.too_late"))
    messages_withdraw(organization_id, [message.pk])
    on, told = timezone.localtime(now).date(), {"message": message.pk}
    happening = Happening("invoice.resend_undone", on, actor, message.case_id, told)
    event_record(organization_id, happening)


def copies_of_day(organization_id: int, case_id: int, *, on: date) -> dict[int, Message]:
    """The copies of a case that left on a day or are about to, by invoice."""
    rows = Message.objects.filter(
        organization_id=organization_id, case_id=case_id, key__startswith=OF_INVOICE,
        on_date__gte=on,
    ).exclude(state__in=[State.WITHDRAWN, State.FAILED])  # fmt: skip
    return {int(row.key.split("/")[1]): row for row in rows.defer("content", "text")}


def _draft(invoice: Invoice, case_id: int, *, key: str, to: Recipient | None, on: date) -> Draft:
    """About this invoice alone, whatever is still open of it. Raises CaseError."""
    organization_id = invoice.organization_id
    facts = facts_of(organization_id, case_id, on=on)
    if isinstance(facts, Sentence):
        raise CaseError(facts)
    items = set(Installment.objects.filter(invoice=invoice).values_list("id", flat=True))
    asked = {item.id: item.open_minor for item in facts.items if item.id in items}
    about = About(key, TEXT, facts, scenario_for(organization_id, case_id), asked)
    confirms = Confirmed(kind=TEXT, number=invoice.number)
    draft = draft_of(about, confirms, to=to, on=on)
    if not draft.recipient:
        raise CaseError(Sentence("confirm.no_email"))
    return replace(draft, attachments=("invoices",), lines=(_line(invoice, asked, on=on),))


def _line(invoice: Invoice, asked: Mapping[int, int], *, on: date) -> DraftLine:
    late: timedelta = on - invoice.due_date
    return DraftLine(
        invoice.pk, invoice.number, invoice.issue_date, invoice.due_date, invoice.total_minor,
        open_minor=sum(asked.values()), days_late=late.days,
    )  # fmt: skip
