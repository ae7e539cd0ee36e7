"""Payment online at Stripe, against a stateful server that behaves like it; faults on the way."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from amiable.plugins.gateways.stripe import PLUGIN
from amiable.plugins.inbound import HookRefusedError, HookRequest
from amiable.plugins.paying import GatewayError, Order
from amiable.plugins.registry import plugins
from tests.plugins.stripe_server import DECLINED, LATE, SECRET, Stripe, stripe_server


@pytest.fixture(scope="module")
def stripe() -> Iterator[Stripe]:
    with stripe_server() as server:
        yield server


@pytest.fixture
def config(stripe):
    return PLUGIN.configure(stripe.url())


def order(key: str, amount_minor: int = 15_000) -> Order:
    return Order(key, amount_minor, "EUR", "Atelier - FA-1", "fr", "http://127.0.0.1:1/back")


def event(kind: str, secret: str = SECRET, at: float | None = None, **about) -> HookRequest:
    """A call as Stripe signs it."""
    body = json.dumps({"object": "event", "type": kind, "data": {"object": about}}).encode()
    at = int(time.time() if at is None else at)
    sign = hmac.new(secret.encode(), b"%d.%s" % (at, body), hashlib.sha256).hexdigest()
    headers = {"stripe-signature": f"t={at},v1={sign}"}
    return HookRequest("POST", "/hooks/gateways/stripe/", headers, {}, body)


@pytest.mark.parametrize("code", plugins("gateways"))
def test_every_gateway_says_what_its_address_lacks(code):
    gateway = plugins("gateways")[code]
    assert gateway.code == code
    assert gateway.label
    for url in (f"{scheme}://" for scheme in gateway.schemes):
        with pytest.raises(ValueError, match="reads"):
            gateway.configure(url)


def test_a_key_never_travels_in_clear_beyond_the_network():
    with pytest.raises(ValueError, match="stripe://"):
        PLUGIN.configure("stripe+http://sk_live_x@api.stripe.com?webhook_secret=w")


def test_a_test_key_is_known_as_one():
    assert PLUGIN.configure("stripe://sk_test_x@api.stripe.com?webhook_secret=w")["is_test"]
    assert not PLUGIN.configure("stripe://rk_live_x@api.stripe.com?webhook_secret=w")["is_test"]


def test_the_same_order_twice_is_one_payment(config):
    assert PLUGIN.open(config, order("twice")) == PLUGIN.open(config, order("twice"))


def test_a_payment_is_followed_from_its_page_to_its_money(stripe, config):
    name = PLUGIN.open(config, order("follow")).provider_id
    assert PLUGIN.look(config, name).standing == "open"
    assert stripe.pay(name, DECLINED)[0] == 402
    assert PLUGIN.look(config, name).standing == "open"
    assert PLUGIN.look(config, name).detail == "Your card was declined."
    assert stripe.pay(name) == (303, "http://127.0.0.1:1/back")
    seen = PLUGIN.look(config, name)
    assert (seen.standing, seen.amount_minor, seen.currency) == ("paid", 15_000, "EUR")
    assert (seen.means, seen.back_minor) == ("card", 0)
    assert seen.paid_at.tzinfo is not None


def test_a_direct_debit_is_on_its_way_until_it_comes_or_fails(stripe, config):
    names = [PLUGIN.open(config, order(f"debit-{i}")).provider_id for i in range(2)]
    for name in names:
        stripe.pay(name, LATE)
        assert PLUGIN.look(config, name).standing == "processing"
    stripe.settle(names[0])
    stripe.settle(names[1], is_paid=False)
    paid, failed = (PLUGIN.look(config, name) for name in names)
    assert (paid.standing, paid.means) == ("paid", "direct_debit")
    assert (failed.standing, failed.detail) == ("failed", "insufficient funds")


def test_money_that_went_back_is_seen_until_it_is_won_again(stripe, config):
    name = PLUGIN.open(config, order("back")).provider_id
    stripe.pay(name)
    intent = PLUGIN.look(config, name).payment_id
    stripe.refund(intent, 2_000)
    assert PLUGIN.look(config, name).back_minor == 2_000
    stripe.contest(intent, "needs_response")
    seen = PLUGIN.look(config, name)
    assert (seen.back_minor, seen.back_reason) == (15_000, "chargeback")
    stripe.contest(intent, "won")
    assert PLUGIN.look(config, name).back_minor == 2_000


def test_a_call_names_its_payments_and_nothing_else(stripe, config):
    name = PLUGIN.open(config, order("told")).provider_id
    stripe.pay(name)
    intent = PLUGIN.look(config, name).payment_id
    told = event("checkout.session.completed", id=name)
    assert PLUGIN.hook(config, told) == (name,)
    refunded = event("charge.refunded", id="ch_1", payment_intent=intent)
    assert PLUGIN.hook(config, refunded) == (name,)
    assert PLUGIN.hook(config, event("charge.refunded", id="ch_1")) == ()
    assert PLUGIN.hook(config, event("customer.created", id="cus_1")) == ()


@pytest.mark.parametrize(
    "call",
    [
        event("checkout.session.completed", secret="whsec_other", id="cs_1"),
        event("checkout.session.completed", at=time.time() - 3600, id="cs_1"),
        HookRequest("POST", "/", {}, {}, b"{}"),
        HookRequest("POST", "/", {"stripe-signature": "t=x,v1=y"}, {}, b"{}"),
    ],
    ids=["another secret", "an old call", "unsigned", "nonsense"],
)
def test_a_call_that_proves_nothing_is_refused(config, call):
    with pytest.raises(HookRefusedError) as refusal:
        PLUGIN.hook(config, call)
    assert refusal.value.status == 403


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"type": "checkout.session.completed"}'])
def test_a_signed_call_that_is_no_event_is_refused(config, body):
    at = int(time.time())
    sign = hmac.new(SECRET.encode(), b"%d.%s" % (at, body), hashlib.sha256).hexdigest()
    call = HookRequest("POST", "/", {"stripe-signature": f"t={at},v1={sign}"}, {}, body)
    with pytest.raises(HookRefusedError):
        PLUGIN.hook(config, call)


def test_a_gateway_that_cannot_be_reached_may_be_asked_again(monkeypatch):
    monkeypatch.setattr("amiable.plugins.gateways.stripe._TRIES", 0)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = PLUGIN.configure(Stripe(port).url())
    with pytest.raises(GatewayError) as error:
        PLUGIN.open(config, order("nobody"))
    assert error.value.is_passing


def test_a_gateway_that_says_nothing_is_not_waited_for_long(monkeypatch):
    monkeypatch.setattr("amiable.plugins.gateways.stripe._TRIES", 0)
    monkeypatch.setattr("amiable.plugins.gateways.stripe._SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        config = PLUGIN.configure(Stripe(silent.getsockname()[1]).url())
        thread = threading.Thread(target=silent.accept, daemon=True)
        thread.start()
        with pytest.raises(GatewayError) as error:
            PLUGIN.look(config, "cs_1")
    assert error.value.is_passing


def test_a_payment_that_is_not_known_there_is_not_asked_for_again(config):
    with pytest.raises(GatewayError) as error:
        PLUGIN.look(config, "cs_live_unknown")
    assert not error.value.is_passing
    assert "sk_live" not in str(error.value)
