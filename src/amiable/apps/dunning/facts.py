"""Loads what the planner and the guards know of many cases at once: a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Max, Q

from amiable.apps.banking.models import Statement
from amiable.apps.banking.proposed import waiting_money
from amiable.apps.cases.models import Case, Hold, Promise
from amiable.apps.cases.queries import promise_facts
from amiable.apps.customers.models import ContactPoint, Customer
from amiable.apps.dunning.histories import (
    CaseHistory,
    ItemHistory,
    case_histories,
    contacts_leaving,
    contacts_since,
    item_disputes,
    item_histories,
    pending_actions,
    recent_contacts,
    requests_made,
)
from amiable.apps.messaging.replies.receiving import answers_unread
from amiable.apps.receivables.queries import OpenItem, open_items, receipts, unallocated_credits
from amiable.apps.tenants.models import Organization
from amiable.core import facts
from amiable.core.sms import mobile_number
from amiable.core.workdays import zone_of

POSTAL_MEDIA = frozenset({"letter", "registered_letter"})


@dataclass(frozen=True, slots=True)
class _CaseRow:
    id: int
    customer_id: int
    currency: str
    name: str
    kind: str
    language: str
    address_lines: list[str]
    postcode: str
    city: str
    country: str
    address_invalid_since: date | None
    insolvent_since: date | None
    deceased_since: date | None
    segment: str
    creditor: str
    score: int | None
    delay_days: int | None


@dataclass(slots=True)
class _Reach:
    """How a customer can be reached, why no longer, and who else shares the same persons."""

    media: frozenset[str]
    lost: dict[str, str]
    addresses: tuple[str, ...]


_NO_REACH = _Reach(frozenset(), {}, ())


@dataclass(frozen=True, slots=True)
class _Own:
    """What the caller is about to send: no contact made before it."""

    actions: frozenset[int]
    requests: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What was read for a set of cases, by customer, account (customer, currency) or case."""

    organization: Organization
    items: Mapping[tuple[int, str], Sequence[facts.Item]]
    unallocated: Mapping[tuple[int, str], int]
    received: Mapping[tuple[int, str], Sequence[facts.Receipt]]
    holds: Mapping[int, Sequence[facts.Hold]]
    promises: Mapping[int, Sequence[facts.Promise]]
    caps: tuple[facts.Cap, ...] = ()
    bank_data_until: date | None = None
    waiting: Mapping[tuple[int, str], Mapping[str, Any]] = field(default_factory=dict)
    reaches: Mapping[int, _Reach] = field(default_factory=dict)
    linked: Mapping[int, frozenset[int]] = field(default_factory=dict)
    contacts: Mapping[int, Mapping[str, tuple[date, ...]]] = field(default_factory=dict)
    answered: Mapping[int, date] = field(default_factory=dict)
    histories: Mapping[int, CaseHistory] = field(default_factory=dict)
    pending: Mapping[int, Sequence[facts.PendingAction]] = field(default_factory=dict)


def case_facts(
    organization_id: int,
    case_ids: Collection[int],
    *,
    on: date,
    sending: Collection[int] = (),
    requests: Collection[int] = (),
) -> dict[int, facts.CaseFacts]:
    """Facts of the cases by id, as they stand now; `on` dates the insolvency and the bank data.

    What is on its way counts as a contact made, but for the actions the caller is `sending`, and
    the `requests` for payment.
    """
    case_ids = frozenset(case_ids)
    organization = Organization.objects.get(id=organization_id)
    rows = _cases(organization_id, case_ids)
    own = _Own(frozenset(sending), frozenset(requests))
    loaded = _loaded(organization, case_ids, rows, on, own)
    return {row.id: _facts(row, loaded, on) for row in rows}


def owed_facts(organization: Organization, case_id: int, *, on: date) -> facts.CaseFacts:
    """What one case owes, contests and promised, for a page that its customer reads: nothing of
    what it was sent or how it may be contacted, so never for the planner or the guards."""
    organization_id = organization.pk
    (row,) = _cases(organization_id, {case_id})
    opens = open_items(organization_id, {row.customer_id})
    promises = _promises(organization_id, {case_id})
    loaded = _Loaded(
        organization=organization,
        items=_items(opens, item_disputes(organization_id, {item.id for item in opens})),
        unallocated=unallocated_credits(organization_id, {row.customer_id}),
        received=_receipts(organization_id, [row], promises),
        holds=_holds(organization_id, {case_id}, on),
        promises=promises,
    )
    return _facts(row, loaded, on)


