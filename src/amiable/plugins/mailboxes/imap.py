"""Reads a mailbox over IMAP4rev1 (RFC 3501), encrypted at once (imaps) or by STARTTLS (imap).

The folder is opened with EXAMINE and bodies are peeked at: nothing in the mailbox changes, not even
what is marked as read. A connection that breaks is opened again, some times for one message.
"""

from __future__ import annotations

import imaplib
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from amiable.plugins.inbound import Fetched
from amiable.plugins.mailboxes._imap_client import BrokenError, Connection, answered, close, opened

TRIES = 3
# Messages asked about in one SEARCH: its answer is one line, whose length is limited.
WINDOW = 50_000


class ImapMailbox:
    """A folder on a mail server."""

    code = "imap"
    label = "IMAP"
    schemes = frozenset({"imap", "imaps"})

    def configure(self, url: str) -> dict[str, Any]:
        """imap[s]://user:password@host:port/folder?timeout=30&ca_file=...

        imaps: port 993; imap: port 143 and STARTTLS, which only the machine itself may lack. The
        folder is INBOX unless given. Raises ValueError.
        """
        parts = urlsplit(url)
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if (
            parts.scheme not in self.schemes
            or not (parts.hostname and parts.username and parts.password)
            or options.keys() - {"timeout", "ca_file"}
        ):
            raise ValueError(
                "a mailbox reads imaps://user:password@host:port/folder, or imap://... with "
                "STARTTLS; options: timeout, ca_file"
            )
        return {
            "host": parts.hostname,
            "port": parts.port or (993 if parts.scheme == "imaps" else 143),
            "encrypted": parts.scheme == "imaps",
            "user": unquote(parts.username),
            "password": unquote(parts.password),
            "folder": unquote(parts.path.strip("/")) or "INBOX",
            "timeout": float(options.get("timeout", 30)),
            "ca_file": options.get("ca_file", ""),
        }

    def fetch(
        self, config: Mapping[str, Any], *, validity: int, after: int, most_bytes: int
    ) -> tuple[int, Iterator[Fetched]]:
        """The folder's validity, and what is newer than `after`, or all of it under another one.

        Raises OSError: no such server or folder, a wrong password, a connection lost TRIES times.
        """
        connection, now, count = opened(config, most_bytes)
        uids = _newer(connection, after if now == validity else 0, count)
        return now, _messages(config, connection, now, uids=uids, most_bytes=most_bytes)


def _messages(
    config: Mapping[str, Any], connection: Connection, validity: int, *, uids: list[int],
    most_bytes: int,
) -> Iterator[Fetched]:  # fmt: skip
    """Each message in order of uid; one that was removed meanwhile is passed over."""
    try:
        for uid in uids:
            for attempt in range(1, TRIES + 1):
                try:
                    content = _body(connection, uid, most_bytes)
                    break
                except BrokenError:
                    close(connection)
                    if attempt == TRIES:
                        raise
                    connection, now, _ = opened(config, most_bytes)
                    if now != validity:
                        raise OSError("the mailbox was made anew while it was read") from None
            if content is not None:
                yield Fetched(uid, content)
    finally:
        close(connection)


def _newer(connection: Connection, after: int, count: int) -> list[int]:
    """The uids above `after`, in order.

    Asked from the last messages to the first: what is removed meanwhile makes others move down,
    where they are then met again, not missed.
    """
    found: set[int] = set()
    try:
        for last in range(count, 0, -WINDOW):
            places = f"{max(1, last - WINDOW + 1)}:{last}"
            answer = answered(connection.uid("SEARCH", places, "UID", f"{after + 1}:*"))
            found |= {int(uid) for part in answer if part for uid in part.split()}
    except (imaplib.IMAP4.error, OSError, ValueError) as error:
        close(connection)
        raise OSError(f"the mailbox cannot be searched: {error}") from error
    # "n:*" names the last message even when its uid is below n.
    return sorted(uid for uid in found if uid > after)


def _body(connection: Connection, uid: int, most_bytes: int) -> bytes | None:
    """The first `most_bytes` of a message; None when it is not there any more."""
    try:
        answer = answered(connection.uid("FETCH", str(uid), f"(UID BODY.PEEK[]<0.{most_bytes}>)"))
    except (imaplib.IMAP4.error, OSError) as error:
        raise BrokenError(f"message {uid} cannot be read: {error}") from error
    for part in answer:
        if isinstance(part, tuple) and re.search(rb"UID %d\b" % uid, part[0]):
            return bytes(part[1][:most_bytes])
    return None


PLUGIN = ImapMailbox()
