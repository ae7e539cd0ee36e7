"""Cases that were chased by a message and are paid since: whose customers may be asked how it
went."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils import timezone

from amiable.apps.cases.models import Case
from amiable.apps.dunning.models import Action, ActionItem
from amiable.apps.dunning.planning import default_scenario
from amiable.apps.messaging.models import Message
from amiable.apps.payments.services import PaymentIn, payment_record
from amiable.apps.receivables.models import Installment
from tests import factories


def chased(
    item: Installment, *, on: date, step: str = "reminder_1", decided_by: str = "", **fields
) -> Action:
    """A step carried out by an email on a day."""
    case = factories.case(item.customer)
    number = Action.objects.count() + 1
    message = Message.objects.create(
        organization=case.organization, case=case, key=f"k{number}", medium="email",
        channel="memory", recipient="ap@client.example", content=b"x", content_type="text/plain",
        sha256="0" * 64, on_date=on, frozen_at=timezone.now(), state="sent",
    )  # fmt: skip
    action = Action.objects.create(
        organization=case.organization, case=case, key=f"{case.id}/{step}/{number}", medium="email",
        scenario=default_scenario(case.organization_id), step=step, occurrence=number, due_on=on,
        planned_on=on, message=message, closed_on=on, decided_by=decided_by,
        **{"stage": "friendly", "state": "done", **fields},
    )  # fmt: skip
    ActionItem.objects.create(
        organization=case.organization, action=action, installment=item, step=step,
        open_minor=120_000,
    )  # fmt: skip
    return action


def paid(item: Installment, *, on: date, amount_minor: int = 120_000) -> None:
    """Money for an installment, by transfer."""
    incoming = PaymentIn(
        item.customer_id, amount_minor, item.currency, on, f"p{item.pk}-{amount_minor}",
        parts=((item.pk, amount_minor),),
    )  # fmt: skip
    payment_record(item.organization_id, incoming, on=on, actor="bank", cases={})


def settled(
    owner, code: str = "C001", *, on: date, email: str = "ap@client.example", **fields
) -> Case:
    """A case chased ten days before `on` and paid on that day."""
    debtor = factories.customer(owner, code, email=email)
    item = factories.invoice(debtor, f"FA-{code}", due=on - timedelta(days=20))
    chased(item, on=on - timedelta(days=10), **fields)
    paid(item, on=on)
    return Case.objects.get(customer=debtor)
