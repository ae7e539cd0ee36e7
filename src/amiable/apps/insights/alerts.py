"""What deserves a look today although no action asks for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from django.db.models import Count, Max, Min, Q, QuerySet

from amiable.apps.banking.models import Statement
from amiable.apps.banking.payout_pages import payouts_late
from amiable.apps.banking.proposed import proposed_money
from amiable.apps.cases.models import Dispute
from amiable.apps.cases.queries import broken_promises
from amiable.apps.customers.models import ContactPoint, Customer
from amiable.apps.dunning.queries import unconfirmed
from amiable.apps.insights.inbox import answers_overdue
from amiable.apps.insights.satisfaction import tasks_open
from amiable.apps.payments.debits.queries import debits_asking
from amiable.apps.payments.queries import Unseen, unseen_entries
from amiable.apps.payments.virtual_ibans.assigning import hands_out
from amiable.apps.payments.virtual_ibans.reading import pools
from amiable.apps.receivables.models import Installment
from amiable.apps.tenants.models import Organization
from amiable.core.money import Money
from amiable.core.workdays import add_workdays

AlertCode = Literal[
    "bank_stale", "bank_none", "missing", "invalid_address", "insolvent", "broken_promises",
    "batch_waits", "approvals_wait", "answers_wait", "money_waits", "proposals_wait", "ibans_low",
    "disputes_late", "payouts_late", "debits_ask", "opinions_wait",
]  # fmt: skip
# A statement is expected for every working day; two days leave room for the bank's own delay.
BANK_WORKDAYS = 2
# A line with a proposal is decided on the day it comes, or on the next two that are worked.
PROPOSAL_WORKDAYS = 2
# A promise that broke longer ago is no news: the scenario has gone on since.
BROKEN_DAYS = 7
NAMED = 5


@dataclass(frozen=True, slots=True)
class Named:
    """A customer that an alert is about."""

    customer_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Alert:
    """A code, how many things it concerns, since when and for how much where it matters, and some
    by name."""

    code: AlertCode
    count: int = 0
    since: date | None = None
    customers: tuple[Named, ...] = ()
    amounts: tuple[Money, ...] = ()


def alerts(organization_id: int, on: date) -> list[Alert]:
    """Alerts of an organization, most pressing first; empty when all is well."""
    opens = Installment.objects.filter(organization_id=organization_id, settled_on__isnull=True)
    insolvent = opens.filter(customer__insolvent_since__lte=on)
    wrong = ContactPoint.objects.filter(
        organization_id=organization_id, invalid_since__isnull=False
    ).values("customer_id")
    invalid = opens.filter(
        Q(customer_id__in=wrong) | Q(customer__address_invalid_since__isnull=False),
        due_date__lt=on,
    )
    found = [
        _bank(organization_id, on) if opens.exists() else None,
        _answers(organization_id, on),
        _money(organization_id, opens),
        _proposals(organization_id, opens, on=on),
        _unconfirmed("batch_waits", "batch", organization_id=organization_id, on=on),
        _unconfirmed("approvals_wait", "approve", organization_id=organization_id, on=on),
        _counted("insolvent", insolvent.values("customer_id").distinct().count()),
        _broken(organization_id, on),
        _payouts_late(organization_id, on),
        _counted("debits_ask", debits_asking(organization_id)),
        _ibans_low(organization_id, on),
        _disputes_late(organization_id, on),
        _opinions_wait(organization_id),
        _counted("missing", opens.filter(invoice__missing_since__isnull=False).count()),
        _counted("invalid_address", invalid.values("customer_id").distinct().count()),
    ]
    return [alert for alert in found if alert is not None]


def _counted(code: AlertCode, count: int) -> Alert | None:
    return Alert(code, count) if count else None


def _answers(organization_id: int, on: date) -> Alert | None:
    """Answers that nobody has read in time: their cases are chased again."""
    late = answers_overdue(organization_id, on)
    if not late:
        return None
    named = tuple(Named(customer_id, name) for customer_id, name in late[:NAMED])
    return Alert("answers_wait", len(late), customers=named)


def _money(organization_id: int, opens: QuerySet[Installment]) -> Alert | None:
    """Customers who owe and whose money pays no invoice yet: they are not chased until a person
    decides about it."""
    found: dict[tuple[int, str], Unseen] = {}
    # Added up here: a database that groups by walking along the customers reads all they ever paid.
    rows = unseen_entries(organization_id).values_list("customer_id", "currency", "left", "on_date")
    for customer_id, currency, left, on_date in rows:
        before = found.get((customer_id, currency), Unseen(0, on_date))
        total, since = before.amount_minor + left, min(before.since, on_date)
        found[customer_id, currency] = Unseen(total, since)
    return _held("money_waits", found, organization_id=organization_id, opens=opens)


def _proposals(organization_id: int, opens: QuerySet[Installment], *, on: date) -> Alert | None:
    """Customers who owe and are not chased, because a bank line that may be theirs waits for a
    person for too long."""
    found = {
        key: money
        for key, money in proposed_money(organization_id).items()
        if add_workdays(money.since, PROPOSAL_WORKDAYS) < on
    }
    return _held("proposals_wait", found, organization_id=organization_id, opens=opens)


def _held(
    code: AlertCode, money: Mapping[tuple[int, str], Unseen], *, organization_id: int,
    opens: QuerySet[Installment],
) -> Alert | None:  # fmt: skip
    """Those who owe something among the customers whose money waits; cents hold nobody."""
    if not money:
        return None
    least = Organization.objects.values_list("rest_cents_minor", flat=True).get(id=organization_id)
    waiting = {customer_id for (customer_id, _), each in money.items() if each.amount_minor > least}
    owing = opens.filter(customer_id__among=waiting) if waiting else opens.none()
    names = dict(owing.values_list("customer_id", "customer__name").distinct())
    found = sorted(
        (each.since, i, names[i], currency, each.amount_minor)
        for (i, currency), each in money.items()
        if each.amount_minor > least and i in names
    )
    if not found:
        return None
    amounts: Counter[str] = Counter()
    for *_, currency, total in found:
        amounts[currency] += total
    customers = {customer_id: name for _, customer_id, name, *_ in found}
    named = tuple(Named(*each) for each in list(customers.items())[:NAMED])
    sums = tuple(Money(amounts[each], each) for each in sorted(amounts))
    return Alert(code, len(customers), found[0][0], named, sums)


def _unconfirmed(code: AlertCode, tab: str, *, organization_id: int, on: date) -> Alert | None:
    """What waits for a yes or a no since an earlier day: it keeps its cases where they are."""
    found = unconfirmed(organization_id, tab=tab, on=on)
    if found is None:
        return None
    names = Customer.objects.in_bulk(found.customers[:NAMED])
    named = tuple(Named(i, names[i].name) for i in found.customers[:NAMED])
    return Alert(code, len(found.customers), found.since, named, found.amounts)


def _broken(organization_id: int, on: date) -> Alert | None:
    """Promises and plans that broke of late, in cases that still owe; the latest by name."""
    since = on - timedelta(days=BROKEN_DAYS - 1)
    broken = broken_promises(organization_id, since=since, on=on)
    late = [each.customer_id for each in broken if each.kind != "instalment"]
    owing = Installment.objects.filter(
        organization_id=organization_id, settled_on__isnull=True, customer_id__among=set(late)
    )
    names = dict(owing.values_list("customer_id", "customer__name")) if late else {}
    customers = [customer_id for customer_id in dict.fromkeys(late) if customer_id in names]
    if not customers:
        return None
    named = tuple(Named(customer_id, names[customer_id]) for customer_id in customers[:NAMED])
    return Alert("broken_promises", len(customers), since, named)


def _payouts_late(organization_id: int, on: date) -> Alert | None:
    """Payouts of payment providers that should be on the account by now."""
    late = payouts_late(organization_id, on=on)
    return Alert("payouts_late", late.count, late.since, amounts=late.amounts) if late else None


def _disputes_late(organization_id: int, on: date) -> Alert | None:
    """Disputes that should have been answered: a manager looks at them."""
    rows = Dispute.objects.filter(
        organization_id=organization_id, closed_on__isnull=True, respond_by__lt=on
    )
    found = rows.aggregate(count=Count("id"), since=Min("respond_by"))
    return Alert("disputes_late", found["count"], found["since"]) if found["count"] else None


def _opinions_wait(organization_id: int) -> Alert | None:
    """Low marks, and calls that are wished for, that nobody has seen to."""
    found = tasks_open(organization_id).aggregate(count=Count("id"), since=Min("task_on"))
    return Alert("opinions_wait", found["count"], found["since"]) if found["count"] else None


def _ibans_low(organization_id: int, on: date) -> Alert | None:
    """Virtual IBANs that are handed out by themselves and run out: how many are free there."""
    if not hands_out(organization_id):
        return None
    low = [pool.counts["free"] for pool in pools(organization_id, on=on) if pool.is_low]
    return Alert("ibans_low", sum(low)) if low else None


def _bank(organization_id: int, on: date) -> Alert | None:
    statements = Statement.objects.filter(organization_id=organization_id)
    until = statements.aggregate(until=Max("closing_on"))["until"]
    if until is None:
        return Alert("bank_none")
    if add_workdays(until, BANK_WORKDAYS + 1) < on:
        return Alert("bank_stale", since=until)
    return None
