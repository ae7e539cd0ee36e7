"""The PDFs of invoices: attached by the number in the file name, checked before they are kept. The
lines that an electronic one states are kept with its invoice, where none are known."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from amiable.apps.receivables.lines import invoices_with_lines, lines_keep
from amiable.apps.receivables.models import Invoice, InvoiceDocument
from amiable.core.money import Money
from amiable.core.records import InvoiceRow, RowError
from amiable.core.sentences import declare, gettext_noop
from amiable.plugins.imports._pdf import MAX_BYTES, sound_pdfs
from amiable.plugins.imports.facturx import stated_invoices

declare(
    {
        "document.too_large": gettext_noop("The file is larger than {limit} MB."),
        "document.broken": gettext_noop(
            "This is not a PDF that opens without a password. Print it to PDF again."
        ),
        "document.no_invoice": gettext_noop(
            "No invoice number was found in the file name. Name it like FA2026-0001.pdf."
        ),
        "document.twice": gettext_noop(
            "{first} is already the document of invoice {number}. Keep one of the two files."
        ),
        "document.other_number": gettext_noop(
            "The file states invoice {stated}, and was attached to {number}: its lines were left "
            "out. Check that it is the right one."
        ),
        "document.other_total": gettext_noop(
            "The file states {stated}, invoice {number} is known for {total}: its lines were left "
            "out. Check that it is the right one."
        ),
        "document.several": gettext_noop(
            "Several invoices match the file name: {numbers}. Name the file by one number."
        ),
    }
)

_CHUNK = 200


@dataclass
class DocumentsAttached:
    """Numbers that got a document or kept the same one, those that got lines, errors by file
    (column = name), and what a file that was attached states otherwise than the invoice."""

    attached: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    with_lines: list[str] = field(default_factory=list)
    notes: list[RowError] = field(default_factory=list)


def documents_attach(
    organization_id: int, paths: Sequence[Path], *, dry_run: bool = False
) -> DocumentsAttached:
    """Attach PDFs to the invoices their names hold. A changed file replaces the document.

    Messages keep the bytes they were sent with, so replacing never rewrites what went out.
    """
    result = DocumentsAttached()
    numbers = _numbers(organization_id)
    taken: dict[int, Path] = {}
    for start in range(0, len(paths), _CHUNK):
        part = paths[start : start + _CHUNK]
        chosen = {path: found for path in part if (found := _choose(path, numbers, result))}
        sound = sound_pdfs(list(chosen))
        kept: dict[Path, tuple[int, str]] = {}
        for path, (invoice_id, number) in chosen.items():
            first = taken.get(invoice_id)
            if path not in sound:
                result.errors.append(RowError(0, path.name, "document.broken"))
            elif first:
                params = {"first": first.name, "number": number}
                result.errors.append(RowError(0, path.name, "document.twice", params))
            else:
                taken[invoice_id] = path
                kept[path] = (invoice_id, number)
        stated = stated_invoices(list(kept))
        with transaction.atomic():
            _store(organization_id, kept, result, dry_run=dry_run)
            _keep_lines(organization_id, kept, stated, result, dry_run=dry_run)
    return result


def document_attach(organization_id: int, invoice_id: int, path: Path) -> DocumentsAttached:
    """Attach a PDF to one invoice, whatever the file is called; it replaces another document."""
    result = DocumentsAttached()
    rows = Invoice.objects.filter(organization_id=organization_id, id=invoice_id)
    number = rows.values_list("number", flat=True).first()
    error = "document.no_invoice" if number is None else ""
    if path.stat().st_size > MAX_BYTES:
        params = {"limit": MAX_BYTES // 2**20}
        result.errors.append(RowError(0, path.name, "document.too_large", params))
        return result
    if error or path not in sound_pdfs([path]):
        result.errors.append(RowError(0, path.name, error or "document.broken"))
        return result
    kept, stated = {path: (invoice_id, str(number))}, stated_invoices([path])
    with transaction.atomic():
        _store(organization_id, kept, result, dry_run=False)
        _keep_lines(organization_id, kept, stated, result, dry_run=False)
    return result


def document_adopt(organization_id: int, invoice_id: int, path: Path, *, name: str) -> bool:
    """Keep the file an invoice was imported from as its document, unless it has one already or the
    file is none that is kept; whether it was. Call inside the transaction of the import."""
    known = InvoiceDocument.objects.filter(invoice_id=invoice_id)
    if path.stat().st_size > MAX_BYTES or known.exists() or path not in sound_pdfs([path]):
        return False
    content = path.read_bytes()
    InvoiceDocument.objects.create(
        organization_id=organization_id, invoice_id=invoice_id, filename=name[:200],
        content=content, sha256=hashlib.sha256(content).hexdigest(),
    )  # fmt: skip
    return True


def _keep_lines(
    organization_id: int,
    kept: dict[Path, tuple[int, str]],
    stated: dict[Path, InvoiceRow],
    result: DocumentsAttached,
    *,
    dry_run: bool,
) -> None:
    """Lines of electronic invoices, where the file states the invoice as it is known."""
    known = invoices_with_lines(organization_id, {kept[path][0] for path in stated})
    wanted = {path: row for path, row in stated.items() if kept[path][0] not in known and row.lines}
    invoices = Invoice.objects.in_bulk([kept[path][0] for path in wanted])
    found = {}
    for path, row in wanted.items():
        invoice = invoices[kept[path][0]]
        if problem := _difference(path, row, invoice):
            result.notes.append(problem)
        else:
            found[invoice.pk] = row.lines
            result.with_lines.append(invoice.number)
    if not dry_run:
        lines_keep(organization_id, found)


def _difference(path: Path, row: InvoiceRow, invoice: Invoice) -> RowError | None:
    """What the file states otherwise than the invoice that is known."""
    if _letters(row.number) != _letters(invoice.number):
        params = {"stated": row.number, "number": invoice.number}
        return RowError(0, path.name, "document.other_number", params)
    stated, total = (row.total_minor, row.currency), (invoice.total_minor, invoice.currency)
    if stated != total:
        params = {
            "stated": str(Money(*stated)), "number": invoice.number, "total": str(Money(*total)),
        }  # fmt: skip
        return RowError(0, path.name, "document.other_total", params)
    return None


def _numbers(organization_id: int) -> dict[str, list[tuple[int, str]]]:
    """Invoices by the letters and digits of their number."""
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    rows = Invoice.objects.filter(organization_id=organization_id).values_list("id", "number")
    for invoice_id, number in rows.iterator(chunk_size=5000):
        found[_letters(number)].append((invoice_id, number))
    return found


def _letters(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z]", "", text).upper()


def _choose(
    path: Path, numbers: dict[str, list[tuple[int, str]]], result: DocumentsAttached
) -> tuple[int, str] | None:
    """The invoice of a file name: the longest run of its words that is a number."""
    size = path.stat().st_size if path.is_file() else 0
    if size > MAX_BYTES:
        params = {"limit": MAX_BYTES // 2**20}
        result.errors.append(RowError(0, path.name, "document.too_large", params))
        return None
    words = re.findall(r"[0-9A-Za-z]+", path.stem)[:30]
    runs = {
        "".join(words[i:j]).upper() for i in range(len(words)) for j in range(i + 1, len(words) + 1)
    }
    hits = sorted((run for run in runs if run in numbers), key=len, reverse=True)
    found = [pair for run in hits if len(run) == len(hits[0]) for pair in numbers[run]]
    if len(found) == 1:
        return found[0]
    params_several = {"numbers": ", ".join(number for _, number in found[:5])}
    error = (
        RowError(0, path.name, "document.several", params_several)
        if found
        else RowError(0, path.name, "document.no_invoice")
    )
    result.errors.append(error)
    return None


def _store(
    organization_id: int,
    chosen: dict[Path, tuple[int, str]],
    result: DocumentsAttached,
    *,
    dry_run: bool,
) -> None:
    ids = [invoice_id for invoice_id, _ in chosen.values()]
    held = InvoiceDocument.objects.filter(organization_id=organization_id, invoice_id__in=ids)
    known = dict(held.values_list("invoice_id", "sha256"))
    rows: dict[int, InvoiceDocument] = {}
    for path, (invoice_id, number) in chosen.items():
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if known.get(invoice_id) == digest:
            result.unchanged.append(number)
            continue
        result.attached.append(number)
        rows[invoice_id] = InvoiceDocument(
            organization_id=organization_id,
            invoice_id=invoice_id,
            filename=path.name[:200],
            content=content,
            sha256=digest,
        )
    if not dry_run:
        held.filter(invoice_id__in=list(rows)).delete()
        InvoiceDocument.objects.bulk_create(rows.values(), batch_size=20)
