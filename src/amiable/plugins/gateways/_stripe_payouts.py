"""Stripe's payouts and the balance transactions of each.

https://docs.stripe.com/payouts/reconciliation, https://docs.stripe.com/reports/reporting-categories:
only of automatic payouts does Stripe know what they hold.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar, cast

from amiable.core.payouts import PartKind, PayoutPart, PayoutRow, PayoutStanding
from amiable.plugins.paying import GatewayError

if TYPE_CHECKING:
    from stripe import StripeClient

_T = TypeVar("_T")
PAGE, MOST_PAYOUTS, MOST_PARTS = 100, 1_000, 50_000
# By reporting category; all others are adjustments.
KINDS: dict[str, PartKind] = {
    "charge": "payment", "refund": "refund", "refund_failure": "refund",
    "charge_failure": "refund", "partial_capture_reversal": "refund", "dispute": "chargeback",
    "dispute_reversal": "chargeback", "fee": "fee", "network_cost": "fee", "tax": "fee",
}  # fmt: skip
STANDINGS: dict[str, PayoutStanding] = {
    "pending": "on_its_way", "in_transit": "on_its_way", "paid": "paid", "failed": "failed",
    "canceled": "failed",
}  # fmt: skip


def payouts_told(api: StripeClient, *, since: date, known: Collection[str]) -> list[PayoutRow]:
    """The rows that `PaysOut.payouts` promises."""
    first = int(datetime.combine(since, time(), UTC).timestamp())
    asked = cast("Any", {"arrival_date": {"gte": first}, "limit": PAGE})
    found = _all(api.v1.payouts.list(asked).auto_paging_iter(), MOST_PAYOUTS)
    return [_row(api, each, is_known=each.id in known) for each in found]


def _row(api: StripeClient, payout: Any, *, is_known: bool) -> PayoutRow:
    parts: tuple[PayoutPart, ...] = ()
    if not is_known and payout.automatic:
        asked = cast("Any", {"payout": payout.id, "limit": PAGE, "expand": ["data.source"]})
        moved = _all(api.v1.balance_transactions.list(asked).auto_paging_iter(), MOST_PARTS)
        parts = tuple(_part(each) for each in moved if each.type != "payout")
    trace = getattr(payout, "trace_id", None)
    return PayoutRow(
        line=0,
        provider="stripe",
        name=payout.id,
        currency=payout.currency.upper(),
        net_minor=payout.amount,
        arrives_on=datetime.fromtimestamp(payout.arrival_date, UTC).date(),
        parts=parts,
        reference=str(getattr(trace, "value", None) or ""),
        standing=STANDINGS.get(payout.status, "on_its_way"),
    )


def _part(moved: Any) -> PayoutPart:
    """A balance transaction; `source` is expanded: the charge, refund or dispute behind it."""
    source = moved.source
    told = getattr(source, "billing_details", None)
    return PayoutPart(
        name=moved.id,
        kind=KINDS.get(moved.reporting_category, "adjustment"),
        amount_minor=moved.amount,
        fee_minor=moved.fee,
        reference=_payment(source),
        on=datetime.fromtimestamp(moved.created, UTC).date(),
        label=str(getattr(source, "description", None) or moved.description or ""),
        payer_name=str(getattr(told, "name", None) or ""),
    )


def _payment(source: Any) -> str:
    """The name under which a payment is entered (see the gateway's `look`)."""
    named = getattr(source, "payment_intent", None) or getattr(source, "charge", None)
    named = named or getattr(source, "id", None) or source or ""
    return str(named if isinstance(named, str) else named.id)


def _all(found: Iterable[_T], most: int) -> list[_T]:
    """All of a list that ends. Raises GatewayError."""
    rows = list(islice(found, most + 1))
    if len(rows) > most:
        raise GatewayError(f"Stripe's list has more than {most} entries", is_passing=False)
    return rows
