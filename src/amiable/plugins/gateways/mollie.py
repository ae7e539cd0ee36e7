"""Mollie: payments on its own page, by card, direct debit, transfer and what else is switched on.

https://docs.mollie.com/reference/create-payment, .../get-payment, .../webhooks: a call names a
payment and says nothing else, so that a forged one tells us nothing.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from amiable.core.money import AmountError, major, minor
from amiable.core.payouts import PayoutRow
from amiable.plugins.channels._calls import NoAnswerError, NothingSentError, asked
from amiable.plugins.channels._hosts import is_near
from amiable.plugins.gateways._mollie_payouts import payouts_told
from amiable.plugins.inbound import HookRefusedError, HookRequest
from amiable.plugins.paying import GatewayError, Means, Opened, Order, Seen, Standing

LARGEST_ANSWER = 262_144  # octets
_SECONDS = 15
_READS = "mollie://live_KEY@api.mollie.com?access_token=access_..."
_LOCALES = {"fr": "fr_FR", "en": "en_US"}
_MEANS: dict[str, Means] = {
    "creditcard": "card", "directdebit": "direct_debit", "banktransfer": "transfer",
}  # fmt: skip
_STANDINGS: dict[str, Standing] = {
    "open": "open", "pending": "processing", "authorized": "processing", "paid": "paid",
    "failed": "failed", "canceled": "failed", "expired": "expired",
}  # fmt: skip


class MollieGateway:
    """Config: `key`, `access_token` (of the organization, which alone may ask for settlements; ""
    = none), `host`, `port`, `secure`, `timeout`, `ca_file`, `is_test`, `origins`."""

    code = "mollie"
    label = "Mollie"
    schemes = frozenset({"mollie", "mollie+http"})

    def configure(self, url: str) -> dict[str, Any]:
        """mollie://live_KEY@api.mollie.com?access_token=access_...; mollie+http:// is for servers
        of one's own network (tests)."""
        parts = urlsplit(url)
        key, host = unquote(parts.username or ""), parts.hostname or ""
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        token = options.pop("access_token", "")
        wrong = options or (token and not token.startswith("access_"))
        if not key.startswith(("live_", "test_")) or not host or wrong:
            raise ValueError(f"a Mollie account reads {_READS}")
        secure = parts.scheme == "mollie"
        if not secure and not is_near(host):
            raise ValueError("mollie+http is for this machine or network: write mollie://")
        port = parts.port or (443 if secure else 80)
        return {
            "key": key, "access_token": token, "host": host, "port": port, "secure": secure,
            "timeout": _SECONDS, "ca_file": "", "is_test": key.startswith("test_"),
            "origins": ["https://*.mollie.com"] if secure else [f"http://{host}:{port}"],
        }  # fmt: skip

    def open(self, config: Mapping[str, Any], order: Order) -> Opened:
        """Ask for a payment; the order's key is Mollie's idempotency key too."""
        wanted = {
            "amount": {
                "currency": order.currency, "value": major(order.amount_minor, order.currency)
            },
            "description": order.subject[:255],
            "redirectUrl": order.return_url,
            "webhookUrl": order.notify_url,
            "locale": _LOCALES.get(order.language, "en_US"),
            "metadata": {"key": order.key},
        }  # fmt: skip
        made = _asked(config, "POST", "/v2/payments", wanted, order.key)
        try:
            return Opened(str(made["id"]), str(made["_links"]["checkout"]["href"]))
        except (KeyError, TypeError) as error:
            raise GatewayError("the answer holds no page to pay on", is_passing=False) from error

    def look(self, config: Mapping[str, Any], provider_id: str) -> Seen:
        """How it stands, with what went back since."""
        found = _asked(config, "GET", f"/v2/payments/{quote(provider_id, safe='')}")
        standing = _STANDINGS.get(str(found.get("status")))
        if standing is None:
            raise GatewayError("the payment stands as nothing that is known", is_passing=False)
        if standing != "paid":
            return Seen(standing, detail=_detail(found))
        try:
            amount, currency = _minor(found["amount"]), str(found["amount"]["currency"])
            refunded, charged = _minor(found.get("amountRefunded")), _charged(found)
            paid_at = datetime.fromisoformat(str(found["paidAt"]))
        except (KeyError, TypeError, ValueError, AmountError, InvalidOperation) as error:
            raise GatewayError("the payment has no amount or no day", is_passing=False) from error
        return Seen(
            standing,
            payment_id=str(found["id"]),
            amount_minor=amount,
            currency=currency,
            means=_MEANS.get(str(found.get("method")), "other"),
            paid_at=paid_at,
            back_minor=min(amount, refunded + charged),
            back_reason="chargeback" if charged else "refund",
        )

    def payouts(
        self, config: Mapping[str, Any], *, since: date, known: Collection[str]
    ) -> list[PayoutRow]:
        """Settlements with what they hold. Raises GatewayError."""
        if not config["access_token"]:
            return []
        asking = {**config, "key": config["access_token"]}
        return payouts_told(lambda path: _asked(asking, "GET", path), since=since, known=known)

    def hook(
        self,
        config: Mapping[str, Any],  # noqa: ARG002  # nothing is signed
        request: HookRequest,
    ) -> tuple[str, ...]:
        """The payment that a call names: only those that we began are looked at."""
        try:
            sent = dict(parse_qsl(request.body.decode("ascii"), max_num_fields=10))
        except ValueError as error:
            raise HookRefusedError("this names no payment", 400) from error
        name = sent.get("id", "")
        if not name.isascii() or not name.startswith("tr_") or len(name) > 64:
            raise HookRefusedError("this names no payment", 400)
        return (name,)


def _asked(
    config: Mapping[str, Any], method: str, path: str, body: Any = None, key: str = ""
) -> dict[str, Any]:
    """The answer's JSON object. Raises GatewayError; what it says never holds the account's key."""
    headers = {"Authorization": f"Bearer {config['key']}", "Accept": "application/json"}
    if key:
        headers |= {"Content-Type": "application/json", "Idempotency-Key": key}
    octets = json.dumps(body).encode() if body is not None else None
    try:
        said = asked(config, method, path, headers=headers, body=octets, largest=LARGEST_ANSWER)
    except (NothingSentError, NoAnswerError) as error:
        raise GatewayError(type(error).__name__, is_passing=True) from error
    if said.status not in {200, 201}:
        passing = said.status == 429 or said.status >= 500
        raise GatewayError(f"Mollie answers {said.status}", is_passing=passing)
    try:
        found = json.loads(said.octets)
    except (ValueError, RecursionError) as error:
        raise GatewayError("the answer is no JSON", is_passing=True) from error
    if not isinstance(found, dict):
        raise GatewayError("the answer is not what is documented", is_passing=False)
    return found


def _minor(amount: Any) -> int:
    """Minor units of {"value", "currency"}; 0 of nothing."""
    if amount is None:
        return 0
    return minor(Decimal(str(amount["value"])), str(amount["currency"]))


def _charged(found: Mapping[str, Any]) -> int:
    return abs(_minor(found.get("amountChargedBack")))


def _detail(found: Mapping[str, Any]) -> str:
    """Why a payment failed, as far as it is told."""
    details = found.get("details")
    told = details if isinstance(details, Mapping) else {}
    return str(told.get("failureReason") or told.get("bankReasonCode") or "")[:200]


PLUGIN = MollieGateway()
