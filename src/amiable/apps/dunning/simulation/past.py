"""Cases as they stood on past days, rebuilt from dated rows that nobody edits.

A row counts from its own date, or from the day it was recorded when that is later: nobody could
act on it sooner. What is dated before the organization was set up came as a loaded history, and
counts from its own date. What was really sent is left out: a scenario starts from nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import chain

from django.db.models import Q
from django.utils import timezone

from amiable.apps.cases.models import Dispute, Hold, Promise
from amiable.apps.cases.queries import promise_facts
from amiable.apps.customers.models import ContactPoint, Customer
from amiable.apps.dunning.facts import case_facts, is_mobile
from amiable.apps.receivables.models import Allocation, Entry, Installment
from amiable.apps.receivables.queries import unallocated_credits
from amiable.apps.tenants.models import Organization
from amiable.core import facts

# Settled this long before the first day: surely known to be settled on it.
SLACK = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Move:
    """A movement of an item or an account: when it counts by its date, and when it was known."""

    known_on: date
    on: date
    amount_minor: int


@dataclass(slots=True)
class PastItem:
    """An installment with everything dated about it. Amounts in minor units."""

    id: int
    number: str
    issue_date: date
    due_date: date
    total_minor: int
    missing_since: date | None
    moves: list[Move] = field(default_factory=list)
    disputes: list[tuple[date, date | None, int | None]] = field(default_factory=list)
    returns: list[tuple[date, str]] = field(default_factory=list)

    def known_minor(self, day: date) -> int:
        """What was open as far as was known on a day."""
        return sum(move.amount_minor for move in self.moves if move.known_on <= day)

    def open_minor(self, day: date) -> int:
        """What was open by the dates of the movements, whenever they came to be known."""
        return sum(move.amount_minor for move in self.moves if move.on <= day)

    def on(self, day: date) -> facts.Item | None:
        """The item as it was known on a day; None when nothing was open."""
        left = self.known_minor(day)
        if left <= 0 or self.issue_date > day:
            return None
        events: dict[str, date] = {}
        disputed, reason = 0, ""
        for opened_on, closed_on, amount in self.disputes:
            if closed_on is not None and closed_on <= day:
                events["dispute_closed"] = max(closed_on, events.get("dispute_closed", closed_on))
            elif opened_on <= day:
                disputed = left if amount is None else min(amount, left)
        for returned_on, code in self.returns:
            if returned_on <= day:
                events["payment_returned"], reason = returned_on, code
        missing = self.missing_since is not None and self.missing_since <= day
        return facts.Item(
            self.id, self.number, self.issue_date, self.due_date, self.total_minor, left,
            disputed_minor=disputed, missing_from_export=missing, events=events,
            return_reason=reason,
        )  # fmt: skip

    def dates(self) -> Iterator[date | None]:
        """Every day on which something about it changes."""
        yield self.issue_date
        yield self.missing_since
        yield from (move.known_on for move in self.moves)
        yield from chain.from_iterable(dispute[:2] for dispute in self.disputes)
        yield from (on for on, _ in self.returns)


@dataclass(slots=True)
class PastCase:
    """A case of the past: the World that core.simulation lives through again."""

    base: facts.CaseFacts
    insolvent_since: date | None
    deceased_since: date | None
    items: list[PastItem] = field(default_factory=list)
    opening_credit_minor: int = 0
    credits: list[Move] = field(default_factory=list)
    holds: list[facts.Hold] = field(default_factory=list)
    promises: list[tuple[facts.Promise, date | None]] = field(default_factory=list)
    receipts: list[Move] = field(default_factory=list)
    losses: list[tuple[date, frozenset[str]]] = field(default_factory=list)
    _days: list[date] = field(default_factory=list)

    @property
    def zone(self) -> str:
        """The customer's holidays."""
        return self.base.holidays_zone

    def on(self, day: date) -> facts.CaseFacts:
        """What was known on a day."""
        items = [found for item in self.items if (found := item.on(day)) is not None]
        credit = self.opening_credit_minor
        credit += sum(move.amount_minor for move in self.credits if move.known_on <= day)
        still = [media for lost_on, media in self.losses if lost_on > day]
        media = self.base.media.union(*still)
        return replace(
            self.base,
            items=tuple(sorted(items, key=lambda item: (item.due_date, item.id))),
            unallocated_minor=max(0, credit),
            media=media,
            lost={medium: why for medium, why in self.base.lost.items() if medium not in media},
            holds=tuple(hold for hold in self.holds if hold.starts_on <= day),
            promises=tuple(promise for promise, end in self.promises if _made(promise, end, day)),
            receipts=tuple(
                facts.Receipt(move.on, move.amount_minor)
                for move in self.receipts
                if move.known_on <= day
            ),
            insolvent_since=_past(self.insolvent_since, day),
            deceased_since=_past(self.deceased_since, day),
        )

    def next_change(self, day: date) -> date | None:
        """The first later day on which something else was known."""
        if not self._days:
            self._days = sorted({on for on in self._dates() if on is not None})
        index = bisect_right(self._days, day)
        return self._days[index] if index < len(self._days) else None

    def _dates(self) -> Iterator[date | None]:
        yield from (self.insolvent_since, self.deceased_since)
        for item in self.items:
            yield from item.dates()
        yield from (move.known_on for move in chain(self.credits, self.receipts))
        for hold in self.holds:
            yield hold.starts_on
            yield hold.ends_on + timedelta(days=1) if hold.ends_on else None
        for promise, ended_on in self.promises:
            yield from (promise.made_on, ended_on)
        yield from (lost_on for lost_on, _ in self.losses)


