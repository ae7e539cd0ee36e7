"""Electronic invoices: figures as stated, lines with them, hostile files refused."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import pytest

from amiable.core.invoice_lines import MOST_LINES, grosses
from amiable.core.money import minor
from amiable.plugins.sniffing import read_file

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
CII, UBL = SAMPLES / "cii" / "facture.xml", SAMPLES / "ubl" / "avoir.xml"


def changed(tmp_path: Path, sample: Path, *swaps: tuple[str, str]):
    text = sample.read_text()
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "invoice.xml"
    path.write_text(text)
    return read_file(path, kind="invoices")


@pytest.mark.parametrize(
    ("sample", "code"), [(CII, "cii"), (SAMPLES / "facturx" / "facture.pdf", "facturx")]
)
def test_cii_is_read_with_its_lines_alone_or_inside_a_pdf(sample, code):
    found = read_file(sample)
    assert (found.kind, found.format, found.errors, found.warnings) == ("invoices", code, (), ())
    (row,) = found.invoices
    assert (row.number, row.kind, row.total_minor, row.open_minor) == (
        "FX2026-0117", "invoice", 4932, None
    )  # fmt: skip
    assert (row.issue_date, row.due_date, row.due_stated) == (
        date(2026, 10, 5), date(2026, 11, 4), True
    )  # fmt: skip
    assert (row.seller_siren, row.customer.siren) == ("732829320", "552081317")
    assert (row.customer.name, row.customer.city) == ("Cabinet Lemercier", "Nantes")
    assert (row.order_reference, row.payment_reference) == ("BC-881", "RF18FX20260117")
    first, second, third = row.lines
    assert (first.item, first.name, first.quantity, first.unit) == (
        "PAP-A4", "Ramette de papier A4", "7", "C62"
    )  # fmt: skip
    assert (first.unit_price, first.net_minor, first.vat_pct) == ("3.33", 2331, "20")
    assert first.description == "80 g, blanc, 500 feuilles"
    assert (second.vat_pct, third.net_minor, third.quantity) == ("5.5", -331, "-1")
    assert sum(grosses(row.lines)) == row.total_minor
    assert found.summary["buyer"] == {"name": "Cabinet Lemercier", "siren": "552081317", "vat": ""}


def test_ubl_credit_note_says_where_its_lines_do_not_add_up():
    found = read_file(UBL)
    (row,) = found.invoices
    assert (found.format, row.kind, row.total_minor, found.errors) == (
        "ubl", "credit_note", 5064, ()
    )  # fmt: skip
    assert [warning.code for warning in found.warnings] == ["einvoice.lines_differ"]
    assert str(found.warnings[0].sentence) == (
        "The lines add up to 48.00 without VAT, the invoice says 24.00. Both were kept as stated."
    )
    assert row.lines[0].unit_price == ""  # stated for ten
    assert found.summary["preceding_invoice"] == "FX2026-0117"
    assert row.seller_siren == "732829320"  # of its VAT number


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("<ram:GrandTotalAmount>49.32", "<ram:GrandTotalAmount>1e9", "einvoice.amount"),
        ("<ram:GrandTotalAmount>49.32", "<ram:GrandTotalAmount>49.321", "einvoice.amount"),
        ("<ram:GrandTotalAmount>49.32", "<ram:GrandTotalAmount>0.00", "invoice.zero"),
        ("<ram:TypeCode>380", "<ram:TypeCode>325", "einvoice.type"),
        (">20261005<", ">20261305<", "einvoice.date"),
        (">EUR</ram:Inv", ">XXX</ram:Inv", "invoice.currency_unknown"),
        ("<ram:ID>FX2026-0117", "<ram:ID>", "row.missing"),
        ("<ram:Name>Cabinet Lemercier", "<ram:Name>", "row.missing"),
        ("CrossIndustryInvoice xmlns", "CrossIndustryDocument xmlns", "einvoice.broken"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(tmp_path, old, new, code):
    found = changed(tmp_path, CII, (old, new))
    assert [error.code for error in found.errors] == [code]
    assert not found.invoices


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (">7.0000<", ">7e400<"),
        ("<ram:LineTotalAmount>23.31<", "<ram:LineTotalAmount>23,31<"),
        (">5.5<", "><"),
        (">5.5<", ">1000<"),
        (">5.5<", ">-5<"),
    ],
)
def test_lines_that_cannot_be_read_leave_the_invoice(tmp_path, old, new):
    found = changed(tmp_path, CII, (old, new))
    assert found.errors == ()
    assert (found.invoices[0].total_minor, found.invoices[0].lines) == (4932, ())
    assert [warning.code for warning in found.warnings] == ["einvoice.lines_unread"]


def test_totals_that_differ_and_too_many_lines_are_said(tmp_path):
    found = changed(tmp_path, CII, (">49.32</ram:G", ">50.32</ram:G"))
    assert [warning.code for warning in found.warnings] == ["einvoice.total_differs"]
    text = UBL.read_text()
    start, end = text.index("  <cac:CreditNoteLine>"), text.index("</CreditNote>")
    many = tmp_path / "many.xml"
    many.write_text(text[:start] + text[start:end] * (MOST_LINES + 1) + text[end:])
    found = read_file(many)
    assert [warning.code for warning in found.warnings] == ["einvoice.lines_many"]
    assert found.invoices[0].lines == ()


def test_what_was_paid_before_is_not_open(tmp_path):
    paid = "<ram:TotalPrepaidAmount>9.32</ram:TotalPrepaidAmount><ram:DuePayableAmount>40.00"
    found = changed(tmp_path, CII, ("<ram:DuePayableAmount>49.32", paid))
    assert (found.invoices[0].total_minor, found.invoices[0].open_minor) == (4932, 4000)


def test_entities_and_pdfs_without_figures_are_refused(tmp_path):
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]>'
    found = changed(
        tmp_path, CII, ("<rsm:CrossIndustryInvoice", f"{bomb}<rsm:CrossIndustryInvoice")
    )
    assert [error.code for error in found.errors] == ["file.xml_hostile"]
    late = tmp_path / "late.xml"
    late.write_text(CII.read_text().replace("?>", "?><!--" + "x" * 70000 + "-->" + bomb, 1))
    assert read_file(late, kind="invoices").errors
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\n%nothing")
    for kind in (None, "invoices", "statement"):
        assert [error.code for error in read_file(broken, kind=kind).errors] == ["file.pdf"]


def test_every_invoice_of_the_corpus_is_read_as_its_manifest_says(corpus):
    checked = 0
    for row in csv.DictReader((corpus / "MANIFEST.csv").open(encoding="utf-8")):
        path = corpus / next(value for value in row.values() if value.startswith("invoices/")
                             and "." in value) if "invoices/" in str(row) else None  # fmt: skip
        if path is None or not path.is_file():
            continue
        stated = json.loads(next(v for v in row.values() if v.startswith("{")))
        found = read_file(path)
        if stated.get("syntax") not in {"CII", "UBL"} or "gross" not in stated:
            continue
        if not found.invoices:
            assert found.errors, path.name
            continue
        (read,) = found.invoices
        assert read.number == stated["number"], path.name
        assert read.total_minor == abs(minor(stated["gross"], read.currency)), path.name
        assert len(read.lines) in {0, stated["line_count"]}, path.name
        if not read.lines and stated["line_count"]:
            assert "einvoice.lines_unread" in {w.code for w in found.warnings}, path.name
        checked += 1
    assert checked >= 40
