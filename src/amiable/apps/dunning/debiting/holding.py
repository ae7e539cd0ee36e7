"""What collections mean for the instalments of plans: one that is under way holds its instalment
until the bank has answered, and what it brought is for this instalment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date, timedelta

from amiable.apps.cases.models import Promise
from amiable.apps.dunning.debiting.keeping import PAUSE_AFTER
from amiable.apps.payments.debits.models import Debit
from amiable.core.part_debits import Try, held_until

State = Debit.State
RUNNING = (State.PLANNED, State.ANNOUNCED, State.SENT)
# Withdrawn by us to be announced anew, at the next look or when a notice may be given again.
ANEW = frozenset({"debit.late", "debit.part_rest"})


def parts_hold(organization_id: int, *, on: date, debits: Collection[Debit] | None = None) -> None:
    """Write down until when the instalments of these collections (None = of all that run) are held,
    and what was collected for each. Safe to repeat; at most three queries."""
    rows = Debit.objects.filter(organization_id=organization_id, part_id__isnull=False)
    if debits is None:
        part_ids = set(rows.filter(state__in=RUNNING).values_list("part_id", flat=True))
    else:
        part_ids = {debit.part_id for debit in debits if debit.part_id is not None}
    if not part_ids:
        return
    tries: dict[int, list[Try]] = defaultdict(list)
    collected: dict[int, int] = defaultdict(int)
    for debit in rows.filter(part_id__among=part_ids).select_related("payment").order_by("id"):
        part_id = debit.part_id or 0
        tries[part_id].append(Try(debit.planned_on, _until(debit, on), debit.attempt > 1))
        collected[part_id] += debit.amount_minor if debit.state == State.COLLECTED else 0
    changed = []
    for part in Promise.objects.filter(id__among=part_ids).order_by("id"):
        until = held_until(part.due_on + timedelta(days=part.grace_days), tries[part.pk])
        if (until, collected[part.pk]) != (part.held_until, part.collected_minor):
            part.held_until, part.collected_minor = until, collected[part.pk]
            changed.append(part)
    Promise.objects.bulk_update(changed, ["held_until", "collected_minor"], batch_size=250)


def _until(debit: Debit, on: date) -> date:
    """The day of a collection's answer, or by which one is to be expected."""
    if debit.state in RUNNING:
        return max(debit.collect_on, on) + PAUSE_AFTER
    if debit.state == State.COLLECTED and debit.payment is not None:
        return debit.payment.received_on
    ended_on = debit.ended_on or on
    if debit.state == State.WITHDRAWN and debit.why.get("code") in ANEW:
        return ended_on + PAUSE_AFTER
    return ended_on
