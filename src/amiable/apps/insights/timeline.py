"""What happened with a customer, newest first: messages, calls, money, disputes and the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, F, Max, OuterRef, Subquery, Sum
from django.utils import timezone

from amiable.apps.audit.models import Event
from amiable.apps.cases.models import Dispute, Hold, PaymentLink, PaymentPlan, Promise
from amiable.apps.cases.queries import Broken
from amiable.apps.dunning.models import Action, Survey
from amiable.apps.dunning.queries import step_names
from amiable.apps.insights.debit_timeline import debit_moments
from amiable.apps.messaging.models import Message, Reply
from amiable.apps.payments.models import Checkout, Payment, PaymentReturn, PayoutPart
from amiable.apps.receivables.models import Entry

# A page shows the recent past; the evidence file holds all of it.
LIMIT = 60
# Events of the audit trail that no other row tells.
NOTED = (
    "customer.insolvent_since", "customer.deceased_since", "customer.score",
    "customer.payer_group", "contact_point.marked", "customer.address", "payment.refused",
    "call.reopened", "call.started_anyway", "credit.allocated", "credit.kept",
    "credit.transferred", "credit.undone", "write_off.recovered", "refund.requested", "refund.made",
    "refund.readdressed", "customer.terms", "habit.forgotten", "habit.forbidden", "habit.allowed",
    "virtual_iban.assigned", "virtual_iban.ended",
    "refund.not_made", "refund.settled", "refund.not_settled", "item.written_off",
    "item.write_off_undone", "item.handed_over", "item.taken_back",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened. `kind` chooses the words, `facts` fill them (amounts in minor)."""

    on: date
    kind: str
    id: int
    facts: dict[str, Any] = field(default_factory=dict)


def timeline(
    organization_id: int,
    customer_id: int,
    case_ids: Sequence[int],
    *,
    broken: Iterable[Broken] = (),
) -> list[TimelineEntry]:
    """The newest LIMIT entries, whatever their source; one query per source.

    `broken` = what the customer did not keep in these cases.
    """
    by_case = {"organization_id": organization_id, "case_id__in": case_ids}
    entries = [
        *_rows(
            "message",
            Message.objects.filter(**by_case),
            "on_date",
            ["medium", "state", "recipient", "subject"],
        ),
        *_rows(
            "call",
            Action.objects.filter(**by_case, state="done", medium__in=["phone", "task"]),
            "closed_on",
            ["medium", "result", "decided_by", "outcome", "scenario_id", "step"],
        ),
        *_rows(
            "skipped",
            Action.objects.filter(**by_case, state__in=["skipped", "failed"]),
            "closed_on",
            ["medium", "state", "outcome", "decided_by", "scenario_id", "step"],
        ),
        *_answers(by_case),
        *_money(organization_id, customer_id),
        *(TimelineEntry(*told) for told in debit_moments(organization_id, customer_id, LIMIT)),
        *_disputes(by_case),
        *_promises_and_holds(by_case),
        *_online(by_case),
        *_rows(
            "survey",
            Survey.objects.filter(**by_case, score__isnull=False),
            "answered_at__date",
            ["score", "note", "wants_call", "task_on", "task_done_on", "task_done_by"],
        ),
        *_rows("link_used", PaymentLink.objects.filter(**by_case), "first_used_on", ["made_on"]),
        *(_broken(each) for each in broken),
        *_facts(by_case),
    ]
    entries.sort(key=lambda entry: (entry.on, entry.id), reverse=True)
    return _named(organization_id, entries[:LIMIT])


def _named(organization_id: int, entries: list[TimelineEntry]) -> list[TimelineEntry]:
    """Calls, tasks and steps not taken with the name of their step ("" = it has none)."""
    steps = {entry.facts["scenario_id"] for entry in entries if "scenario_id" in entry.facts}
    names = step_names(organization_id, steps)
    for entry in entries:
        if "scenario_id" in entry.facts:
            known = names.get(entry.facts["scenario_id"], {})
            entry.facts["name"] = known.get(entry.facts["step"], "")
    return entries


def _answers(by_case: dict[str, Any]) -> list[TimelineEntry]:
    """What came back: answers, and what machines reported."""
    fields = ("id", "sender", "subject", "medium", "kind", "state", "label", "decided_by")
    rows = Reply.objects.filter(**by_case).order_by("-received_at", "-id")
    return [
        TimelineEntry(timezone.localtime(row.pop("received_at")).date(), "reply", row["id"], row)
        for row in rows.values(*fields, "received_at")[:LIMIT]
    ]


