"""FEC: open items of customers whatever the variant, opening entries once, lettering respected."""

from __future__ import annotations

import csv
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.plugins.base import ReadOptions
from amiable.plugins.imports import _fec_items as ledger
from amiable.plugins.sniffing import read_file

SAMPLES = Path(__file__).resolve().parent.parent / "samples" / "fec"
CORPUS = Path(__file__).resolve().parent.parent.parent.parent / "shared" / "corpus"
HEADER = (
    "JournalCode|JournalLib|EcritureNum|EcritureDate|CompteNum|CompteLib|CompAuxNum|CompAuxLib|"
    "PieceRef|PieceDate|EcritureLib|Debit|Credit|EcritureLet|DateLet|ValidDate|Montantdevise|Idevise"
)


def read(tmp_path, *lines: str, header: str = HEADER, **options):
    path = tmp_path / "fec.txt"
    path.write_text("\n".join([header, *lines]) + "\n")
    return read_file(path, ReadOptions(**options))


def entry(
    piece: str, debit="0,00", credit="0,00", *, journal="VE", number="1", on="20260930",
    customer="CDUPONT", letters="", piece_date="",
) -> str:  # fmt: skip
    return "|".join([
        journal, "JOURNAL", number, on, "411000", "CLIENTS", customer, f"{customer} SARL", piece,
        piece_date or on, f"FACT {piece}", debit, credit, letters, "", on, "", "",
    ])  # fmt: skip


def facts(found) -> list[tuple[str, str, int, int | None]]:
    return [(i.number, i.kind, i.total_minor, i.open_minor) for i in found.invoices]


@pytest.mark.parametrize("name", ["debit-credit.txt", "montant-sens.txt"])
def test_open_items_are_the_same_in_both_variants(name):
    found = read_file(SAMPLES / name)
    assert (found.kind, found.format, found.errors, found.warnings) == ("invoices", "fec", (), ())
    assert facts(found) == [
        ("FA25-9", "invoice", 50000, 50000),  # opening entry, its original is in another file
        ("FA26-1", "invoice", 125223, 125223),
        ("FA26-2", "invoice", 100000, 60000),  # lettered in small letters: 400 paid
        ("AV26-1", "credit_note", 10000, 10000),
        ("VIR3", "credit_note", 5000, 5000),  # payment not allocated
    ]
    assert found.invoices[0].issue_date == date(2025, 11, 30)
    assert found.invoices[1].due_date == date(2026, 3, 2)
    summary = found.summary
    assert (summary["lines"], summary["balanced"]) == (15, True)
    assert (summary["open_items"], summary["open_amount"]) == (5, "2202.23")
    assert {i.number for i in found.settled} == {"FA25-7", "VIR1", "VIR2"}


def test_the_worked_example_has_one_open_item(tmp_path):
    found = read(
        tmp_path,
        entry("FA20260042", "1252,23", number="101"),
        entry("FA20260043", "480,00", number="102", customer="CMARTIN", letters="AA"),
        entry("VIR881", credit="480,00", journal="BQ", number="103", customer="CMARTIN",
              letters="AA", on="20261015"),
    )  # fmt: skip
    assert facts(found) == [("FA20260042", "invoice", 125223, 125223)]
    assert found.invoices[0].customer.code == "CDUPONT"
    assert found.summary["open_amount"] == "1252.23"


@pytest.mark.parametrize("text", ["100,00", "100.00", "100", "+100,00", "100,00+", "100,0000"])
def test_amounts_of_all_writings(tmp_path, text):
    assert facts(read(tmp_path, entry("F1", text))) == [("F1", "invoice", 10000, 10000)]


@pytest.mark.parametrize("text", ["-100,00", "100,00-"])
def test_negative_debit_is_a_credit(tmp_path, text):
    assert facts(read(tmp_path, entry("A1", text))) == [("A1", "credit_note", 10000, 10000)]


def test_opening_entry_that_repeats_an_original_is_not_counted_twice(tmp_path):
    found = read(
        tmp_path,
        entry("F1", "100,00", on="20251110"),
        entry("F1", "100,00", journal="AN", on="20260101", piece_date="20251110"),
    )
    assert facts(found) == [("F1", "invoice", 10000, 10000)]
    assert found.invoices[0].line == 2


def test_payment_lettered_with_the_opening_entry_settles_the_original(tmp_path):
    found = read(
        tmp_path,
        entry("F1", "100,00", on="20251110"),
        entry("F1", "100,00", journal="AN", on="20260101", letters="AB"),
        entry("VIR1", credit="100,00", journal="BQ", on="20260115", letters="AB"),
    )
    assert facts(found) == []
    assert "fec.lettering" not in {w.code for w in found.warnings}


