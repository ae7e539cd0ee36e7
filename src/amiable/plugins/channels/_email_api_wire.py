"""Connections to providers' APIs: no redirect is followed with a key in hand, no proxy or password
of the environment joins in, and an answer is read up to a limit."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

import requests
import urllib3

LARGEST_ANSWER = 262_144


class Wire(requests.Session):
    """The connections of one batch to one provider."""

    def __init__(self, config: Mapping[str, Any], largest: int = LARGEST_ANSWER) -> None:
        super().__init__()
        self.trust_env = False
        self.headers["User-Agent"] = "amiable"
        self.verify = config["ca_file"] or True
        self.largest = largest
        self.begun = False
        self.answer: Any = None
        self.failure: Exception | None = None

    def forget(self) -> None:
        """Before another message."""
        self.begun, self.answer, self.failure = False, None, None

    def send(self, request: Any, **options: Any) -> Any:
        """One request and its whole answer, up to the limit."""
        self.begun = True
        try:
            answer = super().send(request, **{**options, "allow_redirects": False, "stream": True})
            octets = answer.raw.read(self.largest + 1, decode_content=True)
        except urllib3.exceptions.HTTPError as error:
            self.failure = error
            raise requests.ConnectionError(str(error)) from error
        except OSError as error:  # requests' own errors are of this kind
            self.failure = error
            raise
        if len(octets) > self.largest:
            answer.close()
            self.failure = requests.ConnectionError("the answer is too long")
            raise self.failure
        answer._content, answer._content_consumed = octets, True
        self.answer = answer
        return answer


def never_left(error: Exception) -> bool:
    """Whether the failure came before any of the request can have been read."""
    if type(error) is OSError:
        return True  # requests found no file of certificates
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(
            seen,
            requests.ConnectTimeout | urllib3.exceptions.NewConnectionError
            | urllib3.exceptions.ConnectTimeoutError | ssl.SSLCertVerificationError,
        ):  # fmt: skip
            return True
        reason = getattr(seen, "reason", None) or (seen.args[0] if seen.args else None)
        seen = reason if isinstance(reason, BaseException) else seen.__cause__ or seen.__context__
    return False


def reason_of(error: Exception) -> str:
    """The kind of a failure and the words of its first cause: no address, no header."""
    seen: BaseException = error
    while isinstance(inner := seen.__cause__ or seen.__context__, BaseException):
        seen = inner
    return str(seen) or type(error).__name__
