"""One request to an HTTP provider, and what is known of it when no answer comes."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class NothingSentError(Exception):
    """The request cannot have been read whole: nothing was taken."""


class NoAnswerError(Exception):
    """The request has left and no answer came, or not all of it: it may have been taken."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer as it came; `retry_after` as its header says it."""

    status: int
    octets: bytes
    retry_after: str = ""


def connected(config: Mapping[str, Any]) -> http.client.HTTPConnection:
    """An open connection to `host` and `port`, over TLS where `secure`. Raises OSError."""
    host, port, timeout = config["host"], int(config["port"]), float(config["timeout"])
    if config["secure"]:
        context = ssl.create_default_context(cafile=config["ca_file"] or None)
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, port, timeout=timeout, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, port, timeout=timeout)
    connection.connect()
    return connection


def asked(
    config: Mapping[str, Any],
    method: str,
    path: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None = None,
    largest: int,
) -> Said:
    """Ask once over a connection of its own, reading at most `largest` octets of the answer: such
    providers close connections that rest, and a fresh one is no cost beside a letter.

    Raises NothingSentError and NoAnswerError.
    """
    try:
        connection = connected(config)
    except (OSError, ValueError) as error:
        raise NothingSentError(str(error) or type(error).__name__) from error
    try:
        try:
            connection.request(method, path, body, dict(headers))
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise NothingSentError(str(error) or type(error).__name__) from error
        try:
            response = connection.getresponse()
            octets = response.read(largest + 1)
            if response.length and len(octets) <= largest:
                raise http.client.IncompleteRead(octets, response.length)
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswerError(str(error) or type(error).__name__) from error
    finally:
        connection.close()
    return Said(response.status, octets, response.getheader("Retry-After") or "")
