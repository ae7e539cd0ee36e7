"""What passes by itself, looked at before each planning: payments that were said to be made and
arrived, and disputes whose day to be answered has passed. Safe to repeat."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction

from amiable.apps.audit.models import Event
from amiable.apps.audit.services import Happening, event_record
from amiable.apps.cases.disputes import disputes_escalate
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
    amount_minor: int
    paid_on: date


def facts_watch(organization_id: int, *, on: date) -> None:
    """Close the claims whose money is there, and put late disputes before the managers."""
    claims_close(organization_id, on=on)
    disputes_escalate(organization_id, on=on)


@transaction.atomic
def claims_close(organization_id: int, *, on: date) -> int:
    """Close what was said on the payment page to be paid, once the bank shows it: its task is
    done, its pause over, and a sentence says why. Returns how many."""
    rows = Reply.objects.filter(
        organization_id=organization_id, label="already_paid", task="check_payment",
        task_done_on__isnull=True, medium="portal", case__isnull=False,
    ).select_related("case")  # fmt: skip
    locked = rows.select_for_update(skip_locked=True, no_key=True, of=("self",))
    claims = [_claim(row) for row in locked.order_by("id")]
    if not claims:
        return 0
    came = _came(organization_id, claims)
    closed = 0
    for claim in claims:
        case = claim.reply.case
        known = came.get((case.customer_id, case.currency), []) if case else []
        arrived = _arrived(claim, known)
        if arrived is not None:
            _close(claim, arrived, on)
            closed += 1
    return closed


def _claim(row: Reply) -> _Claim:
    said = json.loads(bytes(row.content))
    return _Claim(row, said["amount_minor"], date.fromisoformat(said["paid_on"]))


def _came(
    organization_id: int, claims: Collection[_Claim]
) -> dict[tuple[int, str], list[tuple[date, int]]]:
    """Day and amount of the payments of these customers, in the order in which they came."""
    customers = {claim.reply.case.customer_id for claim in claims if claim.reply.case}
    rows = Entry.objects.filter(
        organization_id=organization_id, kind=Entry.Kind.PAYMENT, customer_id__among=customers,
        on_date__gte=min(claim.paid_on for claim in claims) - EARLIER,
        reverses__isnull=True, reversed_by__isnull=True,
    )  # fmt: skip
    found: dict[tuple[int, str], list[tuple[date, int]]] = defaultdict(list)
    for customer_id, currency, day, minor in rows.order_by("on_date", "id").values_list(
        "customer_id", "currency", "on_date", "amount_minor"
    ):
        found[customer_id, currency].append((day, -minor))
    return found


def _arrived(claim: _Claim, came: Collection[tuple[date, int]]) -> date | None:
    """The day on which the payment was there: the amount at once, or in parts."""
    since = [(day, minor) for day, minor in came if day >= claim.paid_on - EARLIER]
    for day, minor in since:
        if minor == claim.amount_minor:
            return day
    total = 0
    for day, minor in since:
        total += minor
        if total >= claim.amount_minor:
            return day
    return None


def _close(claim: _Claim, arrived: date, on: date) -> None:
    row = claim.reply
    case = row.case
    if case is None:
        return
    amount = Money(claim.amount_minor, case.currency)
    told = Sentence("claim.arrived", {"amount": amount, "day": claim.paid_on, "arrived": arrived})
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
        "arrived": arrived.isoformat(),
    }  # fmt: skip
    event_record(row.organization_id, Happening("claim.arrived", on, "amiable", case.pk, payload))
