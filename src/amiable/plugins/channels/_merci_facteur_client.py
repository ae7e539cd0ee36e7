"""Requests to Merci Facteur: a token for each batch, and what is known when no answer comes."""

from __future__ import annotations

import hmac
import http.client
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

LARGEST_ANSWER = 65_536


class NothingSentError(Exception):
    """The request cannot have been read whole: nothing was taken."""


class NoAnswerError(Exception):
    """The request has left and no answer came: it may have been taken."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` = the JSON object, {} for anything else; `retry_after` as the header says it."""

    status: int
    body: Mapping[str, Any]
    retry_after: str = ""

    @property
    def error(self) -> str:
        """What it complains of, code first."""
        found = self.body.get("error")
        if isinstance(found, Mapping):
            return " ".join(str(value) for value in found.values())
        return str(found or "")


class Caller:
    """A connection and a token, for one batch."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.connection: http.client.HTTPConnection | None = None
        self.token = ""

    def authorized(self) -> Answer | None:
        """Get a token when there is none; the answer when it is refused."""
        if self.token:
            return None
        config, stamp = self.config, str(int(time.time()))
        seal = hmac.new(config["secret"].encode(), f"{config['service']}{stamp}".encode(), sha256)
        answer = self._ask(
            "GET", "/getToken", "", {"ww-service-signature": seal.hexdigest(),
                                     "ww-timestamp": stamp, "ww-authorized-ip": config["ip"]}
        )  # fmt: skip
        if answer.body.get("success") is True and answer.body.get("token"):
            self.token = str(answer.body["token"])
            return None
        return answer

    def send(self, form: str) -> Answer:
        """Send a letter. Raises NothingSentError and NoAnswerError."""
        return self._ask("POST", "/sendCourrier", form, {"ww-access-token": self.token})

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def _ask(self, method: str, path: str, form: str, headers: dict[str, str]) -> Answer:
        headers |= {"ww-service-id": self.config["service"]}
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        # The house closes connections that rest: a fresh one is no cost beside a letter.
        self.close()
        try:
            connection = self._connected()
            connection.request(method, self.config["path"] + path, form or None, headers)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise NothingSentError(str(error) or type(error).__name__) from error
        try:
            response = connection.getresponse()
            octets = response.read(LARGEST_ANSWER)
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswerError(str(error) or type(error).__name__) from error
        try:
            body = json.loads(octets)
        except ValueError:
            body = {}
        retry_after = response.getheader("Retry-After") or ""
        return Answer(response.status, body if isinstance(body, dict) else {}, retry_after)

    def _connected(self) -> http.client.HTTPConnection:
        host, port = self.config["host"], int(self.config["port"])
        timeout = float(self.config["timeout"])
        if self.config["secure"]:
            context = ssl.create_default_context(cafile=self.config["ca_file"] or None)
            self.connection = http.client.HTTPSConnection(
                host, port, timeout=timeout, context=context
            )
        else:
            self.connection = http.client.HTTPConnection(host, port, timeout=timeout)
        self.connection.connect()
        return self.connection
