"""Everything about one invoice: what moved its balance, where it stands, its lines and document,
what was contested of it, and how it reached the customer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.db.models.functions import Length

from amiable.apps.banking.models import Rest
from amiable.apps.cases.models import Case, Dispute, Hold
from amiable.apps.cases.queries import Given, words_given
from amiable.apps.insights.case_decision import CaseDecision, decisions
from amiable.apps.insights.customer_file import FileItem, file_item
from amiable.apps.insights.invoice_proof import InvoiceProof, invoice_proof
from amiable.apps.receivables.lines import Lines, invoice_lines
from amiable.apps.receivables.models import (
    Allocation,
    Entry,
    Installment,
    Invoice,
    InvoiceDocument,
)
from amiable.apps.receivables.queries import OpenItem, with_sums

_PAID = (
    "payment__method", "payment__match__line_id", "invoice_id", "invoice__number",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Movement:
    """One thing that moved the balance, `left_minor` after it. `kind` = of the entry, or "used"
    (of a credit note: on another invoice); `is_reversal` = it takes an earlier one back; `line_id`
    = the bank line the money came by; `invoice_id`, `number` = the other document."""

    on: date
    kind: str
    amount_minor: int
    is_reversal: bool
    method: str = ""
    line_id: int | None = None
    invoice_id: int | None = None
    number: str = ""
    left_minor: int = 0


@dataclass(frozen=True, slots=True)
class KeptDocument:
    """The PDF of the invoice. `size` in bytes."""

    filename: str
    size: int
    sha256: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class InvoicePage:
    """The page of one invoice. `balance_minor` = what is open of it (of a credit note below zero:
    what is left to use); `items` = its open instalments; `given` = what its case promised."""

    invoice: Invoice
    case_id: int | None
    installments: tuple[Installment, ...]
    items: tuple[FileItem, ...]
    movements: tuple[Movement, ...]
    balance_minor: int
    lines: Lines | None
    document: KeptDocument | None
    disputes: tuple[Dispute, ...]
    rests: tuple[Rest, ...]
    given: Given
    decision: CaseDecision | None
    proof: InvoiceProof

    @property
    def is_credit(self) -> bool:
        """It is a credit note: nothing of it is owed."""
        return bool(self.invoice.kind == Invoice.Kind.CREDIT_NOTE)

    @property
    def shown_minor(self) -> int:
        """What is open of it, or what is left to use of a credit note."""
        return -self.balance_minor if self.is_credit else self.balance_minor

    @property
    def days_late(self) -> int:
        """How late its oldest open instalment is; below zero before its day."""
        return max((row.days_late for row in self.items), default=0)

    @property
    def is_overdue(self) -> bool:
        """Whether something of it is late."""
        return self.days_late > 0

    @property
    def term_days(self) -> int:
        """Days between issue and due date."""
        return (self.invoice.due_date - self.invoice.issue_date).days


def invoice_page(organization_id: int, invoice_id: int, on: date) -> InvoicePage | None:
    """The page of an invoice of this organization, or None. A fixed number of queries."""
    rows = Invoice.objects.filter(organization_id=organization_id, id=invoice_id)
    invoice = rows.select_related("customer__creditor", "document").defer("document__content")
    found = invoice.first()
    if found is None:
        return None
    cases = Case.objects.filter(customer=found.customer_id, currency=found.currency)
    case_id = cases.values_list("id", flat=True).first()
    mine = {"organization_id": organization_id, "installment__invoice": found}
    disputes = Dispute.objects.filter(**mine).order_by("-opened_on", "-id")
    rests = Rest.objects.filter(**mine).exclude(state=Rest.State.WITHDRAWN).order_by("-id")
    movements = _movements(found)
    decided = decisions(organization_id, [case_id], on=on) if case_id else {}
    decision = decided.get(case_id or 0)
    installments = tuple(with_sums(Installment.objects.filter(invoice=found)).order_by("sequence"))
    given = words_given(organization_id, [case_id], on=on) if case_id else {}
    return InvoicePage(
        invoice=found,
        case_id=case_id,
        installments=installments,
        items=_items(found, installments, decision, on=on),
        movements=movements,
        balance_minor=movements[-1].left_minor if movements else 0,
        lines=invoice_lines(organization_id, invoice_id),
        document=_document(found),
        disputes=tuple(disputes.select_related("owner")),
        rests=tuple(rests.select_related("match")),
        given=given.get(case_id or 0, Given()),
        decision=decision,
        proof=invoice_proof(found),
    )


def invoice_document(organization_id: int, invoice_id: int) -> tuple[str, bytes] | None:
    """Name and bytes of an invoice's document; None when there is none."""
    rows = InvoiceDocument.objects.filter(organization_id=organization_id, invoice_id=invoice_id)
    found = rows.values_list("filename", "content").first()
    return (found[0], bytes(found[1])) if found else None


