"""Loads what the planner and the guards know of many cases at once: a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Max, Q

from amiable.apps.banking.models import Statement
from amiable.apps.cases.models import Case, Dispute, Hold, Promise
from amiable.apps.customers.models import ContactPoint
from amiable.apps.dunning.models import Action, ActionItem
from amiable.apps.receivables.queries import OpenItem, open_items, unallocated_credits
from amiable.apps.tenants.models import Organization
from amiable.core import facts
from amiable.core.scenario import CONTACT_MEDIA
from amiable.core.workdays import zone_of

# These closed states mean the step was taken, or a person decided against it: it never comes back.
TAKEN = (Action.State.DONE, Action.State.UNKNOWN, Action.State.FAILED, Action.State.SKIPPED)
# A call that reached nobody is not a contact.
NOT_REACHED = ("no_answer", "wrong_number")


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
    insolvent_since: date | None


def case_facts(
    organization_id: int, case_ids: Collection[int], *, on: date
) -> dict[int, facts.CaseFacts]:
    """Facts of the cases by id, as they stand now; `on` dates the insolvency and the bank data."""
    case_ids = frozenset(case_ids)
    rows = _cases(organization_id, case_ids)
    customer_ids = {row.customer_id for row in rows}
    items = _items(organization_id, customer_ids)
    unallocated = unallocated_credits(organization_id, customer_ids)
    media = _media(organization_id, rows)
    holds = _holds(organization_id, case_ids, on)
    promises = _promises(organization_id, case_ids)
    counts, contacts = _history(organization_id, case_ids)
    pending = _pending(organization_id, case_ids)
    organization = Organization.objects.get(id=organization_id)
    until = Statement.objects.filter(organization_id=organization_id).aggregate(
        on=Max("closing_on")
    )["on"]
    return {
        row.id: facts.CaseFacts(
            case_id=row.id,
            organization_id=organization_id,
            customer_id=row.customer_id,
            customer_name=row.name,
            customer_kind=row.kind,  # type: ignore[arg-type]  # checked by the model's choices
            language=row.language,
            currency=row.currency,
            items=tuple(items.get((row.customer_id, row.currency), ())),
            unallocated_minor=max(0, unallocated.get((row.customer_id, row.currency), 0)),
            holidays_zone=zone_of(row.postcode, row.country),
            media=media[row.id],
            holds=tuple(holds[row.id]),
            promises=tuple(promises[row.id]),
            last_contact_on=contacts.get(row.id),
            closed_counts=counts[row.id],
            pending=tuple(pending[row.id]),
            insolvent_since=_past(row.insolvent_since, on),
            bank_data_until=until,
            bank_data_max_age_days=organization.bank_data_max_age_days,
        )
        for row in rows
    }


def _cases(organization_id: int, case_ids: Collection[int]) -> list[_CaseRow]:
    rows = (
        Case.objects.filter(organization_id=organization_id, id__among=case_ids)
        .order_by("id")
        .values_list(
            "id", "customer_id", "currency", "customer__name", "customer__kind",
            "customer__language", "customer__address_lines", "customer__postcode",
            "customer__city", "customer__country", "customer__insolvent_since",
        )
    )  # fmt: skip
    return [_CaseRow(*values) for values in rows]


def _items(
    organization_id: int, customer_ids: Collection[int]
) -> dict[tuple[int, str], list[facts.Item]]:
    """Open items by (customer, currency), with what each already got and what is disputed."""
    opens = open_items(organization_id, customer_ids)
    ids = {item.id for item in opens}
    disputed = dict(
        Dispute.objects.filter(
            organization_id=organization_id, installment_id__among=ids, closed_on__isnull=True
        ).values_list("installment_id", "amount_minor")
    )
    steps: dict[int, dict[str, date]] = defaultdict(dict)
    taken = (
        ActionItem.objects.filter(
            organization_id=organization_id,
            installment_id__among=ids,
            action__state__in=TAKEN,
            action__closed_on__isnull=False,
        )
        # A formal notice that could not leave is none: it comes again, for approval.
        .exclude(action__state=Action.State.FAILED, action__stage="formal")
        .values_list("installment_id", "step")
        .annotate(on=Max("action__closed_on"))
        .order_by()
    )
    for installment_id, step, on in taken:
        steps[installment_id][step] = on
    grouped: dict[tuple[int, str], list[facts.Item]] = defaultdict(list)
    for item in opens:
        grouped[item.customer_id, item.currency].append(
            _item(item, disputed.get(item.id, 0), steps.get(item.id, {}))
        )
    return grouped


def _item(item: OpenItem, disputed: int | None, steps: dict[str, date]) -> facts.Item:
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
        steps_done=steps,
    )


def _media(organization_id: int, rows: Iterable[_CaseRow]) -> dict[int, frozenset[str]]:
    """Which media can reach each case's customer."""
    rows = list(rows)
    points: dict[int, list[tuple[str, str]]] = defaultdict(list)
    usable = ContactPoint.objects.filter(
        organization_id=organization_id,
        customer_id__among={row.customer_id for row in rows},
        opted_out_at__isnull=True,
        invalid_since__isnull=True,
    )
    for customer_id, kind, value in usable.values_list("customer_id", "kind", "value"):
        points[customer_id].append((kind, value))
    return {row.id: _reachable(row, points[row.customer_id]) for row in rows}


