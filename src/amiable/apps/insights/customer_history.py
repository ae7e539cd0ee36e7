"""What a customer may read of a case on the payment page, once a code said who reads: messages that
reached it, its own words, its payments, what it signed. Nothing that people here noted or decided,
no other case; addresses of persons are masked."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Q, Sum
from django.utils import timezone

from amiable.apps.cases.links import Link
from amiable.apps.cases.models import Case, Dispute, PlanProposal, Promise
from amiable.apps.dunning.models import Survey
from amiable.apps.messaging.models import Message, Reply
from amiable.apps.messaging.queries import OF_CODE
from amiable.apps.payments.debits.models import Mandate
from amiable.apps.receivables.models import Allocation, Entry
from amiable.core.direct_debits import masked
from amiable.core.masking import discreet, masked_email, masked_phone

LETTERS = ("letter", "registered_letter")
# What was said on the payment page is known by the fields of its form.
_SAID = frozenset({"promise", "hardship", "dispute", "already_paid", "wrong_contact"})


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened. `kind` chooses the words, `facts` fill them: amounts in minor units,
    texts without addresses."""

    on: date
    kind: str
    id: int
    facts: dict[str, Any] = field(default_factory=dict)


def customer_history(
    link: Link, *, with_tests: bool, keep: Collection[str], limit: int, offset: int = 0
) -> tuple[list[Moment], bool]:
    """Moments of a case, the newest first, and whether there are older ones; a fixed number of
    queries. `with_tests` = messages of the test mode count; `keep` = email addresses of the house,
    which texts show in clear."""
    case = Case.objects.get(organization_id=link.organization_id, id=link.case_id)
    most, ours = offset + limit + 1, {"organization_id": case.organization_id, "case": case}
    found = [
        *_messages(ours, most, with_tests=with_tests, keep=keep),
        *_answers(ours, most, keep=keep),
        *_promises(ours, most),
        *_disputes(ours),
        *_payments(case, most),
        *_plans(ours, most),
        *_mandates(case, most),
        *_opinions(ours, most),
    ]
    found.sort(key=lambda each: (each.on, each.kind, each.id), reverse=True)
    return found[offset : offset + limit], len(found) > offset + limit


def customer_letter(link: Link, message_id: int, *, with_tests: bool) -> tuple[str, bytes] | None:
    """File name and bytes of a letter that went to the customer of a link."""
    rows = Message.objects.filter(
        organization_id=link.organization_id, case_id=link.case_id, id=message_id,
        medium__in=LETTERS, state=Message.State.SENT, content_type="application/pdf",
    )  # fmt: skip
    row = (rows if with_tests else rows.filter(is_test=False)).first()
    return (f"{row.on_date.isoformat()}-{row.pk}.pdf", bytes(row.content)) if row else None


def _messages(
    ours: dict[str, Any], most: int, *, with_tests: bool, keep: Collection[str]
) -> Iterator[Moment]:
    """What left, and to whom: the text as it was frozen."""
    rows = Message.objects.filter(**ours, state=Message.State.SENT).exclude(key__startswith=OF_CODE)
    if not with_tests:
        rows = rows.filter(is_test=False)
    fields = ("id", "on_date", "medium", "recipient", "subject", "text", "content_type")
    for row in rows.order_by("-on_date", "-id").values(*fields)[:most]:
        is_letter = row["medium"] in LETTERS
        yield Moment(
            row["on_date"], "message", row["id"],
            {
                "medium": row["medium"],
                "to": "" if is_letter else _masked(row["recipient"]),
                "subject": discreet(row["subject"], keep),
                "text": discreet(row["text"], keep),
                "has_paper": is_letter and row["content_type"] == "application/pdf",
            },
        )  # fmt: skip


def _answers(ours: dict[str, Any], most: int, *, keep: Collection[str]) -> Iterator[Moment]:
    """Its own words: what it said on the page; what it wrote elsewhere once a person here has seen
    that it is about this case."""
    rows = Reply.objects.filter(**ours, kind=Reply.Kind.REPLY).order_by("-received_at", "-id")
    on_page = rows.filter(medium="portal").exclude(state=Reply.State.IGNORED)
    for row in on_page.only("received_at", "text", "content", "dispute_id")[:most]:
        said = json.loads(bytes(row.content))
        told = {"text": discreet(row.text, keep), "dispute": row.dispute_id}
        for name in ("number", "amount_minor"):
            told[name] = said.get(name)
        for name in ("due_on", "paid_on"):
            told[name] = date.fromisoformat(said[name]) if said.get(name) else None
        if said.get("email") or said.get("phone"):
            told["contact"] = " · ".join(
                _masked(each) for each in (said.get("email"), said.get("phone")) if each
            )
        kind = said.get("said", "")
        yield Moment(_day(row.received_at), kind if kind in _SAID else "wrote", row.pk, told)
    written = rows.exclude(medium="portal").filter(state=Reply.State.DONE)
    for pk, at, text in written.values_list("id", "received_at", "text")[:most]:
        yield Moment(_day(at), "wrote", pk, {"text": discreet(text, keep)})


