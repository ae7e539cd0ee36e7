"""How one invoice reached its customer: the messages about it with what became of them, the
payment pages they lead to, downloads of its document, and what all of it proves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Prefetch, Q
from django.utils import timezone

from amiable.apps.audit.models import Event
from amiable.apps.cases.links import DOCUMENT_TAKEN
from amiable.apps.cases.models import Case, Dispute, PaymentLink
from amiable.apps.dunning.confirming.leaving import OF_ANSWER, OF_DISPUTE, OF_INVOICE
from amiable.apps.dunning.models import ActionItem, PaymentRequestItem
from amiable.apps.messaging.models import DeliveryEvent, Message, Reply
from amiable.apps.messaging.queries import file_names
from amiable.apps.receivables.models import Invoice
from amiable.core.delivery import PRESENTED, WRONG_ADDRESS
from amiable.core.reached import Reached, Trace, TraceKind, reached

MOST = 20  # messages shown; the customer's history holds all of them
_HANDED_OVER = frozenset({"accepted", "delivered"})
State = Message.State


@dataclass(frozen=True, slots=True)
class Carrier:
    """A message about the invoice. `carries` = its document goes with it (of an email); `told` =
    (kind, when) by the channel, oldest first; `used_on` = first day its payment page was used."""

    id: int
    medium: str
    recipient: str
    subject: str
    state: str
    on_date: date
    number: str
    is_test: bool
    carries: bool
    told: tuple[tuple[str, datetime], ...]
    used_on: date | None

    @property
    def came_back(self) -> bool:
        """The address was wrong, by what the channel told."""
        return any(kind in WRONG_ADDRESS for kind, _ in self.told)

    @property
    def arrived(self) -> bool:
        """It was delivered, by what the channel told."""
        return any(kind == "delivered" for kind, _ in self.told)


@dataclass(frozen=True, slots=True)
class InvoiceProof:
    """What is known: messages newest first, days of downloads oldest first, and the verdict."""

    carriers: tuple[Carrier, ...]
    downloads: tuple[date, ...]
    verdict: Reached


def invoice_proof(invoice: Invoice) -> InvoiceProof:
    """How an invoice reached its customer. Seven queries."""
    disputes = list(
        Dispute.objects.filter(
            organization_id=invoice.organization_id, installment__invoice=invoice, is_mistake=False
        ).values_list("id", flat=True)
    )
    said = _said_by_customer(invoice, disputes)
    rows = _messages(invoice, disputes, said)
    used, downloads = _pages(invoice, {row.key for row in rows}), _downloads(invoice)
    carriers = tuple(_carrier(row, invoice, used) for row in rows)
    traces = [
        *(Trace("downloaded", on) for on in downloads),
        *(Trace("disputed", on) for on in said.values()),
        *(trace for each in carriers for trace in _traces(each)),
        *(Trace("used", on) for key, on in used.items() if key == ""),
    ]
    return InvoiceProof(carriers, tuple(downloads), reached(traces))


def document_emails(organization_id: int, invoice_id: int) -> list[Carrier]:
    """The emails that brought the customer the document of an invoice, newest first."""
    rows = Invoice.objects.filter(organization_id=organization_id, id=invoice_id)
    invoice = rows.select_related("document").defer("document__content").first()
    carriers = invoice_proof(invoice).carriers if invoice else ()
    return [
        each for each in carriers if each.carries and each.state == State.SENT and not each.is_test
    ]


def _said_by_customer(invoice: Invoice, dispute_ids: Sequence[int]) -> dict[int, date]:
    """What the customer itself said of it on the payment page: id of the answer, and its day."""
    rows = Reply.objects.filter(
        organization_id=invoice.organization_id, dispute_id__in=dispute_ids, medium="portal"
    )
    return {pk: timezone.localtime(at).date() for pk, at in rows.values_list("id", "received_at")}


def _messages(
    invoice: Invoice, dispute_ids: Sequence[int], answers: Iterable[int]
) -> list[Message]:
    """The newest messages about it, with their events; what was withdrawn never left."""
    ours, of_it = {"organization_id": invoice.organization_id}, {"installment__invoice": invoice}
    actions = ActionItem.objects.filter(**ours, **of_it).values_list("action__message", flat=True)
    requests = PaymentRequestItem.objects.filter(
        **ours, **of_it, request__case__customer=invoice.customer_id
    ).values_list("request__message", flat=True)
    named = Q(id__in={*actions, *requests} - {None})
    named |= Q(key__startswith=f"{OF_INVOICE}{invoice.pk}/")
    named |= Q(key__in=[f"{OF_ANSWER}{pk}" for pk in answers])
    for pk in dispute_ids:
        named |= Q(key__startswith=f"{OF_DISPUTE}{pk}/")
    rows = Message.objects.filter(named, **ours, case__customer=invoice.customer_id)
    events = Prefetch("events", DeliveryEvent.objects.order_by("at", "id"))
    found = rows.exclude(state=State.WITHDRAWN).defer("text").prefetch_related(events)
    return list(found.order_by("-id")[:MOST])


def _pages(invoice: Invoice, keys: set[str]) -> dict[str, date]:
    """The first day somebody used the payment page of each message, by key; "" = of a link made
    by hand for this invoice."""
    rows = PaymentLink.objects.filter(
        Q(key__in=keys) | Q(invoice=invoice), organization_id=invoice.organization_id,
        is_test=False, first_used_on__isnull=False,
    ).order_by("-first_used_on")  # fmt: skip
    found = rows.values_list("key", "invoice_id", "first_used_on")
    return {"" if one == invoice.pk else key: on for key, one, on in found if on is not None}


def _downloads(invoice: Invoice) -> list[date]:
    """Days on which a person had the document on the payment page; what a machine fetched, on a
    link that nobody had used by then, is not among them."""
    cases = Case.objects.filter(customer=invoice.customer_id).values("id")
    events = Event.objects.filter(
        organization_id=invoice.organization_id, case_id__in=cases, kind=DOCUMENT_TAKEN,
        payload__invoice=invoice.pk,
    )  # fmt: skip
    told = list(events.order_by("id").values_list("on_date", "payload__link"))
    links = PaymentLink.objects.filter(id__in={link for _, link in told}, is_test=False)
    used = dict(links.values_list("id", "first_used_on"))
    return [on for on, link in told if (first := used.get(link)) is not None and first <= on]


def _carrier(row: Message, invoice: Invoice, used: dict[str, date]) -> Carrier:
    document = getattr(invoice, "document", None)
    names = file_names(bytes(row.content)) if row.content_type == "message/rfc822" else []
    return Carrier(
        id=row.pk, medium=row.medium, recipient=row.recipient, subject=row.subject,
        state=row.state, on_date=row.on_date, number=row.number, is_test=row.is_test,
        carries=document is not None and document.filename in names,
        told=tuple((event.kind, event.at) for event in row.events.all()),
        used_on=used.get(row.key),
    )  # fmt: skip


def _traces(carrier: Carrier) -> Iterator[Trace]:
    """What one message proves. A test reached nobody but ourselves."""
    if carrier.is_test or carrier.state != State.SENT:
        return
    if carrier.used_on:
        yield Trace("used", carrier.used_on)
    yield Trace("returned" if carrier.came_back else "sent", carrier.on_date)
    for kind, at in carrier.told:
        found = _trace_of(kind, is_registered=carrier.medium == "registered_letter")
        if found:
            yield Trace(found, timezone.localtime(at).date())


def _trace_of(kind: str, *, is_registered: bool) -> TraceKind | None:
    if not is_registered:
        return "delivered" if kind == "delivered" else None
    if kind in _HANDED_OVER:
        return "signed"
    return "presented" if kind in PRESENTED else None