def past_cases(
    organization_id: int, case_ids: Collection[int], *, first: date, last: date
) -> dict[int, PastCase]:
    """The cases with what happened to them, ready to be lived from `first` to `last`.

    A fixed number of queries. Addresses, names, segments and scores are those of today.
    """
    cases = _bases(organization_id, case_ids, last)
    owners = {(case.base.customer_id, case.base.currency): case for case in cases.values()}
    customers = {customer_id for customer_id, _ in owners}
    known = Known.of(organization_id)
    items = _items(organization_id, owners, first, last)
    _moves(organization_id, items, known)
    _item_events(organization_id, items)
    start = first - SLACK
    for key, amount in unallocated_credits(organization_id, customers, start).items():
        if key in owners:
            owners[key].opening_credit_minor = amount
    _credits(organization_id, owners, customers, known=known, start=start)
    _pauses(organization_id, cases)
    _receipts(organization_id, owners, known)
    _losses(organization_id, owners, customers)
    return cases


@dataclass(frozen=True, slots=True)
class Known:
    """From which day a dated row could be acted upon."""

    since: date

    @staticmethod
    def of(organization_id: int) -> Known:
        """By the day the organization was set up."""
        created_at = Organization.objects.get(id=organization_id).created_at
        return Known(timezone.localtime(created_at).date())

    def on(self, day: date, recorded_at: datetime) -> date:
        """Its own date, or the day it was recorded when that is later and not a loaded history."""
        if day < self.since:
            return day
        return max(day, timezone.localtime(recorded_at).date())


def _bases(organization_id: int, case_ids: Collection[int], last: date) -> dict[int, PastCase]:
    """Today's facts without anything dated."""
    found = case_facts(organization_id, case_ids, on=last)
    ended = {
        customer_id: days
        for customer_id, *days in Customer.objects.filter(
            organization_id=organization_id,
            id__among={case.customer_id for case in found.values()},
        ).values_list("id", "insolvent_since", "deceased_since")
    }
    return {
        case_id: PastCase(
            replace(
                case, items=(), contacts={}, last_contact_on=None, closed_counts={}, pending=(),
                bank_data_max_age_days=None, delay_days=0,
            ),
            *ended[case.customer_id],
        )
        for case_id, case in found.items()
    }  # fmt: skip


def _items(
    organization_id: int, owners: Mapping[tuple[int, str], PastCase], first: date, last: date
) -> dict[int, PastItem]:
    """Installments issued by `last` that were or may have been open since `first`."""
    rows = (
        Installment.objects.filter(
            Q(settled_on__isnull=True) | Q(settled_on__gte=first - SLACK),
            organization_id=organization_id,
            customer_id__among={customer_id for customer_id, _ in owners},
            invoice__issue_date__lte=last,
        )
        .order_by("id")
        .values_list(
            "customer_id", "currency", "id", "invoice__number", "invoice__issue_date",
            "due_date", "invoice__total_minor", "invoice__missing_since",
        )
    )  # fmt: skip
    found = {}
    for customer_id, currency, *values in rows:
        if (customer_id, currency) in owners:
            item = PastItem(*values)
            owners[customer_id, currency].items.append(item)
            found[item.id] = item
    return found


def _moves(organization_id: int, items: Mapping[int, PastItem], known: Known) -> None:
    for model, sign in ((Entry, 1), (Allocation, -1)):
        rows = model.objects.filter(
            organization_id=organization_id, installment_id__among=items.keys()
        ).values_list("installment_id", "on_date", "recorded_at", "amount_minor")
        for item_id, on, recorded_at, amount in rows.iterator(5000):
            items[item_id].moves.append(Move(known.on(on, recorded_at), on, sign * amount))


