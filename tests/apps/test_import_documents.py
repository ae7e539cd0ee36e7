"""PDFs of invoices: found by the number in the file name, refused when they do not open."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pypdf import PdfWriter

from amiable.apps.receivables.documents import documents_attach
from amiable.apps.receivables.models import InvoiceDocument
from amiable.plugins.imports._pdf import sound_pdfs
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def org():
    organization = factories.organization()
    customer = factories.customer(factories.creditor(organization))
    for number in ("FA/2026/0001", "FA/2026/0002", "FA2026-00021"):
        factories.invoice(customer, number)
    return organization


def pdf(path: Path, *, password: str = "", pages: int = 1) -> Path:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(width=595, height=842)
    if password:
        writer.encrypt(password)
    writer.write(path)
    return path


def test_document_is_attached_by_the_number_in_its_name(org, tmp_path):
    paths = [pdf(tmp_path / "facture FA-2026-0001 duval.pdf"), pdf(tmp_path / "FA2026_0002.PDF")]
    result = documents_attach(org.id, paths)
    assert (result.attached, result.errors) == (["FA/2026/0001", "FA/2026/0002"], [])
    document = InvoiceDocument.objects.get(invoice__number="FA/2026/0001")
    assert bytes(document.content) == paths[0].read_bytes()


def test_the_same_document_again_changes_nothing_and_another_replaces_it(org, tmp_path):
    path = pdf(tmp_path / "FA-2026-0001.pdf")
    documents_attach(org.id, [path])
    first = InvoiceDocument.objects.get()
    assert documents_attach(org.id, [path]).unchanged == ["FA/2026/0001"]
    assert InvoiceDocument.objects.get().id == first.id
    pdf(path, pages=2)
    assert documents_attach(org.id, [path]).attached == ["FA/2026/0001"]
    assert InvoiceDocument.objects.get().sha256 != first.sha256


def test_dry_run_attaches_nothing(org, tmp_path):
    path = pdf(tmp_path / "FA-2026-0001.pdf")
    assert documents_attach(org.id, [path], dry_run=True).attached == ["FA/2026/0001"]
    assert not InvoiceDocument.objects.exists()


def test_names_without_or_with_several_numbers_are_refused(org, tmp_path):
    paths = [pdf(tmp_path / "scan.pdf"), pdf(tmp_path / "FA-2026-0001 FA-2026-0002.pdf")]
    result = documents_attach(org.id, paths)
    assert [(e.column, e.code) for e in result.errors] == [
        ("scan.pdf", "document.no_invoice"),
        ("FA-2026-0001 FA-2026-0002.pdf", "document.several"),
    ]


def test_locked_and_broken_documents_are_refused(org, tmp_path):
    locked = pdf(tmp_path / "FA-2026-0001.pdf", password="secret")
    broken = tmp_path / "FA-2026-0002.pdf"
    broken.write_bytes(b"%PDF-1.7\n" + b"\0" * 300)
    result = documents_attach(org.id, [locked, broken])
    assert {(e.column, e.code) for e in result.errors} == {
        (locked.name, "document.broken"), (broken.name, "document.broken")
    }  # fmt: skip
    assert not InvoiceDocument.objects.exists()


def test_two_files_for_one_invoice_are_not_both_taken(org, tmp_path):
    paths = [pdf(tmp_path / "FA-2026-0001.pdf"), pdf(tmp_path / "copie FA-2026-0001.pdf")]
    result = documents_attach(org.id, paths)
    assert result.attached == ["FA/2026/0001"]
    assert [(e.column, e.code) for e in result.errors] == [
        ("copie FA-2026-0001.pdf", "document.twice")
    ]


def test_hostile_documents_neither_stall_nor_crash_the_check(corpus):
    paths = sorted((corpus / "malicious" / "pdf").iterdir())
    real = sorted((corpus / "invoices" / "facturx-pdf").iterdir())[:2]
    began = time.monotonic()
    sound = sound_pdfs([*paths, *real])
    assert set(real) <= sound
    assert len(sound) < len(paths)
    assert time.monotonic() - began < 60
