"""One connection to a mail server for many messages: the dialog of RFC 5321 and what its answers
mean, for the SMTP channel and for providers that take mail as it was frozen."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from amiable.plugins.base import Outcome, Outgoing
from amiable.plugins.channels import _smtp_client as smtp
from amiable.plugins.channels._smtp_client import answer, said

UNREACHABLE_SECONDS, DEFERRED_SECONDS = 300, 900


class SmtpSession:
    """A session with a mail server; see base.Session."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.client: smtplib.SMTP | None = None
        self.down: Outcome | None = None

    def send(self, message: Outgoing) -> Outcome:
        """Deliver, connecting first when needed. An unreachable server is asked once a session."""
        if self.down:
            return self.down
        client, fresh = self.client, self.client is None
        if client is None:
            client = self._connect()
        if client is None:
            return self.down or _retry("not connected", UNREACHABLE_SECONDS)
        outcome = self._envelope(client, message)
        if outcome is None and not fresh:
            # The server closed an idle connection: nothing of this message had left yet.
            self._drop()
            return self.send(message)
        if outcome is None:
            outcome = _retry("the connection was closed before the message", UNREACHABLE_SECONDS)
            self.down = outcome
        return outcome

    def close(self) -> None:
        if self.client is not None:
            with suppress(smtplib.SMTPException, OSError):
                self.client.quit()
            self._drop()

    def _connect(self) -> smtplib.SMTP | None:
        try:
            self.client = smtp.smtp_opened(self.config)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            self.down = _retry(said(error), UNREACHABLE_SECONDS)
        return self.client

    def _envelope(self, client: smtplib.SMTP, message: Outgoing) -> Outcome | None:
        """The dialog up to DATA; None when the connection was lost during it."""
        sender = self.config.get("sender") or smtp.envelope_sender(message.content)
        try:
            stopped = self._command(client, f"MAIL FROM:<{sender}>")
            if stopped:
                return stopped
            accepted, refused, deferred = self._recipients(client, message)
            if not accepted:
                self._reset(client)
                return _nobody(refused, deferred)
            stopped = self._command(client, "DATA", wanted=354)
        except ValueError as error:  # an address that would open a new command
            self._reset(client)
            return Outcome("failed", detail=said(error))
        except (smtplib.SMTPException, OSError):
            self._drop()
            return None
        outcome = stopped or self._content(client, message.content)
        if outcome.state == "sent":
            return _with_refusals(outcome, refused, deferred)
        return replace(outcome, refused=refused)

    def _recipients(
        self, client: smtplib.SMTP, message: Outgoing
    ) -> tuple[int, dict[str, str], dict[str, str]]:
        """How many were accepted; who was refused for good, and who for now, with the answer."""
        refused: dict[str, str] = {}
        deferred: dict[str, str] = {}
        for address in message.envelope:
            code, text = client.docmd(f"RCPT TO:<{address}>")
            if code == 421:
                raise smtplib.SMTPServerDisconnected(answer(code, text))
            if code not in {250, 251}:
                answers = refused if 500 <= code < 600 else deferred
                answers[address] = answer(code, text)
        return len(message.envelope) - len(refused) - len(deferred), refused, deferred

    def _command(self, client: smtplib.SMTP, command: str, wanted: int = 250) -> Outcome | None:
        """Give a command; None when it was taken."""
        code, text = client.docmd(command)
        if code == wanted:
            return None
        if code == 421:
            self._drop()
        self._reset(client)
        return _refused(code, text)

    def _content(self, client: smtplib.SMTP, content: bytes) -> Outcome:
        """Send the content; from its first byte on, silence means unknown."""
        lines = re.sub(rb"\r\n|\n|\r", b"\r\n", content)
        dotted = re.sub(rb"(?m)^\.", b"..", lines)
        try:
            client.send(dotted + (b".\r\n" if dotted.endswith(b"\r\n") else b"\r\n.\r\n"))
            code, text = client.getreply()
            if not 200 <= code < 600:  # no answer of this protocol says what became of it
                raise smtplib.SMTPServerDisconnected(answer(code, text))
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            # One message to look into is enough: the rest of the batch waits.
            self.down = _retry("the server stopped answering", UNREACHABLE_SECONDS)
            return Outcome("unknown", detail=f"no answer after the content: {said(error)}"[:500])
        if code == 250:
            return Outcome("sent", detail=answer(code, text))
        if code == 421:
            self._drop()
        return _refused(code, text)

    def _reset(self, client: smtplib.SMTP) -> None:
        if self.client is not None:
            try:
                client.rset()
            except (smtplib.SMTPException, OSError):
                self._drop()

    def _drop(self) -> None:
        if self.client is not None:
            self.client.close()
            self.client = None


def _nobody(refused: Mapping[str, str], deferred: Mapping[str, str]) -> Outcome:
    """The outcome when no recipient was accepted: tried again while one may be later."""
    detail = _listed({**refused, **deferred})
    if deferred:
        return Outcome("retry", "", detail, DEFERRED_SECONDS, refused, deferred)
    return Outcome("failed", detail=detail, refused=refused)


def _with_refusals(
    outcome: Outcome, refused: Mapping[str, str], deferred: Mapping[str, str]
) -> Outcome:
    if not refused and not deferred:
        return outcome
    detail = f"{_listed({**refused, **deferred})} · {outcome.detail}"[:500]
    seconds = DEFERRED_SECONDS if deferred else 0
    return Outcome("sent", outcome.provider_id, detail, seconds, refused, deferred)


def _listed(answers: Mapping[str, str]) -> str:
    """Who was refused, and what the server said."""
    return " · ".join(f"{address}: {text}" for address, text in answers.items())[:500]


def _refused(code: int, text: bytes) -> Outcome:
    if 500 <= code < 600:
        return Outcome("failed", detail=answer(code, text))
    return _retry(answer(code, text), DEFERRED_SECONDS)


def _retry(detail: str, seconds: int) -> Outcome:
    return Outcome("retry", detail=detail[:500], retry_after_seconds=seconds)
