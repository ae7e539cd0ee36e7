"""A local server that behaves as Mollie documents its payments: kept by idempotency key, shown by
name, told by calls that hold a name and nothing else."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode

KEY = "live_amiableTests"


@dataclass
class Mollie:
    """`payments` by name, `fault` = a status to answer everything with."""

    port: int = 0
    payments: dict[str, dict[str, Any]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # by idempotency key
    fault: int = 0

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


@contextmanager
def mollie_server() -> Iterator[Mollie]:
    mollie = Mollie()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(201, mollie.make(body, self.headers["Idempotency-Key"]))

        def do_GET(self) -> None:
            found = mollie.payments.get(self.path.rpartition("/")[2])
            self._answer(200 if found else 404, found or {"status": 404, "title": "Not Found"})

        def _answer(self, status: int, shown: dict[str, Any]) -> None:
            if self.headers["Authorization"] != f"Bearer {KEY}":
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
