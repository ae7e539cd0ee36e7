"""What became of collections: refused before any money moved, collected, taken back; and what the
bank's reason code asks for, done at once as far as no person is needed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import translation
from django.utils.translation import gettext

from amiable.apps.banking.debit_batches import debits_expect_not
from amiable.apps.cases.services import CaseError, cases_wake, dispute_open, hold_place
from amiable.apps.dunning.debiting.holding import parts_hold
from amiable.apps.dunning.debiting.keeping import (
    ACTOR,
    PAUSE_AFTER,
    debits_tell,
    items_of,
    items_release,
    pauses_place,
)
from amiable.apps.payments.debits.mandates import mandate_block
from amiable.apps.payments.debits.models import Debit, DebitItem
from amiable.apps.payments.models import Payment, PaymentReturn
from amiable.apps.receivables.queries import installment_balances
from amiable.apps.tenants.models import Organization
from amiable.apps.work.bulk import ids_reserve
from amiable.core.direct_debits import Consequence, consequence
from amiable.core.records import DebitResult
from amiable.core.references import customer_reference
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "debit_result.unknown": gettext_noop(
            "No direct debit of ours bears the reference {reference}: passed over."
        ),
        "debit_result.over": gettext_noop(
            "The direct debit {reference} has already ended: passed over."
        ),
    }
)
State = Debit.State
# What failed under a mandate tells a person of the house, in the reason of the dispute.
DISPUTE_REASON = "other"
DIED = gettext_noop("The bank says that the account holder has died: look before anything else")


@dataclass(frozen=True, slots=True)
class _Failed:
    """A collection that failed on a day, for a bank's reason code."""

    debit: Debit
    code: str
    on: date


@dataclass(slots=True)
class Followed:
    """What was learned: collections that brought money, that failed, and money that went."""

    collected: int = 0
    returned: int = 0
    undone: int = 0


@transaction.atomic
def debits_refuse(
    organization_id: int, results: Collection[DebitResult], *, on: date, actor: str
) -> tuple[int, dict[str, str]]:
    """Write down what a bank refused (pain.002); returns how many are new, and what was passed
    over: a sentence code by end-to-end id. Safe to repeat."""
    refused = {each.end_to_end_id: each for each in results if each.status == "RJCT"}
    rows = Debit.objects.filter(
        organization_id=organization_id, end_to_end_id__among=set(refused)
    ).select_for_update(no_key=True, of=("self",))
    found = {row.end_to_end_id: row for row in rows.select_related("mandate__customer__creditor")}
    failed = [
        _Failed(found[name], each.reason, on)
        for name, each in refused.items()
        if name in found and found[name].state == State.SENT
    ]
    _fail(organization_id, failed, State.REFUSED, on=on, actor=actor)
    parts_hold(organization_id, on=on, debits=[each.debit for each in failed])
    debits_expect_not(organization_id, [each.debit.end_to_end_id for each in failed])
    passed = {name: "debit_result.unknown" for name in refused if name not in found}
    done = {each.debit.end_to_end_id for each in failed}
    passed |= {
        name: "debit_result.over"
        for name, row in found.items()
        if name not in done and row.state != State.REFUSED
    }
    return len(failed), passed


@transaction.atomic
def debits_follow(organization_id: int, *, on: date) -> Followed:
    """Read off the accounts what became of what was handed over. Safe to repeat."""
    followed = Followed()
    rows = Debit.objects.filter(organization_id=organization_id).select_for_update(
        no_key=True, of=("self",)
    )
    running = DebitItem.objects.filter(debit=OuterRef("pk"), is_running=True)
    moved = Q(payment__entry__reversed_by__isnull=False) | Exists(running)
    rows = rows.filter(Q(state=State.SENT) | Q(state=State.COLLECTED) & moved)
    debits = list(rows.select_related("mandate__customer__creditor").order_by("id"))
    followed.collected = _pay(organization_id, debits, on=on)
    paid = {debit.payment_id: debit for debit in debits if debit.payment_id}
    back = PaymentReturn.objects.filter(payment_id__among=set(paid)).order_by("id")
    failed = [_Failed(paid[row.payment_id], row.reason_code, row.returned_on) for row in back]
    _fail(organization_id, failed, State.RETURNED, on=on, actor=ACTOR)
    followed.returned = len(failed)
    followed.undone = _forget(paid, on=on)
    parts_hold(organization_id, on=on, debits=debits)
    return followed


