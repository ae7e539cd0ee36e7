"""The file that goes to the bank: made of what was announced and, asked again now, may still be
collected; kept as it was handed out; taken back when it never went to the bank."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from amiable.apps.banking.debit_batches import Expected, debits_expect, debits_forget
from amiable.apps.cases.services import CaseError, cases_wake
from amiable.apps.dunning.debiting.keeping import debits_tell, items_of, pauses_place
from amiable.apps.dunning.debiting.running import State, debits_check
from amiable.apps.messaging.models import Message
from amiable.apps.payments.debits.models import Debit, DebitFile, DebitItem, Mandate
from amiable.apps.payments.models import Checkout
from amiable.apps.receivables.allocations import installments_lock
from amiable.apps.receivables.models import Installment
from amiable.apps.tenants.models import Creditor, Organization
from amiable.core.direct_debits import sequence_of, submit_by, submit_from
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.plugins.sepa_debits import Collection as Order
from amiable.plugins.sepa_debits import Collector, OrderError, group_name, pain008

# A file is made at most so many days before the last one: what is paid meanwhile drops out of it.
AHEAD = timedelta(days=3)
# Who began to pay online so lately may be about to: the next file has what is not paid then.
PAYING = timedelta(hours=1)
MOST = 5_000

declare(
    {
        "debit_file.nothing": gettext_noop("Nothing is to be handed to the bank today."),
        "debit_file.no_account": gettext_noop(
            "{creditor} has no creditor identifier or no account: complete it in the settings."
        ),
        "debit_file.test": gettext_noop(
            "Messages go to a test address: nobody is told of a direct debit, so none is made."
        ),
        "debit_file.refused": gettext_noop("The file would not be valid: {detail}"),
        "debit_file.over": gettext_noop("This file has already been taken back."),
        "debit_file.known": gettext_noop(
            "The bank has already answered on this file: it cannot be taken back."
        ),
        "debit_file.unannounced": gettext_noop("Its announcement has not left yet."),
        "debit_file.paying": gettext_noop(
            "The customer is paying online just now: it waits for the next file."
        ),
        "debit_file.early": gettext_noop("It is to be handed to the bank from {day} on."),
    }
)


@dataclass(frozen=True, slots=True)
class Made:
    """A file, how many collections dropped out of it just now, and why others wait, by id."""

    file: DebitFile
    withdrawn: int = 0
    waiting: Mapping[int, Sentence] = field(default_factory=dict)


@transaction.atomic
def debit_file_make(organization_id: int, creditor_id: int, *, now: datetime, actor: str) -> Made:
    """Make the file of a creditor of what is to be handed over now. Raises CaseError when there is
    nothing to hand over, or no file can be made.

    Each collection is asked again here, on fresh facts and held: nobody who paid meanwhile is in
    it, and what is in it is in no other file.
    """
    on = timezone.localtime(now).date()
    creditor = Creditor.objects.select_for_update(no_key=True).get(
        organization_id=organization_id, id=creditor_id
    )
    account = debit_account(creditor)
    if not creditor.ics or not account:
        raise CaseError(Sentence("debit_file.no_account", {"creditor": creditor.name}))
    if Organization.objects.filter(id=organization_id).exclude(test_recipient="").exists():
        raise CaseError(Sentence("debit_file.test"))
    announced = Debit.objects.filter(
        organization_id=organization_id, state=State.ANNOUNCED,
        mandate__customer__creditor=creditor,
    )  # fmt: skip
    ids = list(announced.order_by("collect_on", "id").values_list("id", flat=True)[:MOST])
    _hold_items(organization_id, ids)
    checked = debits_check(organization_id, on=on, debit_ids=ids)
    rows = list(announced.filter(id__in=ids).order_by("collect_on", "id").select_related("mandate"))
    waiting = {**_too_early(creditor, rows, on=on), **_unsent(organization_id, rows)}
    waiting |= {**_paying(organization_id, rows, now=now), **checked.waiting}
    ready = [row for row in rows if row.pk not in waiting]
    if not ready:
        raise CaseError(Sentence("debit_file.nothing"))
    return Made(_write(creditor, ready, now=now, actor=actor), checked.withdrawn, waiting)


@transaction.atomic
def debit_file_cancel(organization_id: int, file_id: int, *, on: date, actor: str) -> DebitFile:
    """The file never went to the bank: its collections are announced as before, and go into the
    next one, unless too late. Raises CaseError when the bank has answered on it."""
    rows = DebitFile.objects.filter(organization_id=organization_id)
    file = rows.select_for_update(no_key=True).get(id=file_id)
    if file.cancelled_on:
        raise CaseError(Sentence("debit_file.over"))
    debits = list(Debit.objects.filter(file=file).select_related("mandate"))
    if any(debit.state != State.SENT for debit in debits):
        raise CaseError(Sentence("debit_file.known"))
    debits_forget(organization_id, file.name)
    file.cancelled_on, file.cancelled_by = on, actor
    file.save(update_fields=["cancelled_on", "cancelled_by"])
    Debit.objects.filter(file=file).update(state=State.ANNOUNCED, file=None, sequence="")
    handed_over = Debit.objects.filter(mandate=OuterRef("pk"), file__isnull=False)
    last = handed_over.order_by("-file__made_on").values("file__made_on")[:1]
    mandates = Mandate.objects.filter(id__among={debit.mandate_id for debit in debits})
    mandates.update(presented_on=Subquery(last))
    debits_tell(debits, "debit.taken_back", on=on, actor=actor, file=file.name)
    return file


def debit_account(creditor: Creditor) -> str:
    """The account collected on."""
    return creditor.debit_iban or creditor.iban


def _hold_items(organization_id: int, debit_ids: Sequence[int]) -> None:
    """Nobody begins to pay online what is about to be in the file, nor pays it unseen."""
    items = DebitItem.objects.filter(debit_id__among=set(debit_ids))
    installments_lock(organization_id, sorted(set(items.values_list("installment_id", flat=True))))


def _paying(organization_id: int, rows: Sequence[Debit], *, now: datetime) -> dict[int, Sentence]:
    """Those whose customer is on a gateway's page, or was just now."""
    begun = Checkout.objects.filter(
        organization_id=organization_id, customer_id__among={row.customer_id for row in rows},
        is_test=False, asked_at__gt=now - PAYING,
        state__in=[Checkout.State.ASKED, Checkout.State.OPEN, Checkout.State.PROCESSING],
    )  # fmt: skip
    customers = set(begun.values_list("customer_id", flat=True))
    return {row.pk: Sentence("debit_file.paying") for row in rows if row.customer_id in customers}


