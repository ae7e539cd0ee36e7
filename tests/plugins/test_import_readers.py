"""Readers of invoices and customers: golden samples, every defect named, nothing guessed."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import time
import zipfile
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from amiable.plugins.base import ReadOptions
from amiable.plugins.registry import plugins
from amiable.plugins.sniffing import read_file

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
HEADER = "code client;numero facture;date facture;echeance;montant ttc;solde"


def read(tmp_path, content: str | bytes, name="file.csv", kind=None, **options):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_file(path, ReadOptions(**options), kind=kind)


def codes(result) -> list[tuple[int, str, str]]:
    return [(error.line, error.column, error.code) for error in result.errors]


def rows(*amounts: str, column: int = 4) -> str:
    lines = [HEADER]
    for count, text in enumerate(amounts, start=1):
        cells = ["C1", f"F{count}", "15/01/2026", "14/02/2026", "100,00", ""]
        cells[column] = text
        lines.append(";".join(cells))
    return "\n".join(lines)


def test_french_export_in_windows_encoding_with_title_and_credit_note():
    found = read_file(SAMPLES / "invoices_csv" / "ventes-cp1252.csv")
    assert (found.kind, found.format, found.errors) == ("invoices", "invoices_csv", ())
    facts = [(i.number, i.kind, i.total_minor, i.open_minor) for i in found.invoices]
    assert facts == [
        ("FA2026-0101", "invoice", 125223, 125223),
        ("FA2026-0102", "invoice", 98000, 48000),
        ("AV2026-0007", "credit_note", 10000, 10000),
        ("FA2026-0103", "invoice", 1250000, 0),
        ("AC2026-0001", "prepayment", 125000, None),  # 1.250 read by the file's other amounts
    ]
    assert found.invoices[1].customer.name == 'Hôtel "Bel Œil"'
    assert found.invoices[2].due_date == date(2026, 1, 20)
    assert [(w.line, w.code) for w in found.warnings] == [
        (6, "customer.email"), (7, "customer.siren"), (8, "invoice.zero")
    ]  # fmt: skip
    assert found.invoices[4].customer.siren == ""


def test_english_export_with_terms_and_quoted_lines():
    found = read_file(SAMPLES / "invoices_csv" / "export-en.tsv")
    assert [(i.line, i.due_date.isoformat(), i.total_minor) for i in found.invoices] == [
        (2, "2026-02-14", 123450), (4, "2026-03-31", 1234500)
    ]  # fmt: skip
    assert codes(found) == [(5, "Amount incl. VAT", "amount.symbol")]
    assert [w.code for w in found.warnings] == ["term.above_net_cap"]
    assert found.invoices[0].label == "Two lines of text"


def test_every_defect_of_every_row_is_listed_with_its_column():
    found = read_file(SAMPLES / "invoices_csv" / "erreurs.csv")
    assert codes(found) == [
        (3, "code client", "row.missing_customer"),
        (4, "numero facture", "row.missing"),
        (5, "montant ttc", "amount.unreadable"),
        (5, "date facture", "date.unreadable"),
        (6, "date echeance", "invoice.due_before_issue"),
        (7, "numero facture", "invoice.duplicate"),
        (8, "solde", "invoice.open_above_total"),
        (9, "devise", "invoice.currency_unknown"),
        (9, "montant ttc", "amount.decimals"),
        (9, "type", "invoice.type_unknown"),
        (10, "date echeance", "invoice.due_missing"),
        (11, "", "row.width"),
        (12, "montant ttc", "row.missing"),
        (13, "solde", "invoice.open_sign"),
    ]
    assert [i.number for i in found.invoices] == ["F1", "F11"]
    assert sorted(found.raw) == [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]
    assert all(str(error.sentence) for error in found.errors)


def test_workbook_with_title_hidden_sheet_dates_and_typed_numbers():
    found = read_file(SAMPLES / "invoices_xlsx" / "factures.xlsx")
    assert (found.kind, found.format) == ("invoices", "invoices_xlsx")
    facts = [(i.line, i.number, i.kind, i.total_minor, i.open_minor) for i in found.invoices]
    assert facts == [
        (4, "20260042", "invoice", 125223, 125223),
        (5, "FA-43", "invoice", 30, 30),  # 0.1 + 0.2 as Excel shows it
        (6, "AV-1", "credit_note", 12000, 2050),
        (7, "FA-44", "invoice", 123456, 123456),
    ]
    assert found.invoices[0].issue_date == date(2026, 1, 15)
    assert codes(found) == [
        (8, "Montant TTC", "amount.decimals"), (9, "Date", "date.unreadable")
    ]  # fmt: skip


def test_customers_of_every_kind():
    found = read_file(SAMPLES / "customers" / "clients.csv")
    assert (found.kind, found.format) == ("customers", "customers")
    first, second, third = found.customers
    assert (first.siren, first.iban) == ("732829320", "FR1420041010050500013M02606")
    assert (first.phone, first.country, first.language) == ("+33142685300", "FR", "fr")
    assert [c.kind for c in found.customers] == ["company", "consumer", "public"]
    assert second.phone == "+33612345678"
    assert (third.siren, third.vat_number, third.iban, third.email, third.phone) == ("",) * 5
    assert codes(found) == [
        (5, "Code client", "row.missing_customer"), (6, "Code client", "customer.duplicate")
    ]  # fmt: skip


def test_contacts_have_roles_and_customers_scores_and_payer_groups():
    found = read_file(SAMPLES / "customers" / "contacts.csv")
    assert not found.errors
    assert [(c.contact_name, c.contact_role) for c in found.customers] == [
        ("Anne Morel", "accounts_payable"), ("Jean Petit", "director"), ("Paul Roux", ""),
        ("", ""), ("", ""),
    ]  # fmt: skip
    assert [c.score for c in found.customers] == [85, 0, None, None, 72]
    assert [c.payer_group for c in found.customers] == [
        "Holding Léopold",
        "",
        "",
        "",
        "Holding Léopold",
    ]
    assert [(w.line, w.code) for w in found.warnings] == [
        (4, "customer.contact_role"), (4, "customer.score"), (5, "customer.score")
    ]  # fmt: skip


def test_rows_of_one_customer_add_contacts_and_contradict_nothing():
    found = read_file(SAMPLES / "customers" / "several_contacts.csv")
    assert [(c.line, c.code, c.contact_name) for c in found.customers] == [
        (2, "C010", "Lucie Arnaud"), (3, "C010", "Marc Oudin"), (4, "C010", ""),
        (5, "C011", "Ines Rey"),
    ]  # fmt: skip
    assert codes(found) == [
        (6, "Ville", "customer.contradiction"), (7, "Code client", "customer.duplicate"),
        (8, "Code client", "customer.duplicate"),
    ]  # fmt: skip
    assert str(found.errors[0].sentence) == (
        "“Lyon” here, but “Roanne” on line 5 for the same customer. Make the two the same: rows of "
        "one customer differ by the contact alone."
    )
    assert (found.rows, found.summary["customers"]) == (7, 2)


def test_the_same_columns_in_english(tmp_path):
    text = "Customer code,Customer name,Contact name,Contact role,Credit score,Payer group\nC1,Smith Ltd,Ann Lee,Finance Director,40,Smith Group\n"
    (row,) = read(tmp_path, text.encode()).customers
    assert (row.contact_name, row.contact_role, row.score, row.payer_group) == (
        "Ann Lee", "director", 40, "Smith Group",
    )  # fmt: skip


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "iso8859-15", "utf-16"])
def test_separators_and_encodings_give_the_same_rows(tmp_path, delimiter, encoding):
    text = "N° facture;Société;Date facture;Échéance;Montant TTC\nF1;Cœur d’Été;15/01/2026;14/02/2026;12.50\n"
    if encoding == "iso8859-15":
        text = text.replace("’", "'")
    found = read(tmp_path, text.replace(";", delimiter).encode(encoding))
    assert not found.errors
    assert found.invoices[0].customer.name.replace("’", "'") == "Cœur d'Été"
    assert found.invoices[0].total_minor == 1250


def test_columns_come_in_any_order_and_unknown_ones_are_named(tmp_path):
    found = read(
        tmp_path,
        "Montant HT,Remarque,Total incl. VAT,Due date,Invoice date,Customer,Invoice no\n"
        "10.00,x,12.00,2026-02-14,2026-01-15,North,F1\n",
    )
    assert not found.errors
    assert found.invoices[0].total_minor == 1200
    assert found.summary["ignored_columns"] == ["Montant HT", "Remarque"]


def test_saved_mapping_reads_unknown_columns(tmp_path):
    text = "A;B;C;D;E\nDuval;F1;15/01/2026;30 net;100,00\n"
    mapping = {"customer_name": "A", "number": "B", "issue_date": "C", "payment_term": "D"}
    found = read(tmp_path, text, kind="invoices", columns={**mapping, "total": "E"})
    assert (found.errors, found.invoices[0].total_minor) == ((), 10000)
    found = read(tmp_path, text, kind="invoices", columns={**mapping, "total": "Montant"})
    assert "file.mapping_column" in {error.code for error in found.errors}
    assert not found.invoices


def test_missing_columns_are_named_with_those_the_file_has(tmp_path):
    found = read(
        tmp_path, "code client;numero facture;date facture;montant ttc\nC1;F1;1/1/2026;5\n"
    )
    assert codes(found) == [(1, "", "file.columns_missing")]
    assert "date echeance" in str(found.errors[0].sentence)
    assert "montant ttc" in str(found.errors[0].sentence)


def test_ambiguous_amount_is_refused_unless_the_file_proves_its_decimal_mark(tmp_path):
    assert codes(read(tmp_path, rows("1.234", "100"))) == [(2, "montant ttc", "amount.ambiguous")]
    assert [i.total_minor for i in read(tmp_path, rows("1.234", "99,50")).invoices] == [
        123400, 9950
    ]  # fmt: skip
    mixed = read(tmp_path, rows("1.234", "99,50", "99.50"))
    assert codes(mixed) == [(2, "montant ttc", "amount.ambiguous")]


@pytest.mark.parametrize("text", ["", " ", "n/a", "0,0,0", "#REF!", "=SUM(A1)", "NaN", "1e3"])
def test_unreadable_amount_never_becomes_zero(tmp_path, text):
    found = read(tmp_path, rows(text))
    assert not found.invoices
    assert found.errors[0].line == 2


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file.empty"),
        (b"\n\n;;;\n", "file.unsupported"),
        ((HEADER + "\n").encode(), "file.header_only"),
        ((rows("5") + "\0").encode(), "file.binary"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "file.unsupported"),
        (b"PK\x03\x04" + b"xl/" + b"\0" * 500, "file.not_workbook"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "file.old_workbook"),
        (b"%PDF-1.7\n", "file.pdf"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", "file.xml_hostile"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><x/>'.encode("utf-16"), "file.xml_hostile"),
        ((HEADER + '\nC1;"F1;15/01/2026' + "x" * 200_000).encode(), "file.quotes"),
        (b"a" * 10_000_000, "file.unsupported"),
        ((HEADER + "\n" + "x" * 10_000_000).encode(), "file.line_too_long"),
    ],
)
def test_broken_files_are_refused_with_a_reason(tmp_path, content, code):
    began = time.monotonic()
    found = read(tmp_path, content)
    assert code in {error.code for error in found.errors}
    assert not found.invoices
    assert time.monotonic() - began < 30


def workbook(path: Path, sheet: str, **members: str) -> Path:
    """A workbook whose sheet is this XML."""
    source = io.BytesIO()
    book = xlsxwriter.Workbook(source, {"in_memory": True})
    book.add_worksheet().write_row(0, 0, HEADER.split(";"))
    book.close()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = sheet.encode() if name.endswith("sheet1.xml") else old.read(name)
            new.writestr(name, members.get(name, content))
    return path


NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


# What a process of its own holds at most (KiB): this one may have held more for other tests.
PROBE = """
import re, sys
from pathlib import Path
from amiable.plugins.sniffing import read_file
found = read_file(Path(sys.argv[1]), kind="invoices")
print(*sorted({error.code for error in found.errors}))
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def test_workbook_bombs_are_refused_in_bounded_memory(tmp_path):
    cells = "<c/>" * 20_000_000
    many = workbook(tmp_path / "cells.xlsx", f"<worksheet {NS}><row>{cells}</row></worksheet>")
    far = f'<worksheet {NS}><row r="999999999"><c r="A999999999"><v>1</v></c></row></worksheet>'
    wide = f'<worksheet {NS}><row r="1"><c r="XFD1"><v>1</v></c></row></worksheet>'
    dtd = f'<!DOCTYPE w [<!ENTITY a "x">]><worksheet {NS}><row><c><v>&a;</v></c></row></worksheet>'
    for path, code in (
        (many, "file.bomb"),
        (workbook(tmp_path / "far.xlsx", far), "file.too_many_rows"),
        (workbook(tmp_path / "wide.xlsx", wide), "file.too_many_cells"),
        (workbook(tmp_path / "dtd.xlsx", dtd), "file.xml_hostile"),
    ):
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", PROBE, path], check=True, capture_output=True, text=True
        )
        codes_, most = done.stdout.splitlines()
        assert codes_ == code, path.name
        assert int(most) < 256 * 1024, path.name
        assert time.monotonic() - began < 30