def debit_handle(organization_id: int, debit_id: int, *, on: date, actor: str) -> bool:
    """A person has done what a failed collection asks for. False when nothing was asked."""
    rows = Debit.objects.filter(
        organization_id=organization_id, id=debit_id, asks=True, handled_on__isnull=True
    )
    return bool(rows.update(handled_on=on, handled_by=actor))


def _pay(organization_id: int, debits: Sequence[Debit], *, on: date) -> int:
    """Those whose money came: posted exactly, or by a person under the same reference."""
    waiting = {debit.end_to_end_id: debit for debit in debits if debit.state == State.SENT}
    payments = Payment.objects.filter(
        organization_id=organization_id, customer_id__among={d.customer_id for d in debits},
        reference__among=set(waiting), debit__isnull=True,
    ).filter(Q(entry__reversed_by__isnull=True) | Q(returned__isnull=False))  # fmt: skip
    for payment in payments.order_by("id"):
        debit = waiting[payment.reference]
        if debit.customer_id == payment.customer_id:
            debit.state, debit.payment = State.COLLECTED, payment
    new = [debit for debit in waiting.values() if debit.state == State.COLLECTED]
    Debit.objects.bulk_update(new, ["state", "payment"], batch_size=250)
    running = [debit for debit in debits if debit.state == State.COLLECTED]
    items = [item for each in items_of(running).values() for item in each if item.is_running]
    items_release(organization_id, items, on=on, actor=ACTOR)
    fresh = {item.debit_id for item in items}
    told = [debit for debit in running if debit.pk in fresh]
    debits_tell(told, "debit.collected", on=on, actor=ACTOR)
    return len(told)


def _forget(paid: dict[int | None, Debit], *, on: date) -> int:
    """A person undid the posting: the money is waited for again."""
    gone = Payment.objects.filter(
        id__among=set(paid), entry__reversed_by__isnull=False, returned__isnull=True
    )
    debits = [paid[pk] for pk in gone.values_list("id", flat=True)]
    for debit in debits:
        debit.state, debit.payment = State.SENT, None
    Debit.objects.bulk_update(debits, ["state", "payment"], batch_size=250)
    _await(debits, on=on)
    debits_tell(debits, "debit.undone", on=on, actor=ACTOR)
    return len(debits)


def _await(debits: Sequence[Debit], *, on: date) -> None:
    """Their items are being collected again, and their reminders wait; but for an item that another
    collection has taken up since."""
    items = [item for each in items_of(debits).values() for item in each]
    if not items:
        return
    rows = DebitItem.objects.filter(
        installment_id__among={item.installment_id for item in items}, is_running=True
    )
    taken = set(rows.values_list("installment_id", "part_id"))
    ours = {}
    for item in items:
        name = (item.installment_id, item.part_id)
        if name not in taken:
            ours[name], item.is_running = item, True
    by_id = {debit.pk: debit for debit in debits}
    paused = [item for item in ours.values() if by_id[item.debit_id].collect_on + PAUSE_AFTER >= on]
    pauses_place(debits[0].organization_id, paused, by_id, on=on)
    DebitItem.objects.bulk_update(ours.values(), ["is_running", "hold_id"], batch_size=250)


def _fail(
    organization_id: int, failed: Sequence[_Failed], state: str, *, on: date, actor: str
) -> None:
    if not failed:
        return
    debits = [each.debit for each in failed]
    items = items_of(debits)
    running = [item for each in items.values() for item in each if item.is_running]
    items_release(organization_id, running, on=on, actor=actor)
    for each in failed:
        _consider(each, items[each.debit.pk], state, on=on, actor=actor)
    Debit.objects.bulk_update(
        debits, ["state", "reason_code", "why", "remedy", "asks", "ended_on"], batch_size=250
    )
    for code in sorted({each.code for each in failed}):
        same = [each.debit for each in failed if each.code == code]
        debits_tell(same, f"debit.{state}", on=on, actor=actor, reason=code)
    cases_wake(organization_id, {debit.customer_id for debit in debits}, on=on)


