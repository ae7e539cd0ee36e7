"""The daily look at direct debits: what may no longer be collected is withdrawn, what falls due is
announced, what failed for lack of funds is announced once more. Safe to repeat."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from amiable.apps.cases.many_pauses import holds_lift
from amiable.apps.cases.models import Case
from amiable.apps.cases.services import cases_wake
from amiable.apps.dunning.debiting.announcing import Notice, notices_freeze
from amiable.apps.dunning.debiting.choosing import Choice, choice, due_parts
from amiable.apps.dunning.debiting.holding import parts_hold
from amiable.apps.dunning.debiting.keeping import (
    ACTOR,
    debits_tell,
    items_fit,
    items_of,
    items_release,
    pauses_place,
)
from amiable.apps.dunning.debiting.parts import TRY_AGAIN, Wanted, part_choices, parts_wanted
from amiable.apps.dunning.facts import case_facts
from amiable.apps.messaging.models import DeliveryEvent, Message
from amiable.apps.messaging.services import messages_withdraw
from amiable.apps.payments.debits.mandates import live_mandates
from amiable.apps.payments.debits.models import Debit, DebitItem, Mandate
from amiable.apps.tenants.models import Organization
from amiable.apps.work.bulk import ids_reserve
from amiable.core.direct_debits import collect_on, submit_by
from amiable.core.facts import CaseFacts
from amiable.core.references import customer_reference
from amiable.core.sentences import Sentence, declare, gettext_noop

State = Debit.State
# What may be over tomorrow makes a collection wait, instead of having it announced anew.
PASSING = frozenset({"stop.stale_bank", "stop.no_bank", "stop.answered", "stop.money"})

declare(
    {
        "debit.mandate_over": gettext_noop("The mandate may not be used any more."),
        "debit.late": gettext_noop("It was not handed to the bank in time: it is announced anew."),
        "debit.no_notice": gettext_noop("Its announcement did not reach the customer."),
    }
)


@dataclass(slots=True)
class DebitCounts:
    """What a look did: collections announced, withdrawn, and items left with a reason."""

    announced: int = 0
    withdrawn: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class Checked:
    """How many were withdrawn, and why others have to wait, by id."""

    withdrawn: int = 0
    waiting: Mapping[int, Sentence] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _New:
    """A collection about to be announced; `row` is not stored yet, unless planned before.
    `is_moved` = it was planned for a day that its announcement no longer reaches in time."""

    row: Debit
    notice: Notice
    is_moved: bool = False


def debits_run(organization_id: int, *, now: datetime) -> DebitCounts:
    """Withdraw, then announce, for every customer with a mandate that may be used."""
    counts = DebitCounts()
    on = timezone.localtime(now).date()
    organization = Organization.objects.get(id=organization_id)
    with transaction.atomic():
        counts.withdrawn = debits_check(organization_id, on=on).withdrawn
        if not organization.test_recipient:  # a test announces nothing, so nothing is collected
            _announce_due(organization, counts, on=on, now=now)
    return counts


def debits_check(
    organization_id: int, *, on: date, debit_ids: Collection[int] | None = None
) -> Checked:
    """Withdraw what is not handed over yet and may no longer be collected as announced. Call in a
    transaction: it holds the rows."""
    rows = Debit.objects.filter(
        organization_id=organization_id, state__in=[State.PLANNED, State.ANNOUNCED]
    )
    if debit_ids is not None:
        rows = rows.filter(id__among=debit_ids)
    locked = rows.select_for_update(no_key=True, of=("self",)).order_by("id")
    debits = list(locked.select_related("mandate__customer__creditor"))
    parts_hold(organization_id, on=on)
    if not debits:
        return Checked()
    items = items_of(debits)
    stops = _stops(organization_id, debits, items, on=on)
    waiting = {pk: why for pk, why in stops.items() if why.code in PASSING}
    gone = [debit for debit in debits if debit.pk in stops and debit.pk not in waiting]
    _withdraw(organization_id, gone, stops, items, on=on)
    return Checked(len(gone), waiting)


def _stops(
    organization_id: int, debits: Sequence[Debit], items: Mapping[int, list[DebitItem]], *, on: date
) -> dict[int, Sentence]:
    """Why some may not be collected as announced, by id."""
    facts = case_facts(organization_id, {debit.case_id for debit in debits}, on=on)
    choices = _choices(facts, items, on=on)
    of_parts = part_choices(organization_id, facts, on=on)
    mandates = _usable(organization_id, debits, on=on)
    unheard = _unheard(organization_id, debits)
    stops: dict[int, Sentence] = {}
    for debit in debits:
        parts = [(item.installment_id, item.amount_minor) for item in items[debit.pk]]
        lead = debit.mandate.customer.creditor.debit_lead_days
        if debit.mandate_id not in mandates:
            stops[debit.pk] = Sentence("debit.mandate_over")
        elif debit.state == State.ANNOUNCED and submit_by(debit.collect_on, lead) < on:
            stops[debit.pk] = Sentence("debit.late")
        elif debit.notice_key in unheard:
            stops[debit.pk] = Sentence("debit.no_notice")
        elif debit.part_id is None:
            if why := choices[debit.case_id].stop_of(parts):
                stops[debit.pk] = why
        elif why := of_parts[debit.case_id].stop_of(
            debit.part_id, debit.amount_minor, attempt=debit.attempt
        ):
            stops[debit.pk] = why
        else:
            wanted = of_parts[debit.case_id].parts[debit.part_id]
            items[debit.pk] = items_fit(debit, items[debit.pk], wanted=wanted, on=on)
    return stops


def _announce_due(
    organization: Organization, counts: DebitCounts, *, on: date, now: datetime
) -> None:
    mandates = live_mandates(organization.pk, on=on)
    cases = Case.objects.filter(
        organization_id=organization.pk, customer_id__among=set(mandates), currency="EUR"
    )
    case_ids = set(cases.values_list("id", flat=True))
    if not case_ids:
        return
    facts = case_facts(organization.pk, case_ids, on=on)
    new = _retries(organization.pk, facts, mandates, on=on)
    wanted = parts_wanted(organization.pk, facts, mandates, on=on)
    new += _rows(organization.pk, wanted, on=on)
    new += _fresh(organization.pk, facts, mandates, counts, on=on, wanted=wanted)
    untold = [each.notice for each in new if not each.row.notice]
    told = notices_freeze(organization.pk, untold, on=on, now=now)
    ready = [each for each in new if told.get(each.notice.key) is None]
    counts.left += len(new) - len(ready)
    counts.announced += len(ready)
    _keep(organization.pk, ready, on=on)


def _retries(
    organization_id: int, facts: Mapping[int, CaseFacts], mandates: Mapping[int, Mandate], *,
    on: date,
) -> list[_New]:  # fmt: skip
    """Those planned for another try, whose announcement is due."""
    rows = list(Debit.objects.filter(organization_id=organization_id, state=State.PLANNED))
    items = items_of(rows)
    found = []
    for row in rows:
        mandate = mandates.get(row.customer_id)
        if mandate is None or row.mandate_id != mandate.pk or row.case_id not in facts:
            continue
        creditor, planned = mandate.customer.creditor, row.collect_on
        if planned - timedelta(days=creditor.debit_notice_days) <= on:
            row.collect_on = collect_on(
                planned, on=on, notice_days=creditor.debit_notice_days,
                lead_days=creditor.debit_lead_days,
            )  # fmt: skip
            parts = tuple((item.installment_id, item.amount_minor) for item in items[row.pk])
            notice = Notice(row.notice_key, facts[row.case_id], mandate, row.collect_on, parts)
            found.append(_New(row, notice, is_moved=row.collect_on != planned))
    return found


def _fresh(
    organization_id: int, facts: Mapping[int, CaseFacts], mandates: Mapping[int, Mandate],
    counts: DebitCounts, *, on: date, wanted: Collection[Wanted],
) -> list[_New]:  # fmt: skip
    """What falls due and is in no collection yet, and not `wanted` for an instalment of a plan."""
    busy = _busy(organization_id, mandates, on=on)
    busy |= {item_id for each in wanted for item_id, _ in each.parts}
    due: list[Wanted] = []
    for each in facts.values():
        mandate = mandates[each.customer_id]
        creditor = mandate.customer.creditor
        chosen = choice(each, on)
        amounts = {i: minor for i, minor in chosen.amounts.items() if i not in busy}
        counts.left += len(set(chosen.stops) - busy)
        days = due_parts(
            each.items, amounts, on=on, notice_days=creditor.debit_notice_days,
            lead_days=creditor.debit_lead_days,
        )  # fmt: skip
        for number, (day, parts) in enumerate(sorted(days.items())):
            if not (mandate.is_one_off and number):  # good for one collection only
                due.append(Wanted(each, mandate, None, day, tuple(parts)))
    return _rows(organization_id, due, on=on)


def _rows(organization_id: int, wanted: Sequence[Wanted], *, on: date) -> list[_New]:
    found = []
    for pk, each in zip(ids_reserve(Debit, len(wanted)), wanted, strict=True):
        customer_id, mandate = each.facts.customer_id, each.mandate
        row = Debit(
            id=pk, organization_id=organization_id, mandate=mandate, customer_id=customer_id,
            case_id=each.facts.case_id, amount_minor=sum(minor for _, minor in each.parts),
            collect_on=each.day, end_to_end_id=f"{customer_reference(customer_id)}-{pk}",
            planned_on=on, part_id=each.part_id, notice=each.notice,
        )  # fmt: skip
        notice = Notice(row.notice_key, each.facts, mandate, each.day, each.parts)
        found.append(_New(row, notice))
    return found


def _busy(organization_id: int, mandates: Mapping[int, Mandate], *, on: date) -> set[int]:
    """Installments in a running collection, or in one that failed under the same mandate: only what
    lacked funds is presented again, and that is planned; or of a plan that was collected and not
    kept, which is not debited at once; or whose announcement just failed."""
    rows = DebitItem.objects.filter(
        organization_id=organization_id, debit__customer_id__among=set(mandates)
    )
    current = {mandate.pk for mandate in mandates.values()}
    fields = (
        "installment_id", "is_running", "debit__mandate_id", "debit__state", "debit__why",
        "debit__ended_on",
    )  # fmt: skip
    busy = set()
    for item_id, running, mandate_id, state, why, ended_on in rows.values_list(*fields):
        failed = state in {State.REFUSED, State.RETURNED} and mandate_id in current
        code = (why or {}).get("code", "")
        unheard = code == "debit.no_notice" and ended_on > on - TRY_AGAIN
        broken = code == "debit.plan_broken" and mandate_id in current
        if running or failed or unheard or broken:
            busy.add(item_id)
    return busy


def _keep(organization_id: int, ready: Sequence[_New], *, on: date) -> None:
    """Store the announced, with the pauses of what they collect."""
    if not ready:
        return
    fresh = [each for each in ready if each.row._state.adding]
    again = [each.row for each in ready if not each.row._state.adding]
    for each in ready:
        each.row.state, each.row.announced_on = State.ANNOUNCED, on
    Debit.objects.bulk_create([each.row for each in fresh], batch_size=500)
    Debit.objects.bulk_update(again, ["state", "announced_on", "collect_on"], batch_size=250)
    _move_pauses(organization_id, [each.row for each in ready if each.is_moved], on=on)
    items = [
        DebitItem(
            organization_id=organization_id, debit_id=each.row.pk, installment_id=item_id,
            amount_minor=amount, part_id=each.row.part_id,
        )
        for each in fresh
        for item_id, amount in each.notice.parts
    ]  # fmt: skip
    # A plan keeps reminders back by itself until the day, and what is with the bank after it.
    alone = {each.row.pk: each.row for each in fresh if not each.row.notice}
    paused = [item for item in items if item.debit_id in alone]
    pauses_place(organization_id, paused, alone, on=on)
    DebitItem.objects.bulk_create(items, batch_size=500)
    rows = [each.row for each in ready]
    parts_hold(organization_id, on=on, debits=rows)
    debits_tell(rows, "debit.announced", on=on, actor=ACTOR)
    cases_wake(organization_id, {row.customer_id for row in rows}, on=on)


def _move_pauses(organization_id: int, moved: Sequence[Debit], *, on: date) -> None:
    """Reminders wait for the day to which a collection was moved."""
    if not moved:
        return
    items = [item for each in items_of(moved).values() for item in each]
    holds_lift(organization_id, {i.hold_id for i in items if i.hold_id}, on=on, actor=ACTOR)
    pauses_place(organization_id, items, {row.pk: row for row in moved}, on=on)
    DebitItem.objects.bulk_update(items, ["hold_id"], batch_size=250)


def _withdraw(
    organization_id: int, debits: Sequence[Debit], stops: Mapping[int, Sentence],
    items: Mapping[int, list[DebitItem]], *, on: date,
) -> None:  # fmt: skip
    if not debits:
        return
    for debit in debits:
        debit.state, debit.why, debit.ended_on = State.WITHDRAWN, stops[debit.pk].to_json(), on
    Debit.objects.bulk_update(debits, ["state", "why", "ended_on"], batch_size=250)
    parts_hold(organization_id, on=on, debits=debits)
    freed = [item for debit in debits for item in items[debit.pk]]
    items_release(organization_id, freed, on=on, actor=ACTOR)
    keys = [debit.notice_key for debit in debits if not debit.notice]
    messages = Message.objects.filter(organization_id=organization_id, key__in=keys)
    messages_withdraw(organization_id, list(messages.values_list("id", flat=True)))
    for code in sorted({stops[debit.pk].code for debit in debits}):
        same = [debit for debit in debits if stops[debit.pk].code == code]
        debits_tell(same, "debit.withdrawn", on=on, actor=ACTOR, why=code)
    cases_wake(organization_id, {debit.customer_id for debit in debits}, on=on)


def _choices(
    facts: Mapping[int, CaseFacts], items: Mapping[int, list[DebitItem]], *, on: date
) -> dict[int, Choice]:
    own = {item.hold_id for each in items.values() for item in each if item.hold_id}
    return {case_id: choice(each, on, own_holds=own) for case_id, each in facts.items()}


def _usable(organization_id: int, debits: Sequence[Debit], *, on: date) -> set[int]:
    """Mandates under which these may still be collected. One for a single collection is used by
    its own."""
    live = live_mandates(organization_id, {d.customer_id for d in debits}, on=on)
    mandates = {mandate.pk for mandate in live.values()}
    for debit in debits:
        mandate = debit.mandate
        if mandate.is_one_off and not mandate.revoked_on and not mandate.blocked_on:
            mandates.add(mandate.pk)
    return mandates


def _unheard(organization_id: int, debits: Sequence[Debit]) -> set[str]:
    """Keys of announcements that failed or came back."""
    keys = [debit.notice_key for debit in debits]
    rows = Message.objects.filter(organization_id=organization_id, key__in=keys)
    failed = rows.filter(state__in=[Message.State.FAILED, Message.State.WITHDRAWN])
    bounced = DeliveryEvent.objects.filter(
        message__in=rows, kind=DeliveryEvent.Kind.BOUNCED
    ).values_list("message__key", flat=True)
    return {*failed.values_list("key", flat=True), *bounced}
