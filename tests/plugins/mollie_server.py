"""A local server that behaves as Mollie documents its payments: kept by idempotency key, shown by
name, told by calls that hold a name and nothing else; its settlements are shown to an access token
of the organization, page by page."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

KEY, TOKEN = "live_amiableTests", "access_amiableTests"


@dataclass
class Mollie:
    """`payments` by name, `fault` = a status to answer everything with."""

    port: int = 0
    payments: dict[str, dict[str, Any]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # by idempotency key
    fault: int = 0
    settlements: list[dict[str, Any]] = field(default_factory=list)  # the newest first
    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by path
    page: int = 2  # the most entries of a page

    def settle(self, name: str, reference: str, *, net: str, fee: str, day: str, **lists: Any):
        """A settlement with its payments, refunds, captures and chargebacks."""
        cost = {"description": "Credit card - Domestic", "method": "creditcard", "count": 1,
                "amountGross": eur(fee)}  # fmt: skip
        made = {
            "resource": "settlement", "id": name, "reference": reference, "status": "paidout",
            "amount": eur(net), "createdAt": f"{day}T04:00:00+00:00",
            "settledAt": f"{day}T09:41:44+00:00", "periods": {day[:4]: {day[5:7]: {"costs": [cost]}}},
        }  # fmt: skip
        self.settlements.insert(0, made)
        for kind in ("payments", "refunds", "captures", "chargebacks"):
            self.lists[f"/v2/settlements/{name}/{kind}"] = lists.get(kind, [])
        return made

    def listed(self, path: str) -> dict[str, Any] | None:
        """A page of a list, as `from` asks."""
        parts = urlsplit(path)
        found = self.settlements if parts.path == "/v2/settlements" else self.lists.get(parts.path)
        if found is None:
            return None
        asked, names = parse_qs(parts.query), [each["id"] for each in found]
        start = names.index(asked["from"][0]) if "from" in asked else 0
        links, kind = {}, parts.path.rpartition("/")[2]
        if len(found) > start + self.page:
            after = f"https://api.mollie.com{parts.path}?from={names[start + self.page]}&limit=250"
            links = {"next": {"href": after, "type": "application/hal+json"}}
        return {"_embedded": {kind: found[start : start + self.page]}, "_links": links}

    def url(self, key: str = KEY, options: str = "") -> str:
        return f"mollie+http://{key}@127.0.0.1:{self.port}{options}"

    def make(self, asked: dict[str, Any], key: str) -> dict[str, Any]:
        if key not in self.names:
            name = f"tr_test{len(self.payments):04d}"
            page = f"http://127.0.0.1:{self.port}/pay/{name}"
            self.names[key] = name
            self.payments[name] = {
                **asked, "id": name, "resource": "payment", "status": "open", "mode": "live",
                "method": None, "_links": {"checkout": {"href": page, "type": "text/html"}},
            }  # fmt: skip
        return self.payments[self.names[key]]

    def set(self, name: str, status: str, **more: Any) -> None:
        self.payments[name] |= {"status": status, **more}
        if status == "paid":
            self.payments[name].setdefault("paidAt", "2026-11-20T09:14:37+00:00")

    def call(self, name: str) -> int:
        """Tell the address that came with the payment; returns its answer."""
        request = urllib.request.Request(
            self.payments[name]["webhookUrl"], urlencode({"id": name}).encode()
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status


def eur(value: str) -> dict[str, str]:
    return {"value": value, "currency": "EUR"}


@contextmanager
def mollie_server() -> Iterator[Mollie]:
    mollie = Mollie()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(201, mollie.make(body, self.headers["Idempotency-Key"]))

        def do_GET(self) -> None:
            if self.path.startswith("/v2/settlements"):
                found, key = mollie.listed(self.path), TOKEN
            else:
                found, key = mollie.payments.get(self.path.rpartition("/")[2]), KEY
            shown = found or {"status": 404, "title": "Not Found"}
            self._answer(200 if found else 404, shown, key)

        def _answer(self, status: int, shown: dict[str, Any], key: str = KEY) -> None:
            if self.headers["Authorization"] != f"Bearer {key}":
                status, shown = 401, {"status": 401, "title": "Unauthorized Request"}
            if mollie.fault:
                status, shown = mollie.fault, {"status": mollie.fault}
            content = json.dumps(shown).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/hal+json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    mollie.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield mollie
    finally:
        server.shutdown()
        server.server_close()
