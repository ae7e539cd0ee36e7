"""Text messages over an HTTP gateway: Kannel's sendsms, or another whose shape the address tells.

A message that cannot have reached the gateway is tried again. Once the request has left and no
answer came, or none that says yes or no, the outcome is `unknown`. Reports come back to an address
that carries the message's key and a seal of it: one address speaks of one message only.
"""

from __future__ import annotations

import http.client
import re
import select
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from amiable.core.delivery import ReportedEvent
from amiable.plugins.base import Outcome, Outgoing
from amiable.plugins.channels._sms_gateway import SCHEMES, Shape, gateway_config, request_of
from amiable.plugins.channels._sms_reports import (
    LARGEST_DETAIL,
    moment,
    or_gone,
    receipt_fields,
    text_of,
    text_reply,
    unsealed,
)
from amiable.plugins.inbound import HookAnswer, HookRequest, secret_check, secret_lacks

UNREACHABLE_SECONDS, BUSY_SECONDS, LARGEST_ANSWER = 300, 900, 65_536
# The gateway itself says that it did not take the message and may later.
_LATER = frozenset({429, 503})
# The user, the address or the method is wrong: nothing is wrong with this message.
_MISCONFIGURED = frozenset({401, 403, 404, 405, 407, *range(300, 400)})


class SmsHttpChannel:
    """Config: see `gateway_config`; `hook_url`, `hook_secret` = where reports come back."""

    code = "sms_http"
    label = "Text messages (HTTP gateway)"
    media = frozenset({"sms"})
    resend_safe = False
    schemes = SCHEMES

    def configure(self, url: str) -> dict[str, Any]:
        """See `gateway_config`."""
        return gateway_config(url)

    @contextmanager
    def session(self, config: Mapping[str, Any]) -> Iterator[_GatewaySession]:
        session = _GatewaySession(config)
        try:
            yield session
        finally:
            session.close()

    hook_lacks = staticmethod(secret_lacks)

    def hook(self, request: HookRequest, config: Mapping[str, Any]) -> HookAnswer:
        """A report on a message (sealed), or a customer's text (`secret`, see secret_check, with
        `from`, `to`, `text`, and where known `id`, `at` in seconds since 1970 and `charset`)."""
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        values = {**form, **request.query}
        if "key" in request.query:
            key = unsealed(request.query, str(config.get("hook_secret") or ""))
            return HookAnswer(events=_reported(key, values, config))
        secret_check(request, config)
        reply = text_reply(
            values.get("from", ""),
            values.get("to", ""),
            text_of(request, values),
            at=moment(values.get("at", "")) or datetime.now(UTC),
            reference=values.get("id", ""),
        )
        return HookAnswer(replies=(reply,))


class _GatewaySession:
    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.connection: http.client.HTTPConnection | None = None
        self.down: Outcome | None = None

    def send(self, message: Outgoing) -> Outcome:
        """Hand over, connecting first when needed; an unreachable gateway is asked only once."""
        if self.down:
            return self.down
        try:
            connection = self._connected()
        except (OSError, ValueError) as error:
            self.down = _retry(str(error) or type(error).__name__, UNREACHABLE_SECONDS)
            return self.down
        method, path, body, headers = request_of(message, self.config)
        try:
            connection.request(method, path, body or None, headers)
            response = connection.getresponse()
            octets = response.read(LARGEST_ANSWER)
            if response.length and len(octets) < LARGEST_ANSWER:
                raise http.client.IncompleteRead(octets, response.length)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            reason = str(error) or type(error).__name__
            return self._unsure(f"no answer to the request: {reason}")
        if not response.isclosed():
            self.close()
        said = octets.decode("utf-8", "replace").strip()
        outcome = _verdict(response.status, said, self.config["shape"])
        if outcome.state == "unknown":
            return self._unsure(outcome.detail)
        if response.status in _MISCONFIGURED and outcome.state == "retry":
            self.down = outcome
        return outcome

    def _unsure(self, detail: str) -> Outcome:
        """One message to look into is enough: the rest of the batch waits."""
        self.down = _retry("the gateway stopped answering clearly", UNREACHABLE_SECONDS)
        return Outcome("unknown", detail=detail[:LARGEST_DETAIL])

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def _connected(self) -> http.client.HTTPConnection:
        """An open connection; one that the gateway closed meanwhile is replaced before use."""
        held = self.connection
        if held is not None and held.sock is not None:
            if not select.select([held.sock], [], [], 0)[0]:
                return held
            held.close()
        config = self.config
        host, port, timeout = str(config["host"]), int(config["port"]), float(config["timeout"])
        if config["secure"]:
            context = ssl.create_default_context(cafile=config.get("ca_file") or None)
            fresh: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=timeout, context=context
            )
        else:
            fresh = http.client.HTTPConnection(host, port, timeout=timeout)
        fresh.connect()
        fresh.auto_open = 0
        self.connection = fresh
        return fresh


def _verdict(status: int, said: str, shape: Shape) -> Outcome:
    """What an answer means. 5xx but 503 come from a gateway that may have taken the message."""
    detail = f"{status} {said}"[:LARGEST_DETAIL]
    if 200 <= status < 300:
        taken = re.search(shape.taken, said)
        if taken is None:
            return Outcome("unknown", detail=detail)
        found = taken.group(1) if taken.re.groups else ""
        return Outcome("sent", provider_id=(found or "")[:200], detail=detail)
    if shape.never and re.search(shape.never, said):
        return Outcome("failed", detail=detail)
    if status in _LATER or status in _MISCONFIGURED:
        return _retry(detail, BUSY_SECONDS)
    if 400 <= status < 500 and status != 408:
        return Outcome("failed", detail=detail)
    return Outcome("unknown", detail=detail)


def _reported(
    key: str, values: Mapping[str, str], config: Mapping[str, Any]
) -> tuple[ReportedEvent, ...]:
    shape: Shape = config["shape"]
    status = values.get(shape.status, "")
    kind = shape.events.get(status)
    if kind is None:
        # A step on the way that says nothing new.
        return ()
    said = values.get("said", "")
    error = receipt_fields(said).get("err", "") or values.get(shape.error, "")
    told = values.get(shape.id) or values.get("ref", "")
    return (
        ReportedEvent(
            or_gone(kind, error, config["gone"]),
            event_id=f"{told}:{status}"[:200],
            at=moment(values.get("at", "")),
            key=key,
            detail=(said or f"{status} {error}".strip())[:LARGEST_DETAIL],
        ),
    )


def _retry(detail: str, seconds: int) -> Outcome:
    return Outcome("retry", detail=detail[:LARGEST_DETAIL], retry_after_seconds=seconds)


PLUGIN = SmsHttpChannel()