def _reachable(row: _CaseRow, points: Iterable[tuple[str, str]]) -> frozenset[str]:
    media = {"task"}
    for kind, value in points:
        media.add(kind)
        if kind == "phone" and is_mobile(value):
            media.add("sms")
    if any(row.address_lines) and row.postcode and row.city:
        media |= {"letter", "registered_letter"}
    return frozenset(media)


def is_mobile(phone: str) -> bool:
    """Whether a French number is a mobile one: 06, 07, +336, +337."""
    digits = "".join(c for c in phone if c.isdigit() or c == "+")
    return digits.startswith(("06", "07", "+336", "+337", "00336", "00337"))


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
        hold = facts.Hold(row.reason, row.starts_on, row.ends_on, row.installment_id)
        found[row.case_id].append(hold)
    return found


def _promises(organization_id: int, case_ids: Collection[int]) -> dict[int, list[facts.Promise]]:
    found: dict[int, list[facts.Promise]] = defaultdict(list)
    rows = Promise.objects.filter(
        organization_id=organization_id, case_id__among=case_ids, cancelled_on__isnull=True
    )
    for row in rows.order_by("id"):
        found[row.case_id].append(facts.Promise(row.amount_minor, row.due_on, row.grace_days))
    return found


def _history(
    organization_id: int, case_ids: Collection[int]
) -> tuple[dict[int, dict[str, int]], dict[int, date]]:
    """How often each step was closed per case, and the day of the last contact."""
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    contacts: dict[int, date] = {}
    contact = Q(state__in=[Action.State.DONE, Action.State.UNKNOWN], medium__in=CONTACT_MEDIA)
    rows = (
        Action.objects.filter(organization_id=organization_id, case_id__among=case_ids)
        .exclude(state__in=Action.PENDING)
        .values_list("case_id", "step")
        .annotate(
            times=Count("id"),
            last=Max("closed_on", filter=contact & ~Q(result__in=NOT_REACHED)),
        )
        .order_by()
    )
    for case_id, step, times, last in rows:
        counts[case_id][step] = times
        if last is not None:
            contacts[case_id] = max(last, contacts.get(case_id, last))
    return counts, contacts


def _pending(
    organization_id: int, case_ids: Collection[int]
) -> dict[int, list[facts.PendingAction]]:
    found: dict[int, list[facts.PendingAction]] = defaultdict(list)
    actions = list(
        Action.objects.filter(
            organization_id=organization_id, case_id__among=case_ids, state__in=Action.PENDING
        ).values_list("id", "case_id", "key", "step", "due_on", "state")
    )
    items: dict[int, set[int]] = defaultdict(set)
    for action_id, installment_id in ActionItem.objects.filter(
        organization_id=organization_id, action_id__among={row[0] for row in actions}
    ).values_list("action_id", "installment_id"):
        items[action_id].add(installment_id)
    for action_id, case_id, key, step, due_on, state in actions:
        found[case_id].append(
            facts.PendingAction(action_id, key, step, due_on, frozenset(items[action_id]), state)
        )
    return found


def _past(day: date | None, on: date) -> date | None:
    return day if day is not None and day <= on else None
