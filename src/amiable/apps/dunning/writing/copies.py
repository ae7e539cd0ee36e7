"""Copies that wait for a mail server: tried again only while they still say what is true."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime

from django.utils import timezone

from amiable.apps.customers.models import ContactPoint
from amiable.apps.dunning.facts import case_facts
from amiable.apps.dunning.models import Action
from amiable.apps.messaging.sending.copies import Due, copies_drop, copies_due, copies_send
from amiable.apps.messaging.sending.routes import Routes
from amiable.core.facts import CaseFacts
from amiable.core.promises import commitments
from amiable.core.stops import case_stop, chaseable_minor, item_stop


def copies_tick(organization_id: int, *, now: datetime, routes: Routes) -> int:
    """Try the waiting copies; give up those whose case or address changed since the message left.

    Returns how many arrived. Safe to repeat.
    """
    due = copies_due(organization_id, now=now)
    if not due:
        return 0
    wanted = _still_true(organization_id, due, timezone.localtime(now).date())
    lost = _lost(organization_id, {address for each in due for address in each.addresses})
    unwanted: dict[int, set[str]] = defaultdict(set)
    for each in due:
        for address in each.addresses:
            if each.id not in wanted or address.lower() in lost:
                unwanted[each.id].add(address)
    copies_drop(organization_id, unwanted)
    kept = [each.id for each in due if len(unwanted[each.id]) < len(each.addresses)]
    return copies_send(organization_id, kept, now=now, routes=routes)


def _still_true(organization_id: int, due: Collection[Due], on: date) -> set[int]:
    """Messages whose every invoice is still to be asked for, with the same amount."""
    actions = list(
        Action.objects.filter(
            organization_id=organization_id, message_id__in=[each.id for each in due]
        ).prefetch_related("items")
    )
    facts = case_facts(organization_id, {action.case_id for action in actions}, on=on)
    return {
        action.message_id
        for action in actions
        if action.message_id is not None
        and _unchanged(
            facts[action.case_id],
            {row.installment_id: row.open_minor for row in action.items.all()},
            on,
        )
    }


def _unchanged(case: CaseFacts, written: dict[int, int], on: date) -> bool:
    given = commitments(case, on)
    now = {
        item.id: chaseable_minor(item, given)
        for item in case.items
        if item_stop(case, item, on, given=given) is None
    }
    asked = {item_id: amount for item_id, amount in written.items() if amount}
    same = all(now.get(item_id) == amount for item_id, amount in asked.items())
    return case_stop(case, on) is None and same


def _lost(organization_id: int, addresses: Collection[str]) -> set[str]:
    """Addresses that may not be written to any more."""
    points = ContactPoint.objects.filter(
        organization_id=organization_id, kind="email", value__in=addresses
    )
    gone = points.exclude(opted_out_at__isnull=True, invalid_since__isnull=True)
    return {value.lower() for value in gone.values_list("value", flat=True)}
