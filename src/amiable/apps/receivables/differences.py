"""What a file says about invoices we already hold: found set-based, compared as plain values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Sum

from amiable.apps.customers.models import Customer
from amiable.apps.receivables.models import Allocation, Entry, Installment, Invoice
from amiable.apps.work import bulk as _among  # noqa: F401  # registers the lookup `__among`
from amiable.core.books import books_delta
from amiable.core.records import InvoiceRow, RowError
from amiable.core.sentences import declare, gettext_noop

declare(
    {
        "invoice.kind_changed": gettext_noop(
            "{number} is held as another type of document. Correct the type or the number."
        ),
        "invoice.currency_changed": gettext_noop(
            "{number} is held in {currency}. Correct the currency or the number."
        ),
        "invoice.other_customer": gettext_noop(
            "{number} of the same date and amount is held for customer {customer}. Correct the "
            "customer, so that nobody is asked twice."
        ),
    }
)

_COLUMNS = (
    "id", "customer_id", "number", "kind", "issue_date",
    "due_date", "currency", "total_minor", "order_reference", "payment_reference", "label",
    "missing_since",
)  # fmt: skip
_TEXTS = ("order_reference", "payment_reference", "label")


@dataclass(slots=True)
class Known:
    """An invoice as we hold it. `base_minor` is what its own entries sum to, `used_minor` what we
    allocated to it (or of it, for a credit note); both positive, minor units."""

    id: int
    customer_id: int
    customer_code: str
    customer_name: str
    number: str
    kind: str
    issue_date: date
    due_date: date
    currency: str
    total_minor: int
    order_reference: str
    payment_reference: str
    label: str
    missing_since: date | None
    installment_id: int | None = None
    base_minor: int = 0
    used_minor: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """Entries to make (signed minor units) and fields to update; falsy when there is none."""

    entries: tuple[int, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.entries or self.fields)


class KnownInvoices:
    """Invoices of one creditor by number."""

    def __init__(self, invoices: Iterable[Known]) -> None:
        self._by_number: dict[str, list[Known]] = defaultdict(list)
        for invoice in invoices:
            self._by_number[invoice.number].append(invoice)

    def find(self, customer_id: int, row: InvoiceRow) -> Known | None:
        """The invoice of that number held for the customer."""
        held = self._by_number.get(row.number)
        return next((k for k in held if k.customer_id == customer_id), None) if held else None

    def find_by_code(self, row: InvoiceRow) -> Known | None:
        """The invoice of that number, kind and currency held for the customer code of the row."""
        for held in self._by_number.get(row.number, ()):
            if held.customer_code == row.customer.code and _same_sort(held, row):
                return held
        return None

    def contradiction(
        self, customer_id: int, held: Known | None, *, row: InvoiceRow
    ) -> RowError | None:
        """Why a row cannot be the document we hold, or would double one; None when it is fine."""
        if held is None:
            for other in self._by_number.get(row.number, ()):
                if other.customer_id != customer_id and _same_document(other, row):
                    params = {"number": row.number, "customer": other.customer_name}
                    return RowError(row.line, "number", "invoice.other_customer", params)
            return None
        if held.currency != row.currency:
            params = {"number": row.number, "currency": held.currency}
            return RowError(row.line, "currency", "invoice.currency_changed", params)
        if not _same_sort(held, row):
            return RowError(row.line, "type", "invoice.kind_changed", {"number": row.number})
        return None


def _same_sort(held: Known, row: InvoiceRow) -> bool:
    """Whether both are debts or both credits, of one currency."""
    return held.currency == row.currency and (held.kind == "credit_note") == (
        row.kind == "credit_note"
    )


def _same_document(held: Known, row: InvoiceRow) -> bool:
    return (
        _same_sort(held, row)
        and held.total_minor == row.total_minor
        and held.issue_date == row.issue_date
    )


def known_invoices(
    organization_id: int, creditor_id: int, rows: Sequence[InvoiceRow]
) -> KnownInvoices:
    """The invoices we hold under the numbers of rows, with their balances. Seven queries."""
    numbers = sorted({row.number for row in rows})
    if not numbers:
        return KnownInvoices([])
    # No join: planners badly misjudge it with so long a list.
    held = Invoice.objects.filter(organization_id=organization_id, number__among=numbers)
    invoices = list(held.values_list(*_COLUMNS))
    customers = Customer.objects.filter(
        organization_id=organization_id,
        creditor_id=creditor_id,
        id__among=list({values[1] for values in invoices}),
    )
    names = {i: (code, name) for i, code, name in customers.values_list("id", "code", "name")}
    found = [
        Known(*values[:2], *names[values[1]], *values[2:])
        for values in invoices
        if values[1] in names
    ]
    balances_load(organization_id, found)
    return KnownInvoices(found)


def balances_lock(organization_id: int, held: Sequence[Known]) -> None:
    """Lock the accounts of invoices about to change and read their balances again.

    Credits before installments, each in id order, as allocations do: a payment that is being
    matched right now is seen before or after, never missed. SQLite has one writer at a time.
    """
    if not held or not connection.features.has_select_for_update:
        return
    notes = [known.id for known in held if known.kind == "credit_note"]
    items = [known.installment_id for known in held if known.installment_id is not None]
    for rows in (
        Entry.objects.filter(organization_id=organization_id, invoice_id__among=notes),
        Installment.objects.filter(organization_id=organization_id, id__among=items),
    ):
        list(rows.order_by("id").select_for_update(no_key=True).values_list("id"))
    balances_load(organization_id, held)


def balances_load(organization_id: int, held: Sequence[Known]) -> None:
    """Read what entries and allocations make of held invoices."""
    debts = {known.id: known for known in held if known.kind != "credit_note"}
    notes = {known.id: known for known in held if known.kind == "credit_note"}
    by_installment: dict[int, Known] = {}
    if debts:
        pairs = Installment.objects.filter(
            organization_id=organization_id, invoice_id__among=list(debts), sequence=1
        ).values_list("id", "invoice_id")
        for installment_id, invoice_id in pairs:
            debts[invoice_id].installment_id = installment_id
            by_installment[installment_id] = debts[invoice_id]
    base, used = "base_minor", "used_minor"
    _sums(Entry, organization_id, "installment_id", into=by_installment, attribute=base)
    _sums(Allocation, organization_id, "installment_id", into=by_installment, attribute=used)
    _sums(Entry, organization_id, "invoice_id", into=notes, attribute=base)
    _sums(Allocation, organization_id, "credit__invoice_id", into=notes, attribute=used)
    for note in notes.values():
        note.base_minor = -note.base_minor


def _sums(
    model: Any, organization_id: int, column: str, *, into: dict[int, Known], attribute: str
) -> None:
    """Set an attribute of each held invoice to the sum of its rows, 0 without any."""
    for known in into.values():
        setattr(known, attribute, 0)
    if into:
        rows = model.objects.filter(
            organization_id=organization_id, **{f"{column}__among": list(into)}
        )
        for key, amount in rows.values_list(column).annotate(Sum("amount_minor")).order_by():
            setattr(into[key], attribute, amount)


def closing(held: Known, row: InvoiceRow) -> InvoiceRow:
    """The row as one that only closes what we hold: its other facts are not the file's business."""
    return replace(
        row, kind=held.kind, total_minor=held.total_minor, issue_date=held.issue_date,
        due_stated=False, label="", open_minor=0,
    )  # fmt: skip


def difference(held: Known, row: InvoiceRow) -> Difference:
    """What brings the held invoice in line with the row. Pure.

    A changed total is an entry of its own; then the open amount, when stated, is compared with
    what the books can know (core.books). For a credit note the same rule holds for its rest.
    """
    sign = -1 if held.kind == "credit_note" else 1
    amounts = [row.total_minor - held.total_minor]
    if row.open_minor is not None:
        base = held.base_minor + amounts[0]
        amounts.append(books_delta(base, held.used_minor, stated_minor=row.open_minor))
    fields: dict[str, Any] = {}
    for name in ("due_date", "issue_date", "total_minor"):
        if name == "due_date" and not row.due_stated:
            continue
        if getattr(row, name) != getattr(held, name):
            fields[name] = getattr(row, name)
    for name in _TEXTS:
        stated = getattr(row, name)
        if stated and stated != getattr(held, name):
            fields[name] = stated
    if held.missing_since is not None:
        fields["missing_since"] = None
    return Difference(tuple(sign * amount for amount in amounts if amount), fields)
