"""Lines of electronic invoices: kept once with the invoice, shown with what they cost with VAT."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from amiable.apps.imports.services import import_run
from amiable.apps.receivables.lines import invoice_lines
from amiable.apps.receivables.models import Entry, Invoice, InvoiceLine
from tests import factories

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
CII = SAMPLES / "cii" / "facture.xml"
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
