"""Which channel carries which medium, from the addresses in the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from amiable.plugins.registry import plugins

Route = tuple[str, Mapping[str, Any]]
Routes = Mapping[str, Route]

MEDIA = ("email", "letter", "registered_letter", "sms")
# A way of its own for registered letters that go to a mailbox; without a provider they go on paper.
ELECTRONIC = "registered_email"


def routes_from(urls: Mapping[str, str], spool_folder: Path | str) -> dict[str, Route]:
    """medium -> (channel code, config), from medium -> address.

    Without any address everything stays in the outbox. With one, the media that have none are
    written to the spool folder. Raises ValueError when an address cannot be understood.
    """
    if not any(urls.values()):
        return {medium: ("outbox", {}) for medium in MEDIA}
    spool: Route = ("spool", {"folder": str(spool_folder)})
    given = {medium: route_of(medium, url) for medium, url in urls.items() if url}
    return {**dict.fromkeys(MEDIA, spool), **given}


def configured_routes() -> Routes:
    """Which channel carries which medium on this installation; each knows where its provider
    reports back (`hook_url`), and the secret of that address (`hook_secret`)."""
    routes = routes_from(settings.CHANNEL_URLS, settings.SPOOL_FOLDER)
    return {
        medium: (code, {**config, "hook_url": hook_url(code), "hook_secret": settings.HOOK_SECRET})
        for medium, (code, config) in routes.items()
    }


def unheard() -> dict[tuple[str, tuple[str, ...]], list[str]]:
    """Channels that carry something and whose provider's calls would all be refused, as (code, what
    is missing) -> media. Raises ValueError when an address cannot be understood."""
    found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for medium, (code, config) in configured_routes().items():
        asked = getattr(plugins("channels")[code], "hook_lacks", None)
        if asked is not None and (lacks := asked(config)):
            found.setdefault((code, lacks), []).append(medium)
    return found


def way_of(medium: str, recipient: str, *, is_test: bool = False) -> str:
    """The way a message goes: a test as email, a registered letter to a mailbox on its own."""
    if is_test:
        return "email"
    return ELECTRONIC if medium == "registered_letter" and "@" in recipient else medium


def is_electronic_configured() -> bool:
    """Whether registered letters may go by email on this installation."""
    return bool(settings.CHANNEL_URLS.get(ELECTRONIC))


def hook_url(code: str) -> str:
    """The address that a channel's provider calls."""
    return f"{settings.BASE_URL}/hooks/channels/{code}/"


def route_of(medium: str, url: str) -> Route:
    """The channel whose scheme an address has. Raises ValueError, naming what could be written, and
    never what was: it holds a password."""
    scheme = url.partition(":")[0].lower()
    able = {
        name: channel
        for channel in plugins("channels").values()
        if medium in channel.media
        for name in channel.schemes
    }
    if scheme not in able:
        raise ValueError(f"an address for {medium} begins with {', '.join(sorted(able))}")
    try:
        _ = urlsplit(url).port
    except ValueError:
        # Python's own words repeat the part of the address that they are about.
        raise ValueError(
            "the address cannot be taken apart: signs such as / ? # @ in names and passwords are "
            "percent-encoded, and a port is a number"
        ) from None
    return able[scheme].code, able[scheme].configure(url)
