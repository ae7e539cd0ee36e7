"""What was done with cases and items, and what happened to them: read for many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Case, Count, Exists, F, Max, Min, OuterRef, Q, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from amiable.apps.cases.models import Case as CaseOf
from amiable.apps.cases.models import Dispute
from amiable.apps.dunning.models import Action, ActionItem, PaymentRequest
from amiable.apps.messaging.models import DeliveryEvent
from amiable.apps.receivables.models import Allocation
from amiable.core import facts
from amiable.core.call_retries import UNREACHED
from amiable.core.delivery import PRESENTED, WRONG_ADDRESS
from amiable.core.scenario import CONTACT_MEDIA

# These closed states mean the step was taken, or a person decided against it: it never comes back.
TAKEN = (Action.State.DONE, Action.State.UNKNOWN, Action.State.FAILED, Action.State.SKIPPED)
# A call that reached nobody is not a contact; words left on a voicemail are one, though they set
# no tone: whether anybody heard them is not known.
NO_CONTACT = ("no_answer", "wrong_number")
# What was carried out and, as far as is known, reached the customer.
_CONTACT = Q(
    state__in=[Action.State.DONE, Action.State.UNKNOWN], medium__in=sorted(CONTACT_MEDIA)
) & ~Q(result__in=NO_CONTACT)


def _reported(kinds: Collection[str], message: str = "message_id") -> Exists:
    """Whether a channel said so of a message as a whole."""
    return Exists(
        DeliveryEvent.objects.filter(
            message_id=OuterRef(message), kind__in=sorted(kinds), recipient=""
        )
    )


def _failed(message: str = "message_id") -> Q:
    """It did not arrive, which says nothing of the address, and no later word says that it did."""
    return Q(_reported({"failed"}, message)) & ~Q(_reported(_ARRIVALS, message))


_ARRIVALS = PRESENTED | {"delivered"}
_OF_ITEM = "action__message_id"

# 1 for what spoke to the customer, or what a person decided against: not a task, nor what failed.
_REACHED = Case(
    When(~Q(action__medium__in=sorted(CONTACT_MEDIA)), then=0),
    When(Q(action__state=Action.State.FAILED) | Q(action__result__in=UNREACHED), then=0),
    When(_failed(_OF_ITEM), then=0),
    default=1,
)

# The same step of the case, still to be carried out for its items.
_TRIED_AGAIN = Action.objects.filter(
    case=OuterRef("action__case"),
    step=OuterRef("action__step"),
    state__in=Action.PENDING,
    items__installment=OuterRef("installment"),
    items__step=OuterRef("step"),
)


@dataclass(slots=True)
class ItemHistory:
    """What one item got and went through; the shapes of core.facts.Item."""

    steps: dict[str, date] = field(default_factory=dict)
    stages: dict[str, str] = field(default_factory=dict)
    delivered: dict[str, date] = field(default_factory=dict)
    events: dict[str, date] = field(default_factory=dict)
    return_reason: str = ""
    disputed_minor: int | None = 0  # None = the whole item


@dataclass(slots=True)
class CaseHistory:
    """What was closed in one case: times per step, day of the last contact that arrived."""

    closed_counts: dict[str, int] = field(default_factory=dict)
    last_contact_on: date | None = None


@dataclass(frozen=True, slots=True)
class Leaving:
    """A contact whose message is on its way in the hands of a worker, or a request for payment that
    was made: no action tells of it."""

    case_id: int
    customer_id: int
    medium: str
    on: date


def item_histories(
    organization_id: int, installment_ids: Collection[int], *, test_mode: bool
) -> dict[int, ItemHistory]:
    """Steps, deliveries, disputes and returned payments per installment; absent = nothing yet."""
    found: dict[int, ItemHistory] = defaultdict(ItemHistory)
    formal = _steps(organization_id, installment_ids, found, test_mode=test_mode)
    _deliveries(organization_id, list(found), formal, found)
    _disputes(organization_id, installment_ids, found)
    _returns(organization_id, installment_ids, found)
    return found


def item_disputes(organization_id: int, installment_ids: Collection[int]) -> dict[int, ItemHistory]:
    """Of the histories of installments, what is contested, and nothing else: one query."""
    found: dict[int, ItemHistory] = defaultdict(ItemHistory)
    _disputes(organization_id, installment_ids, found)
    return found


def case_histories(
    organization_id: int,
    case_ids: Collection[int],
    *,
    test_mode: bool,
    leaving: Collection[Leaving],
) -> dict[int, CaseHistory]:
    """Closed actions per case, what is leaving counted as arrived; absent = none."""
    rows = (
        Action.objects.filter(organization_id=organization_id, case_id__among=case_ids)
        .exclude(state__in=Action.PENDING)
        .values_list("case_id", "step")
        .annotate(
            times=Count("id"),
            last=Max("closed_on", filter=_reached(test_mode=test_mode)),
        )
        .order_by()
    )
    found: dict[int, CaseHistory] = defaultdict(CaseHistory)
    for case_id, step, times, last in rows:
        history = found[case_id]
        history.closed_counts[step] = times
        if last is not None:
            history.last_contact_on = max(last, history.last_contact_on or last)
    for each in leaving:
        history = found[each.case_id]
        history.last_contact_on = max(each.on, history.last_contact_on or each.on)
    return found


def recent_contacts(
    organization_id: int,
    customers: Mapping[int, Collection[int]],
    *,
    since: date,
    test_mode: bool,
    leaving: Collection[Leaving],
) -> dict[int, dict[str, tuple[date, ...]]]:
    """Days of contacts by medium since a day, per customer, counting those of the customers they
    share a person with (`customers`: customer id -> ids that count for it, its own included)."""
    everyone = {each for linked in customers.values() for each in linked}
    days: dict[int, dict[str, list[date]]] = defaultdict(lambda: defaultdict(list))
    cases = CaseOf.objects.filter(organization_id=organization_id, customer_id__among=everyone)
    rows = Action.objects.filter(
        _reached(test_mode=test_mode),
        organization_id=organization_id,
        case_id__in=cases.values("id"),
        closed_on__gte=since,
    )
    for customer_id, medium, on in rows.values_list("case__customer_id", "medium", "closed_on"):
        days[customer_id][medium].append(on)
    for each in leaving:
        days[each.customer_id][each.medium].append(each.on)
    found: dict[int, dict[str, tuple[date, ...]]] = {}
    for customer_id, linked in customers.items():
        merged: dict[str, list[date]] = defaultdict(list)
        for each in linked:
            for medium, dates in days.get(each, {}).items():
                merged[medium] += dates
        found[customer_id] = {medium: tuple(sorted(dates)) for medium, dates in merged.items()}
    return found


def pending_actions(
    organization_id: int, case_ids: Collection[int]
) -> dict[int, list[facts.PendingAction]]:
    """Actions planned and not carried out, per case."""
    found: dict[int, list[facts.PendingAction]] = defaultdict(list)
    actions = list(
        Action.objects.filter(
            organization_id=organization_id, case_id__among=case_ids, state__in=Action.PENDING
        ).values_list("id", "case_id", "key", "step", "due_on", "state", "medium", "retry_at")
    )
    if not actions:
        return found
    items: dict[int, set[int]] = defaultdict(set)
    stepping: set[int] = set()
    for action_id, installment_id, step in ActionItem.objects.filter(
        organization_id=organization_id, action_id__among={row[0] for row in actions}
    ).values_list("action_id", "installment_id", "step"):
        items[action_id].add(installment_id)
        if step:
            stepping.add(action_id)
    for action_id, case_id, key, step, due_on, state, medium, retry_at in actions:
        # Another try of a call takes its step, and is overtaken like any.
        agreed = state == Action.State.TODO and retry_at is not None and action_id not in stepping
        item_ids = frozenset(items[action_id])
        found[case_id].append(
            facts.PendingAction(action_id, key, step, due_on, item_ids, state, medium, agreed)
        )
    return found


def _contact(*, test_mode: bool) -> Q:
    """Contacts made; what went to the organization's own address counts in test mode only."""
    return _CONTACT if test_mode else _CONTACT & Q(is_test=False)


