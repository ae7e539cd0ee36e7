"""Requests to AR24: signed, enciphered answers opened, what is known when none comes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from amiable.plugins.channels._ar24_api import (
    moment,
    one_time_password,
    opened,
    result_of,
    signature,
    stamp,
)
from amiable.plugins.channels._calls import NoAnswerError, asked
from amiable.plugins.channels._retry_after import seconds_asked

LARGEST_ANSWER = 4_000_000
LARGEST_PAGES, PAGE = 500, 100
# A letter that is looked for was handed over since.
OLDEST = timedelta(days=60)


class RefusedError(Exception):
    """AR24 says no. `slug` = its code for the reason; `seconds` = when to ask again."""

    def __init__(self, slug: str, said: str, seconds: int) -> None:
        self.slug, self.seconds = slug, seconds
        super().__init__(" ".join(filter(None, (slug, said)))[:500])


@dataclass(frozen=True, slots=True)
class File:
    """A file that goes along."""

    name: str
    content: bytes
    content_type: str


class Caller:
    """An account at AR24. Raises NothingSentError, NoAnswerError and RefusedError."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config

    def proved(self) -> str:
        """Prove who sends; what the letters of the next hour carry for it."""
        seed = str(self.config["otp"])
        password = one_time_password(seed, datetime.now(UTC))
        told = self.post("/user/auth_otp", [("otp", password)])
        return str(result_of(told).get("hash") or "")

    def uploaded(self, file: File) -> str:
        """Hand a file over; its number there."""
        return str(result_of(self.post("/attachment", [], file)).get("file_id") or "")

    def mail(self, number: str) -> Mapping[str, Any]:
        """What is known of a letter."""
        return result_of(self.get("/mail", [("id", number)]))

    def mails(self) -> list[Mapping[str, Any]]:
        """The account's letters of the last 60 days at least, page by page until nothing new comes;
        whether the oldest come first is nowhere said."""
        found: dict[str, Mapping[str, Any]] = {}
        since = datetime.now(UTC) - OLDEST
        for page in range(LARGEST_PAGES):
            told = self.get("/user/mail", [("start", str(page * PAGE)), ("max", str(PAGE))])
            listed = _listed(told.get("result"))
            fresh = [each for each in listed if str(each.get("id")) not in found]
            found |= {str(each.get("id")): each for each in fresh}
            days = [day for each in fresh if (day := moment(each.get("date"))) is not None]
            newest_first = len(days) > 1 and days[0] > days[-1]
            if len(fresh) < PAGE or (newest_first and days[-1] < since):
                return list(found.values())
        raise RefusedError("too_many_letters", "the list of letters has no end", 86_400)

    def post(
        self, path: str, fields: Iterable[tuple[str, str]], file: File | None = None
    ) -> Mapping[str, Any]:
        """Send a form, with a file where there is one."""
        date = stamp(datetime.now(UTC))
        every = [*self._account(date), *fields]
        boundary = token_hex(16)
        content_type = f"multipart/form-data; boundary={boundary}"
        return self._told("POST", path, date, _form(every, file, boundary), content_type)

    def get(self, path: str, fields: Sequence[tuple[str, str]]) -> Mapping[str, Any]:
        """Ask."""
        date = stamp(datetime.now(UTC))
        query = urlencode([*self._account(date), *fields], quote_via=quote)
        return self._told("GET", f"{path}?{query}", date, None, "")

    def download(self, url: str, *, largest: int) -> bytes:
        """A paper that AR24 keeps; only at the address that is configured."""
        parts = urlsplit(url)
        scheme = "https" if self.config["secure"] else "http"
        usual = {"https": 443, "http": 80}.get(parts.scheme)
        if (parts.scheme, parts.hostname) != (scheme, self.config["host"]) or (
            (parts.port or usual) != self.config["port"]
        ):
            raise NoAnswerError("a paper is kept at an address that is not the provider's")
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        said = asked(self.config, "GET", target, headers={}, largest=largest)
        if said.status != 200 or len(said.octets) > largest:
            raise NoAnswerError(f"a paper cannot be had: {said.status}")
        return said.octets

    def _account(self, date: str) -> list[tuple[str, str]]:
        config = self.config
        return [("token", config["token"]), ("date", date), ("id_user", config["user"])]

    def _told(
        self, method: str, path: str, date: str, body: bytes | None, content_type: str
    ) -> Mapping[str, Any]:
        """The object of an answer; a refusal is in clear."""
        headers = {"signature": signature(date, self.config["private_key"])}
        headers |= {"Content-Type": content_type} if content_type else {}
        said = asked(
            self.config, method, self.config["path"] + path, headers=headers, body=body,
            largest=LARGEST_ANSWER,
        )  # fmt: skip
        told = _object(said.octets)
        if not told:
            try:
                told = _object(opened(said.octets.strip(), date, self.config["private_key"]))
            except ValueError:
                told = {}
        status = str(told.get("status", "")).lower()
        if status == "success":
            return told
        if status in {"error", "maintenance"} or said.status in {401, 403, 404, 429, 503}:
            slug = str(told.get("slug") or (status if status == "maintenance" else said.status))
            raise RefusedError(
                slug, str(told.get("message") or ""), seconds_asked(said.retry_after)
            )
        raise NoAnswerError(f"an answer that cannot be read: {said.status}")


def _object(octets: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(octets)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _listed(found: object) -> list[Mapping[str, Any]]:
    """Letters in a list, or in an object by number."""
    rows = found.values() if isinstance(found, Mapping) else found
    listed = rows if isinstance(rows, Iterable) else ()
    return [each for each in listed if isinstance(each, Mapping)]


def _form(fields: Iterable[tuple[str, str]], file: File | None, boundary: str) -> bytes:
    """multipart/form-data (RFC 7578); the names are ours."""
    pieces = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields
    ]
    if file is not None:
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; '
            f'filename="{file.name}"\r\nContent-Type: {file.content_type}\r\n\r\n'
        )
        pieces.append(head.encode() + file.content + b"\r\n")
    return b"".join(pieces) + f"--{boundary}--\r\n".encode()
