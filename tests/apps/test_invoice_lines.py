"""Lines of electronic invoices: kept once with the invoice, shown with what they cost with VAT."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from amiable.apps.imports.services import import_run
from amiable.apps.receivables.documents import documents_attach
from amiable.apps.receivables.lines import invoice_lines
from amiable.apps.receivables.models import Entry, Invoice, InvoiceDocument, InvoiceLine
from amiable.plugins.base import ReadOptions
from amiable.plugins.sniffing import read_file
from tests import factories

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
CII = SAMPLES / "cii" / "facture.xml"
FACTURX = SAMPLES / "facturx" / "facture.pdf"
pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return factories.creditor(factories.organization(), siren="732829320")


def take(owner, source, **more):
    return import_run(
        owner.organization, "invoices", source=source, filename="facture.xml",
        on=factories.TODAY, actor="anna@acme.example", **more,
    )  # fmt: skip


def test_lines_come_in_with_their_invoice_and_once_only(owner):
    result = take(owner, CII)
    assert (result.state, result.counts["created"], result.counts["lines"]) == ("done", 1, 3)
    invoice = Invoice.objects.get(number="FX2026-0117")
    found = invoice_lines(owner.organization_id, invoice.pk)
    assert [line.gross_minor for line in found.rows] == [2797, 2532, -397]
    assert (str(found.total), found.difference) == ("49.32", None)
    again = take(owner, CII)
    assert "lines" not in again.counts
    assert InvoiceLine.objects.count() == 3
    assert Entry.objects.count() == 1  # lines move no account


def test_an_invoice_known_from_the_books_gets_its_lines_and_keeps_its_balance(owner):
    debtor = factories.customer(owner, name="Cabinet Lemercier")
    item = factories.invoice(debtor, number="FX2026-0117", total_minor=4932)
    entries = Entry.objects.count()
    result = take(owner, CII)
    assert (result.counts["lines"], result.counts.get("created")) == (3, 0)
    assert Entry.objects.count() == entries
    assert invoice_lines(owner.organization_id, item.invoice_id) is not None


def test_what_the_invoice_asks_beside_its_lines_is_said(owner, tmp_path):
    text = CII.read_text().replace(">49.32</ram:G", ">54.32</ram:G")
    result = take(owner, text.encode())
    assert [warning.code for warning in result.warnings] == ["einvoice.total_differs"]
    invoice = Invoice.objects.get(number="FX2026-0117")
    with CaptureQueriesContext(connection) as queries:
        found = invoice_lines(owner.organization_id, invoice.pk)
    assert str(found.difference) == "5.00"
    assert len(queries) <= 2


def test_an_invoice_of_another_seller_is_refused(owner):
    owner.siren = "552081317"
    owner.save()
    result = take(owner, CII)
    assert result.state == "refused"
    assert [error.code for error in result.errors] == ["creditor.other_seller"]
    assert "732829320" in str(result.errors[0].sentence)


def test_the_seller_finds_its_creditor_among_several(owner):
    factories.creditor(owner.organization, "other", siren="552081317")
    assert take(owner, CII).state == "done"
    assert Invoice.objects.get().customer.creditor_id == owner.pk


def test_lines_of_another_organization_are_not_found(owner):
    take(owner, CII)
    stranger = factories.organization("stranger")
    assert invoice_lines(stranger.pk, Invoice.objects.get().pk) is None


def test_the_buyer_is_the_one_customer_of_its_siren_whatever_it_is_called(owner):
    debtor = factories.customer(owner, name="LEMERCIER (Nantes)", siren="552081317")
    take(owner, CII)
    invoice = Invoice.objects.get(number="FX2026-0117")
    assert (invoice.customer_id, invoice.customer.name) == (debtor.pk, "LEMERCIER (Nantes)")


def test_a_siren_that_two_customers_bear_names_neither(owner):
    for city in ("Nantes", "Rennes"):
        factories.customer(owner, city, name=f"LEMERCIER {city}", siren="552081317")
    take(owner, CII)
    assert Invoice.objects.get(number="FX2026-0117").customer.name == "Cabinet Lemercier"


def test_the_very_name_of_a_customer_says_more_than_a_siren(owner):
    factories.customer(owner, "L2", name="LEMERCIER (Nantes)", siren="552081317")
    named = factories.customer(owner, name="Cabinet Lemercier")
    take(owner, CII)
    assert Invoice.objects.get(number="FX2026-0117").customer_id == named.pk


def documented(owner, name: str, tmp_path) -> Path:
    """The sample as a file that is named by the number of an invoice."""
    path = tmp_path / name
    path.write_bytes(FACTURX.read_bytes())
    return path


def test_the_pdf_of_an_electronic_invoice_brings_its_lines_once(owner, tmp_path):
    read = read_file(FACTURX, ReadOptions(), kind="invoices").invoices[0]
    debtor = factories.customer(owner)
    item = factories.invoice(debtor, number=read.number, total_minor=read.total_minor)
    path = documented(owner, f"{read.number}.pdf", tmp_path)
    tried = documents_attach(owner.organization_id, [path], dry_run=True)
    assert tried.with_lines == [read.number]
    assert not InvoiceLine.objects.exists()
    done = documents_attach(owner.organization_id, [path])
    assert (done.attached, done.with_lines, done.notes) == ([read.number], [read.number], [])
    found = invoice_lines(owner.organization_id, item.invoice_id)
    assert [line.name for line in found.rows] == [line.name for line in read.lines]
    assert Entry.objects.count() == 1  # lines move no account
    assert documents_attach(owner.organization_id, [path]).with_lines == []
    assert InvoiceLine.objects.count() == len(read.lines)


@pytest.mark.parametrize(
    ("number", "more", "code"),
    [("FA-1", 0, "document.other_number"), ("", 1, "document.other_total")],
)
def test_a_pdf_that_states_another_invoice_is_told_and_its_lines_left_out(
    owner, tmp_path, number, more, code
):
    read = read_file(FACTURX, ReadOptions(), kind="invoices").invoices[0]
    number = number or read.number
    factories.invoice(factories.customer(owner), number=number, total_minor=read.total_minor + more)
    done = documents_attach(owner.organization_id, [documented(owner, f"{number}.pdf", tmp_path)])
    assert (done.attached, [note.code for note in done.notes]) == ([number], [code])
    assert number in str(done.notes[0].sentence)
    assert not InvoiceLine.objects.exists()


def test_an_imported_pdf_is_the_document_of_the_invoice_it_made(owner):
    def bring(dry_run: bool = False):
        return import_run(
            owner.organization, "invoices", source=FACTURX.read_bytes(), filename="facture é.pdf",
            on=factories.TODAY, actor="anna@acme.example", dry_run=dry_run,
        )  # fmt: skip

    assert bring(dry_run=True).state == "done"
    assert not InvoiceDocument.objects.exists()
    assert bring().state == "done"
    document = InvoiceDocument.objects.get()
    assert (document.filename, bytes(document.content)) == ("facture é.pdf", FACTURX.read_bytes())
    InvoiceDocument.objects.update(filename="signed.pdf")
    bring()
    assert InvoiceDocument.objects.get().filename == "signed.pdf"  # it stays as it is
