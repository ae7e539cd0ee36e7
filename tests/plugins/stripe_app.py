"""localstripe, a stateful server that behaves like Stripe's API, with what it lacks: the sessions of
Checkout and their page (a card number, a button), refunds and disputes that are told, payouts with
the balance transactions that they hold.

`python -m tests.plugins.stripe_app PORT`
"""

from __future__ import annotations

import sys
import time

from aiohttp import web
from localstripe import resources, server
from localstripe.errors import UserError
from localstripe.webhooks import schedule_webhook

ASKED: dict[str, str] = {}  # session by idempotency key
PAYOUTS: dict[str, dict[str, object]] = {}
MOVED: dict[str, list[dict[str, object]]] = {}  # balance transactions by payout
DISPUTES: dict[str, dict[str, object]] = {}  # by charge
routes = web.RouteTableDef()


class Session(resources.StripeObject):
    """A payment on Stripe's page. Names with an underscore are not shown by the API."""

    object = "checkout.session"
    _id_prefix = "cs_live_"

    def __init__(self, line_items, success_url, client_reference_id, **more):
        super().__init__()
        (item,) = line_items
        assert more["mode"] == "payment"
        self.livemode = True
        self.client_reference_id = client_reference_id
        self.amount_total = int(item["price_data"]["unit_amount"])
        self.currency = item["price_data"]["currency"]
        self.success_url = success_url
        self.url = f"http://127.0.0.1:{sys.argv[1]}/_config/pay/{self.id}"
        self.status, self.payment_status, self.payment_intent = "open", "unpaid", None
        self._subject = item["price_data"]["product_data"]["name"]
        self._by = {}

    def _charge(self):
        method = resources.PaymentMethod(**self._by)
        intent = resources.PaymentIntent(
            amount=self.amount_total, currency=self.currency, payment_method=method.id
        )
        self.payment_intent = intent.id
        resources.PaymentIntent._api_confirm(intent.id)
        intent.latest_charge.payment_method_details = {"type": method.type}
        intent.latest_charge.disputed = False
        self.status, self.payment_status = "complete", "paid"

    def _fail(self):
        method = resources.PaymentMethod(**self._by)
        intent = resources.PaymentIntent(amount=self.amount_total, currency=self.currency)
        charge = resources.Charge(
            amount=self.amount_total, currency=self.currency, source=method.id
        )
        charge.status, charge.failure_message = "failed", "insufficient funds"
        intent.latest_charge, self.payment_intent = charge, intent.id

    def _tell(self, kind):
        schedule_webhook(resources.Event(f"checkout.session.{kind}", self))


class Told:
    """An object of an event."""

    def __init__(self, **shown):
        self.shown = shown

    def _export(self):
        return self.shown


class Refund(resources.Refund):
    """A refund that is told."""

    def __init__(self, **data):
        super().__init__(**data)
        charge = resources.Charge._api_retrieve(self.charge)
        schedule_webhook(resources.Event("charge.refunded", charge))


def _session(request) -> Session:
    return Session._api_retrieve(request.match_info["id"])


def _listed(shown: list[dict[str, object]]):
    return server.json_response({"object": "list", "data": shown, "has_more": False})


@routes.post("/v1/checkout/sessions")
async def create(request):
    data = await server.get_post_data(request)
    key = request.headers["Idempotency-Key"]
    if key not in ASKED:
        ASKED[key] = Session(**data).id
    return server.json_response(Session._api_retrieve(ASKED[key])._export())


@routes.get("/v1/checkout/sessions/{id}")
async def retrieve(request):
    shown = _session(request)._export()
    if intent := shown["payment_intent"]:
        shown["payment_intent"] = resources.PaymentIntent._api_retrieve(intent)._export()
    return server.json_response(shown)


@routes.get("/v1/checkout/sessions")
async def listed(request):
    intent = request.query["payment_intent"]
    sessions = [each for each in server.store.values() if isinstance(each, Session)]
    return _listed([each._export() for each in sessions if each.payment_intent == intent])


@routes.get("/v1/disputes")
async def disputes(request):
    return _listed(
        [each for each in DISPUTES.values() if each["charge"] == request.query["charge"]]
    )


@routes.post("/v1/refunds")
async def refund(request):
    data = await server.get_post_data(request)
    return server.json_response(Refund(**data)._export())


@routes.post("/_config/outside")
async def outside(request):
    """A card pays past our page."""
    asked = await request.post()
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"}
    method = resources.PaymentMethod(type="card", card=card)
    intent = resources.PaymentIntent(
        amount=int(asked["amount"]), currency="eur", payment_method=method.id
    )
    resources.PaymentIntent._api_confirm(intent.id)
    charge = intent.latest_charge
    charge.description, charge.billing_details = asked["description"], {"name": asked["name"]}
    return web.Response(text=intent.id)


