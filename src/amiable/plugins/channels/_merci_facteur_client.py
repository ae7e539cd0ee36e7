"""Requests to Merci Facteur: a token for each batch, and what is known when no answer comes."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from amiable.plugins.channels._calls import asked

LARGEST_ANSWER = 65_536


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
    """A token, for one batch."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
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

    def _ask(self, method: str, path: str, form: str, headers: dict[str, str]) -> Answer:
        headers |= {"ww-service-id": self.config["service"]}
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = form.encode() or None
        target = self.config["path"] + path
        said = asked(
            self.config, method, target, headers=headers, body=body, largest=LARGEST_ANSWER
        )
        try:
            found = json.loads(said.octets)
        except ValueError:
            found = {}
        return Answer(said.status, found if isinstance(found, dict) else {}, said.retry_after)