def test_a_raised_digit_is_no_number_of_a_row_or_a_style(tmp_path):
    text = '<c r="A{0}" t="inlineStr" s="0"><is><t>x</t></is></c>'
    sheet = f'<worksheet {NS}><sheetData><row r="²">{text.format(1)}</row></sheetData></worksheet>'
    styles = f'<styleSheet {NS}><cellXfs count="1"><xf numFmtId="²"/></cellXfs></styleSheet>'
    path = workbook(tmp_path / "raised.xlsx", sheet, **{"xl/styles.xml": styles})
    assert read_file(path, kind="invoices").errors


def test_import_of_another_kind_is_refused_by_name(tmp_path):
    path = SAMPLES / "camt053" / "batch-and-returns.xml"
    found = read_file(path, kind="invoices")
    assert [error.code for error in found.errors] == ["file.wrong_kind"]


@pytest.mark.parametrize("folder", ["malicious", "datasets", "registers", "emails"])
def test_hostile_and_foreign_files_are_refused_without_crash(corpus, folder):
    for path in sorted((corpus / folder).rglob("*")):
        if path.is_file():
            found = read_file(path)
            assert found.errors, path.name
            assert not found.invoices
            assert not found.customers


def _fuzz(code: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        found = plugins("imports")[code].read(path, ReadOptions())
        plugins("imports")[code].sniff(content[:65536], "file")
    for error in found.errors:
        assert str(error.sentence)


CODES = ["cii", "customers", "fec", "invoices_csv", "invoices_xlsx", "ubl"]


@pytest.mark.parametrize("code", CODES)
@given(content=st.binary(max_size=400))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_read_or_refused(code, content):
    _fuzz(code, content)


@pytest.mark.parametrize("code", CODES)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_damaged_samples_are_read_or_refused(code, data):
    sample = data.draw(st.sampled_from(sorted((SAMPLES / code).iterdir())))
    content = bytearray(sample.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        position = data.draw(st.integers(0, len(content) - 1))
        content[position] = data.draw(st.integers(0, 255))
    _fuzz(code, bytes(content[: data.draw(st.integers(1, len(content)))]))


@given(cells=st.lists(st.text(max_size=30), min_size=6, max_size=6))
@settings(max_examples=150, deadline=None)
def test_any_cells_give_an_invoice_or_errors_of_their_line(cells):
    line = ";".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.csv"
        path.write_bytes(f"{HEADER}\n{line}\n".encode("utf-8", "replace"))
        found = plugins("imports")["invoices_csv"].read(path, ReadOptions())
    assert found.errors or len(found.invoices) <= 1
    assert all(invoice.total_minor > 0 for invoice in found.invoices)
