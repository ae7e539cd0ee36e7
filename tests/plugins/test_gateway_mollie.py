"""Payment online at Mollie, against a local server that behaves as its documentation says."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from amiable.plugins.gateways.mollie import PLUGIN
from amiable.plugins.inbound import HookRefusedError, HookRequest
from amiable.plugins.paying import GatewayError, Order
from tests.plugins.mollie_server import KEY, Mollie, mollie_server

EUR = {"currency": "EUR"}


@pytest.fixture
def mollie() -> Iterator[Mollie]:
    with mollie_server() as server:
        yield server


@pytest.fixture
def config(mollie):
    return PLUGIN.configure(mollie.url())


def order(key: str = "k", amount_minor: int = 15_000) -> Order:
    back, notify = "https://acme.example/p/x/", "https://acme.example/hooks/gateways/mollie/"
    return Order(key, amount_minor, "EUR", "Atelier - FA-1", "fr", back, notify)


def test_a_payment_is_asked_for_once_with_its_amount_and_addresses(mollie, config):
    opened = PLUGIN.open(config, order())
    assert PLUGIN.open(config, order()) == opened
    kept = mollie.payments[opened.provider_id]
    assert kept["amount"] == {"currency": "EUR", "value": "150.00"}
    assert kept["redirectUrl"] == "https://acme.example/p/x/"
    assert kept["webhookUrl"].endswith("/hooks/gateways/mollie/")
    assert (kept["locale"], kept["description"]) == ("fr_FR", "Atelier - FA-1")
    assert opened.url.endswith(opened.provider_id)


@pytest.mark.parametrize(
    ("status", "standing"),
    [("open", "open"), ("pending", "processing"), ("authorized", "processing"),
     ("failed", "failed"), ("canceled", "failed"), ("expired", "expired")],
)  # fmt: skip
def test_what_is_not_paid_is_known_as_what_it_is(mollie, config, status, standing):
    name = PLUGIN.open(config, order()).provider_id
    mollie.set(name, status, details={"failureReason": "insufficient_funds"})
    seen = PLUGIN.look(config, name)
    assert (seen.standing, seen.amount_minor) == (standing, 0)
    assert seen.detail == "insufficient_funds"


@pytest.mark.parametrize(
    ("method", "means"),
    [("creditcard", "card"), ("directdebit", "direct_debit"), ("banktransfer", "transfer"),
     ("bancontact", "other")],
)  # fmt: skip
def test_what_is_paid_tells_its_amount_day_and_means(mollie, config, method, means):
    name = PLUGIN.open(config, order()).provider_id
    mollie.set(name, "paid", method=method)
    seen = PLUGIN.look(config, name)
    assert (seen.standing, seen.payment_id, seen.amount_minor) == ("paid", name, 15_000)
    assert (seen.currency, seen.means) == ("EUR", means)
    assert seen.paid_at.isoformat() == "2026-11-20T09:14:37+00:00"


def test_what_went_back_counts_refunds_and_chargebacks(mollie, config):
    name = PLUGIN.open(config, order()).provider_id
    mollie.set(name, "paid", amountRefunded={**EUR, "value": "20.00"})
    assert PLUGIN.look(config, name).back_minor == 2_000
    mollie.set(name, "paid", amountChargedBack={**EUR, "value": "-150.00"})
    seen = PLUGIN.look(config, name)
    assert (seen.back_minor, seen.back_reason) == (15_000, "chargeback")


def test_a_call_names_a_payment_and_nothing_else(config):
    def call(body: bytes) -> tuple[str, ...]:
        return PLUGIN.hook(config, HookRequest("POST", "/", {}, {}, body))

    assert call(b"id=tr_5B8cwPMGnU") == ("tr_5B8cwPMGnU",)
    for body in (b"", b"id=", b"id=ord_1", b"{}", b"\xff", b"id=tr_" + b"x" * 90, b"a=1&" * 50):
        with pytest.raises(HookRefusedError):
            call(body)


@pytest.mark.parametrize(("fault", "passing"), [(500, True), (429, True), (422, False)])
def test_an_answer_that_refuses_says_whether_to_try_again(mollie, config, fault, passing):
    mollie.fault = fault
    with pytest.raises(GatewayError) as error:
        PLUGIN.open(config, order())
    assert error.value.is_passing is passing
    assert KEY not in str(error.value)


@pytest.mark.parametrize(
    "more",
    [{"status": "paid", "amount": None}, {"status": "paid", "paidAt": "soon"}, {"status": "moved"},
     {"status": "paid", "amount": {"value": "1e9999", "currency": "EUR"}}],
)  # fmt: skip
def test_an_answer_that_is_not_documented_is_an_error(mollie, config, more):
    name = PLUGIN.open(config, order()).provider_id
    mollie.payments[name] |= {"paidAt": "2026-11-20T09:14:37+00:00", **more}
    with pytest.raises(GatewayError):
        PLUGIN.look(config, name)


def test_another_key_and_an_unknown_payment_are_refused(mollie, config):
    with pytest.raises(GatewayError):
        PLUGIN.look(config, "tr_unknown")
    with pytest.raises(GatewayError, match="401"):
        PLUGIN.open(PLUGIN.configure(mollie.url(key="live_other")), order())


def test_a_gateway_that_cannot_be_reached_may_be_asked_again():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(GatewayError) as error:
        PLUGIN.open(PLUGIN.configure(Mollie(port).url()), order())
    assert error.value.is_passing


def test_a_key_never_travels_in_clear_beyond_the_network():
    with pytest.raises(ValueError, match="mollie://"):
        PLUGIN.configure("mollie+http://live_x@api.mollie.com")
    assert PLUGIN.configure("mollie://test_x@api.mollie.com")["is_test"]
