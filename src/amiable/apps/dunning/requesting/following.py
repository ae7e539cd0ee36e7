"""What became of requests for payment: each payer beside the facts, never beside a copy of them.

A fixed number of queries for a campaign of any size. The sums of a campaign are in `sums`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet

from amiable.apps.cases.links import links_used
from amiable.apps.cases.models import Dispute, Promise
from amiable.apps.dunning.models import PaymentRequest, PaymentRequestItem, RequestCampaign
from amiable.apps.dunning.reasons import family
from amiable.apps.dunning.requesting.drawing import campaign_of_file
from amiable.apps.imports.models import ImportRun
from amiable.apps.receivables.queries import installment_balances
from amiable.core.money import Money
from amiable.core.requesting import Part, standing

LATEST = 100  # campaigns of the list
State = PaymentRequest.State
# What left, as far as is known: its payer is followed.
LEFT = (State.SENT, State.UNKNOWN)
TO_COME = (State.WAITING, State.SENDING)


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A payer of a campaign. `standing` = the state until it left, then paid, partly_paid,
    disputed, promised, opened or sent (unknown = it may have left). Amounts: asked (of one that is
    stopped: what is open), and paid since. `outcome` = sentences; `family` = that of the first."""

    id: int
    customer_id: int
    customer: str
    code: str
    creditor: str
    medium: str
    standing: str
    asked: Money
    paid: Money
    invoices: int
    outcome: tuple[dict[str, Any], ...]
    family: str
    message_id: int | None
    recipient: str
    sent_on: date | None
    opened_on: date | None
    is_promised: bool
    is_disputed: bool

    @property
    def left(self) -> bool:
        """Whether it left, as far as is known."""
        return self.sent_on is not None


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign with how many of its requests are in which state."""

    id: int
    name: str
    media: tuple[str, ...]
    made_at: datetime
    made_by: str
    looked_at: datetime
    confirmed_at: datetime | None
    confirmed_by: str
    cancelled_at: datetime | None
    is_test: bool
    run_id: int | None
    states: Mapping[str, int]

    @property
    def total(self) -> int:
        """Payers."""
        return sum(self.states.values())

    @property
    def gone(self) -> int:
        """Those that left."""
        return sum(self.states.get(state, 0) for state in LEFT)

    @property
    def to_come(self) -> int:
        """Those confirmed that have not left."""
        return sum(self.states.get(state, 0) for state in TO_COME)

    @property
    def is_draft(self) -> bool:
        """Whether it waits to be confirmed."""
        return self.confirmed_at is None and self.cancelled_at is None


def campaigns(organization_id: int) -> list[CampaignRow]:
    """The newest campaigns: two queries."""
    rows = RequestCampaign.objects.filter(organization_id=organization_id)
    return _campaigns(list(rows.order_by("-id")[:LATEST]))


def campaign(organization_id: int, campaign_id: int) -> CampaignRow:
    """A campaign. Raises LookupError."""
    rows = RequestCampaign.objects.filter(organization_id=organization_id, id=campaign_id)
    found = _campaigns(list(rows))
    if not found:
        raise LookupError(f"no campaign {campaign_id}")
    return found[0]


def campaign_of_run(organization_id: int, run_id: int) -> int | None:
    """The campaign over the invoices that came in with an import; None when there is none."""
    runs = ImportRun.objects.filter(organization_id=organization_id, id=run_id)
    sha256 = runs.values_list("sha256", flat=True).first()
    return campaign_of_file(organization_id, sha256) if sha256 else None


def is_moving(organization_id: int, campaign_id: int, *, now: datetime) -> bool:
    """Whether requests of a campaign are leaving, or wait for nothing but a worker."""
    rows = PaymentRequest.objects.filter(organization_id=organization_id, campaign_id=campaign_id)
    due = Q(state=State.WAITING, retry_at__lte=now) | Q(state=State.SENDING)
    return rows.filter(due).exists()


def _campaigns(rows: list[RequestCampaign]) -> list[CampaignRow]:
    states: dict[int, dict[str, int]] = defaultdict(dict)
    counted = PaymentRequest.objects.filter(campaign_id__in=[row.pk for row in rows])
    for campaign_id, state, count in (
        counted.values_list("campaign_id", "state").annotate(Count("id")).order_by()
    ):
        states[campaign_id][state] = count
    return [
        CampaignRow(
            row.pk, row.name, tuple(row.media), row.made_at, row.made_by, row.looked_at,
            row.confirmed_at, row.confirmed_by, row.cancelled_at, row.is_test, row.run_id,
            states[row.pk],
        )
        for row in rows
    ]  # fmt: skip


def requests(
    organization_id: int, campaign_id: int, *, on: date, ids: Sequence[int] | None = None
) -> list[RequestRow]:
    """The payers of a campaign, by name: every one, or those of `ids` (of requests), in that
    order."""
    rows = PaymentRequest.objects.filter(organization_id=organization_id, campaign_id=campaign_id)
    if ids is not None and not ids:
        return []
    if ids is not None:
        rows = rows.filter(id__among=ids)
    values = rows.order_by("case__customer__name", "id").values_list(
        "id", "case_id", "state", "medium", "outcome", "message_id", "message__recipient",
        "closed_on", "case__currency", "case__customer_id", "case__customer__name",
        "case__customer__code", "case__customer__creditor__name",
    )  # fmt: skip
    found = [_Row(*row) for row in values]
    known = _known(organization_id, campaign_id, found, on)
    made = [_row(row, known) for row in found]
    if ids is None:
        return made
    by_id = {row.id: row for row in made}
    return [by_id[request_id] for request_id in ids if request_id in by_id]


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    case_id: int
    state: str
    medium: str
    outcome: list[dict[str, Any]]
    message_id: int | None
    recipient: str | None
    closed_on: date | None
    currency: str
    customer_id: int
    customer: str
    code: str
    creditor: str


@dataclass(frozen=True, slots=True)
class _Known:
    """The facts beside the requests, by request or case."""

    parts: Mapping[int, list[Part]]
    opened: Mapping[int, date]
    promised: Mapping[int, date]  # the last day that a promise was made on and stands
    disputed: Collection[int]


def _known(organization_id: int, campaign_id: int, rows: Collection[_Row], on: date) -> _Known:
    case_ids = {row.case_id for row in rows}
    items = PaymentRequestItem.objects.filter(
        organization_id=organization_id, request_id__among=[row.id for row in rows]
    )
    return _Known(
        parts=_parts(organization_id, items),
        opened=opened(organization_id, campaign_id, case_ids),
        promised=promised(organization_id, case_ids, on=on),
        disputed=disputed(organization_id, items),
    )


def opened(organization_id: int, campaign_id: int, case_ids: Collection[int]) -> dict[int, date]:
    """The first day somebody used the link of each request, by case: one query."""
    prefix = f"request/{campaign_id}/"
    used = links_used(organization_id, case_ids, prefix=prefix)
    return {int(key.removeprefix(prefix)): day for key, day in used.items()}


def promised(organization_id: int, case_ids: Collection[int], *, on: date) -> dict[int, date]:
    """The last day that a promise was made on and stands, by case: one query."""
    promises = Promise.objects.filter(
        organization_id=organization_id, case_id__among=case_ids, cancelled_on__isnull=True,
        plan__cancelled_on__isnull=True,
    )  # fmt: skip
    found: dict[int, date] = {}
    for case_id, made_on, due_on, grace in promises.values_list(
        "case_id", "made_on", "due_on", "grace_days"
    ):
        if due_on + timedelta(days=grace) >= on:
            found[case_id] = max(made_on, found.get(case_id, made_on))
    return found


def disputed(organization_id: int, items: QuerySet[PaymentRequestItem]) -> set[int]:
    """The cases with an open dispute on an installment of these: one query."""
    disputes = Dispute.objects.filter(
        organization_id=organization_id, closed_on__isnull=True,
        installment_id__in=items.values("installment_id"),
    )  # fmt: skip
    return set(disputes.values_list("case_id", flat=True))


def _parts(organization_id: int, items: Any) -> dict[int, list[Part]]:
    fields = ("request_id", "installment_id", "asked_minor", "open_minor")
    rows = list(items.values_list(*fields))
    balances = installment_balances(organization_id, {row[1] for row in rows})
    found: dict[int, list[Part]] = defaultdict(list)
    for request_id, item_id, asked, opened in rows:
        found[request_id].append(Part(asked, opened, balances[item_id]))
    return found


def _row(row: _Row, known: _Known) -> RequestRow:
    parts, left = known.parts[row.id], row.state in LEFT
    made_on, closed_on = known.promised.get(row.case_id), row.closed_on
    promises = left and made_on is not None and closed_on is not None and made_on >= closed_on
    disputes, used = left and row.case_id in known.disputed, known.opened.get(row.case_id)
    where, paid = standing(parts, opened=used is not None, promised=promises, disputed=disputes)
    may_have_left = row.state == State.UNKNOWN and where == "sent"
    asked = sum(part.asked_minor for part in parts)
    if row.state == State.STOPPED:
        asked = sum(part.left_minor for part in parts)
    return RequestRow(
        id=row.id,
        customer_id=row.customer_id,
        customer=row.customer,
        code=row.code,
        creditor=row.creditor,
        medium=row.medium,
        standing=where if left and not may_have_left else row.state,
        asked=Money(asked, row.currency),
        paid=Money(paid if left else 0, row.currency),
        invoices=sum(part.asked_minor > 0 for part in parts) or len(parts),
        outcome=tuple(row.outcome),
        family=family(row.outcome[0]["code"]) if row.outcome else "",
        message_id=row.message_id,
        recipient=row.recipient or "",
        sent_on=row.closed_on if left else None,
        opened_on=used if left else None,
        is_promised=promises,
        is_disputed=disputes,
    )
