"""The reader of pools of virtual IBANs: a golden sample, a workbook, hostile and damaged files."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from amiable.plugins.base import ReadOptions
from amiable.plugins.imports.virtual_ibans import PLUGIN
from amiable.plugins.sniffing import read_file
from tests.plugins.statement_facts import SAMPLES, read, written

SAMPLE = SAMPLES / "virtual_ibans" / "pool-cp1252.csv"
ONE = "FR7699901000490000000000163"


def test_a_pool_of_a_provider_is_recognized_and_read():
    found = read_file(SAMPLE)
    assert (found.kind, found.format, found.rows) == ("virtual_ibans", "virtual_ibans", 6)
    rows = [(r.line, r.reference, r.customer, r.invoice, r.is_closed) for r in found.virtual_ibans]
    assert rows == [
        (2, "vib-001", "", "", False),
        (3, "vib-002", "C001", "", False),
        (4, "vib-003", "C001", "FA2026-0042", False),
        (5, "vib-004", "", "", True),
    ]
    assert {(row.bic, row.currency, len(row.iban)) for row in found.virtual_ibans} == {
        ("BKMBFRPP", "EUR", 27)
    }
    assert [(e.line, e.column, e.code) for e in found.errors] == [
        (6, "IBAN virtuel", "virtual_iban.bad"),
        (7, "IBAN virtuel", "virtual_iban.twice"),
        (7, "BIC", "virtual_iban.bic"),
        (7, "Statut", "virtual_iban.state"),
    ]
    assert sorted(found.raw) == [6, 7]


def test_a_workbook_with_ibans_alone_is_read_when_it_is_said_to_be_a_pool(tmp_path):
    path = tmp_path / "pool.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["IBAN"])
        sheet.write_row(1, 0, [" ".join([ONE[:4], ONE[4:8], ONE[8:]])])
    found = read_file(path, kind="virtual_ibans")
    assert not found.errors
    (row,) = found.virtual_ibans
    assert (row.currency, row.is_closed, row.iban[:2]) == ("EUR", None, "FR")


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        ("IBAN virtuel\n", ["file.header_only"]),
        ("Nom;Solde\nDupont;3\n", ["file.columns_missing"]),
        ("IBAN virtuel;Devise\nGB33BUKB20201555555555;euros\n", ["virtual_iban.currency"]),
        ("IBAN virtuel\nTN5910006035183598478831\n", ["virtual_iban.country"]),
        ("IBAN virtuel\n''\n", ["virtual_iban.bad"]),
        ("IBAN virtuel;x\n ;y\n", ["virtual_iban.none"]),
        ("IBAN virtuel\n" + "F" * 200 + "\n", ["virtual_iban.bad"]),
        ("IBAN virtuel;a\nFR76;b;c\n", ["row.width"]),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path, content, codes):
    path = tmp_path / "pool.csv"
    path.write_text(content)
    found = read_file(path, kind="virtual_ibans")
    assert [error.code for error in found.errors] == codes
    assert not found.virtual_ibans
    assert all(str(error.sentence) for error in found.errors)


@settings(max_examples=60)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "f.csv"
        path.write_bytes(b"IBAN virtuel;Statut\n" + content)
        found = PLUGIN.read(path, ReadOptions())
    assert all(str(error.sentence) for error in found.errors)


@pytest.mark.parametrize(
    "name",
    ["customers", "invoices_csv", "statement_csv", "tracking", "fec"],
)
def test_files_of_other_kinds_are_not_taken_for_a_pool(name):
    for path in sorted((SAMPLES / name).iterdir()):
        assert read_file(path).format != "virtual_ibans"


def test_camt_tells_the_iban_that_was_credited_as_iban_or_as_other_account(tmp_path):
    text = (SAMPLES / "camt053" / "details.xml").read_text()
    assert text.count("<IBAN>FR7699999000010000000000142</IBAN>") == 1
    spaced = text.replace("FR7699999000010000000000142", "FR76 9999 9000 0100 0000 0000 142")
    other = text.replace(
        "<IBAN>FR7699999000010000000000142</IBAN>",
        "<Othr><Id>FR7699999000010000000000142</Id></Othr>",
    )
    for content in (text, spaced, other):
        (statement,) = written("camt053", tmp_path, content).statements
        assert statement.account == "FR1420041010050500013M02606"
        assert statement.entries[0].credited_iban == "FR7699999000010000000000142"


def test_cfonb120_tells_the_beneficiarys_iban_of_money_in_only(tmp_path):
    lines = (SAMPLES / "cfonb120" / "releve.txt").read_text().splitlines()
    amounts = {e.line: e.amount_minor for e in read_lines(tmp_path, lines)}
    for at in sorted(amounts, reverse=True):
        head = lines[at - 1]
        detail = f"05{head[2:45]}IBE{ONE}"[:118].ljust(120)
        lines.insert(at, detail)
    told = read_lines(tmp_path, lines)
    assert {e.credited_iban for e in told if e.amount_minor > 0} == {ONE}
    assert {e.credited_iban for e in told if e.amount_minor < 0} == {""}


def read_lines(folder, lines):
    (statement,) = written("cfonb120", folder, "\n".join(lines) + "\n").statements
    return list(statement.entries)


@pytest.mark.parametrize("column", ["IBAN virtuel", "Compte crédité", "Virtual IBAN", "viban"])
def test_a_banks_table_tells_the_iban_that_was_credited(tmp_path, column):
    content = f"Date;Libellé;Montant;{column}\n20/11/2026;VIR SEPA;100,00;{ONE}\n"
    (statement,) = written("statement_csv", tmp_path, content, "f.csv").statements
    assert [entry.credited_iban for entry in statement.entries] == [ONE]
    assert statement.account == ""


def test_the_samples_of_other_formats_credit_no_other_account():
    (statement,) = read("statement_csv", SAMPLES / "statement_csv" / "banque-a.csv").statements
    assert {entry.credited_iban for entry in statement.entries} == {""}