def _loaded(
    organization: Organization,
    case_ids: Collection[int],
    rows: Sequence[_CaseRow],
    on: date,
    own: _Own,
) -> _Loaded:
    organization_id, caps = organization.pk, caps_of(organization)
    customer_ids = {row.customer_id for row in rows}
    test_mode = bool(organization.test_recipient)
    reaches = _reaches(organization_id, rows)
    promises = _promises(organization_id, case_ids)
    linked: dict[int, frozenset[int]] = {}
    contacts: dict[int, dict[str, tuple[date, ...]]] = {}
    if since := contacts_since(caps, on):
        linked = _linked(organization_id, reaches)
    leaving = contacts_leaving(organization_id, own.actions, test_mode=test_mode)
    leaving += requests_made(
        organization_id, customer_ids.union(*linked.values()), own.requests, test_mode=test_mode
    )
    if since:
        contacts = recent_contacts(
            organization_id, linked, since=since, test_mode=test_mode, leaving=leaving
        )
    statements = Statement.objects.filter(organization_id=organization_id)
    opens = open_items(organization_id, customer_ids)
    sent = item_histories(organization_id, {item.id for item in opens}, test_mode=test_mode)
    return _Loaded(
        organization=organization,
        caps=caps,
        bank_data_until=statements.aggregate(on=Max("closing_on"))["on"],
        items=_items(opens, sent),
        unallocated=unallocated_credits(organization_id, customer_ids),
        waiting=waiting_money(organization, customer_ids),
        received=_receipts(organization_id, rows, promises),
        reaches=reaches,
        linked=linked,
        contacts=contacts,
        holds=_holds(organization_id, case_ids, on),
        answered=answers_unread(organization_id, case_ids),
        promises=promises,
        histories=case_histories(organization_id, case_ids, test_mode=test_mode, leaving=leaving),
        pending=pending_actions(organization_id, case_ids),
    )


def _facts(row: _CaseRow, loaded: _Loaded, on: date) -> facts.CaseFacts:
    account, reach = (row.customer_id, row.currency), loaded.reaches.get(row.customer_id, _NO_REACH)
    history = loaded.histories.get(row.id) or CaseHistory()
    return facts.CaseFacts(
        case_id=row.id,
        organization_id=loaded.organization.pk,
        customer_id=row.customer_id,
        customer_name=row.name,
        customer_kind=row.kind,  # type: ignore[arg-type]  # checked by the model's choices
        language=row.language,
        currency=row.currency,
        items=tuple(loaded.items.get(account, ())),
        unallocated_minor=max(0, loaded.unallocated.get(account, 0)),
        segment=row.segment,
        creditor=row.creditor,
        score=row.score,
        holidays_zone=zone_of(row.postcode, row.country),
        media=reach.media,
        lost=reach.lost,
        holds=tuple(loaded.holds.get(row.id, ())),
        promises=tuple(loaded.promises.get(row.id, ())),
        receipts=tuple(loaded.received.get(account, ())),
        contacts=loaded.contacts.get(row.customer_id, {}),
        caps=loaded.caps,
        linked=loaded.linked.get(row.customer_id, frozenset()),
        last_contact_on=history.last_contact_on,
        closed_counts=history.closed_counts,
        pending=tuple(loaded.pending.get(row.id, ())),
        insolvent_since=_past(row.insolvent_since, on),
        deceased_since=_past(row.deceased_since, on),
        bank_data_until=loaded.bank_data_until,
        bank_data_max_age_days=loaded.organization.bank_data_max_age_days,
        delay_days=row.delay_days or 0,
        min_amount_minor=loaded.organization.min_amount_minor,
        answered_on=loaded.answered.get(row.id),
        answer_hold_days=loaded.organization.unread_reply_hold_days,
        **loaded.waiting.get(account, {}),
    )


def _cases(organization_id: int, case_ids: Collection[int]) -> list[_CaseRow]:
    rows = (
        Case.objects.filter(organization_id=organization_id, id__among=case_ids)
        .order_by("id")
        .values_list(
            "id", "customer_id", "currency", "customer__name", "customer__kind",
            "customer__language", "customer__address_lines", "customer__postcode",
            "customer__city", "customer__country", "customer__address_invalid_since",
            "customer__insolvent_since", "customer__deceased_since", "customer__segment",
            "customer__creditor__code",
            "customer__score", "enrollment__delay_days",
        )
    )  # fmt: skip
    return [_CaseRow(*values) for values in rows]


def _items(
    opens: Iterable[OpenItem], histories: Mapping[int, ItemHistory]
) -> dict[tuple[int, str], list[facts.Item]]:
    """Open items by (customer, currency), with what each already got and went through."""
    grouped: dict[tuple[int, str], list[facts.Item]] = defaultdict(list)
    for item in opens:
        grouped[item.customer_id, item.currency].append(_item(item, histories.get(item.id)))
    return grouped


def _item(item: OpenItem, history: ItemHistory | None) -> facts.Item:
    if history is None:
        return facts.Item(
            item.id, item.number, item.issue_date, item.due_date, item.total_minor,
            item.open_minor, missing_from_export=item.missing_since is not None,
        )  # fmt: skip
    disputed = history.disputed_minor
    return facts.Item(
        id=item.id,
        number=item.number,
        issue_date=item.issue_date,
        due_date=item.due_date,
        total_minor=item.total_minor,
        open_minor=item.open_minor,
        # A dispute without an amount is about the whole item.
        disputed_minor=item.open_minor if disputed is None else min(disputed, item.open_minor),
        missing_from_export=item.missing_since is not None,
        steps_done=history.steps,
        stages_done=history.stages,
        delivered=history.delivered,
        events=history.events,
        return_reason=history.return_reason,
    )


