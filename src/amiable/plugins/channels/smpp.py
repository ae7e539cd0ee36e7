"""Text messages straight to an operator's message centre, over SMPP 3.4.

Until a message was submitted nothing can have left: such failures are tried again. Once it was and
no response came, or only a part of it was taken, the outcome is `unknown`. Receipts are fetched
over a link of their own and acknowledged once they are recorded, never before.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from smpplib import consts

from amiable.plugins.base import Outcome, Outgoing
from amiable.plugins.channels._smpp_link import (
    BindRefusedError,
    Link,
    bound,
    smpp_config,
    status_text,
)
from amiable.plugins.channels._smpp_messages import (
    LATER,
    canonical,
    pieces_of,
    source_of,
    told,
    verdict,
)
from amiable.plugins.inbound import HookAnswer

UNREACHABLE_SECONDS = 300
# How long a centre may keep silent before it has nothing more to tell.
QUIET_SECONDS = 2.0
# Pauses before a part that was put off is submitted again.
WAITS = (0.2, 1.0, 3.0)


class SmppChannel:
    """Config: see `smpp_config`."""

    code = "smpp"
    label = "Text messages (SMPP)"
    media = frozenset({"sms"})
    resend_safe = False
    schemes = frozenset({"smpp", "smpps"})

    def configure(self, url: str) -> dict[str, Any]:
        """See `smpp_config`."""
        return smpp_config(url)

    @contextmanager
    def session(self, config: Mapping[str, Any]) -> Iterator[_SmppSession]:
        session = _SmppSession(config)
        try:
            yield session
        finally:
            if session.link is not None:
                session.link.close()

    def pending(self, config: Mapping[str, Any]) -> Iterator[HookAnswer]:
        """Receipts and customers' texts that the centre keeps. What nobody can read it may drop."""
        try:
            link = bound(config, "receiver" if config["bind"] == "transmitter" else config["bind"])
        except BindRefusedError as error:
            raise ConnectionError(str(error)) from error
        try:
            while True:
                try:
                    received = link.read(QUIET_SECONDS)
                except TimeoutError:
                    return
                found = told(received, config)
                if found is not None:
                    yield found
                link.answer(received, 0 if received.pdu else consts.SMPP_ESME_RX_R_APPN)
        finally:
            link.close()


class _SmppSession:
    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.link: Link | None = None
        self.down: Outcome | None = None

    def send(self, message: Outgoing) -> Outcome:
        """Submit, binding first when needed; an unreachable centre is asked once a session."""
        if self.down:
            return self.down
        number = message.recipient.removeprefix("+")
        if not re.fullmatch(r"[0-9]{3,20}", number):
            return Outcome("failed", detail=f"{message.recipient[:40]!r} is no number")
        try:
            link = self._linked()
        except (OSError, BindRefusedError) as error:
            self._drop(str(error) or type(error).__name__)
            return self.down or _retry("not linked")
        addresses = {
            **source_of(message.sender or self.config["sender"]),
            "dest_addr_ton": 1,
            "dest_addr_npi": 1,
            "destination_addr": number,
        }
        return self._submit(link, pieces_of(message, self.config["long"]), addresses)

    def _submit(
        self, link: Link, pieces: list[dict[str, Any]], addresses: Mapping[str, Any]
    ) -> Outcome:
        """Submit the pieces in turn. A receipt is asked for the last: one message, one report."""
        spoken = None
        for index, piece in enumerate(pieces):
            asked = int(index == len(pieces) - 1)
            fields = {**addresses, **piece, "registered_delivery": asked}
            try:
                answer = link.request("submit_sm", **fields)
                for wait in WAITS if index else ():
                    # The centre slows us down between two parts: this one was not taken.
                    if answer.status not in LATER:
                        break
                    time.sleep(wait)
                    answer = link.request("submit_sm", **fields)
            except OSError as error:
                self._drop("the centre stopped answering")
                reason = str(error) or type(error).__name__
                return Outcome("unknown", detail=f"no response: {reason}"[:500])
            if answer.status and index:
                said = f"{index} of {len(pieces)} parts taken, then {status_text(answer.status)}"
                return Outcome("unknown", detail=said)
            if answer.status:
                return verdict(answer.status, f"+{addresses['destination_addr']}")
            spoken = getattr(answer.pdu, "message_id", None)
        provider_id = canonical(spoken, self.config["ids"][0])
        return Outcome("sent", provider_id=provider_id, detail=status_text(0))

    def _linked(self) -> Link:
        """A bound link; one that the centre ended meanwhile is bound again."""
        if self.link is not None:
            try:
                self.link.settle()
            except OSError:
                self.link.connection.close()
                self.link = None
        if self.link is None:
            self.link = bound(self.config, self.config["bind"])
        return self.link

    def _drop(self, reason: str) -> None:
        """The rest of the batch waits: one message to look into is enough."""
        if self.link is not None:
            self.link.connection.close()
            self.link = None
        self.down = _retry(reason)


def _retry(reason: str) -> Outcome:
    return Outcome("retry", detail=reason[:500], retry_after_seconds=UNREACHABLE_SECONDS)


PLUGIN = SmppChannel()