@routes.post("/_config/payout")
async def payout(request):
    """Everything not paid out yet goes to the bank: 1.4 % and 25 cents are kept of each charge,
    a fee stands alone; `short` cents are missing without a word."""
    asked = await request.post()
    done = {each["id"] for rows in MOVED.values() for each in rows}
    rows = [_moved(each) for each in server.store.values()
            if isinstance(each, resources.BalanceTransaction) and each.id not in done]  # fmt: skip
    now, name = int(time.time()), f"po_test{len(PAYOUTS):08d}"
    rows.append(_row(f"txn_fee{len(PAYOUTS)}", -200, "fee", description="Radar (2026-11-01)"))
    net = sum(each["net"] for each in rows) - int(asked.get("short", 0))
    rows.append(_row(f"txn_out{len(PAYOUTS)}", -net, "payout", type="payout"))
    PAYOUTS[name] = {
        "id": name, "object": "payout", "amount": net, "currency": "eur", "created": now,
        "arrival_date": int(asked.get("arrives", now)), "automatic": True, "status": "in_transit",
        "trace_id": {"status": "pending", "value": None},
    }  # fmt: skip
    MOVED[name] = rows
    return web.Response(text=name)


def _row(name, amount, category, fee=0, **more):
    return {
        "id": name, "object": "balance_transaction", "amount": amount, "fee": fee,
        "net": amount - fee, "created": int(time.time()), "reporting_category": category,
        "type": category, "source": None, "description": "", **more,
    }  # fmt: skip


def _moved(transaction):
    kind = resources.Charge if transaction.source.startswith("ch_") else Refund
    fee = 25 + transaction.amount * 14 // 1000 if kind is resources.Charge else 0
    source = kind._api_retrieve(transaction.source)._export()
    return _row(
        transaction.id, transaction.amount, transaction.reporting_category, fee, source=source
    )


def _page(request, rows):
    """A page of a list, as `limit` and `starting_after` ask."""
    limit, after = int(request.query.get("limit", 10)), request.query.get("starting_after")
    start = 1 + [each["id"] for each in rows].index(after) if after else 0
    more = len(rows) > start + limit
    shown = {"object": "list", "url": request.path, "has_more": more}
    return server.json_response({**shown, "data": rows[start : start + limit]})


@routes.get("/v1/payouts")
async def payouts(request):
    since = int(request.query["arrival_date[gte]"])
    return _page(request, [e for e in PAYOUTS.values() if e["arrival_date"] >= since][::-1])


@routes.get("/v1/balance_transactions")
async def balance_transactions(request):
    assert request.query["expand[0]"] == "data.source"
    return _page(request, MOVED[request.query["payout"]])


@routes.post("/_config/paid/{id}")
async def paid(request):
    PAYOUTS[request.match_info["id"]]["status"] = (await request.post())["status"]
    return web.Response()


@routes.get("/_config/pay/{id}")
async def page(request):
    session = _session(request)
    text = (
        f"<!doctype html><html lang=fr><title>Pay</title><h1>{session._subject}</h1>"
        f"<p>{session.amount_total} {session.currency}</p>"
        f"<form method=post><label>Card or IBAN <input name=by></label>"
        f"<button>Pay</button></form><a href='{session.success_url}'>Back</a>"
    )
    return web.Response(text=text, content_type="text/html")


@routes.post("/_config/pay/{id}")
async def pay(request):
    session, by = _session(request), (await request.post())["by"]
    if session.status != "open":
        raise web.HTTPSeeOther(session.success_url)
    if by[:2].isalpha():
        session._by = {"type": "sepa_debit", "sepa_debit": {"iban": by}}
        session.status = "complete"
    else:
        card = {"number": by, "exp_month": 12, "exp_year": 2040, "cvc": "123"}
        session._by = {"type": "card", "card": card}
        try:
            session._charge()
        except UserError:
            return web.Response(status=402, text="Your card was declined.")
    session._tell("completed")
    raise web.HTTPSeeOther(session.success_url)


@routes.post("/_config/settle/{id}")
async def settle(request):
    """A debit that was on its way comes, or fails."""
    session = _session(request)
    is_paid = (await request.post())["is_paid"] == "1"
    session._charge() if is_paid else session._fail()
    session._tell("async_payment_succeeded" if is_paid else "async_payment_failed")
    return web.Response()


@routes.post("/_config/contest/{id}")
async def contest(request):
    intent = resources.PaymentIntent._api_retrieve(request.match_info["id"])
    charge = intent.latest_charge
    charge.disputed = True
    DISPUTES[charge.id] = {
        "id": "du_1", "object": "dispute", "charge": charge.id, "amount": charge.amount,
        "status": (await request.post())["status"],
    }  # fmt: skip
    told = Told(**DISPUTES[charge.id], payment_intent=intent.id)
    schedule_webhook(resources.Event("charge.dispute.updated", told))
    return web.Response()


def main() -> None:
    """Serve on loopback until ended. What it would keep in a file for its next start is not kept."""
    server.store.dump_to_disk = lambda: None
    app = web.Application(middlewares=[server.error_middleware, server.auth_middleware])
    app.add_routes(routes)  # before those of localstripe that they replace
    app.router.add_routes(
        web.RouteDef(route.method, route.resource.canonical, route.handler, {})
        for route in server.app.router.routes()
        if route.method != "HEAD" and route.resource.canonical != "/v1/refunds"
    )
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)


if __name__ == "__main__":
    main()
