"""Providers that list their virtual IBANs through an API (AMIABLE_VIRTUAL_IBAN_URLS): asked, and
what they say taken in whole.

`?organization=SLUG` says whose they are (needed when there are several), `&creditor=CODE` to whose
account they lead (likewise).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.conf import settings

from amiable.apps.banking.virtual_ibans import virtual_ibans_import
from amiable.apps.tenants.models import Organization
from amiable.plugins.registry import plugins

_OWN_OPTIONS = {"organization", "creditor"}
MOST_TOLD = 20
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IbanSource:
    """A provider as configured. `name` = its address without the secret."""

    name: str
    code: str
    config: dict[str, Any]
    slug: str = ""
    creditor: str = ""


@dataclass(slots=True)
class FetchCounts:
    """What asking brought, in all. `errors` by name of the provider: nothing of it was taken."""

    providers: int = 0
    created: int = 0
    updated: int = 0
    closed: int = 0
    reopened: int = 0
    unchanged: int = 0
    errors: dict[str, list[str]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self)


def iban_source(url: str) -> IbanSource:
    """A provider from its address. Raises ValueError when it cannot be understood."""
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    own = {name: value for name, value in pairs if name in _OWN_OPTIONS}
    theirs = urlencode([pair for pair in pairs if pair[0] not in _OWN_OPTIONS])
    able = {scheme: one for one in plugins("iban_pools").values() for scheme in one.schemes}
    if parts.scheme not in able:
        raise ValueError(f"the address of a provider begins with {', '.join(sorted(able))}")
    plugin = able[parts.scheme]
    config = plugin.configure(urlunsplit(parts._replace(query=theirs)))
    name = f"{parts.scheme}://{parts.hostname or ''}{parts.path}"[:200]
    return IbanSource(
        name, plugin.code, config, own.get("organization", ""), own.get("creditor", "")
    )


def is_any_provider() -> bool:
    """Whether a provider can be asked at all."""
    return bool(settings.VIRTUAL_IBAN_URLS)


def virtual_ibans_fetch(organization_id: int, *, on: date, actor: str) -> FetchCounts:
    """Ask the providers of an organization; what each says is taken whole or not at all."""
    counts = FetchCounts()
    slug = Organization.objects.values_list("slug", flat=True).get(id=organization_id)
    only = Organization.objects.count() == 1
    for source in _sources(counts.errors):
        if source.slug not in ({slug, ""} if only else {slug}):
            if not source.slug:
                counts.errors[source.name] = ["say whose: ?organization=SLUG"]
            continue
        counts.providers += 1
        try:
            rows = plugins("iban_pools")[source.code].ibans(source.config)
        except OSError as error:
            counts.errors[source.name] = [str(error)[:300] or type(error).__name__]
            logger.warning("the provider %s cannot be asked: %s", source.name, error)
            continue
        change = virtual_ibans_import(
            organization_id, rows, source=source.name, on=on, actor=actor, creditor=source.creditor
        )
        told = [f"{each.line}: {each.sentence}" for each in change.errors[:MOST_TOLD]]
        if told:
            counts.errors[source.name] = told
        for name in ("created", "updated", "closed", "reopened", "unchanged"):
            setattr(counts, name, getattr(counts, name) + change.counts[name])
    return counts


def _sources(errors: dict[str, list[str]]) -> Iterator[IbanSource]:
    for position, url in enumerate(settings.VIRTUAL_IBAN_URLS, start=1):
        try:
            yield iban_source(url)
        except ValueError as error:  # an address holds a secret: it is not repeated
            errors[f"AMIABLE_VIRTUAL_IBAN_URLS, number {position}"] = [str(error)]
