"""Invoices of a file enter the books: new ones, and what the file knows of old ones, as entries.

Nothing is edited to change an amount. Importing the same rows again writes no row at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils import timezone

from amiable.apps.customers.services import (
    Key,
    ambiguous_error,
    customer_key,
    customers_upsert,
)
from amiable.apps.receivables.differences import (
    Known,
    KnownInvoices,
    balances_lock,
    closing,
    difference,
    known_invoices,
)
from amiable.apps.receivables.lines import lines_keep
from amiable.apps.receivables.models import Entry, Installment, Invoice
from amiable.apps.receivables.own_terms import on_own_terms
from amiable.apps.receivables.queries import chunks
from amiable.apps.receivables.releases import overpayments_release
from amiable.apps.receivables.services import credits_settle, installments_settle
from amiable.apps.work.bulk import ids_reserve, rows_insert
from amiable.core.invoice_lines import LineRow
from amiable.core.records import InvoiceRow, RowError

_INVOICE = (
    "id", "organization_id", "customer_id", "number", "kind", "issue_date", "due_date", "currency",
    "total_minor", "order_reference", "payment_reference", "label", "created_at",
)  # fmt: skip
_INSTALLMENT = (
    "id", "organization_id", "invoice_id", "customer_id", "sequence", "due_date", "currency",
    "settled_on",
)  # fmt: skip
_ENTRY = (
    "organization_id", "customer_id", "installment_id", "invoice_id", "kind", "amount_minor",
    "currency", "on_date", "recorded_at", "source",
)  # fmt: skip
_UPDATED = (
    "due_date", "issue_date", "total_minor", "order_reference", "payment_reference", "label",
    "missing_since",
)  # fmt: skip


@dataclass
class Upserted:
    """What became of a file: counts by name, rows that contradict what we hold, whom it touched.

    `touched` are (customer_id, currency) whose account moved; `present` the ids of the documents
    that it holds, new or known; `missing` the numbers of open invoices that a full export no longer
    holds; `lines` those of new documents, by id.
    """

    counts: Counter[str] = field(default_factory=Counter)
    errors: list[RowError] = field(default_factory=list)
    touched: set[tuple[int, str]] = field(default_factory=set)
    present: set[int] = field(default_factory=set)
    missing: list[str] = field(default_factory=list)
    lines: dict[int, tuple[LineRow, ...]] = field(default_factory=dict)


@dataclass
class _Writer:
    """Collects rows of one run so that each table is written once."""

    organization_id: int
    on: date
    source: str
    now: datetime
    entries: list[tuple[object, ...]] = field(default_factory=list)
    settle: set[int] = field(default_factory=set)
    notes: set[int] = field(default_factory=set)  # credit notes whose rest moves

    def entry(
        self, kind: str, amount_minor: int, *, customer_id: int, invoice_id: int,
        installment_id: int | None, currency: str, on: date,
    ) -> None:  # fmt: skip
        """Note an entry of the account."""
        if installment_id is None:
            self.notes.add(invoice_id)
        self.entries.append((
            self.organization_id, customer_id, installment_id, invoice_id, kind, amount_minor,
            currency, on, self.now, self.source,
        ))  # fmt: skip


def invoices_upsert(
    organization_id: int,
    creditor_id: int,
    rows: Sequence[InvoiceRow],
    *,
    on: date,
    source: str,
    full_export: bool = False,
    settled: Sequence[InvoiceRow] = (),
) -> Upserted:
    """Enter rows of one creditor, set-based; call inside a transaction.

    `source` is what entries name as their origin (120 characters). `settled` rows close what we
    hold and create nothing. `full_export` flags open invoices the file no longer holds, and only
    flags them. Contradictions (another kind, currency or customer) are errors and are left out.
    """
    result = Upserted()
    people = customers_upsert(organization_id, creditor_id, [r.customer for r in rows], on=on)
    result.counts["customers_created"] = len(people.created)
    result.counts["customers_updated"] = len(people.updated)
    writer = _Writer(organization_id, on, source[:120], timezone.now())
    known = known_invoices(organization_id, creditor_id, [*rows, *settled])
    new, changes = _sorted_out(rows, people.ids, known, result)
    changes += [(held, closing(held, row)) for row in settled if (held := known.find_by_code(row))]
    moving = [held for held, row in changes if difference(held, row).entries]
    balances_lock(organization_id, moving)
    created = _create(writer, on_own_terms(organization_id, new), result)
    _change(writer, changes, result)
    stated = {held.id: row.lines for held, row in changes if row.lines} | result.lines
    if kept := lines_keep(organization_id, stated):
        result.counts["lines"] = kept
    rows_insert(Entry, _ENTRY, rows=writer.entries)
    _notes_settle(organization_id, writer.notes)
    overpayments_release(organization_id, writer.settle, on=on, source=writer.source)
    installments_settle(organization_id, writer.settle, on=on)
    result.counts["entries"] = len(writer.entries)
    result.present = {held.id for held, _ in changes} | created
    if full_export:
        _flag_missing(organization_id, creditor_id, result.present, result, on=on)
    return result


def _sorted_out(
    rows: Sequence[InvoiceRow], customer_ids: dict[Key, int], known: KnownInvoices, result: Upserted
) -> tuple[list[tuple[int, InvoiceRow]], list[tuple[Known, InvoiceRow]]]:
    """(new rows with their customer, held invoices with their row); contradictions are errors."""
    new: list[tuple[int, InvoiceRow]] = []
    changes: list[tuple[Known, InvoiceRow]] = []
    seen: dict[tuple[int, str], int] = {}
    for row in rows:
        customer_id = customer_ids.get(customer_key(row.customer))
        if customer_id is None:
            result.errors.append(ambiguous_error(row.line, row.customer))
            continue
        first = seen.setdefault((customer_id, row.number), row.line)
        held = known.find(customer_id, row)
        if first != row.line:
            params = {"number": row.number, "first": first}
            result.errors.append(RowError(row.line, "number", "invoice.duplicate", params))
        elif error := known.contradiction(customer_id, held, row=row):
            result.errors.append(error)
        elif held is None:
            new.append((customer_id, row))
        else:
            changes.append((held, row))
    return new, changes


def _create(writer: _Writer, new: Sequence[tuple[int, InvoiceRow]], result: Upserted) -> set[int]:
    """Write new documents; returns their ids."""
    ids = ids_reserve(Invoice, len(new))
    debts = [row.kind != "credit_note" for _, row in new]
    installment_ids = iter(ids_reserve(Installment, sum(debts)))
    invoices, installments = [], []
    organization_id = writer.organization_id
    for invoice_id, (customer_id, row) in zip(ids, new, strict=True):
        invoices.append((
            invoice_id, organization_id, customer_id, row.number, row.kind, row.issue_date,
            row.due_date, row.currency, row.total_minor, row.order_reference,
            row.payment_reference, row.label, writer.now,
        ))  # fmt: skip
        is_debt = row.kind != "credit_note"
        installment_id = next(installment_ids) if is_debt else None
        if installment_id is not None:
            installments.append((
                installment_id, organization_id, invoice_id, customer_id, 1, row.due_date,
                row.currency, writer.on if row.open_minor == 0 else None,
            ))  # fmt: skip
        _first_entries(writer, customer_id, row, invoice_id, installment_id)
        if row.lines:
            result.lines[invoice_id] = row.lines
        result.touched.add((customer_id, row.currency))
    result.counts["created"] += len(new)
    result.counts["credit_notes"] += len(new) - sum(debts)
    rows_insert(Invoice, _INVOICE, rows=invoices)
    rows_insert(Installment, _INSTALLMENT, rows=installments)
    return set(ids)


def _first_entries(
    writer: _Writer, customer_id: int, row: InvoiceRow, invoice_id: int, installment_id: int | None
) -> None:
    """The document itself, then what the books say is already paid or used of it."""
    sign = 1 if installment_id is not None else -1
    for kind, amount, day in (
        ("credit_note" if sign < 0 else "invoice", sign * row.total_minor, row.issue_date),
        ("books", sign * ((row.open_minor or 0) - row.total_minor), writer.on),
    ):
        if kind == "books" and row.open_minor in (None, row.total_minor):
            continue
        writer.entry(
            kind, amount, customer_id=customer_id, invoice_id=invoice_id,
            installment_id=installment_id, currency=row.currency, on=day,
        )  # fmt: skip


def _change(writer: _Writer, changes: Sequence[tuple[Known, InvoiceRow]], result: Upserted) -> None:
    changed: list[Invoice] = []
    due_dates: dict[int, date] = {}
    for held, row in changes:
        found = difference(held, row)
        for amount in found.entries:
            writer.entry(
                Entry.Kind.BOOKS, amount, customer_id=held.customer_id, invoice_id=held.id,
                installment_id=held.installment_id, currency=held.currency, on=writer.on,
            )  # fmt: skip
        if found.entries and held.installment_id is not None:
            writer.settle.add(held.installment_id)
        if found.fields:
            values = {name: getattr(held, name) for name in _UPDATED} | found.fields
            changed.append(Invoice(id=held.id, **values))
        if "due_date" in found.fields and held.installment_id is not None:
            due_dates[held.installment_id] = found.fields["due_date"]
        if found:
            result.touched.add((held.customer_id, held.currency))
        result.counts["reappeared"] += "missing_since" in found.fields
        result.counts["due_changed"] += "due_date" in found.fields
        result.counts["updated" if found else "unchanged"] += 1
    Invoice.objects.bulk_update(changed, _UPDATED, batch_size=500)
    Installment.objects.bulk_update(
        [Installment(id=i, due_date=due) for i, due in due_dates.items()],
        ["due_date"],
        batch_size=500,
    )


def _notes_settle(organization_id: int, invoice_ids: set[int]) -> None:
    """Note which of these credit notes have something left."""
    if invoice_ids:
        rows = Entry.objects.filter(
            organization_id=organization_id,
            invoice_id__among=invoice_ids,
            kind=Entry.Kind.CREDIT_NOTE,
            amount_minor__lt=0,
        )
        credits_settle(organization_id, set(rows.values_list("id", flat=True)))


def _flag_missing(
    organization_id: int, creditor_id: int, present: set[int], result: Upserted, *, on: date
) -> None:
    """Open invoices that were held before and are not in the file: flagged, listed, kept."""
    open_rows: Iterable[tuple[int, str, date | None, int, str]] = Installment.objects.filter(
        organization_id=organization_id,
        settled_on__isnull=True,
        customer__creditor_id=creditor_id,
    ).values_list("invoice_id", "invoice__number", "invoice__missing_since", "customer_id",
                  "currency")  # fmt: skip
    absent = [row for row in open_rows if row[0] not in present]
    fresh = [row for row in absent if row[2] is None]
    for ids in chunks({row[0] for row in fresh}):
        Invoice.objects.filter(organization_id=organization_id, id__in=ids).update(missing_since=on)
    result.touched.update((row[3], row[4]) for row in fresh)
    result.counts["missing"] = len(absent)
    result.missing = sorted(row[1] for row in absent)