def _reached(*, test_mode: bool) -> Q:
    """Contacts made that did not come back from everybody they were for."""
    lost = Q(_reported(WRONG_ADDRESS)) | _failed()
    return _contact(test_mode=test_mode) & ~lost


def contacts_leaving(
    organization_id: int, sending: Collection[int], *, test_mode: bool
) -> list[Leaving]:
    """Contacts on their way, but for the actions that the caller is `sending`: few at any time."""
    rows = Action.objects.filter(
        organization_id=organization_id,
        state=Action.State.CLAIMED,
        message__isnull=False,
        medium__in=sorted(CONTACT_MEDIA),
    ).exclude(id__in=sending)
    if not test_mode:
        rows = rows.filter(is_test=False)
    fields = ("case_id", "case__customer_id", "medium", "message__on_date")
    return [Leaving(*row) for row in rows.values_list(*fields)]


def requests_made(
    organization_id: int,
    customer_ids: Collection[int],
    sending: Collection[int],
    *,
    test_mode: bool,
) -> list[Leaving]:
    """Requests for payment that reached these customers or are on their way to them, but for those
    that the caller is `sending`: a request is a contact like a reminder."""
    cases = CaseOf.objects.filter(organization_id=organization_id, customer_id__among=customer_ids)
    made = Q(state__in=[PaymentRequest.State.SENT, PaymentRequest.State.UNKNOWN])
    leaving = Q(state=PaymentRequest.State.SENDING, message__isnull=False)
    rows = (
        PaymentRequest.objects.filter(made | leaving, organization_id=organization_id)
        .filter(case_id__in=cases.values("id"))
        .exclude(id__among=set(sending))
        .exclude(_reported(WRONG_ADDRESS))
        .exclude(_failed())
    )
    if not test_mode:
        rows = rows.filter(campaign__is_test=False)
    rows = rows.annotate(on=Coalesce(F("closed_on"), F("message__on_date")))
    fields = ("case_id", "case__customer_id", "medium", "on")
    return [Leaving(*row) for row in rows.values_list(*fields)]


