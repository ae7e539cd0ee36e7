"""The payers of an experiment with what became of them: a fixed number of queries for any size.

An item is paid on the day the money that settled it came in; one settled by the accounts alone,
on the day they said so.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Count, DateField, F, Max, OuterRef, Q, QuerySet, Subquery, Sum

from amiable.apps.cases.models import Dispute
from amiable.apps.customers.models import ContactPoint
from amiable.apps.dunning.models import Action, Experiment, ExperimentMember
from amiable.apps.messaging.models import DeliveryEvent
from amiable.apps.receivables.models import Allocation, Entry, Installment
from amiable.core.experiment.outcomes import WINDOW, Item, Payer
from amiable.core.experiment.verdict import GUARDRAILS
from amiable.core.scenario import CONTACT_MEDIA

HISTORY_DAYS = 365
# One debt of many years would hide what the payer usually does.
HISTORY_RANGE = (-30.0, 120.0)
# Minutes of a person's work, assumed: a call with its note, a task, a decision on a draft.
MINUTES = {"phone": 6.0, "task": 5.0}
APPROVAL_MINUTES = 1.0

Happened = tuple[int, date, str, float]  # case, day, guardrail, how much


@dataclass(slots=True)
class _Group:
    arm: str
    drawn_on: date
    kind: str
    items: list[Item] = field(default_factory=list)
    open_minor: int = 0
    overdue_days: int = 0
    counts: dict[str, float] = field(default_factory=lambda: dict.fromkeys(GUARDRAILS, 0.0))


def experiment_payers(experiment: Experiment, *, on: date) -> list[Payer]:
    """Every payer group drawn, with its items, its past and its guardrails as known on `on`."""
    members = ExperimentMember.objects.filter(experiment=experiment)
    groups: dict[str, _Group] = {}
    by_account: dict[tuple[int, str], tuple[_Group, date]] = {}
    by_case: dict[int, _Group] = {}
    by_customer: dict[int, _Group] = {}
    currencies: Counter[str] = Counter()
    for case_id, arm, name, drawn_on, customer_id, currency, kind in members.order_by(
        "assigned_on", "id"
    ).values_list(
        "case_id", "arm", "payer_group", "assigned_on", "case__customer_id", "case__currency",
        "case__customer__kind",
    ):  # fmt: skip
        group = groups.setdefault(name, _Group(arm, drawn_on, kind))
        currencies[currency] += 1
        by_account[customer_id, currency] = group, drawn_on
        by_case[case_id] = by_customer[customer_id] = group
    main = min(currencies, key=lambda code: (-currencies[code], code), default="")
    _items(experiment, by_account, on, main)
    for case_id, day, code, amount in _happenings(experiment):
        _count(by_case.get(case_id), day, code, amount=amount, on=on)
    for customer_id, day in _opt_outs(experiment):
        _count(by_customer.get(customer_id), day, "opt_outs", amount=1.0, on=on)
    past = _history(experiment)
    return [
        Payer(
            group=name,
            arm=group.arm,
            drawn_on=group.drawn_on,
            kind=group.kind,
            items=tuple(group.items),
            history_days=past.get(name),
            open_minor=group.open_minor,
            overdue_days=group.overdue_days,
            counts=group.counts,
        )
        for name, group in groups.items()
    ]


def experiment_currency(experiment: Experiment) -> str:
    """The currency of most of its cases."""
    rows = ExperimentMember.objects.filter(experiment=experiment).values_list("case__currency")
    counted = rows.annotate(cases=Count("id")).order_by("-cases", "case__currency")
    return next((code for code, _ in counted), "EUR")


def installments_paid(rows: QuerySet[Installment]) -> QuerySet[Installment]:
    """Installments with `amount` (as invoiced) and `paid_on` (the last money allocated)."""
    last = (
        Allocation.objects.filter(installment=OuterRef("pk"), amount_minor__gt=0)
        .order_by()
        .values("installment")
        .annotate(last=Max("on_date"))
        .values("last")
    )
    invoiced = Q(entries__kind=Entry.Kind.INVOICE)
    return rows.annotate(
        amount=Sum("entries__amount_minor", filter=invoiced),
        paid_on=Subquery(last, output_field=DateField()),
    ).order_by()


def _items(
    experiment: Experiment,
    by_account: dict[tuple[int, str], tuple[_Group, date]],
    on: date,
    main: str,
) -> None:
    """Give each group its items, and what was open and overdue when it was drawn; open amounts
    of the main currency only, since different ones cannot be added."""
    rows = installments_paid(
        Installment.objects.filter(
            Q(settled_on__isnull=True) | Q(settled_on__gte=experiment.started_on),
            organization_id=experiment.organization_id,
            customer_id__in=_customers(experiment),
            invoice__issue_date__lte=on,
        )
    )
    for customer_id, currency, issued_on, due_on, settled_on, paid_on, amount in rows.values_list(
        "customer_id", "currency", "invoice__issue_date", "due_date", "settled_on", "paid_on",
        "amount",
    ).iterator(chunk_size=5000):  # fmt: skip
        found = by_account.get((customer_id, currency))
        if found is None:
            continue
        group, drawn_on = found
        ended = _paid(settled_on, paid_on, on)
        group.items.append(Item(drawn_on, due_on, ended, amount or 0))
        if issued_on <= drawn_on and (ended is None or ended >= drawn_on):
            group.open_minor += (amount or 0) if currency == main else 0
            group.overdue_days = max(group.overdue_days, (drawn_on - due_on).days)


def _paid(settled_on: date | None, paid_on: date | None, on: date) -> date | None:
    """The day the money came; None while the item is open, as it was known on `on`."""
    if settled_on is None or settled_on > on:
        return None
    return min(settled_on, paid_on) if paid_on else settled_on


def _count(group: _Group | None, day: date, code: str, *, amount: float, on: date) -> None:
    """Count what happened to a group within the days it is followed."""
    if group is None:
        return
    last = min(on, group.drawn_on + timedelta(days=WINDOW.follow_days))
    if group.drawn_on <= day <= last:
        group.counts[code] += amount


def _happenings(experiment: Experiment) -> Iterator[Happened]:
    cases = ExperimentMember.objects.filter(experiment=experiment).values("case_id")
    scope = {"organization_id": experiment.organization_id, "case_id__in": cases}
    start = experiment.started_on
    done = Action.objects.filter(
        **scope, state__in=[Action.State.DONE, Action.State.UNKNOWN], closed_on__gte=start
    )
    for case_id, day, medium, approval, decided_by in done.values_list(
        "case_id", "closed_on", "medium", "approval", "decided_by"
    ):
        if medium in CONTACT_MEDIA:
            yield case_id, day, "contacts", 1.0
        minutes = MINUTES.get(medium, 0.0)
        if approval != "automatic" and decided_by and not minutes:
            minutes = APPROVAL_MINUTES
        if minutes:
            yield case_id, day, "minutes", minutes
    disputes = Dispute.objects.filter(**scope, opened_on__gte=start)
    for case_id, day in disputes.values_list("case_id", "opened_on"):
        yield case_id, day, "disputes", 1.0
    bounced = DeliveryEvent.objects.filter(
        organization_id=experiment.organization_id,
        kind=DeliveryEvent.Kind.BOUNCED,
        message__case_id__in=cases,
        at__date__gte=start,
    )
    for case_id, at in bounced.values_list("message__case_id", "at"):
        yield case_id, at.date(), "bounces", 1.0


def _opt_outs(experiment: Experiment) -> Iterable[tuple[int, date]]:
    rows = ContactPoint.objects.filter(
        organization_id=experiment.organization_id,
        customer_id__in=_customers(experiment),
        opted_out_at__date__gte=experiment.started_on,
    )
    return [
        (customer_id, at.date())
        for customer_id, at in rows.values_list("customer_id", "opted_out_at")
    ]


def _history(experiment: Experiment) -> dict[str, float]:
    """Mean days late of what each group settled in the year before it was drawn."""
    member = "customer__cases__experiments"
    rows = (
        Installment.objects.filter(
            **{f"{member}__experiment": experiment},
            organization_id=experiment.organization_id,
            customer__cases__currency=F("currency"),
            settled_on__lt=F(f"{member}__assigned_on"),
            due_date__gte=experiment.started_on - timedelta(days=HISTORY_DAYS),
        )
        .order_by()
        .values_list(f"{member}__payer_group")
        .annotate(late=Sum(F("settled_on") - F("due_date")), items=Count("id"))
    )
    low, high = HISTORY_RANGE
    found: dict[str, float] = {}
    for name, late, items in rows:
        found[name] = min(high, max(low, late / timedelta(days=1) / items))
    return found


def _customers(experiment: Experiment) -> QuerySet[ExperimentMember, dict[str, int]]:
    return ExperimentMember.objects.filter(experiment=experiment).values("case__customer_id")


def experiment_history(
    organization_id: int, customer_groups: dict[int, str], *, on: date
) -> dict[str, list[int]]:
    """Days to payment from the due date, 0 to 30, of each group's items that fell due between
    120 and 31 days before `on`: what an experiment would have measured then."""
    rows = installments_paid(
        Installment.objects.filter(
            organization_id=organization_id,
            customer_id__among=customer_groups.keys(),
            due_date__range=(
                on - timedelta(days=90 + WINDOW.follow_days),
                on - timedelta(days=WINDOW.follow_days + 1),
            ),
        )
    )
    found: dict[str, list[int]] = defaultdict(list)
    for customer_id, due_on, settled_on, paid_on in rows.values_list(
        "customer_id", "due_date", "settled_on", "paid_on"
    ).iterator(chunk_size=5000):
        ended = _paid(settled_on, paid_on, on)
        days = WINDOW.follow_days if ended is None else max(0, (ended - due_on).days)
        found[customer_groups[customer_id]].append(min(days, WINDOW.follow_days))
    return found
