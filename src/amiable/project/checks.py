"""Configuration checks with ids, in place of a configuration guide; run by `amiable check`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register
from django.db import connection

from amiable.apps.banking.iban_providers import iban_source
from amiable.apps.cases.links import links_open
from amiable.apps.dunning.paying import account_of
from amiable.apps.imports import drops
from amiable.apps.messaging.replies.mailboxes import source_of
from amiable.apps.messaging.sending.routes import route_of, unheard
from amiable.plugins.scanning import scanner_of
from amiable.project.environment import VARIABLES, var_dir

# Settings that list addresses: how one is read, what it is of, an example, the id of the error.
_LISTS: tuple[tuple[str, Callable[[str], object], str, str, str], ...] = (
    (
        "MAILBOX_URLS", source_of, "a mailbox",
        "AMIABLE_MAILBOX_URLS=imaps://user:password@host/INBOX", "amiable.E010",
    ),
    (
        "DROP_URLS", drops.source_of, "a drop",
        "AMIABLE_DROP_URLS=folder:///srv/bank?organization=SLUG", "amiable.E011",
    ),
    (
        "GATEWAY_URLS", account_of, "a gateway",
        "AMIABLE_GATEWAY_URLS=stripe://sk_live_...@api.stripe.com?webhook_secret=...",
        "amiable.E012",
    ),
    (
        "VIRTUAL_IBAN_URLS", iban_source, "a provider of virtual IBANs",
        "AMIABLE_VIRTUAL_IBAN_URLS=swan://CLIENT_ID:SECRET@live/ACCOUNT_ID", "amiable.E013",
    ),
    (
        "CLAMD_URLS", scanner_of, "the virus scanner",
        "AMIABLE_CLAMD_URL=tcp://127.0.0.1:3310", "amiable.E014",
    ),
)  # fmt: skip


@register("configuration")
def check_configuration(**_: Any) -> list[CheckMessage]:
    """Every defect of the AMIABLE_* environment that can be seen without a network."""
    return [
        *_unknown_variables(), *_addresses(), *_lists(), *_unheard(), *_payment_page(),
        *_secrets(), *_assets(), *_database(),
    ]  # fmt: skip


def _unknown_variables() -> Iterator[CheckMessage]:
    for name in sorted(os.environ):
        if name.startswith("AMIABLE_") and name not in VARIABLES:
            yield checks.Warning(
                f"{name} is set but means nothing",
                hint="See docs/reference/configuration.md for the names that exist.",
                id="amiable.W001",
            )


def _addresses() -> Iterator[CheckMessage]:
    base = urlsplit(settings.BASE_URL)
    if base.scheme not in ("http", "https") or not base.hostname:
        yield Error(
            f"AMIABLE_BASE_URL is not an address: {settings.BASE_URL!r}",
            hint="Write https://collections.example.com",
            id="amiable.E001",
        )
    elif base.hostname not in [host.strip("[]") for host in settings.ALLOWED_HOSTS]:
        yield Error(
            f"AMIABLE_ALLOWED_HOSTS does not contain {base.hostname}, the host of AMIABLE_BASE_URL",
            hint=f"Set AMIABLE_ALLOWED_HOSTS={base.hostname}",
            id="amiable.E002",
        )
    for medium, url in settings.CHANNEL_URLS.items():
        try:
            _ = route_of(medium, url) if url else None
        except ValueError as error:
            yield Error(
                f"the address of the channel for {medium} cannot be read: {error}",
                hint="AMIABLE_SMTP_URL for email reads smtp://user:password@host:587",
                id="amiable.E003",
            )
    if not settings.CHANNEL_URLS["email"]:
        yield checks.Warning(
            "AMIABLE_SMTP_URL is empty: email stays in the built-in outbox and reaches nobody",
            id="amiable.W002",
        )


def _lists() -> Iterator[CheckMessage]:
    for setting, read, what, example, code in _LISTS:
        for url in getattr(settings, setting):
            try:
                read(url)
            except ValueError as error:
                yield Error(f"the address of {what} cannot be read: {error}", hint=example, id=code)


def _unheard() -> Iterator[CheckMessage]:
    """Providers that report back, and whose calls would be refused: bounces would go unnoticed."""
    with suppress(ValueError):  # said by the addresses above
        for (code, lacks), media in unheard().items():
            yield checks.Warning(
                f"{code} carries {', '.join(media)}, and {' and '.join(lacks)} is missing: what "
                "its provider reports is refused, so nobody hears what became of messages",
                hint="Set it, and give the provider your address: see docs/howto.",
                id="amiable.W005",
            )


def _payment_page() -> Iterator[CheckMessage]:
    if not links_open():
        yield checks.Warning(
            "AMIABLE_BASE_URL is not https: messages carry no link to the payment page",
            hint="Customers open it to see the account to pay on: nobody may change it on its way.",
            id="amiable.W004",
        )


def _secrets() -> Iterator[CheckMessage]:
    public = not settings.BASE_URL.startswith(("http://127.", "http://localhost"))
    if settings.DEBUG and public:
        yield Error("AMIABLE_DEBUG=1 on a public address", id="amiable.E004")
    if public and settings.BASE_URL.startswith("http:"):
        yield checks.Warning(
            "AMIABLE_BASE_URL is plain http: passwords travel in clear", id="amiable.W003"
        )
    if len(settings.SECRET_KEY) < 20:
        yield Error(
            "AMIABLE_SECRET_KEY is shorter than 20 characters",
            hint="Unset it: a key is then made once and kept in AMIABLE_VAR.",
            id="amiable.E005",
        )
    key = var_dir() / "secret_key"
    if key.exists() and key.stat().st_mode & 0o077:
        yield Error(f"{key} is readable by others", hint=f"chmod 600 {key}", id="amiable.E006")


def _assets() -> Iterator[CheckMessage]:
    if not (settings.PACKAGE / "assets" / "web" / "tabler.css").exists():
        yield Error(
            "the browser assets are missing from the package",
            hint="In a clone, run `make assets`; a wheel contains them.",
            id="amiable.E007",
        )


def _database() -> Iterator[CheckMessage]:
    if connection.vendor == "sqlite":
        free = shutil.disk_usage(var_dir()).free
        if free < 200_000_000:
            yield Error(
                f"only {free // 1_000_000} MB are free where the database lies", id="amiable.E008"
            )
    elif connection.vendor != "postgresql":
        yield Error(
            f"the database {connection.vendor} is not supported",
            hint="AMIABLE_DATABASE_URL takes sqlite:///... or postgresql://...",
            id="amiable.E009",
        )