def _consider(
    each: _Failed, items: Sequence[DebitItem], state: str, *, on: date, actor: str
) -> None:
    """What the code asks for, of one collection; its fields are set, not saved."""
    debit, creditor = each.debit, each.debit.mandate.customer.creditor
    follows = consequence(
        each.code, attempt=debit.attempt, on=on, notice_days=creditor.debit_notice_days,
        lead_days=creditor.debit_lead_days, one_off=debit.mandate.is_one_off, ics=creditor.ics,
    )  # fmt: skip
    parts = _open_again(debit, items) if follows.retry_on else []
    if follows.retry_on and not parts:
        follows = Consequence("retry", Sentence("debit.settled"))
    debit.state, debit.reason_code, debit.ended_on = state, each.code[:10], each.on
    debit.why, debit.remedy, debit.asks = follows.sentence.to_json(), follows.remedy, follows.asks
    if follows.blocks:
        mandate_block(
            debit.organization_id, debit.mandate_id, code=each.code, on=on, actor=actor,
            case_id=debit.case_id,
        )  # fmt: skip
    if follows.remedy == "dispute":
        _dispute(debit, items, on=on, actor=actor)
    if follows.remedy == "estate":
        _pause(debit, on=on, actor=actor)
    if follows.retry_on:
        _retry(debit, parts, collect_on=follows.retry_on, on=on)


def _dispute(debit: Debit, items: Sequence[DebitItem], *, on: date, actor: str) -> None:
    """The debtor had the money paid back: why is a question for a person, not for reminders."""
    for item in items:
        try:
            dispute_open(
                debit.organization_id, item.installment_id, reason=DISPUTE_REASON, on=on,
                actor=actor, note=f"{debit.end_to_end_id}: {debit.reason_code}",
            )  # fmt: skip
        except CaseError:  # it is paid or gone by now
            continue


def _pause(debit: Debit, *, on: date, actor: str) -> None:
    """The account holder is said to have died: nothing is asked for until a person has looked, who
    notes the death on the customer's file or lifts the pause."""
    rows = Organization.objects.filter(id=debit.organization_id)
    with translation.override(rows.values_list("language", flat=True).get()):
        words = gettext(DIED)
    hold_place(debit.organization_id, debit.case_id, reason=words, on=on, actor=actor)


def _open_again(debit: Debit, items: Sequence[DebitItem]) -> list[tuple[int, int]]:
    """What a second try would ask for: installments of the first, with what is open of each."""
    opened = installment_balances(debit.organization_id, [item.installment_id for item in items])
    parts = [
        (item.installment_id, min(item.amount_minor, opened.get(item.installment_id, 0)))
        for item in items
    ]
    return [(item_id, amount) for item_id, amount in parts if amount > 0]


def _retry(debit: Debit, parts: Sequence[tuple[int, int]], *, collect_on: date, on: date) -> None:
    """Plan the one other try, of what is open again; its reminders wait for it."""
    (pk,) = ids_reserve(Debit, 1)
    again = Debit.objects.create(
        id=pk, organization_id=debit.organization_id, mandate_id=debit.mandate_id,
        customer_id=debit.customer_id, case_id=debit.case_id,
        amount_minor=sum(amount for _, amount in parts), collect_on=collect_on,
        attempt=debit.attempt + 1, end_to_end_id=f"{customer_reference(debit.customer_id)}-{pk}",
        planned_on=on, part_id=debit.part_id,
    )  # fmt: skip
    rows = [
        DebitItem(
            organization_id=debit.organization_id, debit=again, installment_id=item_id,
            amount_minor=amount, part_id=debit.part_id,
        )
        for item_id, amount in parts
    ]  # fmt: skip
    pauses_place(debit.organization_id, rows, {again.pk: again}, on=on)
    DebitItem.objects.bulk_create(rows)
    debits_tell([again], "debit.planned", on=on, actor=ACTOR)