def _reaches(organization_id: int, rows: Sequence[_CaseRow]) -> dict[int, _Reach]:
    """Per customer, from its contact points and its postal address."""
    points: dict[int, list[tuple[str, str, bool, bool]]] = defaultdict(list)
    known = ContactPoint.objects.filter(
        organization_id=organization_id, customer_id__among={row.customer_id for row in rows}
    )
    for customer_id, kind, value, opted_out_at, invalid_since in known.values_list(
        "customer_id", "kind", "value", "opted_out_at", "invalid_since"
    ):
        out, invalid = opted_out_at is not None, invalid_since is not None
        points[customer_id].append((kind, value, out, invalid))
    return {row.customer_id: _reach(row, points[row.customer_id]) for row in rows}


def _reach(row: _CaseRow, points: Iterable[tuple[str, str, bool, bool]]) -> _Reach:
    media, lost, addresses = {"task"}, {}, []
    for kind, value, opted_out, invalid in points:
        reached = {kind, "sms"} if kind == "phone" and is_mobile(value) else {kind}
        if opted_out or invalid:
            lost |= dict.fromkeys(reached, "opted_out" if opted_out else "bounced")
        else:
            media |= reached
            addresses.append(value)
    if any(row.address_lines) and row.postcode and row.city:
        if row.address_invalid_since is None:
            media |= POSTAL_MEDIA
        else:
            lost |= dict.fromkeys(POSTAL_MEDIA, "returned")
    lost = {medium: why for medium, why in lost.items() if medium not in media}
    return _Reach(frozenset(media), lost, tuple(addresses))


def _linked(organization_id: int, reaches: Mapping[int, _Reach]) -> dict[int, frozenset[int]]:
    """Customers that share a person with each one (an address of theirs), itself included."""
    owners: dict[str, set[int]] = defaultdict(set)
    values = {value for reach in reaches.values() for value in reach.addresses}
    rows = ContactPoint.objects.filter(organization_id=organization_id, value__among=values)
    for customer_id, value in rows.values_list("customer_id", "value"):
        owners[value].add(customer_id)
    return {
        customer_id: frozenset({customer_id}).union(*(owners[v] for v in reach.addresses))
        for customer_id, reach in reaches.items()
    }


def customers_linked(organization_id: int, customer_ids: Collection[int]) -> set[int]:
    """These customers, and those who share an address or a number with them."""
    points = ContactPoint.objects.filter(organization_id=organization_id)
    values = set(points.filter(customer_id__among=customer_ids).values_list("value", flat=True))
    owners = points.filter(value__among=values).values_list("customer_id", flat=True)
    return {*customer_ids, *owners}


def persons_lock(organization_id: int, case_ids: Collection[int]) -> None:
    """Keep other workers from deciding for the same persons until what is decided here is written:
    else each would find the other's message absent, and both would pass a cap."""
    of_cases = Case.objects.filter(organization_id=organization_id, id__among=case_ids)
    persons = customers_linked(organization_id, set(of_cases.values_list("customer_id", flat=True)))
    rows = Customer.objects.filter(organization_id=organization_id, id__among=persons)
    list(rows.select_for_update(no_key=True).order_by("id").values_list("id"))


def is_mobile(phone: str) -> bool:
    """Whether text messages can be sent to a number: the same question as when one is written."""
    return mobile_number(phone) is not None


def _holds(
    organization_id: int, case_ids: Collection[int], on: date
) -> dict[int, list[facts.Hold]]:
    found: dict[int, list[facts.Hold]] = defaultdict(list)
    rows = Hold.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=on),
        organization_id=organization_id,
        case_id__among=case_ids,
    )
    for row in rows.order_by("id"):
        hold = facts.Hold(row.reason, row.starts_on, row.ends_on, row.installment_id, row.pk)
        found[row.case_id].append(hold)
    return found


def _promises(organization_id: int, case_ids: Collection[int]) -> dict[int, list[facts.Promise]]:
    found: dict[int, list[facts.Promise]] = defaultdict(list)
    rows = Promise.objects.filter(
        organization_id=organization_id,
        case_id__among=case_ids,
        cancelled_on__isnull=True,
        plan__cancelled_on__isnull=True,
    )
    for row in rows.order_by("id"):
        found[row.case_id].append(promise_facts(row))
    return found


def _receipts(
    organization_id: int,
    rows: Iterable[_CaseRow],
    promises: Mapping[int, Collection[facts.Promise]],
) -> dict[tuple[int, str], list[facts.Receipt]]:
    """What the customers who promised something have paid since."""
    since: dict[int, date] = {}
    for row in rows:
        for promise in promises.get(row.id, ()):
            made_on = promise.made_on or promise.due_on
            since[row.customer_id] = min(made_on, since.get(row.customer_id, made_on))
    return receipts(organization_id, since)


def caps_of(organization: Organization) -> tuple[facts.Cap, ...]:
    """The organization's limits on contacts."""
    return tuple(facts.Cap(**cap) for cap in organization.contact_caps)


def _past(day: date | None, on: date) -> date | None:
    return day if day is not None and day <= on else None
