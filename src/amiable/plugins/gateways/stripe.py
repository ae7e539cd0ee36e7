"""Stripe: payments on its own page (Checkout), by card and what else is switched on there.

https://docs.stripe.com/api/checkout/sessions
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from amiable.core.payouts import PayoutRow
from amiable.plugins.channels._hosts import is_near
from amiable.plugins.gateways._stripe_payouts import payouts_told
from amiable.plugins.inbound import HookRefusedError, HookRequest
from amiable.plugins.paying import GatewayError, Means, Opened, Order, Seen, Standing

if TYPE_CHECKING:  # the library takes half a second to load: only who pays or is told waits for it
    from stripe import Charge, StripeClient
    from stripe.checkout import Session

_TRIES, _SECONDS = 2, 15  # of a request that fails on its way; an order's key makes them one
_EXPAND = ["payment_intent.latest_charge"]
_MEANS: dict[str, Means] = {
    "card": "card", "sepa_debit": "direct_debit", "customer_balance": "transfer",
}  # fmt: skip
_TAKEN = {"needs_response", "under_review", "lost"}
_READS = "stripe://SECRET_KEY@api.stripe.com?webhook_secret=whsec_..."


class StripeGateway:
    """Config: `key`, `webhook_secret`, `address` of the API, `is_test`, `origins`."""

    code = "stripe"
    label = "Stripe"
    schemes = frozenset({"stripe", "stripe+http"})

    def configure(self, url: str) -> dict[str, Any]:
        """stripe://SECRET_KEY@api.stripe.com?webhook_secret=whsec_...; stripe+http:// is for
        servers of one's own network (tests)."""
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        key, host = unquote(parts.username or ""), parts.hostname or ""
        secret = options.pop("webhook_secret", "")
        if not key.startswith(("sk_", "rk_")) or not host or not secret or options:
            raise ValueError(f"a Stripe account reads {_READS}")
        plain = parts.scheme == "stripe+http"
        if plain and not is_near(host):
            raise ValueError("stripe+http is for this machine or network: write stripe://")
        place = host if parts.port is None else f"{host}:{parts.port}"
        address = f"{'http' if plain else 'https'}://{place}"
        origin = address if plain else "https://checkout.stripe.com"
        return {
            "key": key, "webhook_secret": secret, "address": address,
            "is_test": "_test_" in key, "origins": [origin],
        }  # fmt: skip

    def open(self, config: Mapping[str, Any], order: Order) -> Opened:
        """Ask for a payment; the order's key is Stripe's idempotency key too."""
        params: dict[str, Any] = {
            "mode": "payment",
            "client_reference_id": order.key,
            "success_url": order.return_url,
            "cancel_url": order.return_url,
            "locale": order.language,
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": order.currency.lower(),
                        "unit_amount": order.amount_minor,
                        "product_data": {"name": order.subject[:250]},
                    },
                }
            ],
            "payment_intent_data": {"description": order.subject[:500]},
        }
        if order.email:
            params["customer_email"] = order.email
        with _told():
            made = _api(config).v1.checkout.sessions.create(
                cast("Any", params), {"idempotency_key": order.key}
            )
        return Opened(made.id, made.url or "")

    def look(self, config: Mapping[str, Any], provider_id: str) -> Seen:
        """How it stands: of its page, of the payment made on it, and of what went back since."""
        api = _api(config)
        with _told():
            session = api.v1.checkout.sessions.retrieve(provider_id, {"expand": _EXPAND})
            charge = _charge(session)
            contested = _contested(api, charge) if charge is not None else 0
        if charge is None or not charge.paid:
            detail = str(getattr(charge, "failure_message", None) or "")
            return Seen(_standing(session, charge), detail=detail)
        details = getattr(charge, "payment_method_details", None)
        kind = details.type if details else "card"
        return Seen(
            _standing(session, charge),
            payment_id=str(charge.payment_intent or charge.id),
            amount_minor=charge.amount,
            currency=charge.currency.upper(),
            means=_MEANS.get(kind, "other"),
            paid_at=datetime.fromtimestamp(charge.created, UTC),
            back_minor=min(charge.amount, charge.amount_refunded + contested),
            back_reason="chargeback" if contested else "refund",
        )

    def hook(self, config: Mapping[str, Any], request: HookRequest) -> tuple[str, ...]:
        """Which payments an event speaks of: its own session, or that of a charge."""
        import stripe

        signature = request.headers.get("stripe-signature", "")
        try:
            text = request.body.decode()
            stripe.WebhookSignature.verify_header(
                text, signature, config["webhook_secret"], stripe.Webhook.DEFAULT_TOLERANCE
            )
            event = json.loads(text)
            kind, about = str(event["type"]), dict(event["data"]["object"])
        except stripe.SignatureVerificationError as error:
            raise HookRefusedError("the signature is not of this account") from error
        except (ValueError, KeyError, TypeError) as error:
            raise HookRefusedError("this is no event of Stripe", 400) from error
        if kind.startswith("checkout.session."):
            return (str(about.get("id")),)
        if kind.startswith("charge."):
            return self._sessions_of(config, str(about.get("payment_intent") or ""))
        return ()

    def payouts(
        self, config: Mapping[str, Any], *, since: date, known: Collection[str]
    ) -> list[PayoutRow]:
        """Payouts with their balance transactions. Raises GatewayError."""
        with _told():
            return payouts_told(_api(config), since=since, known=known)

    def _sessions_of(self, config: Mapping[str, Any], intent: str) -> tuple[str, ...]:
        if not intent:
            return ()
        try:
            with _told():
                found = _api(config).v1.checkout.sessions.list({"payment_intent": intent})
        except GatewayError as error:
            raise HookRefusedError(str(error), 503) from error
        return tuple(session.id for session in found.data)


def _api(config: Mapping[str, Any]) -> StripeClient:
    import stripe

    return stripe.StripeClient(
        config["key"],
        base_addresses={"api": config["address"]},
        max_network_retries=_TRIES,
        http_client=stripe.RequestsClient(timeout=_SECONDS),
    )


@contextmanager
def _told() -> Iterator[None]:
    """What the library raises, as a GatewayError; keys are never part of it."""
    import stripe

    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError) as error:
        raise GatewayError(type(error).__name__, is_passing=True) from error
    except stripe.StripeError as error:
        said = f"{type(error).__name__} {error.code or ''}".strip()
        raise GatewayError(said, is_passing=False) from error


def _charge(session: Session) -> Charge | None:
    intent = session.payment_intent
    return cast("Any", intent).latest_charge if intent and not isinstance(intent, str) else None


def _contested(api: StripeClient, charge: Charge) -> int:
    """What cardholders took back through their banks; what was won again does not count."""
    if not getattr(charge, "disputed", False):
        return 0
    disputes = api.v1.disputes.list({"charge": charge.id}).data
    return sum(each.amount for each in disputes if each.status in _TAKEN)


def _standing(session: Session, charge: Charge | None) -> Standing:
    if session.payment_status == "paid" or (charge is not None and charge.paid):
        return "paid"
    if session.status == "expired":
        return "expired"
    if session.status == "complete":
        return "failed" if charge is not None and charge.status == "failed" else "processing"
    return "open"


PLUGIN = StripeGateway()