def _too_early(creditor: Creditor, rows: Sequence[Debit], *, on: date) -> dict[int, Sentence]:
    found = {}
    for row in rows:
        by = submit_by(row.collect_on, creditor.debit_lead_days)
        first = max(submit_from(row.collect_on), by - AHEAD)
        if on < first:
            found[row.pk] = Sentence("debit_file.early", {"day": first})
    return found


def _unsent(organization_id: int, rows: Sequence[Debit]) -> dict[int, Sentence]:
    """Nobody is debited who was not told."""
    keys = {row.notice_key for row in rows}
    messages = Message.objects.filter(organization_id=organization_id, key__in=keys)
    sent = set(
        messages.filter(state=Message.State.SENT, is_test=False).values_list("key", flat=True)
    )
    unsent = [row.pk for row in rows if row.notice_key not in sent]
    return dict.fromkeys(unsent, Sentence("debit_file.unannounced"))


def _write(creditor: Creditor, ready: Sequence[Debit], *, now: datetime, actor: str) -> DebitFile:
    on = timezone.localtime(now).date()
    organization_id, name = creditor.organization_id, _name(creditor, on)
    items = items_of(ready)
    orders = _orders(ready, items)
    account = debit_account(creditor)
    bic = creditor.bic if account == creditor.iban else ""
    collector = Collector(creditor.name, account, creditor.ics, bic)
    try:
        content = pain008(name, collector, collections=orders, now=timezone.localtime(now))
    except OrderError as error:
        raise CaseError(Sentence("debit_file.refused", {"detail": str(error)[:200]})) from error
    file = DebitFile.objects.create(
        organization_id=organization_id, creditor=creditor, name=name, content=content,
        sha256=hashlib.sha256(content).hexdigest(), count=len(ready),
        amount_minor=sum(row.amount_minor for row in ready), made_on=on, made_at=now, made_by=actor,
    )  # fmt: skip
    for row, order in zip(ready, orders, strict=True):
        row.state, row.file, row.sequence = State.SENT, file, order.sequence
    Debit.objects.bulk_update(ready, ["state", "file", "sequence"], batch_size=250)
    Mandate.objects.filter(id__in={row.mandate_id for row in ready}).update(presented_on=on)
    groups: dict[str, list[Expected]] = defaultdict(list)
    for row, order in zip(ready, orders, strict=True):
        groups[group_name(name, order.group)].append(
            Expected(
                row.end_to_end_id, row.collect_on, row.amount_minor, order.text,
                order.holder_name, order.holder_iban, order.mandate,
            )
        )  # fmt: skip
    debits_expect(creditor, account, file=name, groups=groups)
    by_id = {row.pk: row for row in ready}
    loose = [item for each in items.values() for item in each if item.hold_id is None]
    pauses_place(organization_id, loose, by_id, on=on)
    DebitItem.objects.bulk_update(loose, ["hold_id"], batch_size=250)
    debits_tell(ready, "debit.sent", on=on, actor=actor, file=name)
    cases_wake(organization_id, {row.customer_id for row in ready}, on=on)
    return file


