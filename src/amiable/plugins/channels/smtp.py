"""Email over SMTP (RFC 5321), one connection for many messages; STARTTLS or SMTPS.

Until the content is on its way nothing can have been delivered: such failures are retried.
Once the content was sent and the answer is missing, the outcome is `unknown` (section 4.5.3.2).
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from amiable.plugins.base import Outcome, Outgoing

UNREACHABLE_SECONDS, DEFERRED_SECONDS = 300, 900
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class SmtpChannel:
    """Config: host, port, user, password, tls ("none" | "starttls" | "implicit" | "auto"),
    sender (envelope; default: the From of the message), timeout (seconds), ca_file."""

    code = "smtp"
    label = "Email (SMTP)"
    media = frozenset({"email"})
    resend_safe = False

    @contextmanager
    def session(self, config: Mapping[str, Any]) -> Iterator[_SmtpSession]:
        session = _SmtpSession(config)
        try:
            yield session
        finally:
            session.close()


class _SmtpSession:
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
            self.client = _open(self.config)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            self.down = _retry(_said(error), UNREACHABLE_SECONDS)
        return self.client

    def _envelope(self, client: smtplib.SMTP, message: Outgoing) -> Outcome | None:
        """The dialog up to DATA; None when the connection was lost during it."""
        sender = self.config.get("sender") or _from(message.content)
        try:
            for command, reply in (
                (f"MAIL FROM:<{sender}>", 250),
                (f"RCPT TO:<{message.recipient}>", 250),
                ("DATA", 354),
            ):
                code, text = client.docmd(command)
                if code == 421:
                    self._drop()
                if code != reply and not (reply == 250 and code == 251):
                    self._reset(client)
                    return _refused(code, text)
        except ValueError as error:  # an address that would open a new command
            return Outcome("failed", detail=_said(error))
        except (smtplib.SMTPException, OSError):
            self._drop()
            return None
        return self._content(client, message.content)

    def _content(self, client: smtplib.SMTP, content: bytes) -> Outcome:
        """Send the content; from its first byte on, silence means unknown."""
        lines = re.sub(rb"\r\n|\n|\r", b"\r\n", content)
        dotted = re.sub(rb"(?m)^\.", b"..", lines)
        try:
            client.send(dotted + (b".\r\n" if dotted.endswith(b"\r\n") else b"\r\n.\r\n"))
            code, text = client.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            # One message to look into is enough: the rest of the batch waits.
            self.down = _retry("the server stopped answering", UNREACHABLE_SECONDS)
            return Outcome("unknown", detail=f"no answer after the content: {_said(error)}"[:500])
        if code == 250:
            return Outcome("sent", detail=_text(code, text))
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


def _open(config: Mapping[str, Any]) -> smtplib.SMTP:
    """A greeted, encrypted where asked, authenticated connection."""
    host, tls = str(config["host"]), config.get("tls", "auto")
    port, timeout = int(config["port"]), float(config.get("timeout", 30))
    context = ssl.create_default_context(cafile=config.get("ca_file") or None)
    if tls == "implicit":
        client: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=timeout, context=context)
    else:
        client = smtplib.SMTP(host, port, timeout=timeout)
    try:
        client.ehlo_or_helo_if_needed()
        encrypted = tls == "implicit"
        if tls == "starttls" or (tls == "auto" and client.has_extn("starttls")):
            client.starttls(context=context)
            encrypted = True
        if config.get("user"):
            if not encrypted and host not in _LOOPBACK:
                raise ValueError("a password is never sent over an unencrypted connection")
            client.login(str(config["user"]), str(config.get("password", "")))
    except BaseException:
        client.close()
        raise
    return client


def _from(content: bytes) -> str:
    """The address of the From header, for the envelope."""
    head = content.partition(b"\r\n\r\n")[0]
    match = re.search(rb"(?ms)^From:(.*?)(?:\r\n(?![ \t])|\Z)", head)
    address = re.search(rb"<([^<>\s]+)>", match[1]) if match else None
    found = address[1] if address else match[1].strip() if match else b""
    return found.decode("ascii", "replace")


def _refused(code: int, text: bytes) -> Outcome:
    if 500 <= code < 600:
        return Outcome("failed", detail=_text(code, text))
    return _retry(_text(code, text), DEFERRED_SECONDS)


def _retry(detail: str, seconds: int) -> Outcome:
    return Outcome("retry", detail=detail[:500], retry_after_seconds=seconds)


def _text(code: int, text: bytes) -> str:
    return f"{code} {text.decode('utf-8', 'replace')}"[:500]


def _said(error: BaseException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        raw = error.smtp_error
        return (
            f"{error.smtp_code} {raw.decode('utf-8', 'replace') if isinstance(raw, bytes) else raw}"
        )
    return str(error) or type(error).__name__


PLUGIN = SmtpChannel()
