"""Bank movements as CSV and XLSX: columns, words around the rows, signs, balances, refusals."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import xlsxwriter

from amiable.plugins.base import ReadOptions
from amiable.plugins.registry import plugins
from amiable.plugins.sniffing import read_file
from tests.plugins.statement_facts import SAMPLES, manifest, read, written

BANK = SAMPLES / "statement_csv" / "banque-a.csv"
RUNNING = SAMPLES / "statement_csv" / "running-balance.csv"


@pytest.mark.parametrize(("name", "facts", "notes"), manifest("statements/csv"))
def test_csv_facts_of_real_files(corpus, name, facts, notes):
    found = read_file(corpus / name)
    assert found.format == "statement_csv"
    if "garbled" in name:
        assert [(e.line, e.column) for e in found.errors] == [(3, "Amount")]
        return
    assert not found.errors
    entries = [entry for statement in found.statements for entry in statement.entries]
    assert len(entries) == facts["rows"]
    for entry, row in ((entries[0], facts["first_row"]), (entries[-1], facts["last_row"])):
        cells = row.split(";")
        assert entry.booked_on.isoformat() == cells[0]
        assert entry.label == cells[1]
        assert entry.bank_reference == cells[-1]


def test_words_around_the_rows_give_account_and_balances():
    found = read("statement_csv", BANK)
    (statement,) = found.statements
    assert statement.account == "2004101005" + "0500013M026"
    assert (statement.opening_minor, statement.closing_minor) == (1_000_000, 1_077_223)
    assert statement.difference_minor == 0
    assert [entry.amount_minor for entry in statement.entries] == [-950, -48_000, 125_223, 950]
    fee, unpaid, paid, small = statement.entries
    assert (fee.is_return, unpaid.is_return, unpaid.return_reason) == (False, True, "AM04")
    assert paid.label == "VIR SEPA DUPONT SARL FACTURE FA20260042 RÉGLÉE"
    assert small.label == "VIR SEPA LEROY solde facture 12"
    assert paid.line == 8


def test_running_balances_are_checked_account_by_account():
    euros, dollars = read("statement_csv", RUNNING).statements
    assert (euros.opening_minor, euros.closing_minor) == (100_000, 245_223)
    assert (euros.difference_minor, dollars.difference_minor) == (0, 0)
    assert (dollars.account, dollars.currency, dollars.opening_minor) == ("US-0099", "USD", 100_000)
    assert euros.entries[0].payer_iban == "FR7630006000011234567890189"
    assert [entry.amount_minor for entry in euros.entries[1:]] == [10_000, 10_000]


def test_a_row_that_is_missing_shows_as_a_difference(tmp_path):
    lines = RUNNING.read_text().splitlines()
    found = written("statement_csv", tmp_path, "\n".join([*lines[:2], *lines[3:]]))
    assert found.summary["statements"][0]["balances_hold"] is False
    assert found.summary["statements"][0]["difference"] == "-100.00"


def test_newest_first_and_oldest_first_give_the_same_balances(tmp_path):
    head, *rows = RUNNING.read_text().splitlines()[:4]
    for order in (rows, rows[::-1]):
        (found,) = written("statement_csv", tmp_path, "\n".join([head, *order])).statements
        assert (found.opening_minor, found.closing_minor) == (100_000, 245_223)


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        ("30/10/26;7;VIR;-1,00;1,00;;", "statement.both_sides", "Débit"),
        ("30/10/26;7;VIR;;;;", "statement.no_amount", "credit"),
        ("30/10/26;7;VIR;;1.2.3;;", "amount.unreadable", "Crédit"),
        ("30/10/26;7;VIR;;1,234567;;", "amount.decimals", "Crédit"),
        ("30/10/26;7;VIR;;12 $;;", "amount.symbol", "Crédit"),
        ("10/30/26;7;VIR;;1,00;;", "date.unreadable", "Date"),
        (";7;VIR;;1,00;;", "statement.no_date", "Date"),
        ("30/10/26;7;VIR;;1,00;;;trop", "row.width", ""),
    ],
)
def test_rows_that_cannot_be_read_refuse_the_file(tmp_path, row, code, column):
    lines = BANK.read_text("cp1252").splitlines()
    lines.insert(6, row)
    found = written("statement_csv", tmp_path, "\n".join(lines))
    assert [(e.line, e.column, e.code) for e in found.errors] == [(7, column, code)]
    assert not found.statements


def test_a_side_column_gives_the_sign(tmp_path):
    text = "Date;Libellé;Montant;Sens\n30/10/2026;A;10,00;D\n30/10/2026;B;20,00;C\n"
    (found,) = written("statement_csv", tmp_path, text).statements
    assert [entry.amount_minor for entry in found.entries] == [-1_000, 2_000]
    wrong = written("statement_csv", tmp_path, text.replace(";D", ";X"))
    assert [error.code for error in wrong.errors] == ["statement.side"]


def test_a_mapping_names_columns_that_nothing_recognizes(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text("Quand;Quoi;Combien\n30/10/2026;VIR DUPONT;1 252,23\n")
    unknown = read_file(path, kind="statement")
    assert [error.code for error in unknown.errors] == ["file.columns_missing"]
    columns = {"booked_on": "Quand", "label": "Quoi", "amount": "Combien"}
    found = read_file(path, ReadOptions(columns=columns), kind="statement")
    assert [entry.amount_minor for entry in found.statements[0].entries] == [125_223]


def test_tables_of_invoices_and_customers_are_no_statements():
    for code in ("invoices_csv", "customers", "fec", "tracking"):
        for path in sorted((SAMPLES / code).iterdir()):
            assert read_file(path).kind != "statement", path.name
    invoices = read_file(SAMPLES / "invoices_csv" / "ventes-cp1252.csv", kind="statement")
    assert invoices.errors


def test_a_workbook_reads_as_the_csv_does(tmp_path):
    path = tmp_path / "releve.xlsx"
    _workbook(path)
    found = read_file(path)
    assert found.format == "statement_xlsx"
    assert not found.errors
    ours = found.statements
    for mine, theirs in zip(ours, read("statement_csv", RUNNING).statements, strict=True):
        assert (mine.account, mine.opening_minor, mine.closing_minor) == (
            theirs.account, theirs.opening_minor, theirs.closing_minor,
        )  # fmt: skip
        assert [(e.booked_on, e.amount_minor, e.label) for e in mine.entries] == [
            (e.booked_on, e.amount_minor, e.label) for e in theirs.entries
        ]


def test_the_sample_workbook_gives_accounts_and_balances():
    euros, dollars = read("statement_xlsx", SAMPLES / "statement_xlsx" / "releve.xlsx").statements
    assert (euros.opening_minor, euros.closing_minor, euros.difference_minor) == (
        100_000, 245_223, 0,
    )  # fmt: skip
    assert (dollars.currency, dollars.entries[0].amount_minor) == ("USD", -4_210)


def test_workbooks_of_invoices_stay_invoices():
    assert read_file(SAMPLES / "invoices_xlsx" / "factures.xlsx").kind == "invoices"
    assert (
        plugins("statements")["statement_xlsx"]
        .read(SAMPLES / "invoices_xlsx" / "factures.xlsx", ReadOptions())
        .errors
    )


def _workbook(path: Path) -> None:
    """The rows of the CSV under two rows of titles, amounts as numbers, days as dates."""
    with RUNNING.open() as file, xlsxwriter.Workbook(path) as book:
        sheet, days = book.add_worksheet(), book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_row(0, 0, ["Relevé de compte"])
        for number, row in enumerate(csv.reader(file), 2):
            for column, text in enumerate(row):
                if number > 2 and column in {3, 5}:
                    sheet.write_number(number, column, float(text.replace(",", "")))
                elif number > 2 and column < 2:
                    sheet.write_datetime(number, column, _moment(text), days)
                else:
                    sheet.write_string(number, column, text)


def _moment(text: str):
    from datetime import datetime

    return datetime.fromisoformat(text)
