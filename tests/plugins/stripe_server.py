"""A local server that behaves like Stripe (see stripe_app), and what a customer does at it."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

KEY, SECRET = "sk_live_amiable_tests", "whsec_amiable_tests"
GOOD, DECLINED, LATE = "4242424242424242", "4000000000000341", "FR1420041010050500013M02606"


@dataclass(frozen=True)
class Stripe:
    """A running server."""

    port: int

    def url(self, key: str = KEY, secret: str = SECRET, options: str = "") -> str:
        """The address of the account, as AMIABLE_GATEWAY_URLS has it."""
        return f"stripe+http://{key}@127.0.0.1:{self.port}?webhook_secret={secret}{options}"

    def post(self, path: str, **fields: object) -> tuple[int, str]:
        """Status and Location of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Bearer {KEY}"
        }  # fmt: skip
        connection.request("POST", path, urlencode(fields), headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, answer.headers.get("Location", "")

    def pay(self, name: str, by: str = GOOD) -> tuple[int, str]:
        """Pay on the page of a session, by a card number or an IBAN."""
        return self.post(f"/_config/pay/{name}", by=by)

    def settle(self, name: str, *, is_paid: bool = True) -> None:
        """A debit that was on its way comes, or fails."""
        self.post(f"/_config/settle/{name}", is_paid=int(is_paid))

    def refund(self, intent: str, amount_minor: int) -> None:
        self.post("/v1/refunds", payment_intent=intent, amount=amount_minor)

    def contest(self, intent: str, status: str) -> None:
        """A cardholder goes to the bank: "needs_response", then "won" or "lost"."""
        self.post(f"/_config/contest/{intent}", status=status)

    def pay_past_us(self, amount_minor: int, description: str, name: str) -> str:
        """A card pays, on no page of ours; returns the name of the payment."""
        return self.told("/_config/outside", amount=amount_minor, description=description,
                         name=name)  # fmt: skip

    def pay_out(self, **more: object) -> str:
        """What came goes to the bank; returns the name of the payout."""
        return self.told("/_config/payout", **more)

    def paid_out(self, payout: str, status: str = "paid") -> None:
        """The bank has it, or it failed."""
        self.post(f"/_config/paid/{payout}", status=status)

    def told(self, path: str, **fields: object) -> str:
        """The text of an answer."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", urlencode(fields).encode(),
            {"Authorization": f"Bearer {KEY}"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read().decode()

    def call(self, url: str, name: str = "main", secret: str = SECRET) -> None:
        """Tell every event to an address from now on."""
        self.post(f"/_config/webhooks/{name}", url=url, secret=secret)


@contextmanager
def stripe_server() -> Iterator[Stripe]:
    """Start a server on a free port of loopback, and end it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.plugins.stripe_app", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _await(process, port)
        yield Stripe(port)
    finally:
        process.terminate()
        process.wait(10)


def _await(process: subprocess.Popen, port: int) -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError(process.stderr.read().decode()[-2000:])
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server does not answer")