def _promises(ours: dict[str, Any], most: int) -> Iterator[Moment]:
    """Given otherwise than on the page; not what a collector noted of them."""
    on_page = Reply.objects.filter(**ours, medium="portal", label="promise")
    given = [json.loads(bytes(said)) for said in on_page.values_list("content", flat=True)]
    known = {(each["amount_minor"], each["due_on"]) for each in given if "due_on" in each}
    rows = Promise.objects.filter(**ours, plan__isnull=True, cancelled_on__isnull=True)
    fields = ("id", "made_on", "due_on", "amount_minor")
    for pk, on, due_on, minor in rows.order_by("-made_on", "-id").values_list(*fields)[:most]:
        if (minor, due_on.isoformat()) not in known:
            yield Moment(on, "promise", pk, {"amount_minor": minor, "due_on": due_on})


def _disputes(ours: dict[str, Any]) -> Iterator[Moment]:
    """Contested otherwise than on the page, and what became of all of them."""
    rows = Dispute.objects.filter(**ours, is_mistake=False)
    fields = ("id", "opened_on", "closed_on", "installment__invoice__number", "amount_minor")
    on_page = set(
        Reply.objects.filter(**ours, medium="portal", label="dispute").values_list(
            "dispute_id", flat=True
        )
    )
    for pk, on, closed_on, number, minor in rows.order_by("-id").values_list(*fields):
        told = {"number": number, "amount_minor": minor, "dispute": pk}
        if pk not in on_page:
            yield Moment(on, "dispute", pk, told)
        if closed_on:
            yield Moment(closed_on, "dispute_closed", pk, told)


def _payments(case: Case, most: int) -> Iterator[Moment]:
    """Money received, with what it paid of which invoice. What was entered by mistake and undone
    was never this customer's; what its bank took back was."""
    rows = Entry.objects.filter(
        organization_id=case.organization_id, customer_id=case.customer_id, currency=case.currency,
        kind=Entry.Kind.PAYMENT, reverses__isnull=True,
    ).filter(Q(reversed_by__isnull=True) | Q(payment__returned__isnull=False))  # fmt: skip
    fields = ("id", "on_date", "amount_minor", "payment__method", "payment__returned__returned_on")
    found = list(rows.order_by("-on_date", "-id").values_list(*fields)[:most])
    parts: dict[int, list[tuple[str, int]]] = defaultdict(list)
    sums = (
        Allocation.objects.filter(
            organization_id=case.organization_id, credit_id__among={row[0] for row in found}
        )
        .values_list("credit_id", "installment__invoice__number")
        .annotate(paid=Sum("amount_minor"))
        .order_by("installment__invoice__number")
    )
    for credit_id, number, paid in sums:
        if paid:
            parts[credit_id].append((number, paid))
    for pk, on, minor, method, returned_on in found:
        left = -minor - sum(paid for _, paid in parts[pk])
        yield Moment(
            on, "payment", pk,
            {
                "amount_minor": -minor, "method": method or "other", "parts": parts[pk],
                "left_minor": 0 if returned_on else left, "returned_on": returned_on,
            },
        )  # fmt: skip


def _plans(ours: dict[str, Any], most: int) -> Iterator[Moment]:
    rows = PlanProposal.objects.filter(**ours, signed_at__isnull=False)
    for row in rows.order_by("-signed_at", "-id")[:most]:
        told = {
            "amount_minor": row.amount_minor, "text": row.text, "state": row.state,
            "parts": [(date.fromisoformat(day), minor) for day, minor in row.parts],
        }  # fmt: skip
        yield Moment(_day(row.signed_at), "plan", row.pk, told)


def _mandates(case: Case, most: int) -> Iterator[Moment]:
    rows = Mandate.objects.filter(
        organization_id=case.organization_id, customer_id=case.customer_id
    )
    fields = ("id", "signed_on", "revoked_on", "rum", "scheme", "holder_iban")
    for pk, on, revoked_on, rum, scheme, iban in rows.order_by("-id").values_list(*fields)[:most]:
        told = {"rum": rum, "scheme": scheme, "account": masked(iban), "revoked_on": revoked_on}
        yield Moment(on, "mandate", pk, told)


def _opinions(ours: dict[str, Any], most: int) -> Iterator[Moment]:
    rows = Survey.objects.filter(**ours, score__isnull=False).order_by("-answered_at", "-id")
    for pk, at, score, note in rows.values_list("id", "answered_at", "score", "note")[:most]:
        yield Moment(_day(at), "opinion", pk, {"score": score, "text": note})


def _masked(address: str) -> str:
    return masked_email(address) if "@" in address else masked_phone(address)


def _day(at: Any) -> date:
    return timezone.localtime(at).date()
