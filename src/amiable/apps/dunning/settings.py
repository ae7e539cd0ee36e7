"""A change of an organization's settings, with all that follows from it for its cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from amiable.apps.audit.models import Event
from amiable.apps.audit.services import Happening, event_record
from amiable.apps.cases.models import Case
from amiable.apps.customers.models import ContactPoint
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.planning import plan_preview
from amiable.apps.messaging.sending.modes import messages_withdraw_misfits, waiting_count
from amiable.apps.receivables.models import Installment
from amiable.apps.tenants.queries import organization_lock
from amiable.apps.tenants.settings import (
    Settings,
    SettingsError,
    settings_from,
    settings_of,
    settings_problems,
    settings_write,
)
from amiable.core.sentences import Sentence

CHANGED = "settings.changed"
# Fields that change what is decided for cases; promises keep what held when they were noted.
DECISIVE = frozenset(
    {
        "bank_data_max_age_days", "contact_caps", "min_amount_minor", "test_recipient",
        "unread_reply_hold_days",
    }
)  # fmt: skip
# Actions whose mode is still open; one being sent keeps the mode of its message.
_OPEN = (Action.State.TO_APPROVE, Action.State.APPROVED, Action.State.TODO)


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change did: fields changed, messages withdrawn, cases looked at again; `event` = the
    audit event, by which it can be undone (None = nothing changed)."""

    fields: tuple[str, ...] = ()
    withdrawn: int = 0
    woken: int = 0
    event: int | None = None


@dataclass(frozen=True, slots=True)
class Switch:
    """What switching the test mode meets: messages to withdraw, approved actions to keep."""

    waiting: int
    approved: int


def settings_change(
    organization_id: int, values: Mapping[str, Any], *, on: date, actor: str
) -> Changed:
    """Change some settings (fields of Settings, plain values). Raises SettingsError.

    Switching the test mode withdraws every message that has not left, so that none is sent to
    anybody it was not written for; actions stay approved and are written anew.
    """
    with transaction.atomic():
        organization_lock(organization_id)
        before = settings_of(organization_id)
        after = settings_from({**before.to_json(), **values})
        problems = _problems(organization_id, before, after, set(values))
        if problems:
            raise SettingsError(problems)
        return _apply(organization_id, before, after, on=on, actor=actor)


def settings_preview(
    organization_id: int, values: Mapping[str, Any], *, on: date, actor: str
) -> tuple[Changed, int]:
    """What a change would do, and how many cases would be below the least sum for which anybody is
    reminded; nothing is kept. Raises SettingsError."""
    with transaction.atomic():
        done = settings_change(organization_id, values, on=on, actor=actor)
        below = sum(
            any(skip.sentence.code == "stop.below_floor" for skip in each.plan.skips)
            for each in plan_preview(organization_id, on=on)
        )
        transaction.set_rollback(True)
    return done, below


def settings_undo(organization_id: int, event_id: int, *, on: date, actor: str) -> Changed:
    """Take back the last change, if `event_id` is it; nothing when it is not."""
    with transaction.atomic():
        organization_lock(organization_id)
        last = (
            Event.objects.filter(organization_id=organization_id, case_id=None, kind=CHANGED)
            .order_by("-id")
            .first()
        )
        if last is None or last.pk != event_id:
            return Changed()
        old = {name: change[0] for name, change in last.payload["changes"].items()}
        return settings_change(organization_id, old, on=on, actor=actor)


def switch_preview(organization_id: int) -> Switch:
    """What switching the test mode would meet now."""
    approved = Action.objects.filter(organization_id=organization_id, state=Action.State.APPROVED)
    return Switch(waiting_count(organization_id), approved.count())


def _problems(
    organization_id: int, before: Settings, after: Settings, named: set[str]
) -> dict[str, Sentence]:
    """What is wrong with the fields that are changed; an old defect elsewhere stops nothing."""
    if "is_agency" in named:
        named = named | {"address"}
    problems = {name: why for name, why in settings_problems(after).items() if name in named}
    address = after.test_recipient
    if address and address != before.test_recipient and "test_recipient" not in problems:
        known = ContactPoint.objects.filter(
            organization_id=organization_id, kind="email", value__iexact=address
        )
        if known.exists():
            problems["test_recipient"] = Sentence("settings.customer_address", {"address": address})
    return problems


def _apply(
    organization_id: int, before: Settings, after: Settings, *, on: date, actor: str
) -> Changed:
    old, new = before.to_json(), after.to_json()
    changes = {name: [old[name], new[name]] for name in old if old[name] != new[name]}
    if not changes:
        return Changed()
    settings_write(organization_id, after)
    withdrawn = woken = 0
    if "test_recipient" in changes:
        withdrawn = messages_withdraw_misfits(organization_id)
        Action.objects.filter(organization_id=organization_id, state__in=_OPEN).update(
            is_test=bool(after.test_recipient)
        )
    if not DECISIVE.isdisjoint(changes):
        woken = _wake(organization_id, on)
    told = {"changes": changes, "messages_withdrawn": withdrawn}
    event_record(organization_id, Happening(CHANGED, on, actor, payload=told))
    event = Event.objects.filter(organization_id=organization_id, case_id=None, kind=CHANGED)
    return Changed(tuple(changes), withdrawn, woken, event.order_by("-id")[0].pk)


def _wake(organization_id: int, on: date) -> int:
    """Have the planner look at every case that owes something, in one statement."""
    owing = Installment.objects.filter(
        organization_id=organization_id,
        customer_id=OuterRef("customer_id"),
        settled_on__isnull=True,
    )
    return Case.objects.filter(
        Q(next_plan_on__isnull=True) | Q(next_plan_on__gt=on),
        Exists(owing),
        organization_id=organization_id,
    ).update(next_plan_on=on)