def _item_events(organization_id: int, items: Mapping[int, PastItem]) -> None:
    """Disputes, and payments that the bank took back."""
    scope = {"organization_id": organization_id, "installment_id__among": items.keys()}
    disputes = Dispute.objects.filter(**scope, is_mistake=False).order_by("opened_on", "id")
    for item_id, *dispute in disputes.values_list(
        "installment_id", "opened_on", "closed_on", "amount_minor"
    ):
        items[item_id].disputes.append((dispute[0], dispute[1], dispute[2]))
    returned = "credit__payment__returned__returned_on"
    rows = Allocation.objects.filter(
        **scope, reverses__isnull=False, credit__payment__returned__isnull=False
    ).order_by(returned)
    for item_id, on, reason in rows.values_list(
        "installment_id", returned, "credit__payment__returned__reason_code"
    ):
        items[item_id].returns.append((on, reason))


def _credits(
    organization_id: int,
    owners: Mapping[tuple[int, str], PastCase],
    customers: Collection[int],
    *,
    known: Known,
    start: date,
) -> None:
    """Credits on the accounts since `start`, and what was used of them."""
    given = Entry.objects.filter(
        organization_id=organization_id,
        customer_id__among=customers,
        installment__isnull=True,
        on_date__gt=start,
    ).values_list("customer_id", "currency", "on_date", "recorded_at", "amount_minor")
    used = Allocation.objects.filter(
        organization_id=organization_id, credit__customer_id__among=customers, on_date__gt=start
    ).values_list(
        "credit__customer_id", "credit__currency", "on_date", "recorded_at", "amount_minor"
    )
    for customer_id, currency, on, recorded_at, amount in chain(
        given.iterator(5000), used.iterator(5000)
    ):
        if (customer_id, currency) in owners:
            move = Move(known.on(on, recorded_at), on, -amount)
            owners[customer_id, currency].credits.append(move)


def _pauses(organization_id: int, cases: Mapping[int, PastCase]) -> None:
    """Holds and promises, with the days they began and ended."""
    scope = {"organization_id": organization_id, "case_id__among": cases.keys()}
    for hold in Hold.objects.filter(**scope).order_by("id"):
        cases[hold.case_id].holds.append(
            facts.Hold(hold.reason, hold.starts_on, hold.ends_on, hold.installment_id)
        )
    for promise in Promise.objects.filter(**scope).select_related("plan").order_by("id"):
        ends = [promise.cancelled_on, promise.plan.cancelled_on if promise.plan else None]
        ended_on = min((end for end in ends if end is not None), default=None)
        cases[promise.case_id].promises.append((promise_facts(promise), ended_on))


def _receipts(
    organization_id: int, owners: Mapping[tuple[int, str], PastCase], known: Known
) -> None:
    """What went away of the debts of those who promised something: see receivables.receipts."""
    promised = {key for key, case in owners.items() if case.promises}
    rows = (
        Entry.objects.filter(
            organization_id=organization_id,
            customer_id__among={customer_id for customer_id, _ in promised},
        )
        .exclude(kind=Entry.Kind.INVOICE)
        .order_by("on_date", "id")
    )
    for customer_id, currency, on, recorded_at, amount in rows.values_list(
        "customer_id", "currency", "on_date", "recorded_at", "amount_minor"
    ):
        if (customer_id, currency) in promised:
            move = Move(known.on(on, recorded_at), on, -amount)
            owners[customer_id, currency].receipts.append(move)


def _losses(
    organization_id: int,
    owners: Mapping[tuple[int, str], PastCase],
    customers: Collection[int],
) -> None:
    """Addresses that were lost later than the days that are lived."""
    rows = ContactPoint.objects.filter(
        Q(opted_out_at__isnull=False) | Q(invalid_since__isnull=False),
        organization_id=organization_id,
        customer_id__among=customers,
    ).values_list("customer_id", "kind", "value", "opted_out_at", "invalid_since")
    lost: dict[int, list[tuple[date, frozenset[str]]]] = defaultdict(list)
    for customer_id, kind, value, *moments in rows:
        mobile = kind == "phone" and is_mobile(value)
        on = min(timezone.localtime(moment).date() for moment in moments if moment is not None)
        lost[customer_id].append((on, frozenset({kind, "sms"} if mobile else {kind})))
    for (customer_id, _), case in owners.items():
        case.losses = lost.get(customer_id, [])


def settled_by(items: Iterable[PastItem], day: date) -> bool:
    """Whether nothing of the items was open any more, by the dates of what settled them."""
    return all(item.open_minor(day) <= 0 for item in items)


def _made(promise: facts.Promise, ended_on: date | None, day: date) -> bool:
    made = promise.made_on is None or promise.made_on <= day
    return made and (ended_on is None or day < ended_on)


def _past(since: date | None, day: date) -> date | None:
    return since if since is not None and since <= day else None