def installment_invoice(organization_id: int, installment_id: int) -> int | None:
    """The invoice of an instalment; None when it is not theirs."""
    rows = Installment.objects.filter(organization_id=organization_id, id=installment_id)
    return rows.values_list("invoice_id", flat=True).first()


def _document(invoice: Invoice) -> KeptDocument | None:
    rows = InvoiceDocument.objects.filter(invoice=invoice).annotate(size=Length("content"))
    found = rows.values_list("filename", "size", "sha256", "added_at").first()
    return KeptDocument(*found) if found else None


def _items(
    invoice: Invoice, installments: tuple[Any, ...], decision: CaseDecision | None, *, on: date
) -> tuple[FileItem, ...]:
    """Its open instalments with what holds them, as on the customer's file."""
    ids = [each.pk for each in installments if each.settled_on is None]
    disputes = Dispute.objects.filter(installment_id__in=ids, closed_on__isnull=True)
    contested = {each.installment_id: each for each in disputes}
    running = Q(ends_on__isnull=True) | Q(ends_on__gte=on)
    holds = list(Hold.objects.filter(running, installment_id__in=ids).order_by("starts_on"))
    found = []
    for each in installments:
        if each.settled_on is not None:
            continue
        item = OpenItem(
            each.pk, invoice.customer_id, invoice.pk, invoice.number, invoice.kind,
            invoice.issue_date, each.due_date, invoice.currency, invoice.total_minor,
            each.entered - each.allocated, invoice.order_reference, invoice.payment_reference,
            invoice.missing_since,
        )  # fmt: skip
        row = file_item(item, dispute=contested.get(each.pk), holds=holds, on=on)
        row.decision = decision.items.get(each.pk) if decision else None
        if row.decision and row.decision.is_covered and row.state in {"overdue", "upcoming"}:
            row.state = "planned" if row.decision.in_plan else "promised"
        found.append(row)
    return tuple(found)


def _movements(invoice: Invoice) -> tuple[Movement, ...]:
    """What moved the balance, oldest first: entries of its instalments and what credits paid of
    it; of a credit note its own entries and what of it was used elsewhere. Two queries."""
    of_it = {"organization_id": invoice.organization_id}
    is_credit = invoice.kind == Invoice.Kind.CREDIT_NOTE
    own = Q(invoice=invoice, installment__isnull=True) if is_credit else Q(
        installment__invoice=invoice
    )  # fmt: skip
    entries = Entry.objects.filter(own, **of_it).values_list(
        "on_date", "id", "kind", "amount_minor", "reverses_id"
    )
    found = [
        ((on, 0, pk), Movement(on, kind, minor, reverses is not None))
        for on, pk, kind, minor, reverses in entries
    ]
    if is_credit:
        used = Allocation.objects.filter(credit__invoice=invoice, **of_it).values_list(
            "on_date", "id", "amount_minor", "reverses_id", "installment__invoice_id",
            "installment__invoice__number",
        )  # fmt: skip
        found += [
            ((on, 1, pk), Movement(on, "used", minor, back is not None, "", None, other, number))
            for on, pk, minor, back, other, number in used
        ]
    else:
        paid = Allocation.objects.filter(installment__invoice=invoice, **of_it).values_list(
            "on_date", "id", "amount_minor", "reverses_id", "credit__kind",
            *(f"credit__{name}" for name in _PAID),
        )  # fmt: skip
        found += [
            ((on, 1, pk), Movement(on, kind, -minor, back is not None, method or "", line, other,
                                   number or ""))
            for on, pk, minor, back, kind, method, line, other, number in paid
        ]  # fmt: skip
    rows, left = [], 0
    for _, each in sorted(found, key=lambda pair: pair[0]):
        left += each.amount_minor
        rows.append(replace(each, left_minor=left))
    return tuple(rows)