def _money(organization_id: int, customer_id: int) -> list[TimelineEntry]:
    by_customer = {"organization_id": organization_id, "customer_id": customer_id}
    return [
        *_rows(
            "payment",
            Payment.objects.filter(**by_customer),
            "received_on",
            ["amount_minor", "currency", "method", "reference"],
            payout=_payout_of("payout_id"),
            payout_name=_payout_of("payout__name"),
        ),
        *_rows(
            "return",
            PaymentReturn.objects.filter(
                organization_id=organization_id, payment__customer_id=customer_id
            ),
            "returned_on",
            ["reason_code"],
            amount_minor=F("payment__amount_minor"),
            currency=F("payment__currency"),
        ),
        *_rows(
            "credit_note",
            Entry.objects.filter(**by_customer, kind="credit_note", reverses__isnull=True),
            "on_date",
            ["amount_minor", "currency", "invoice_id"],
            number=F("invoice__number"),
        ),
    ]


def _payout_of(field: str) -> Subquery:
    """A field of the part of a payout that a payment is, where its provider told it."""
    parts = PayoutPart.objects.filter(payment=OuterRef("id"), kind=PayoutPart.Kind.PAYMENT)
    return Subquery(parts.values(field)[:1])


def _online(by_case: dict[str, Any]) -> list[TimelineEntry]:
    """Payments online that brought no money (yet); the others are told as payments."""
    rows = Checkout.objects.filter(**by_case, is_test=False, payment__isnull=True)
    return _rows(
        "checkout", rows.exclude(state=Checkout.State.ASKED), "asked_at__date",
        ["amount_minor", "currency", "state", "detail"],
    )  # fmt: skip


def _disputes(by_case: dict[str, Any]) -> list[TimelineEntry]:
    disputes = Dispute.objects.filter(**by_case)
    number = F("installment__invoice__number")
    return [
        *_rows("dispute", disputes, "opened_on", ["reason", "note"], number=number),
        *_rows(
            "dispute_closed",
            disputes.filter(closed_on__isnull=False),
            "closed_on",
            ["outcome"],
            number=number,
        ),
    ]


def _promises_and_holds(by_case: dict[str, Any]) -> list[TimelineEntry]:
    return [
        *_rows(
            "promise",
            Promise.objects.filter(**by_case, plan__isnull=True),
            "made_on",
            ["amount_minor", "due_on", "note", "cancelled_on"],
            currency=F("case__currency"),
        ),
        *_rows(
            "plan",
            PaymentPlan.objects.filter(**by_case),
            "agreed_on",
            ["agreed_by", "note", "cancelled_on"],
            amount_minor=Sum("instalments__amount_minor"),
            parts=Count("instalments"),
            last_on=Max("instalments__due_on"),
            currency=F("case__currency"),
        ),
        *_rows(
            "hold",
            Hold.objects.filter(**by_case),
            "starts_on",
            ["reason", "ends_on", "placed_by"],
        ),
    ]


def _broken(each: Broken) -> TimelineEntry:
    """The day a promise, plan or instalment broke, and what had come by then."""
    facts = {
        "kind": each.kind,
        "amount_minor": each.amount_minor,
        "received_minor": each.received_minor,
        "due_on": each.due_on,
        "currency": each.currency,
    }
    return TimelineEntry(each.on, "broken", each.id, facts)


def _facts(by_case: dict[str, Any]) -> list[TimelineEntry]:
    """What was noted of the customer and its contacts; told in every case, shown once."""
    seen: set[str] = set()
    found = []
    for entry in _rows(
        "noted", Event.objects.filter(**by_case, kind__in=NOTED), "on_date",
        ["actor", "payload"], about=F("kind"),
    ):  # fmt: skip
        key = f"{entry.on} {entry.facts['about']} {entry.facts['payload']}"
        if key not in seen:
            seen.add(key)
            found.append(entry)
    return found


def _rows(
    kind: str, rows: Any, on_field: str, fields: list[str], **computed: Any
) -> list[TimelineEntry]:
    """The newest rows of one source as entries."""
    newest = rows.exclude(**{f"{on_field}__isnull": True}).order_by(f"-{on_field}", "-id")
    found = newest.values("id", *fields, entry_on=F(on_field), **computed)[:LIMIT]
    return [
        TimelineEntry(
            on=row["entry_on"],
            kind=kind,
            id=row["id"],
            facts={key: value for key, value in row.items() if key not in {"id", "entry_on"}},
        )
        for row in found
    ]
