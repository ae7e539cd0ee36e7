"""The shapes of what comes in: calls of providers, and mailboxes."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from amiable.core.delivery import ReportedEvent
from amiable.plugins.papers import Asked, ProofFile


@dataclass(frozen=True, slots=True)
class HookRequest:
    """An HTTP request that a provider made to us: header names in lower case, `query` decoded as
    UTF-8; `query_string` = as it came, for those who write it in another charset."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    query_string: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One of several parts that a long text message comes in: `index` counts from 1 to `total`;
    `number` is what the parts of one text share (TS 23.040 section 9.2.3.24)."""

    number: int
    total: int
    index: int


@dataclass(frozen=True, slots=True)
class CustomerReply:
    """What a customer wrote. `content` = a whole email (RFC 5322), or the words of a text message
    in UTF-8 (a sign that is cut between two parts is written as its halves, "surrogatepass").

    `sender` = the number that wrote a text, "" for an email, which says so itself. `reference` =
    the provider's own name for it, or what makes it unique: told again, it is stored once. `at` =
    aware, None when the provider does not say.
    """

    content: bytes
    medium: Literal["email", "sms"] = "email"
    sender: str = ""
    reference: str = ""
    at: datetime | None = None
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class HookAnswer:
    """What a request brought, and what to answer once it is recorded."""

    events: tuple[ReportedEvent, ...] = ()
    replies: tuple[CustomerReply, ...] = ()
    proofs: tuple[ProofFile, ...] = ()
    status: int = 200
    content_type: str = "text/plain"
    body: bytes = b""


class HookRefusedError(Exception):
    """The request does not prove where it comes from, or cannot be read: nothing is recorded.

    `status` = 401 or 403 for the first, 400 for the second, 503 for what can be read later only.
    """

    def __init__(self, message: str, status: int = 403) -> None:
        super().__init__(message)
        self.status = status


def secret_check(request: HookRequest, config: Mapping[str, Any]) -> None:
    """For providers that sign nothing: the address they call ends in ?secret=AMIABLE_HOOK_SECRET.

    Raises HookRefusedError when it does not, and while no secret is set; the time it takes does
    not tell where the two differ.
    """
    secret = str(config.get("hook_secret") or "")
    given = request.query.get("secret", "")
    if not secret or not hmac.compare_digest(given.encode(), secret.encode()):
        raise HookRefusedError("the address does not end in our secret")


def secret_lacks(config: Mapping[str, Any]) -> tuple[str, ...]:
    """What `secret_check` misses on this installation."""
    return () if config.get("hook_secret") else ("AMIABLE_HOOK_SECRET",)


class ToldLater(Protocol):
    """A channel whose provider tells later what became of messages (/hooks/channels/<code>/)."""

    def hook_lacks(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        """Names of the variables, and options of the address, without which every call is refused:
        `amiable check` warns of them."""
        ...

    def hook(self, request: HookRequest, config: Mapping[str, Any]) -> HookAnswer:
        """Verify and read a request. Raises HookRefusedError; reading the same one twice gives
        the same event ids."""
        ...


class ToldOnAsking(Protocol):
    """A channel whose provider keeps what it has to tell until it is asked."""

    def pending(self, config: Mapping[str, Any]) -> Iterator[HookAnswer]:
        """What waits, oldest first. To ask for the next says that the one before is recorded: what
        is not will be told again. Raises OSError when the provider cannot be reached."""
        ...


class ToldOfLetters(Protocol):
    """A channel whose provider says, when asked, what became of registered letters."""

    def told_of(
        self, config: Mapping[str, Any], letters: Collection[Asked]
    ) -> Iterator[HookAnswer]:
        """An answer for each letter, in their order. Raises OSError when the provider cannot be
        reached; what was told before counts."""
        ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """A message found in a mailbox. `uid` = where to go on from, within `validity`."""

    uid: int
    content: bytes


class Mailbox(Protocol):
    """A place where answers arrive. `schemes` and `configure` as for channels."""

    code: str
    label: str
    schemes: frozenset[str]

    def configure(self, url: str) -> dict[str, Any]: ...

    def fetch(
        self, config: Mapping[str, Any], *, validity: int, after: int, most_bytes: int
    ) -> tuple[int, Iterator[Fetched]]:
        """The mailbox's validity (RFC 3501 UIDVALIDITY) and what is newer than uid `after` (all of
        it when the validity is not the one given), oldest first, each cut at `most_bytes`.

        Raises OSError when the mailbox cannot be read.
        """
        ...
