"""A campaign of requests for payment as its pages show it: before it is confirmed, and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from amiable.apps.dunning.reasons import order
from amiable.apps.dunning.requesting.following import RequestRow, requests
from amiable.apps.dunning.requesting.previews import RequestPreview, request_preview
from amiable.apps.dunning.requesting.sums import Payer, Total, payers, total, totals
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
    organization_id: int, campaign_id: int, *, on: date, now: datetime, part_minor: int
) -> Preview:
    """The preview of a campaign that is not confirmed."""
    found = payers(organization_id, campaign_id, on=on)
    ready = [row for row in found if row.standing == "draft"]
    out = [row for row in found if row.standing == "stopped"]
    later = [row for row in ready if row.family]
    shown = _rows(organization_id, campaign_id, _first_of_each(later) + _first_of_each(out), on)
    by = totals(ready, "medium")
    media = [(medium, by[medium]) for medium in MEDIA if medium in by]
    looks = [
        request_preview(organization_id, campaign_id, medium, now=now) for medium, _total in media
    ]
    samples = [each for each in looks if each is not None]
    parts = max((each.parts for each in samples), default=0)
    texts = by["sms"].count if "sms" in by else 0
    return Preview(
        leaving=total(ready),
        media=media,
        later=_groups(later, shown),
        out=_groups(out, shown),
        out_count=len(out),
        cost=Money(texts * parts * part_minor, "EUR"),
        parts=parts,
        samples=samples,
    )


def _rows(
    organization_id: int, campaign_id: int, found: Sequence[Payer], on: date
) -> Sequence[RequestRow]:
    return requests(organization_id, campaign_id, on=on, ids=[payer.id for payer in found])


def _first_of_each(found: Sequence[Payer]) -> list[Payer]:
    """The payers of each reason that are shown."""
    counted: Counter[str] = Counter()
    shown = []
    for payer in found:
        counted[payer.family] += 1
        if counted[payer.family] <= SHOWN:
            shown.append(payer)
    return shown


def _groups(found: Sequence[Payer], shown: Sequence[RequestRow]) -> list[Group]:
    ids = {payer.id for payer in found}
    return [
        Group(name, each, [row for row in shown if row.id in ids and row.family == name])
        for name, each in sorted(
            totals(found, "family").items(), key=lambda pair: (order(pair[0]), pair[0])
        )
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


def followed(
    organization_id: int, campaign_id: int, *, on: date, standing: str, page: int
) -> Followed:
    """A confirmed campaign."""
    found = payers(organization_id, campaign_id, on=on)
    sums = totals(found, "standing")
    standing = standing if standing in sums else ""
    chosen = [row for row in found if not standing or row.standing == standing]
    pages = max(1, -(-len(chosen) // PAGE_SIZE))
    number = min(max(page, 1), pages)
    shown = chosen[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    left = [row for row in found if row.left]
    return Followed(
        standing=standing,
        standings=[(name, sums[name]) for name in REQUESTS["request"] if name in sums],
        left=total(left),
        opened=sum(row.opened for row in left),
        rows=_rows(organization_id, campaign_id, shown, on),
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