def _orders(ready: Sequence[Debit], items: Mapping[int, list[DebitItem]]) -> list[Order]:
    numbers = _numbers({item.installment_id for each in items.values() for item in each})
    # A mandate's first collection is FRST; what follows in the same file is RCUR already.
    begun = set(
        Debit.objects.filter(mandate__in={row.mandate_id for row in ready}, file__isnull=False)
        .exclude(state__in=[State.REFUSED, State.WITHDRAWN])
        .values_list("mandate_id", flat=True)
    )
    orders = []
    for row in ready:
        mandate = row.mandate
        sequence = sequence_of(one_off=mandate.is_one_off, settled_before=mandate.pk in begun)
        begun.add(mandate.pk)
        named = list(dict.fromkeys(numbers[item.installment_id] for item in items[row.pk]))
        orders.append(
            Order(
                end_to_end_id=row.end_to_end_id, amount_minor=row.amount_minor,
                collect_on=row.collect_on, scheme=mandate.scheme, sequence=sequence,
                mandate=mandate.rum, signed_on=mandate.signed_on, holder_name=mandate.holder_name,
                holder_iban=mandate.holder_iban, text=_text(named),
            )
        )  # fmt: skip
    return orders


def _numbers(installment_ids: Collection[int]) -> dict[int, str]:
    rows = Installment.objects.filter(id__among=set(installment_ids))
    return dict(rows.values_list("id", "invoice__number"))


def _text(numbers: Sequence[str]) -> str:
    """The invoices' numbers, as many as the 140 signs of a remittance hold whole."""
    text = ""
    for number in numbers:
        longer = f"{text} {number}".strip()
        if len(longer) > 140:
            break
        text = longer
    return text or numbers[0][:140]


def _name(creditor: Creditor, on: date) -> str:
    """A message id that was never given: AM, day, creditor, number."""
    code = re.sub(r"[^A-Z0-9]", "", creditor.code.upper())[:8]
    count = DebitFile.objects.filter(organization_id=creditor.organization_id).count()
    return f"AM{on:%y%m%d}-{code}-{count + 1}"
