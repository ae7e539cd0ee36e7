"""What reports of channels mean: which addresses are wrong, who objects, which cases are looked at
again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from amiable.apps.cases.services import addresses_mark, cases_wake, points_mark
from amiable.apps.customers.models import ContactPoint, Customer
from amiable.core.delivery import WRONG_ADDRESS
from amiable.core.drafts import Party
from amiable.core.sentences import Sentence
from amiable.core.sms import mobile_number
from amiable.plugins.documents.address import address_block

# News that change nothing that is planned.
NO_NEWS = frozenset({"sent", "deferred", "deposited"})
UNWANTED = frozenset({"complained", "opted_out"})


@dataclass(frozen=True, slots=True)
class News:
    """One new report: its kind, whom it is about, and the address it speaks of ("" = none)."""

    kind: str
    customer_id: int
    medium: str
    address: str
    reason: str

    @property
    def is_postal(self) -> bool:
        """Whether it went by post: a registered letter may also go to a mailbox."""
        return self.medium in {"letter", "registered_letter"} and "@" not in self.address


def news_apply(organization_id: int, news: Sequence[News], *, on: date, actor: str) -> None:
    """Mark addresses that take nothing, note objections, wake the cases that something new is
    known of; a fixed number of queries. Call inside the transaction that records the reports."""
    postal: dict[int, list[News]] = defaultdict(list)
    points: dict[tuple[int, str], News] = {}
    for each in news:
        if not each.address or each.kind not in WRONG_ADDRESS | UNWANTED:
            continue
        if each.is_postal:
            if each.kind in WRONG_ADDRESS:
                postal[each.customer_id].append(each)
            continue
        key = each.customer_id, each.address.casefold()
        # An objection stands above a wrong address.
        if key not in points or each.kind in UNWANTED:
            points[key] = each
    _mark_points(organization_id, points, on=on, actor=actor)
    _mark_addresses(organization_id, postal, on=on, actor=actor)
    woken = {each.customer_id for each in news if each.kind not in NO_NEWS}
    if woken:
        cases_wake(organization_id, woken, on=on)


def _mark_points(
    organization_id: int, reports: Mapping[tuple[int, str], News], *, on: date, actor: str
) -> None:
    """Mark addresses and numbers. One that is marked already keeps its mark and its reason, but
    for an objection, which is stronger."""
    if not reports:
        return
    rows = ContactPoint.objects.filter(
        organization_id=organization_id,
        customer_id__in={customer_id for customer_id, _ in reports},
        opted_out_at__isnull=True,
    )
    marks = {}
    for point_id, customer_id, kind, value, invalid_since in rows.values_list(
        "id", "customer_id", "kind", "value", "invalid_since"
    ):
        report = reports.get((customer_id, as_written(kind, value)))
        if report is None:
            continue
        if report.kind in UNWANTED:
            marks[point_id] = ("opted_out", report.reason)
        elif invalid_since is None:
            marks[point_id] = ("invalid", report.reason)
    if marks:
        points_mark(organization_id, marks, on=on, actor=actor)


def as_written(kind: str, value: str) -> str:
    """An address or number as messages bear it, for comparing."""
    return (value if kind == "email" else mobile_number(value) or value).casefold()


def _mark_addresses(
    organization_id: int, reports: Mapping[int, Sequence[News]], *, on: date, actor: str
) -> None:
    """Mark the postal addresses, by customer, that are still those that were written to."""
    if not reports:
        return
    rows = Customer.objects.filter(
        organization_id=organization_id, id__in=reports, address_invalid_since__isnull=True
    )
    wrong: dict[int, str | None] = {}
    for customer in rows:
        party = Party(
            name=customer.name, address_lines=tuple(customer.address_lines),
            postcode=customer.postcode, city=customer.city, country=customer.country,
        )  # fmt: skip
        block = address_block(party)
        for each in reports[customer.pk]:
            written = each.address.split("\n")
            if not isinstance(block, Sentence) and set(block[1:]) <= set(written):
                wrong[customer.pk] = each.reason
    if wrong:
        addresses_mark(organization_id, wrong, on=on, actor=actor)
