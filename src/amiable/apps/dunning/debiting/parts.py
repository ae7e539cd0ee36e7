"""Instalments of payment plans that are collected: which may be, and what is to be announced.

The email that confirms a plan announces all its days and amounts (the rulebook lets one message
announce a schedule: EPC016-06, 4.3.3); what it does not cover is announced by itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from amiable.apps.cases.models import PaymentPlan, Promise
from amiable.apps.dunning.confirming.leaving import OF_ANSWER
from amiable.apps.messaging.models import DeliveryEvent, Message
from amiable.apps.payments.debits.models import Debit, DebitItem, Mandate
from amiable.core.direct_debits import collect_on, submit_by
from amiable.core.facts import CaseFacts
from amiable.core.part_debits import PartChoice, part_choice

State = Debit.State
RUNNING = (State.PLANNED, State.ANNOUNCED, State.SENT)
# A notice that could not be given is tried again after so long.
TRY_AGAIN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An instalment to collect on a day: (item, minor units) of it. `notice` = key of the message
    that announced it already, "" = it is announced by itself."""

    facts: CaseFacts
    mandate: Mandate
    part_id: int | None
    day: date
    parts: tuple[tuple[int, int], ...]
    notice: str = ""


def debited_plans(organization_id: int, case_ids: Collection[int]) -> dict[int, PaymentPlan]:
    """The plans of cases that are collected by direct debit and not cancelled: one query."""
    rows = PaymentPlan.objects.filter(
        organization_id=organization_id, case_id__among=set(case_ids), mandate_id__isnull=False,
        cancelled_on__isnull=True,
    )  # fmt: skip
    return {row.pk: row for row in rows.select_related("proposal")}


def part_choices(
    organization_id: int, facts: Mapping[int, CaseFacts], *, on: date
) -> dict[int, PartChoice]:
    """What may be collected of the instalments of cases, by case: at most four queries."""
    plans = debited_plans(organization_id, facts)
    found = {case_id: PartChoice() for case_id in facts}
    if not plans:
        return found
    items = [item.id for each in facts.values() for item in each.items]
    running = DebitItem.objects.filter(
        organization_id=organization_id, installment_id__among=set(items), is_running=True
    )
    with_bank: Counter[int] = Counter()
    holds, busy = set(), set()
    fields = ("installment_id", "amount_minor", "hold_id", "part_id", "debit__state")
    for item_id, amount, hold_id, part_id, state in running.values_list(*fields):
        holds.add(hold_id)
        if state == State.SENT:
            with_bank[item_id] += amount
            busy.add(part_id)
    for case_id in {plan.case_id for plan in plans.values()}:
        found[case_id] = part_choice(
            facts[case_id], on, plan_ids=set(plans), with_bank=with_bank, busy=busy,
            own_holds=holds - {None},
        )  # fmt: skip
    return found


def parts_wanted(
    organization_id: int, facts: Mapping[int, CaseFacts], mandates: Mapping[int, Mandate], *,
    on: date,
) -> list[Wanted]:  # fmt: skip
    """The instalments that are in no collection yet and may be: those that the plan's own email
    announced, and those whose own announcement is due. What failed under the mandate is presented
    again by its second try only."""
    choices = part_choices(organization_id, facts, on=on)
    ids = {part_id for each in choices.values() for part_id in each.parts}
    if not ids:
        return []
    plans = debited_plans(organization_id, facts)
    usable = _schedules_heard(organization_id, plans.values())
    tried = _tried(ids, on=on)
    found = []
    for row in Promise.objects.filter(id__among=ids).order_by("due_on", "id"):
        each, plan = facts[row.case_id], plans[row.plan_id or 0]
        mandate = mandates.get(each.customer_id)
        if mandate is None or mandate.is_one_off or not tried[row.pk].isdisjoint({0, mandate.pk}):
            continue
        key = schedule_key(plan) if plan.pk in usable and plan.mandate_id == mandate.pk else ""
        parts = choices[row.case_id].parts[row.pk]
        day, notice = _day(row, plan, mandate, key if -1 not in tried[row.pk] else "", on=on)
        if day is not None:
            found.append(Wanted(each, mandate, row.pk, day, parts, notice))
    return found


def schedule_key(plan: PaymentPlan) -> str:
    """The key of the email that confirmed a plan, "" where none did."""
    proposal = getattr(plan, "proposal", None)
    return f"{OF_ANSWER}plan-{proposal.pk}-agreed" if proposal else ""


def _day(
    row: Promise, plan: PaymentPlan, mandate: Mandate, key: str, *, on: date
) -> tuple[date | None, str]:
    """The day to collect an instalment and the message that announced it; None = not yet."""
    creditor = mandate.customer.creditor
    days = {"notice_days": creditor.debit_notice_days, "lead_days": creditor.debit_lead_days}
    if key:
        agreed = collect_on(row.due_on, on=plan.agreed_on, **days)
        if (agreed - row.due_on).days <= row.grace_days and submit_by(
            agreed, creditor.debit_lead_days
        ) >= on:
            return agreed, key
    if (row.due_on - on).days > creditor.debit_notice_days:
        return None, ""
    return collect_on(row.due_on, on=on, **days), ""


def _schedules_heard(organization_id: int, plans: Collection[PaymentPlan]) -> set[int]:
    """Plans whose email named the mandate and reached the customer, or is about to."""
    keys = {schedule_key(plan): plan.pk for plan in plans}
    rows = Message.objects.filter(organization_id=organization_id, key__in=set(keys) - {""})
    rows = rows.filter(is_test=False).exclude(
        state__in=[Message.State.FAILED, Message.State.WITHDRAWN]
    )
    back = DeliveryEvent.objects.filter(message__in=rows, kind=DeliveryEvent.Kind.BOUNCED)
    bounced = set(back.values_list("message__key", flat=True))
    return {keys[key] for key in rows.values_list("key", flat=True) if key not in bounced}


def _tried(part_ids: Collection[int], *, on: date) -> defaultdict[int, set[int]]:
    """The mandates under which instalments failed; 0 = one is running, or its announcement failed
    of late; -1 = it was not handed over in time once, so that it is announced by itself."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    rows = Debit.objects.filter(part_id__among=set(part_ids))
    fields = ("part_id", "mandate_id", "state", "why", "ended_on")
    for part_id, mandate_id, state, why, ended_on in rows.values_list(*fields):
        code = (why or {}).get("code", "")
        if state in {State.REFUSED, State.RETURNED}:
            found[part_id].add(mandate_id)
        elif state in RUNNING or (code == "debit.no_notice" and ended_on > on - TRY_AGAIN):
            found[part_id].add(0)
        elif code == "debit.late":
            found[part_id].add(-1)
    return found
