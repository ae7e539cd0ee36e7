"""A campaign is drawn up: one request for each payer and creditor, and what stands against it.

Nothing leaves by it. What was seen can be looked at again until the campaign is confirmed; what
counts is asked once more at the last second.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.cases.models import Case
from amiable.apps.cases.services import cases_ensure
from amiable.apps.dunning.confirming.answers import scenarios_for
from amiable.apps.dunning.facts import case_facts
from amiable.apps.dunning.models import PaymentRequest, PaymentRequestItem, RequestCampaign
from amiable.apps.dunning.requesting.campaigns import RequestError, own_time
from amiable.apps.receivables.models import Installment
from amiable.apps.tenants.queries import books_lock
from amiable.apps.work.bulk import ids_reserve, rows_insert
from amiable.core.requesting import MEDIA, Verdict, request_check
from amiable.core.scenario import Medium
from amiable.core.sentences import Sentence, declare, gettext_noop

CHUNK = 500
State = PaymentRequest.State

declare(
    {
        "request.nothing": gettext_noop("There is no invoice to ask the payment of."),
        "request.no_medium": gettext_noop("Choose how to write: by email, by text message, both."),
    }
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a campaign is about. `media` = how to write: the first that reaches a payer is taken;
    `sha256` and `run_id` = of the file the invoices came in, "" and None = of the open items."""

    name: str
    media: Sequence[Medium] = MEDIA
    sha256: str = ""
    run_id: int | None = None


@transaction.atomic
def campaign_draw(
    organization_id: int, wish: Wish, installment_ids: Collection[int], *, now: datetime, actor: str
) -> int:
    """Draw a campaign up over installments; returns its id, that of the one there is when the same
    file was drawn up before.

    A fixed number of queries, and a few for each CHUNK of payers. Raises RequestError.
    """
    media = [medium for medium in MEDIA if medium in wish.media]
    if not media:
        raise RequestError(Sentence("request.no_medium"))
    books_lock(organization_id)  # two who hand in the same file wait for each other
    if wish.sha256:
        known = campaign_of_file(organization_id, wish.sha256)
        if known is not None:
            return known
    on = timezone.localtime(now).date()
    payers = _payers(organization_id, installment_ids)
    if not payers:
        raise RequestError(Sentence("request.nothing"))
    cases_ensure(organization_id, payers, on=on)
    campaign = RequestCampaign.objects.create(
        organization_id=organization_id, name=wish.name[:255], sha256=wish.sha256,
        run_id=wish.run_id, media=media, made_at=now, made_by=actor[:254], looked_at=now,
    )  # fmt: skip
    _insert(campaign, _by_case(organization_id, payers), now)
    told = {"campaign": campaign.pk, "name": campaign.name, "payers": len(payers)}
    event_record(organization_id, Happening("request.drawn", on, actor, payload=told))
    return campaign.pk


def file_draw(
    organization_id: int, wish: Wish, invoice_ids: Collection[int], *, now: datetime, actor: str
) -> int:
    """Draw a campaign up over the invoices of a file; errors as `campaign_draw`."""
    rows = Installment.objects.filter(
        organization_id=organization_id, invoice_id__among=set(invoice_ids)
    )
    ids = set(rows.values_list("id", flat=True))
    return campaign_draw(organization_id, wish, ids, now=now, actor=actor)


def campaign_of_file(organization_id: int, sha256: str) -> int | None:
    """The campaign that a file was drawn up as, unless it was cancelled or a test."""
    rows = RequestCampaign.objects.filter(
        organization_id=organization_id, sha256=sha256, cancelled_at__isnull=True, is_test=False
    )
    return rows.values_list("id", flat=True).first()


@transaction.atomic
def campaign_look(organization_id: int, campaign_id: int, *, now: datetime) -> None:
    """Look again at what stands against the requests of a campaign that is not confirmed; one that
    is stays as it is. Raises RequestCampaign.DoesNotExist."""
    rows = RequestCampaign.objects.filter(organization_id=organization_id)
    campaign = rows.select_for_update(no_key=True).get(id=campaign_id)
    if campaign.confirmed_at is None and campaign.cancelled_at is None:
        RequestCampaign.objects.filter(id=campaign_id).update(looked_at=now)
        _look_again(campaign, now)


def _payers(
    organization_id: int, installment_ids: Collection[int]
) -> dict[tuple[int, str], list[int]]:
    """The installments by (customer, currency): a customer is of one creditor."""
    found: dict[tuple[int, str], list[int]] = defaultdict(list)
    rows = Installment.objects.filter(
        organization_id=organization_id, id__among=set(installment_ids)
    )
    for item_id, customer_id, currency in rows.order_by("id").values_list(
        "id", "customer_id", "currency"
    ):
        found[customer_id, currency].append(item_id)
    return found


