"""Payments online, from their beginning to the money: each follows what its gateway says now, so
that news that come late, twice or out of order change nothing.

Callers place and lift pauses and wake cases: payments do not know conversations.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.payments.models import Checkout, Payment
from amiable.apps.payments.services import (
    Cases,
    PaymentError,
    PaymentIn,
    payment_record,
    payment_return,
)
from amiable.apps.receivables.models import Installment
from amiable.apps.receivables.queries import installment_balances
from amiable.core.money import major
from amiable.plugins.paying import Opened, Seen

logger = logging.getLogger(__name__)
ACTOR = "portal"
State = Checkout.State
# A page that nobody finishes is asked about less and less often, and no more when it is over.
FIRST_LOOK, LAST_LOOK = timedelta(minutes=2), timedelta(days=3)
# A direct debit takes some working days to come or to fail.
SLOW_LOOK, LAST_SLOW_LOOK = timedelta(hours=6), timedelta(days=30)
LEASE = timedelta(minutes=5)
_BATCH = 50


@dataclass(frozen=True, slots=True)
class CheckoutIn:
    """A payment to begin; fields as of Checkout, `parts` = ((installment, amount), ...)."""

    customer_id: int
    case_id: int
    link_id: int
    gateway: str
    key: str
    amount_minor: int
    currency: str
    parts: tuple[tuple[int, int], ...]
    is_test: bool


def checkout_ask(organization_id: int, asked: CheckoutIn, *, now: datetime) -> Checkout:
    """Note that a payment is begun, before the gateway hears of it; the same key is the same
    one, as it was first asked."""
    row, _ = Checkout.objects.get_or_create(
        organization_id=organization_id,
        key=asked.key,
        defaults={
            "customer_id": asked.customer_id,
            "case_id": asked.case_id,
            "link_id": asked.link_id,
            "gateway": asked.gateway,
            "amount_minor": asked.amount_minor,
            "currency": asked.currency,
            "parts": [list(part) for part in asked.parts],
            "is_test": asked.is_test,
            "asked_at": now,
        },
    )
    return row


@transaction.atomic
def checkout_opened(row: Checkout, opened: Opened, *, now: datetime) -> None:
    """The gateway waits for the payment on a page of its own."""
    row.provider_id, row.url = opened.provider_id[:120], opened.url
    row.state, row.look_at = State.OPEN, now + FIRST_LOOK
    row.save(update_fields=["provider_id", "url", "state", "look_at"])
    _tell(row, "checkout.opened", on=timezone.localtime(now).date())


@transaction.atomic
def checkout_follow(checkout_id: int, seen: Seen, *, now: datetime, cases: Cases) -> Checkout:
    """Write down how a payment stands, with the money it brought or took back. Safe to repeat."""
    row = Checkout.objects.select_for_update(of=("self",)).get(id=checkout_id)
    on, before = timezone.localtime(now).date(), row.state
    if before != State.PAID or seen.standing == State.PAID:
        row.state = seen.standing
    row.detail = seen.detail[:300]
    row.look_at = _next_look(row, now)
    if row.state == State.PAID and not row.is_test:
        _follow_money(row, seen, on=on, cases=cases)
    row.save()
    if row.state != before:
        _tell(row, f"checkout.{row.state}", on=on)
    return row


def checkouts_due(now: datetime) -> list[tuple[int, int, str, str]]:
    """Payments of which the gateway is to be asked, as (id, organization, gateway, its name
    there), taken for the time of a lease."""
    with transaction.atomic():
        rows = Checkout.objects.filter(look_at__lte=now).order_by("look_at")
        locked = rows.select_for_update(skip_locked=True, no_key=True, of=("self",))
        fields = ("id", "organization_id", "gateway", "provider_id")
        found = list(locked.values_list(*fields)[:_BATCH])
        Checkout.objects.filter(id__in=[row[0] for row in found]).update(look_at=now + LEASE)
    return found


def checkouts_named(gateway: str, names: Collection[str]) -> list[tuple[int, int, str]]:
    """The payments of these names at a gateway, as (id, organization, name)."""
    rows = Checkout.objects.filter(gateway=gateway, provider_id__in=names)
    return list(rows.values_list("id", "organization_id", "provider_id"))


def _next_look(row: Checkout, now: datetime) -> datetime | None:
    age = max(now - row.asked_at, FIRST_LOOK)
    if row.state == State.OPEN:
        return now + age if age < LAST_LOOK else None
    if row.state == State.PROCESSING:
        return now + SLOW_LOOK if age < LAST_SLOW_LOOK else None
    return None


def _follow_money(row: Checkout, seen: Seen, *, on: date, cases: Cases) -> None:
    """Make the account show what was paid and is still there. Money that went back in part takes
    its payment back whole, and the rest is entered again on what stays paid."""
    name = f"{row.gateway}:{seen.payment_id}"
    made = _made(row, name)
    if made and seen.back_minor == row.back_minor:
        return
    if row.payment_id is not None:
        _take_back(row, seen, on=on, external_id=f"{name}:back:{made}", cases=cases)
    rest = seen.amount_minor - seen.back_minor
    row.back_minor, row.payment = seen.back_minor, None
    if rest > 0:
        incoming = PaymentIn(
            customer_id=row.customer_id,
            amount_minor=rest,
            currency=seen.currency,
            received_on=timezone.localtime(seen.paid_at).date() if seen.paid_at else on,
            external_id=f"{name}:{made}" if made else name,
            method=seen.means,
            reference=row.provider_id,
            parts=_parts(row, rest) if seen.currency == row.currency else (),
        )
        row.payment = payment_record(row.organization_id, incoming, on=on, actor=ACTOR, cases=cases)


def _made(row: Checkout, name: str) -> int:
    """How many payments were entered of this money."""
    rows = Payment.objects.filter(organization_id=row.organization_id)
    return rows.filter(Q(external_id=name) | Q(external_id__startswith=f"{name}:")).count()


def _take_back(row: Checkout, seen: Seen, *, on: date, external_id: str, cases: Cases) -> None:
    """What it had paid is open again; somebody may have taken the payment back by hand before."""
    try:
        payment_return(
            row.organization_id, row.payment_id or 0, on=on, reason_code=seen.back_reason,
            external_id=external_id, actor=ACTOR, cases=cases,
        )  # fmt: skip
    except PaymentError as error:
        logger.info("payment %s is not taken back again: %s", row.payment_id, error)


def _parts(row: Checkout, amount_minor: int) -> tuple[tuple[int, int], ...]:
    """What was chosen, as far as it is still open; what is over stays the customer's credit."""
    ids = [item_id for item_id, _ in row.parts]
    rows = Installment.objects.filter(organization_id=row.organization_id, id__in=ids)
    list(rows.select_for_update(no_key=True, of=("self",)).order_by("id").values_list("id"))
    opened = installment_balances(row.organization_id, ids)
    parts = []
    for item_id, wanted in row.parts:
        part = min(wanted, opened[item_id], amount_minor)
        if part > 0:
            parts.append((item_id, part))
            amount_minor -= part
    return tuple(parts)


def _tell(row: Checkout, kind: str, *, on: date) -> None:
    told = {
        "checkout": row.pk,
        "gateway": row.gateway,
        "amount": major(row.amount_minor, row.currency),
        "currency": row.currency,
        "detail": row.detail,
        "is_test": row.is_test,
    }
    event_record(row.organization_id, Happening(kind, on, ACTOR, row.case_id, told))
