"""Connections to an IMAP server: encrypted, bounded, opened on a folder without changing it."""

from __future__ import annotations

import base64
import imaplib
import re
import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

_SPARE = 1_000_000  # bytes an answer may hold besides the message itself
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class _Bounded:
    """Refuses a literal larger than `most`: a server decides how long what it sends is."""

    most = _SPARE

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes of an answer. Raises OSError when that is too many."""
        if size > self.most:
            raise OSError(f"the server wants to send {size} bytes at once")
        return super().read(size)  # type: ignore[misc, no-any-return]  # of imaplib.IMAP4


class _Clear(_Bounded, imaplib.IMAP4):
    pass


class _Encrypted(_Bounded, imaplib.IMAP4_SSL):
    pass


Connection = _Clear | _Encrypted


class BrokenError(OSError):
    """The connection is of no use any more; another one may be."""


def opened(config: Mapping[str, Any], most_bytes: int) -> tuple[Connection, int, int]:
    """A connection to the folder, its validity and how many messages it holds."""
    host, port, timeout = str(config["host"]), int(config["port"]), float(config["timeout"])
    context = ssl.create_default_context(cafile=config.get("ca_file") or None)
    try:
        connection: Connection
        if config["encrypted"]:
            connection = _Encrypted(host, port, ssl_context=context, timeout=timeout)
        else:
            connection = _Clear(host, port, timeout=timeout)
    except (imaplib.IMAP4.error, OSError) as error:
        raise OSError(f"{host}:{port} does not answer: {error}") from error
    connection.most = most_bytes + _SPARE
    try:
        if not config["encrypted"]:
            _encrypt(connection, host, context)
        _log_in(connection, config)
        count = answered(connection.select(_quoted(str(config["folder"])), readonly=True))
        validity = connection.response("UIDVALIDITY")[1]
        return connection, int(validity[0] or 0), int(count[0])
    except (imaplib.IMAP4.error, OSError, ValueError, TypeError) as error:
        close(connection)
        raise OSError(f"{host}:{port}: {error}") from error


def _encrypt(connection: Connection, host: str, context: ssl.SSLContext) -> None:
    if "STARTTLS" in connection.capabilities:
        connection.starttls(context)
    elif host not in _LOOPBACK:
        raise OSError("a password is never sent over an unencrypted connection")


def _log_in(connection: Connection, config: Mapping[str, Any]) -> None:
    user, password = str(config["user"]), str(config["password"])
    if "AUTH=PLAIN" in connection.capabilities:
        secret = f"\0{user}\0{password}".encode()
        connection.authenticate("PLAIN", lambda _: secret)
    else:
        connection.login(_quoted(user), password)


def answered(result: tuple[str, list[Any]]) -> list[Any]:
    """What the server says. Raises IMAP4.error when it is no."""
    status, data = result
    if status != "OK":
        raise imaplib.IMAP4.error(
            b" ".join(part for part in data if part).decode("utf-8", "replace")
        )
    return data


def close(connection: Connection) -> None:
    """End a connection, in whatever state it is."""
    # It may be gone already: that is what is wanted.
    with suppress(imaplib.IMAP4.error, OSError):
        connection.shutdown()


def _quoted(text: str) -> str:
    """A name as a quoted string, in modified UTF-7 (RFC 3501 section 5.1.3)."""
    encoded = re.sub(r"[^\x20-\x7e]+", _shifted, text.replace("&", "&-"))
    return '"' + encoded.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _shifted(found: re.Match[str]) -> str:
    packed = base64.b64encode(found[0].encode("utf-16-be")).decode("ascii")
    return "&" + packed.rstrip("=").replace("/", ",") + "-"
