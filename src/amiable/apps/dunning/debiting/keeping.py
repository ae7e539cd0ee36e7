"""What collections hold: their items, the pauses of the reminders meanwhile, and their history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from django.utils import translation
from django.utils.translation import gettext

from amiable.apps.audit.services import Happening, events_record
from amiable.apps.cases.many_pauses import holds_lift, holds_place
from amiable.apps.payments.debits.models import Debit, DebitItem
from amiable.apps.tenants.models import Organization
from amiable.core.money import major
from amiable.core.sentences import gettext_noop

ACTOR = "amiable"
# Reminders wait until the bank can no longer refuse it unseen (a return comes within five bank
# days).
PAUSE_AFTER = timedelta(days=8)
PAUSE = gettext_noop("A direct debit is on its way")


def items_of(debits: Collection[Debit]) -> dict[int, list[DebitItem]]:
    """The items of collections."""
    found: dict[int, list[DebitItem]] = defaultdict(list)
    ids = {debit.pk for debit in debits}
    for item in DebitItem.objects.filter(debit_id__among=ids).order_by("id"):
        found[item.debit_id].append(item)
    return found


def items_release(
    organization_id: int, items: Collection[DebitItem], *, on: date, actor: str
) -> None:
    """These items are in no collection any more: their reminders go on."""
    DebitItem.objects.filter(id__among={item.pk for item in items}).update(is_running=False)
    holds = {item.hold_id for item in items if item.hold_id}
    holds_lift(organization_id, holds, on=on, actor=actor)


def pauses_place(
    organization_id: int, items: Sequence[DebitItem], debits: Mapping[int, Debit], *, on: date
) -> None:
    """Reminders of what is collected wait; sets the items' `hold_id`, not saved."""
    language = Organization.objects.values_list("language", flat=True).get(id=organization_id)
    with translation.override(language):
        words = gettext(PAUSE)
    wanted = [
        (debits[item.debit_id].case_id, item.installment_id,
         debits[item.debit_id].collect_on + PAUSE_AFTER)
        for item in items
    ]  # fmt: skip
    ids = holds_place(organization_id, wanted, reason=words, on=on, actor=ACTOR)
    for item, hold_id in zip(items, ids, strict=True):
        item.hold_id = hold_id


def debits_tell(debits: Collection[Debit], kind: str, *, on: date, actor: str, **more: str) -> None:
    """Tell each collection in the history of its case."""
    rows = list(debits)
    if not rows:
        return
    told = [
        Happening(
            kind, on, actor, debit.case_id,
            {
                "debit": debit.pk, "reference": debit.end_to_end_id, "currency": debit.currency,
                "amount": major(debit.amount_minor, debit.currency),
                "collect_on": debit.collect_on.isoformat(), **more,
            },
        )
        for debit in rows
    ]  # fmt: skip
    events_record(rows[0].organization_id, told)


def items_fit(
    debit: Debit, items: list[DebitItem], *, wanted: Sequence[tuple[int, int]], on: date
) -> list[DebitItem]:
    """What an instalment is collected for: the oldest that is open now, its pauses with it."""
    left, parts = debit.amount_minor, []
    for item_id, minor in wanted:
        if taken := min(left, minor):
            parts.append((item_id, taken))
            left -= taken
    if parts == [(item.installment_id, item.amount_minor) for item in items]:
        return items
    paused = any(item.hold_id for item in items)
    items_release(debit.organization_id, items, on=on, actor=ACTOR)
    found = _spread(debit, parts)
    if paused:
        pauses_place(debit.organization_id, found, {debit.pk: debit}, on=on)
        DebitItem.objects.bulk_update(found, ["hold_id"])
    return found


def _spread(debit: Debit, parts: Sequence[tuple[int, int]]) -> list[DebitItem]:
    """Let a collection that is not handed over be for these items; its amount stays."""
    DebitItem.objects.filter(debit=debit).delete()
    items = [
        DebitItem(
            organization_id=debit.organization_id, debit=debit, installment_id=item_id,
            amount_minor=amount, part_id=debit.part_id,
        )
        for item_id, amount in parts
    ]  # fmt: skip
    DebitItem.objects.bulk_create(items)
    return items
