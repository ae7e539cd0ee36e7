"""The sums of a campaign of requests for payment: what each page tells of all its payers.

The database adds up what each payer was asked and paid, and one light row is read of each; what a
page shows of single payers is read for those alone (`following.requests`). They say the same.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db.models import BigIntegerField, Case, F, OuterRef, Subquery, Sum, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Greatest, Least

from amiable.apps.dunning.models import PaymentRequest, PaymentRequestItem
from amiable.apps.dunning.reasons import family
from amiable.apps.dunning.requesting.following import LEFT, State, disputed, opened, promised
from amiable.apps.receivables.models import Allocation, Entry
from amiable.core.money import Money
from amiable.core.requesting import standing_of


class Payer(NamedTuple):
    """What counts of a payer, as `following.RequestRow` tells it; amounts in minor units."""

    id: int
    standing: str
    medium: str
    family: str
    currency: str
    asked_minor: int
    paid_minor: int
    left: bool
    opened: bool


@dataclass(frozen=True, slots=True)
class Total:
    """How many payers, and how much, by currency."""

    count: int
    asked: tuple[Money, ...]
    paid: tuple[Money, ...]


def payers(organization_id: int, campaign_id: int, *, on: date) -> list[Payer]:
    """Every payer of a campaign, by name: six queries for any number."""
    scope = {"organization_id": organization_id, "campaign_id": campaign_id}
    mine = PaymentRequest.objects.filter(**scope)
    rows = list(
        mine.order_by("case__customer__name", "id").values_list(
            "id", "case_id", "state", "medium", "case__currency", "closed_on"
        )
    )
    case_ids = {row[1] for row in rows if row[2] in LEFT}
    items = PaymentRequestItem.objects.filter(
        organization_id=organization_id, request_id__in=mine.values("id")
    )
    sums = _sums(organization_id, campaign_id)
    told = mine.exclude(outcome=[]).values_list("id", "outcome")
    families = {request_id: family(outcome[0]["code"]) for request_id, outcome in told}
    used = opened(organization_id, campaign_id, case_ids)
    promises = promised(organization_id, case_ids, on=on)
    disputes = disputed(organization_id, items)
    found = []
    for request_id, case_id, state, medium, currency, closed_on in rows:
        asked, moved = sums.get(request_id, (0, 0))
        left = state in LEFT
        standing = state
        if left:
            made_on = promises.get(case_id)
            where = standing_of(
                asked, moved, opened=case_id in used, disputed=case_id in disputes,
                promised=made_on is not None and closed_on is not None and made_on >= closed_on,
            )  # fmt: skip
            standing = state if state == State.UNKNOWN and where == "sent" else where
        elif state == State.STOPPED:
            asked, moved = moved, 0
        reason = families.get(request_id, "")
        is_opened = left and case_id in used
        found.append(
            Payer(
                request_id,
                standing,
                medium,
                reason,
                currency,
                asked,
                moved,
                left and closed_on is not None,
                is_opened,
            )
        )
    return found


def _sums(organization_id: int, campaign_id: int) -> dict[int, tuple[int, int]]:
    """By request: what was asked, and what was paid of it since (of one that left), or what is open
    of its installments (of one that was stopped)."""
    open_now = _of_item(Entry) - _of_item(Allocation)
    paid = Least(F("asked_minor"), Greatest(Value(0), F("open_minor") - open_now))
    moved = Case(
        When(request__state__in=LEFT, then=paid),
        When(request__state=State.STOPPED, then=open_now),
        default=Value(0),
        output_field=BigIntegerField(),
    )
    items = PaymentRequestItem.objects.filter(
        organization_id=organization_id, request__campaign_id=campaign_id
    )
    sums = items.values_list("request_id").annotate(asked=Sum("asked_minor"), moved=Sum(moved))
    return {request_id: (int(asked), int(found)) for request_id, asked, found in sums.order_by()}


def _of_item(model: type[Entry] | type[Allocation]) -> Combinable:
    """The sum over an installment asked for: an index look-up each, only where it is needed."""
    rows = model.objects.filter(installment_id=OuterRef("installment_id")).order_by()
    total = rows.values("installment_id").annotate(total=Sum("amount_minor")).values("total")
    return Coalesce(Subquery(total), 0)


def total(rows: Iterable[Payer]) -> Total:
    """The sums of payers."""
    count = 0
    asked: Counter[str] = Counter()
    paid: Counter[str] = Counter()
    for row in rows:
        count += 1
        asked[row.currency] += row.asked_minor
        paid[row.currency] += row.paid_minor
    return Total(count, _monies(asked), _monies(paid))


def totals(rows: Iterable[Payer], by: str) -> dict[str, Total]:
    """The sums by a field of the payers, such as `standing`, `medium` or `family`."""
    groups: dict[str, list[Payer]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, by)].append(row)
    return {name: total(each) for name, each in groups.items()}


def _monies(sums: Mapping[str, int]) -> tuple[Money, ...]:
    return tuple(Money(minor, currency) for currency, minor in sorted(sums.items()))