def _by_case(
    organization_id: int, payers: Mapping[tuple[int, str], Sequence[int]]
) -> dict[int, Sequence[int]]:
    """The installments by case."""
    cases = Case.objects.filter(
        organization_id=organization_id, customer_id__among={each[0] for each in payers}
    )
    rows = cases.order_by("id").values_list("id", "customer_id", "currency")
    return {
        case_id: payers[customer_id, currency]
        for case_id, customer_id, currency in rows
        if (customer_id, currency) in payers
    }


@dataclass(frozen=True, slots=True)
class _Seen:
    """What stands against the request of a case, and what is open of each item now."""

    verdict: Verdict
    opened: Mapping[int, int]

    @property
    def state(self) -> str:
        """Of a request that is not confirmed."""
        return str(State.DRAFT if self.verdict.leaves else State.STOPPED)


def _insert(campaign: RequestCampaign, cases: Mapping[int, Sequence[int]], now: datetime) -> None:
    """The requests, with their items and what stands against them, in two statements."""
    organization_id, seen = campaign.organization_id, _look(campaign, cases, now)
    ids = dict(zip(cases, ids_reserve(PaymentRequest, len(cases)), strict=True))
    rows_insert(
        PaymentRequest,
        ("id", "organization_id", "campaign_id", "case_id", "state", "medium", "outcome"),
        rows=(
            (request_id, organization_id, campaign.pk, case_id, seen[case_id].state,
             seen[case_id].verdict.medium, said(seen[case_id].verdict))
            for case_id, request_id in ids.items()
        ),
    )  # fmt: skip
    rows_insert(
        PaymentRequestItem,
        ("organization_id", "request_id", "installment_id", "asked_minor", "open_minor"),
        rows=(
            (organization_id, ids[case_id], item_id, seen[case_id].verdict.asked.get(item_id, 0),
             seen[case_id].opened.get(item_id, 0))
            for case_id, items in cases.items()
            for item_id in items
        ),
    )  # fmt: skip


def _look(
    campaign: RequestCampaign, cases: Mapping[int, Collection[int]], now: datetime
) -> dict[int, _Seen]:
    """What stands against the request of each case for its items, chunk by chunk."""
    organization_id, local, ids = campaign.organization_id, timezone.localtime(now), [*cases]
    found: dict[int, _Seen] = {}
    for start in range(0, len(ids), CHUNK):
        some = ids[start : start + CHUNK]
        facts = case_facts(organization_id, some, on=local.date())
        scenarios = scenarios_for(organization_id, some)
        for case_id in some:
            case = facts[case_id]
            verdict = request_check(
                case, scenarios[case_id], item_ids=frozenset(cases[case_id]),
                media=campaign.media, now=local, own=own_time(case, local),
            )  # fmt: skip
            found[case_id] = _Seen(verdict, {item.id: item.open_minor for item in case.items})
    return found


def _look_again(campaign: RequestCampaign, now: datetime) -> None:
    """Note with each request that may leave, or may not, by what and for how much."""
    rows = PaymentRequest.objects.filter(
        organization_id=campaign.organization_id, campaign=campaign,
        state__in=[State.DRAFT, State.STOPPED],
    )  # fmt: skip
    requests = list(rows.order_by("id"))
    items = items_of(campaign.organization_id, (request.pk for request in requests))
    cases = {
        request.case_id: [row.installment_id for row in items[request.pk]] for request in requests
    }
    seen, changed = _look(campaign, cases, now), []
    for request in requests:
        now_seen = seen[request.case_id]
        request.state = now_seen.state
        request.medium, request.outcome = now_seen.verdict.medium, said(now_seen.verdict)
        changed += noted(items[request.pk], asked=now_seen.verdict.asked, opened=now_seen.opened)
    PaymentRequest.objects.bulk_update(requests, ["state", "medium", "outcome"], batch_size=200)
    PaymentRequestItem.objects.bulk_update(changed, ["asked_minor", "open_minor"], batch_size=200)


def items_of(
    organization_id: int, request_ids: Iterable[int]
) -> dict[int, list[PaymentRequestItem]]:
    """The items of requests: one query."""
    found: dict[int, list[PaymentRequestItem]] = defaultdict(list)
    rows = PaymentRequestItem.objects.filter(
        organization_id=organization_id, request_id__among=set(request_ids)
    )
    for row in rows.order_by("id"):
        found[row.request_id].append(row)
    return found


def said(verdict: Verdict) -> list[dict[str, object]]:
    """Why a request does not leave, or not yet, as it is kept."""
    return [verdict.stop.sentence.to_json()] if verdict.stop else []


def noted(
    items: Iterable[PaymentRequestItem], *, asked: Mapping[int, int], opened: Mapping[int, int]
) -> list[PaymentRequestItem]:
    """The items whose amounts differ from what is asked and open now, changed to it."""
    changed = []
    for row in items:
        now = (asked.get(row.installment_id, 0), opened.get(row.installment_id, 0))
        if (row.asked_minor, row.open_minor) != now:
            row.asked_minor, row.open_minor = now
            changed.append(row)
    return changed
