"""What passes by itself, looked at before each planning: payments that were said to be made and
arrived, and disputes whose day to be answered has passed. Safe to repeat."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction

from amiable.apps.audit.models import Event
from amiable.apps.audit.services import Happening, event_record
from amiable.apps.cases.disputes import disputes_escalate
from amiable.apps.cases.models import Case
from amiable.apps.cases.services import hold_lift
from amiable.apps.messaging.models import Reply
from amiable.apps.receivables.models import Entry
from amiable.core.money import Money, major
from amiable.core.sentences import Sentence, declare, gettext_noop

# A payment reaches the books some days before or after the day a customer remembers.
EARLIER = timedelta(days=3)

declare(
    {
        "claim.arrived": gettext_noop(
            "The payment of {amount} said to be made on {day} arrived on {arrived}: closed by "
            "itself."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A payment said to be made, in minor units."""

    reply: Reply
    case: Case
    amount_minor: int
    paid_on: date


@dataclass(slots=True)
class _Came:
    """A payment; `left_minor` = what of it no claim was closed with."""

    entry_id: int
    on: date
    amount_minor: int
    left_minor: int


@dataclass(frozen=True, slots=True)
class _Found:
    """What a claim is closed with: the day it was all there, and minor units by entry."""

    arrived: date
    used: tuple[tuple[int, int], ...]


def facts_watch(organization_id: int, *, on: date) -> None:
    """Close the claims whose money is there, and put late disputes before the managers."""
    claims_close(organization_id, on=on)
    disputes_escalate(organization_id, on=on)


@transaction.atomic
def claims_close(organization_id: int, *, on: date) -> int:
    """Close what was said on the payment page to be paid, once the bank shows it: its task is
    done, its pause over, and a sentence says why. No cent closes two. Returns how many."""
    rows = Reply.objects.filter(
        organization_id=organization_id, label="already_paid", task="check_payment",
        task_done_on__isnull=True, medium="portal", case__isnull=False,
    ).select_related("case")  # fmt: skip
    locked = rows.select_for_update(skip_locked=True, no_key=True, of=("self",))
    claims = [claim for row in locked.order_by("id") if (claim := _claim(row))]
    if not claims:
        return 0
    came = _came(organization_id, claims)
    closed = 0
    # An amount that is there to the cent goes before what several payments add up to.
    for at_once in (True, False):
        left = []
        for claim in claims:
            known = came[claim.case.customer_id, claim.case.currency]
            found = _found(claim, known, at_once=at_once)
            if found is None:
                left.append(claim)
                continue
            _close(claim, found, on)
            closed += 1
        claims = left
    return closed


def _claim(row: Reply) -> _Claim | None:
    if row.case is None:
        return None
    said = json.loads(bytes(row.content))
    return _Claim(row, row.case, said["amount_minor"], date.fromisoformat(said["paid_on"]))


def _came(organization_id: int, claims: Collection[_Claim]) -> dict[tuple[int, str], list[_Came]]:
    """The payments of these customers, in the order in which they came, less what other claims
    were closed with."""
    rows = Entry.objects.filter(
        organization_id=organization_id, kind=Entry.Kind.PAYMENT,
        customer_id__among={claim.case.customer_id for claim in claims},
        on_date__gte=min(claim.paid_on for claim in claims) - EARLIER,
        reverses__isnull=True, reversed_by__isnull=True,
    )  # fmt: skip
    used = _used(organization_id, {claim.case.pk for claim in claims})
    found: dict[tuple[int, str], list[_Came]] = defaultdict(list)
    for entry_id, customer_id, currency, day, minor in rows.order_by("on_date", "id").values_list(
        "id", "customer_id", "currency", "on_date", "amount_minor"
    ):
        left = -minor - used[entry_id]
        found[customer_id, currency].append(_Came(entry_id, day, -minor, left))
    return found


def _used(organization_id: int, case_ids: Collection[int]) -> Counter[int]:
    """Minor units of each entry that claims of these cases were closed with, and still are."""
    rows = Event.objects.filter(
        organization_id=organization_id, case_id__among=case_ids, kind="claim.arrived"
    )
    last = {each["reply"]: each["used"] for each in rows.order_by("id").values_list(
        "payload", flat=True
    )}  # fmt: skip
    still = Reply.objects.filter(
        organization_id=organization_id, id__among=set(last), task_done_on__isnull=False
    )
    used: Counter[int] = Counter()
    for reply_id in still.values_list("id", flat=True):
        for entry_id, minor in last[reply_id]:
            used[entry_id] += minor
    return used


def _found(claim: _Claim, came: Collection[_Came], *, at_once: bool) -> _Found | None:
    """The money of a claim, taken from what came: one payment of that amount; or, not `at_once`,
    what is left of several."""
    since = [each for each in came if each.on >= claim.paid_on - EARLIER and each.left_minor > 0]
    if at_once:
        wanted = claim.amount_minor
        since = [each for each in since if each.left_minor == each.amount_minor == wanted][:1]
    if sum(each.left_minor for each in since) < claim.amount_minor:
        return None
    missing, used, arrived = claim.amount_minor, [], claim.paid_on
    for each in since:
        taken = min(missing, each.left_minor)
        if taken:
            each.left_minor -= taken
            missing -= taken
            arrived = each.on
            used.append((each.entry_id, taken))
    return _Found(arrived, tuple(used))


def _close(claim: _Claim, found: _Found, on: date) -> None:
    row, case = claim.reply, claim.case
    amount = Money(claim.amount_minor, case.currency)
    told = Sentence(
        "claim.arrived", {"amount": amount, "day": claim.paid_on, "arrived": found.arrived}
    )
    row.notes = [*row.notes, told.to_json()]
    row.task_done_on = on
    row.save(update_fields=["notes", "task_done_on"])
    events = Event.objects.filter(
        organization_id=row.organization_id, case_id=case.pk, kind="reply.decided",
        payload__reply=row.pk,
    )  # fmt: skip
    done = events.order_by("-id").values_list("payload", flat=True).first() or {}
    if "hold" in done:
        hold_lift(row.organization_id, done["hold"], on=on, actor="amiable")
    payload = {
        "reply": row.pk, "amount": major(claim.amount_minor, case.currency),
        "arrived": found.arrived.isoformat(), "used": found.used,
    }  # fmt: skip
    event_record(row.organization_id, Happening("claim.arrived", on, "amiable", case.pk, payload))