def contacts_since(caps: Collection[facts.Cap], on: date) -> date | None:
    """From which day contacts matter to the caps; None = they never do."""
    return on - timedelta(days=max(cap.days for cap in caps)) if caps else None


def _steps(
    organization_id: int,
    ids: Collection[int],
    found: dict[int, ItemHistory],
    *,
    test_mode: bool,
) -> set[tuple[int, str]]:
    """Fill the steps taken; returns the formal ones, as (installment, step)."""
    rows = (
        ActionItem.objects.filter(
            organization_id=organization_id,
            installment_id__among=ids,
            action__state__in=TAKEN,
            action__closed_on__isnull=False,
        )
        # A formal notice that could not leave is none: it comes again, for approval.
        .exclude(action__state=Action.State.FAILED, action__stage="formal")
        .exclude(step="")
        # What came back from everybody was not taken: it comes again, another way.
        .exclude(_reported(WRONG_ADDRESS, _OF_ITEM), action__is_test=False)
        # A call that nobody answered is not over while it is to be tried again.
        .exclude(Q(action__result__in=UNREACHED) & Exists(_TRIED_AGAIN))
    )
    if not test_mode:
        # What went to the organization's own address reached no debtor.
        rows = rows.filter(action__is_test=False)
    formal = set()
    for installment_id, step, stage, on, reached in (
        rows.annotate(reached=_REACHED)
        .values_list("installment_id", "step", "action__stage")
        .annotate(on=Max("action__closed_on"), reached=Max("reached"))
        .order_by()
    ):
        history = found[installment_id]
        history.steps[step] = max(on, history.steps.get(step, on))
        history.stages[step] = stage if reached else history.stages.get(step, "")
        if stage == "formal":
            formal.add((installment_id, step))
    return formal


def _deliveries(
    organization_id: int,
    ids: Collection[int],
    formal: set[tuple[int, str]],
    found: dict[int, ItemHistory],
) -> None:
    """The day each step reached the customer, and the receipt of the formal notice.

    A registered notice counts from its first presentation, whether it was then taken, refused or
    never collected. C. civ. 1344 asks for a sufficient demand and names no day: that of the
    presentation is what is generally held.
    """
    if not ids:
        return
    rows = (
        ActionItem.objects.filter(
            organization_id=organization_id,
            installment_id__among=ids,
            action__message__events__kind__in=sorted(_ARRIVALS),
        )
        .exclude(step="")
        .exclude(_reported(WRONG_ADDRESS, _OF_ITEM))
        .values_list("installment_id", "step", "action_id")
        .annotate(at=Min("action__message__events__at"))
        .order_by("action_id")
    )
    for installment_id, step, _, at in rows:
        history = found[installment_id]
        on = timezone.localtime(at).date()
        history.delivered[step] = on
        if (installment_id, step) in formal:
            history.events["formal_notice_received"] = on


def _disputes(organization_id: int, ids: Collection[int], found: dict[int, ItemHistory]) -> None:
    rows = Dispute.objects.filter(organization_id=organization_id, installment_id__among=ids)
    for installment_id, amount, closed_on, is_mistake in rows.values_list(
        "installment_id", "amount_minor", "closed_on", "is_mistake"
    ):
        history = found[installment_id]
        if closed_on is None:
            history.disputed_minor = amount
        elif is_mistake:
            continue
        else:
            last = history.events.get("dispute_closed", closed_on)
            history.events["dispute_closed"] = max(closed_on, last)


def _returns(organization_id: int, ids: Collection[int], found: dict[int, ItemHistory]) -> None:
    """Payments that the bank took back from what they had paid."""
    rows = Allocation.objects.filter(
        organization_id=organization_id,
        installment_id__among=ids,
        reverses__isnull=False,
        credit__payment__returned__isnull=False,
    ).values_list(
        "installment_id", "credit__payment__returned__returned_on",
        "credit__payment__returned__reason_code",
    )  # fmt: skip
    for installment_id, on, reason in rows:
        history = found[installment_id]
        if on >= history.events.get("payment_returned", on):
            history.events["payment_returned"] = on
            history.return_reason = reason
