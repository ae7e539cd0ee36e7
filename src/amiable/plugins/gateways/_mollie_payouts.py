"""Mollie's settlements, with the payments, refunds, captures and chargebacks of each.

https://docs.mollie.com/reference/list-settlements, .../list-settlement-payments and so on: what
Mollie keeps is told by month and method (`periods`), not by payment.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote, urlsplit

from amiable.core.money import AmountError, minor
from amiable.core.payouts import PartKind, PayoutPart, PayoutRow, PayoutStanding
from amiable.plugins.paying import GatewayError

Ask = Callable[[str], Mapping[str, Any]]
PAGE, MOST_PAGES = 50, 1_000
STANDINGS: dict[str, PayoutStanding] = {
    "pending": "on_its_way", "paidout": "paid", "failed": "failed",
}  # fmt: skip
KINDS: dict[str, PartKind] = {
    "payments": "payment", "captures": "payment", "refunds": "refund", "chargebacks": "chargeback",
}  # fmt: skip


def payouts_told(ask: Ask, *, since: date, known: Collection[str]) -> list[PayoutRow]:
    """The rows that `PaysOut.payouts` promises; the open settlement still changes and is left."""
    try:
        return list(_rows(ask, since=since, known=known))
    except (KeyError, TypeError, ValueError, AmountError, InvalidOperation) as error:
        raise GatewayError("a settlement is not what is documented", is_passing=False) from error


def _rows(ask: Ask, *, since: date, known: Collection[str]) -> Iterator[PayoutRow]:
    for told in _listed(ask, f"/v2/settlements?limit={PAGE}", "settlements"):
        standing = STANDINGS.get(str(told["status"]))
        if standing is None:
            continue
        settled = _day(told.get("settledAt") or told["createdAt"])
        if settled < since:  # the newest come first
            return
        # What the bank shows, and the settlement report.
        name = str(told.get("reference") or told["id"])
        currency = str(told["amount"]["currency"])
        parts = () if name in known else tuple(_parts(ask, told))
        yield PayoutRow(
            line=0,
            provider="mollie",
            name=name,
            currency=currency,
            net_minor=_minor(told["amount"]),
            arrives_on=settled,
            parts=parts,
            reference=str(told["id"]),
            standing=standing,
        )


def _parts(ask: Ask, told: Mapping[str, Any]) -> Iterator[PayoutPart]:
    name = quote(str(told["id"]), safe="")
    captured: set[str] = set()
    for kind in ("captures", "payments", "refunds", "chargebacks"):
        for moved in _listed(ask, f"/v2/settlements/{name}/{kind}?limit={PAGE}", kind):
            # A payment that is captured later is in both lists, for the same money.
            if kind == "captures":
                captured.add(str(moved["paymentId"]))
            elif kind == "payments" and moved["id"] in captured:
                continue
            yield _part(KINDS[kind], moved)
    yield from _costs(told)


def _part(kind: PartKind, moved: Mapping[str, Any]) -> PayoutPart:
    """A movement: what is settled of it, which is less than it when another currency was paid."""
    settled = _minor(moved.get("settlementAmount") or moved["amount"])
    details = moved.get("details")
    told = details if isinstance(details, Mapping) else {}
    return PayoutPart(
        name=str(moved["id"]),
        kind=kind,
        amount_minor=settled if kind == "payment" else -abs(settled),
        reference=str(moved.get("paymentId") or moved["id"]),
        on=_day(moved.get("paidAt") or moved["createdAt"]),
        label=str(moved.get("description") or ""),
        payer_name=str(told.get("consumerName") or told.get("cardHolder") or ""),
    )


def _costs(told: Mapping[str, Any]) -> Iterator[PayoutPart]:
    """What Mollie keeps, each cost of each month once, VAT included."""
    for year, months in dict(told.get("periods") or {}).items():
        for month, period in dict(months).items():
            for number, cost in enumerate(period.get("costs") or ()):
                yield PayoutPart(
                    name=f"cost-{year}-{month}-{number}",
                    kind="fee",
                    amount_minor=-_minor(cost["amountGross"]),
                    label=str(cost.get("description") or ""),
                )


def _listed(ask: Ask, path: str, kind: str) -> Iterator[Mapping[str, Any]]:
    """All of a list, page by page. Raises GatewayError when it does not end."""
    seen = set()
    for _ in range(MOST_PAGES):
        found = ask(path)
        yield from found["_embedded"][kind]
        following = (found.get("_links") or {}).get("next")
        if not following:
            return
        # Only the path: the key goes to the server that is configured, wherever a page points.
        parts = urlsplit(str(following["href"]))
        path = f"{parts.path}?{parts.query}"
        if path in seen:
            break
        seen.add(path)
    raise GatewayError("Mollie's pages do not end", is_passing=False)


def _day(moment: Any) -> date:
    return datetime.fromisoformat(str(moment)).date()


def _minor(amount: Mapping[str, Any]) -> int:
    return minor(Decimal(str(amount["value"])), str(amount["currency"]))
