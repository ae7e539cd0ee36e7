"""A campaign of requests for payment as its pages show it: before it is confirmed, and after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from amiable.apps.dunning.reasons import order
from amiable.apps.dunning.requesting import following
from amiable.apps.dunning.requesting.following import RequestRow, Total
from amiable.apps.dunning.requesting.previews import RequestPreview, request_preview
from amiable.core.money import Money
from amiable.core.requesting import MEDIA
from amiable.interfaces.console.request_words import REQUESTS

PAGE_SIZE = 50
SHOWN = 20  # payers of a reason; the file to take away holds them all


@dataclass(frozen=True, slots=True)
class Group:
    """Payers with one reason."""

    family: str
    total: Total
    rows: Sequence[RequestRow]


@dataclass(frozen=True, slots=True)
class Preview:
    """What would leave: `leaving` in all, by medium; `later` = of these, what waits for a day or an
    hour; `out` = who is not asked; `cost` = of the text messages, about."""

    leaving: Total
    media: Sequence[tuple[str, Total]]
    later: Sequence[Group]
    out: Sequence[Group]
    out_count: int
    cost: Money
    parts: int
    samples: Sequence[RequestPreview]


def preview(
    organization_id: int, campaign_id: int, rows: Iterable[RequestRow], *, now: datetime,
    part_minor: int,
) -> Preview:  # fmt: skip
    """The preview of a campaign that is not confirmed."""
    rows = list(rows)
    ready = [row for row in rows if row.standing == "draft"]
    out = [row for row in rows if row.standing == "stopped"]
    by = following.totals(ready, "medium")
    media = [(medium, by[medium]) for medium in MEDIA if medium in by]
    found = [
        request_preview(organization_id, campaign_id, medium, now=now) for medium, _total in media
    ]
    samples = [each for each in found if each is not None]
    parts = max((each.parts for each in samples), default=0)
    texts = by["sms"].count if "sms" in by else 0
    return Preview(
        leaving=following.total(ready),
        media=media,
        later=_groups(row for row in ready if row.outcome),
        out=_groups(out),
        out_count=len(out),
        cost=Money(texts * parts * part_minor, "EUR"),
        parts=parts,
        samples=samples,
    )


def _groups(rows: Iterable[RequestRow]) -> list[Group]:
    rows = list(rows)
    found = following.totals(rows, "family")
    return [
        Group(name, each, [row for row in rows if row.family == name][:SHOWN])
        for name, each in sorted(found.items(), key=lambda pair: (order(pair[0]), pair[0]))
    ]


@dataclass(frozen=True, slots=True)
class Pages:
    """Which page of how many."""

    number: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of a campaign: sums, and one page of the payers of a standing ("" = of all)."""

    standing: str
    standings: Sequence[tuple[str, Total]]
    left: Total
    opened: int
    rows: Sequence[RequestRow]
    found: Pages

    @property
    def opened_percent(self) -> int:
        """Of those that left, the share that was looked at."""
        return 100 * self.opened // self.left.count if self.left.count else 0


def followed(rows: Sequence[RequestRow], *, standing: str, page: int) -> Followed:
    """A confirmed campaign."""
    sums = following.totals(rows, "standing")
    standing = standing if standing in sums else ""
    chosen = [row for row in rows if not standing or row.standing == standing]
    pages = max(1, -(-len(chosen) // PAGE_SIZE))
    number = min(max(page, 1), pages)
    left = [row for row in rows if row.left]
    return Followed(
        standing=standing,
        standings=[(name, sums[name]) for name in REQUESTS["request"] if name in sums],
        left=following.total(left),
        opened=sum(row.opened_on is not None for row in left),
        rows=chosen[(number - 1) * PAGE_SIZE : number * PAGE_SIZE],
        found=Pages(number, pages, len(chosen)),
    )


def titles() -> dict[str, str | Promise]:
    """The columns of the file to take away."""
    return {
        "code": _("Code"),
        "customer": _("Customer"),
        "creditor": _("Creditor"),
        "standing": _("Where it stands"),
        "medium": _("Medium"),
        "recipient": _("Written to"),
        "sent_on": _("Sent on"),
        "opened_on": _("Opened on"),
        "invoices": _("Invoices"),
        "currency": _("Currency"),
        "asked": _("Asked for"),
        "paid": _("Paid since"),
        "left": _("Left to pay"),
    }