def test_opening_balance_without_pieces_repeats_what_the_file_left_open(tmp_path):
    found = read(
        tmp_path,
        entry("F1", "100,00", on="20251110"),
        entry("F2", "50,00", on="20251115"),
        entry("", "150,00", journal="AN", on="20260101", number="9"),
        entry("", "70,00", journal="AN", on="20260101", number="9", customer="CLEROY"),
    )
    assert facts(found) == [
        ("F1", "invoice", 10000, 10000),
        ("F2", "invoice", 5000, 5000),
        ("AN-9", "invoice", 7000, 7000),
    ]


def test_open_credit_of_the_same_piece_reduces_its_invoice(tmp_path):
    found = read(
        tmp_path, entry("F1", "100,00"), entry("F1", credit="30,00", journal="BQ", on="20261015")
    )
    assert facts(found) == [("F1", "invoice", 10000, 7000)]
    assert found.summary["open_amount"] == "70.00"


def test_one_reference_for_several_documents_is_no_reference(tmp_path):
    found = read(
        tmp_path,
        entry("DIVERS", "100,00", number="7"),
        entry("DIVERS", "50,00", number="8", on="20261001"),
    )
    assert [i.number for i in found.invoices] == ["DIVERS-7", "DIVERS-8"]


def test_unbalanced_lettering_in_capitals_is_settled_and_reported(tmp_path):
    found = read(tmp_path, entry("F1", "100,00", letters="AA"))
    assert facts(found) == []
    assert [w.code for w in found.warnings] == ["fec.lettering", "fec.unbalanced"]


def test_customers_without_auxiliary_account_are_reported(tmp_path):
    found = read(tmp_path, entry("F1", "100,00", customer=""))
    assert "fec.no_customer" in {w.code for w in found.warnings}
    assert found.invoices[0].customer.code == "411000"


def test_default_term_gives_the_due_date_or_is_refused(tmp_path):
    line = entry("F1", "100,00", on="20260115")
    found = read(tmp_path, line, default_term="45 fin de mois")
    assert found.invoices[0].due_date == date(2026, 3, 31)
    assert not found.invoices[0].due_stated
    assert [e.code for e in read(tmp_path, line, default_term="bientôt").errors] == [
        "term.unreadable"
    ]


def test_bad_lines_are_named(tmp_path):
    found = read(
        tmp_path,
        entry("F1", "abc"),
        entry("F2", "", ""),
        entry("F3", "100,005"),
        entry("F4", "1,00", on="20261301"),
        "VE|too|short",
    )
    assert [(e.line, e.column, e.code) for e in found.errors] == [
        (2, "Debit", "amount.unreadable"),
        (3, "Debit", "row.missing"),
        (4, "Debit", "amount.decimals"),
        (5, "EcritureDate", "date.unreadable"),
        (6, "", "row.width"),
    ]


def _manifest():
    if not CORPUS.exists():
        return []
    with (CORPUS / "MANIFEST.csv").open(newline="") as file:
        return [
            (row["file"], json.loads(row["expected_facts"]))
            for row in csv.DictReader(file)
            if row["kind"] == "accounting/fec"
        ]


@pytest.mark.parametrize(("name", "expected"), _manifest())
def test_facts_of_real_files(corpus, name, expected):
    found = read_file(corpus / name)
    assert not found.errors
    assert found.summary["lines"] == expected["lines"]
    assert found.summary["balanced"] == expected["balanced"]
    for ours, theirs in (
        ("debit", "debit"),
        ("credit", "credit"),
        ("open_amount", "unlettered_411"),
    ):
        assert Decimal(found.summary[ours]) == Decimal(expected[theirs])
    largest = {i.customer.code: i.open_minor for i in found.invoices}
    for code, balance in expected["largest_411_balances"]:
        assert largest[code] == int(Decimal(balance) * 100)


amounts = st.integers(-(10**7), 10**7).filter(bool)


@given(st.lists(st.tuples(amounts, st.sampled_from(["", "aa", "ab"])), max_size=12))
def test_partial_lettering_conserves_cents(found):
    lines = [
        ledger.Line(i, "VE", "", str(i), date(2026, 1, 1), "411", "", "C", "", f"P{i}",
                    date(2026, 1, 1), "", value, letters)
        for i, (value, letters) in enumerate(found)
    ]  # fmt: skip
    settled, unbalanced = ledger.lettered(lines)
    assert not unbalanced
    assert sum(line.open_minor for line in settled) == sum(value for value, _ in found)
    assert all(line.open_minor * line.amount_minor >= 0 for line in settled)
    items = ledger.items(settled)
    assert sum(item.open_minor for item in items) == sum(value for value, _ in found)
