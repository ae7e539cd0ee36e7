"""Who may be asked how it went: whoever was chased, has paid all of it, and was not asked lately.

Nobody is asked while anything is open, contested or entrusted to others, once insolvent or dead, in
test mode, twice in a quarter, or after asking to be left alone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.cases.models import Case, Dispute, Handover
from amiable.apps.customers.models import ContactPoint, Customer
from amiable.apps.dunning.facts import customers_linked
from amiable.apps.dunning.models import Action, ActionItem, Survey
from amiable.apps.messaging.models import Message
from amiable.apps.receivables.models import Allocation, Entry, Installment
from amiable.apps.receivables.write_offs import written_off
from amiable.apps.tenants.models import Organization
from amiable.apps.tenants.queries import organization_lock

# One person is asked once in so many days, whatever is settled meanwhile.
QUARTER = timedelta(days=90)
# What was settled longer ago is no longer remembered: nobody is asked about it.
FRESH = timedelta(days=30)
# For so long a question stands to be answered, and an answer to be changed.
STANDING = timedelta(days=30)
ACTOR = "amiable"


@dataclass(frozen=True, slots=True)
class Settled:
    """A case that was chased and paid. `action_id` = what was sent last before; `collector` = who
    decided something on it last, "" for nobody; `on` = the day all of it was settled;
    `installments` = what was chased."""

    case_id: int
    customer_id: int
    action_id: int
    collector: str
    on: date
    installments: frozenset[int]


def cases_settled(
    organization_id: int, *, on: date, case_ids: Collection[int] | None = None
) -> dict[int, Settled]:
    """The cases whose customer may be asked on a day, by id; of all unless some are named. A fixed
    number of queries."""
    if Organization.objects.filter(id=organization_id).exclude(test_recipient="").exists():
        return {}
    found = _chased(organization_id, on, case_ids)
    if not found:
        return {}
    peaceful = cases_at_peace(organization_id, {each.case_id for each in found}, on=on)
    kept = [each for each in found if each.case_id in peaceful]
    paid = _paid(organization_id, {item for each in kept for item in each.installments})
    kept = [each for each in kept if each.installments <= paid]
    asked = _asked_lately(organization_id, {each.customer_id for each in kept}, on=on)
    kept = [each for each in kept if each.customer_id not in asked]
    names = _collectors(organization_id, {each.case_id for each in kept})
    return {
        each.case_id: Settled(
            each.case_id, each.customer_id, each.action_id, names.get(each.case_id, ""),
            each.on, each.installments,
        )
        for each in kept
    }  # fmt: skip


def survey_standing(organization_id: int, case_id: int, *, on: date) -> Survey | None:
    """The question that a case was asked and that may be answered, or its answer changed."""
    rows = Survey.objects.filter(
        organization_id=organization_id, case_id=case_id, asked_on__gte=on - STANDING - STANDING,
        refused_at__isnull=True, erased_on__isnull=True,
    )  # fmt: skip
    row = rows.order_by("-asked_on", "-id").first()
    return row if row is not None and on <= standing_until(row) else None


def standing_until(row: Survey) -> date:
    """The last day on which it may be answered, or the answer changed."""
    answered = row.answered_at and timezone.localtime(row.answered_at).date()
    return (answered or row.asked_on) + STANDING


@transaction.atomic
def survey_ask(organization_id: int, case_id: int, *, on: date) -> Survey | None:
    """Note that the customer of a case is asked on the payment page; None when it may not be (any
    more). Of two who ask at once, one does."""
    organization_lock(organization_id)
    found = cases_settled(organization_id, on=on, case_ids=[case_id]).get(case_id)
    if found is None:
        return None
    row = Survey.objects.create(
        organization_id=organization_id, case_id=case_id, action_id=found.action_id,
        collector=found.collector, asked_on=on,
    )  # fmt: skip
    told = {"survey": row.pk}
    event_record(organization_id, Happening("survey.asked", on, ACTOR, case_id, told))
    return row


def _chased(organization_id: int, on: date, case_ids: Collection[int] | None) -> list[Settled]:
    """Cases with something chased by a message that is settled of late, the newest message last."""
    rows = ActionItem.objects.filter(
        organization_id=organization_id,
        installment__settled_on__gte=on - FRESH,
        installment__settled_on__lte=on,
        action__state=Action.State.DONE,
        action__is_test=False,
        action__message__state=Message.State.SENT,
        action__message__is_test=False,
    ).exclude(action__stage="preventive")  # a service before the due date chases nobody
    if case_ids is not None:
        rows = rows.filter(action__case_id__in=case_ids)
    found: dict[int, Settled] = {}
    for case_id, customer_id, action_id, installment_id, settled_on in rows.order_by(
        "action__closed_on", "action_id"
    ).values_list(
        "action__case_id", "action__case__customer_id", "action_id", "installment_id",
        "installment__settled_on",
    ):  # fmt: skip
        before = found.get(case_id)
        items = before.installments if before else frozenset()
        latest = max(settled_on, before.on) if before else settled_on
        found[case_id] = Settled(
            case_id, customer_id, action_id, "", latest, items | {installment_id}
        )
    return list(found.values())


def cases_at_peace(organization_id: int, case_ids: Collection[int], *, on: date) -> set[int]:
    """Those with nothing open, contested or entrusted to others, whose customer may be written to
    and never asked for silence: one query."""
    out = ContactPoint.objects.filter(
        organization_id=organization_id, customer=OuterRef("customer"), opted_out_at__isnull=False
    )
    rows = Case.objects.filter(organization_id=organization_id, id__among=case_ids).filter(
        ~Exists(_opened()),
        ~Exists(out),
        ~Exists(Dispute.objects.filter(case=OuterRef("id"), closed_on__isnull=True)),
        ~Exists(Handover.objects.filter(case=OuterRef("id"), returned_on__isnull=True)),
        ~Exists(Customer.objects.filter(_ended(on), id=OuterRef("customer"))),
    )
    return set(rows.values_list("id", flat=True))


def _opened() -> QuerySet[Installment]:
    return Installment.objects.filter(
        customer=OuterRef("customer"), currency=OuterRef("currency"), settled_on__isnull=True
    )


def _ended(on: date) -> Q:
    return Q(insolvent_since__lte=on) | Q(deceased_since__lte=on)


def _paid(organization_id: int, installment_ids: Collection[int]) -> set[int]:
    """Those that money settled: at least in part by a payment, and nothing of it given up."""
    sums = (
        Allocation.objects.filter(
            organization_id=organization_id, installment_id__among=installment_ids,
            credit__kind__in=[Entry.Kind.PAYMENT, Entry.Kind.TRANSFER],
        )
        .values_list("installment_id")
        .annotate(total=Sum("amount_minor"))
    )  # fmt: skip
    paid = {installment_id for installment_id, total in sums if total > 0}
    return paid - set(written_off(organization_id, installment_ids=installment_ids))


def _asked_lately(organization_id: int, customer_ids: Collection[int], *, on: date) -> set[int]:
    """Customers who were asked within a quarter or want no question at all, themselves or as
    somebody who shares an address with them."""
    if not customer_ids:
        return set()
    persons = customers_linked(organization_id, customer_ids)
    rows = Survey.objects.filter(
        Q(asked_on__gt=on - QUARTER) | Q(refused_at__isnull=False),
        organization_id=organization_id, case__customer_id__among=persons,
    )  # fmt: skip
    asked = set(rows.values_list("case__customer_id", flat=True))
    return customers_linked(organization_id, asked) & set(customer_ids) if asked else set()


def _collectors(organization_id: int, case_ids: Collection[int]) -> dict[int, str]:
    """Who of us decided something last in each case: a call, an approval, a task."""
    rows = Action.objects.filter(
        organization_id=organization_id, case_id__among=case_ids, state=Action.State.DONE,
        is_test=False,
    ).exclude(decided_by__in=["", ACTOR])  # fmt: skip
    ordered = rows.order_by("closed_on", "id").values_list("case_id", "decided_by")
    return dict(ordered)
