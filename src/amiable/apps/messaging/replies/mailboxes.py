"""Polling of mailboxes: each message is stored once, in the order in which it arrived.

A mailbox is given by its address (AMIABLE_MAILBOX_URLS). With `?organization=SLUG` it belongs to
that organization alone; without, all of the installation share it, and what matches nobody is
shown by the one that was created first. `&reply=ADDRESS` says under which address mail reaches
it: answers are then addressed there, with a token after a plus sign (see tokens).
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.db import transaction

from amiable.apps.messaging.models import Mailbox
from amiable.apps.messaging.replies.receiving import reply_receive
from amiable.apps.tenants.models import Organization
from amiable.core.replies.mime import MAX_BYTES
from amiable.plugins.documents.mime import mail_address
from amiable.plugins.inbound import Fetched
from amiable.plugins.registry import plugins

SOURCE = "mailbox"
_OWN_OPTIONS = ("organization", "reply")
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Source:
    """A mailbox as configured. `slug` "" = shared; `reply` "" = no tokens; `name` =
    user@host/folder, without the password."""

    name: str
    code: str
    config: dict[str, Any]
    slug: str = ""
    reply: str = ""


@dataclass(slots=True)
class MailCounts:
    """What a poll did, in all and by mailbox (`sources`: "received", "known"); `errors` by name of
    the mailbox that could not be read to its end."""

    mailboxes: int = 0
    received: int = 0
    known: int = 0
    sources: dict[str, dict[str, int]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def source_of(url: str) -> Source:
    """A mailbox from its address. Raises ValueError when it cannot be understood."""
    parts = urlsplit(url)
    options = parse_qsl(parts.query)
    own = {name: value for name, value in options if name in _OWN_OPTIONS}
    rest = urlencode([pair for pair in options if pair[0] not in _OWN_OPTIONS])
    able = {scheme: one for one in plugins("mailboxes").values() for scheme in one.schemes}
    if parts.scheme not in able:
        raise ValueError(f"the address of a mailbox begins with {', '.join(sorted(able))}")
    reply = own.get("reply", "")
    if reply and (mail_address(reply) is None or "+" in reply):
        raise ValueError("reply is an email address without a plus sign")
    plugin = able[parts.scheme]
    config = plugin.configure(urlunsplit(parts._replace(query=rest)))
    name = f"{unquote(parts.username or '')}@{parts.hostname}/{unquote(parts.path.strip('/'))}"
    return Source(name[:200], plugin.code, config, own.get("organization", ""), reply)


def mailboxes_read(*, now: datetime, organization_id: int | None = None) -> MailCounts:
    """Read what is new in every mailbox, or in those that answers to an organization arrive in.

    Two at a time may do so. What cannot be read is noted on the mailbox and in the counts.
    """
    counts = MailCounts()
    owners = {row.slug: row.pk for row in Organization.objects.order_by("id").only("id", "slug")}
    everybody = tuple(owners.values())
    mine = next((slug for slug, owner in owners.items() if owner == organization_id), None)
    for source in _sources(counts.errors):
        if mine is not None and source.slug not in {"", mine}:
            continue
        owner = owners.get(source.slug) if source.slug else next(iter(everybody), None)
        if owner is None:
            counts.errors[source.name] = f"there is no organization {source.slug!r}"
            continue
        counts.mailboxes += 1
        row, _ = Mailbox.objects.get_or_create(organization_id=owner, name=source.name)
        error = ""
        try:
            _read(source, row, (owner,) if source.slug else everybody, now=now, counts=counts)
        except OSError as problem:
            error = str(problem)[:500] or type(problem).__name__
            counts.errors[source.name] = error
            logger.warning("the mailbox %s cannot be read: %s", source.name, error)
        Mailbox.objects.filter(id=row.pk).update(read_at=now, error=error)
    return counts


def _read(
    source: Source, row: Mailbox, organization_ids: Sequence[int], *, now: datetime,
    counts: MailCounts,
) -> None:  # fmt: skip
    validity, messages = plugins("mailboxes")[source.code].fetch(
        source.config,
        validity=row.uid_validity,
        after=row.last_uid,
        # One byte more than is read, so that the reading says that something was cut.
        most_bytes=MAX_BYTES + 1,
    )
    told = counts.sources.setdefault(source.name, {"received": 0, "known": 0})
    for fetched in messages:
        if _record(row.pk, validity, fetched, organization_ids=organization_ids, now=now):
            counts.received += 1
            told["received"] += 1
        else:
            counts.known += 1
            told["known"] += 1


@transaction.atomic
def _record(
    mailbox_id: int, validity: int, fetched: Fetched, *, organization_ids: Sequence[int],
    now: datetime,
) -> bool:  # fmt: skip
    """Store a message and how far the mailbox is read: both or neither. False when it was known."""
    row = Mailbox.objects.select_for_update(no_key=True).get(id=mailbox_id)
    if row.uid_validity == validity and fetched.uid <= row.last_uid:
        return False  # another worker was faster
    received = reply_receive(
        row.organization_id,
        fetched.content,
        source=SOURCE,
        received_at=now,
        among=organization_ids,
    )
    row.uid_validity, row.last_uid = validity, fetched.uid
    row.save(update_fields=["uid_validity", "last_uid"])
    return received.is_new


def _sources(errors: dict[str, str] | None = None) -> list[Source]:
    """The mailboxes whose addresses can be understood; why the others cannot goes to `errors`, by
    their place: an address holds a password."""
    found = []
    for place, url in enumerate(settings.MAILBOX_URLS, start=1):
        try:
            found.append(source_of(url))
        except ValueError as error:
            if errors is not None:
                errors[f"AMIABLE_MAILBOX_URLS {place}"] = str(error)
    return found


def reply_addresses(organization_ids: Collection[int]) -> dict[int, str]:
    """Under which address answers to each organization reach a mailbox that is read; those
    without one are left out."""
    given = [each for each in _sources() if each.reply]
    if not given:
        return {}
    slugs = Organization.objects.filter(id__in=organization_ids).values_list("id", "slug")
    found = {}
    for organization_id, slug in slugs:
        mine = [each for each in given if each.slug in {"", slug}]
        # Its own mailbox comes before one that is shared.
        for each in sorted(mine, key=lambda one: not one.slug)[:1]:
            found[organization_id] = each.reply
    return found
