"""CFONB240 lists and the details of CFONB120."""

from __future__ import annotations

import pytest

from amiable.plugins.sniffing import read_file
from amiable.plugins.statements._cfonb import iban_of
from tests.plugins.statement_facts import SAMPLES, read, written

LIST = SAMPLES / "cfonb240" / "rejets.txt"


def test_cfonb240_of_the_corpus_is_read_with_its_totals(corpus):
    (path,) = (corpus / "statements" / "cfonb120").glob("*240*")
    found = read_file(path)
    assert found.format == "cfonb240"
    assert not found.errors
    first, second = found.summary["statements"]
    assert (first["entries"], second["entries"]) == (2, 1)
    assert (first["credits"], first["control_total"]) == ("4584.80", "4652.70")
    assert first["control_difference"] == "-67.90"  # an operation was taken out of the sample
    assert [str(told.sentence) for told in found.warnings] == [
        "the operations of the list begun on line 1 differ from its total (39) by -67.90 EUR: "
        "ask the bank for the whole list",
        "the operations of the list begun on line 5 differ from its total (39) by -515.70 EUR: "
        "ask the bank for the whole list",
    ]
    assert {record.kind for record in found.statements} == {"notification"}
    assert found.statements[0].entries[0].payer_name == "OFFICE NATL DU AAAAAAAA"


def test_returned_items_carry_their_reason_and_the_other_party():
    found = read("cfonb240", LIST)
    unpaid, received = found.statements[0].entries
    assert (unpaid.amount_minor, unpaid.is_return, unpaid.return_reason) == (-48_000, True, "AM04")
    assert (unpaid.payer_name, unpaid.label) == (
        "GARAGE MARTIN",
        "PRLV SEPA IMPAYE AM04 FA20260043",
    )
    assert (received.amount_minor, received.payer_name) == (125_223, "DUPONT SARL")
    assert received.payer_iban == "FR7630006000011234567890189"
    assert received.credited_iban == "FR1420041010050500013M02606"
    assert found.summary["statements"][0]["control_difference"] == "0.00"


def test_cfonb120_details_of_exchange_fees_and_both_parties(tmp_path):
    text = (SAMPLES / "cfonb120" / "releve.txt").read_text()
    at = text.index("0720041")
    head = text.splitlines()[1][2:32]
    details = {
        "MMO": "USD200000000052000", "FEE": "EUR200000000000150", "RCN": "SDD-9",
        "NPY": "GARAGE MARTIN", "NPO": "HOLDING MARTIN", "NBE": "NOUS", "RUM": "RUM-1",
    }  # fmt: skip
    lines = [
        f"05{head}B3301026     {code}{value}"[:118].ljust(120) for code, value in details.items()
    ]
    found = written("cfonb120", tmp_path, text[:at] + "\n".join(lines) + "\n" + text[at:])
    unpaid = found.statements[0].entries[1]
    assert (unpaid.original, unpaid.fee_minor) == ("USD 520.00", 150)
    assert (unpaid.payer_name, unpaid.ultimate_payer) == ("GARAGE MARTIN", "HOLDING MARTIN")
    assert (unpaid.end_to_end_id, unpaid.mandate_id) == ("SDD-9", "RUM-1")


def test_keys_of_french_accounts():
    assert iban_of("20041010050500013M026") == "FR1420041010050500013M02606"
    assert iban_of("0" * 21) == ""
    assert iban_of("2004101005") == ""


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("000000048000", "0000000480O0", "statement.bad_amount", 2),
        ("34000002B3301026", "34000002B3311126", "statement.bad_date", 2),
        ("34000002B3301026", "34000002B3000000", "statement.no_date", 2),
        ("39000004", "38000004", "cfonb240.record", 4),
        ("31000001", "34000001", "cfonb.outside", 1),
        ("301026E", "301026F", "statement.bad_currency", 1),
    ],
)
def test_damaged_lists_are_refused(tmp_path, old, new, code, line):
    text = LIST.read_text()
    assert old in text
    found = written("cfonb240", tmp_path, text.replace(old, new, 1))
    assert (found.errors[0].code, found.errors[0].line) == (code, line)
    assert not found.statements


def test_an_unfinished_list_is_refused(tmp_path):
    text = LIST.read_text().rstrip("\n").rpartition("\n")[0]
    assert [e.code for e in written("cfonb240", tmp_path, text).errors] == ["cfonb240.unfinished"]


def test_every_line_outside_a_statement_is_told(tmp_path):
    lines = (SAMPLES / "cfonb120" / "releve.txt").read_text().splitlines()[1:4]
    errors = written("cfonb120", tmp_path, "\n".join(lines)).errors
    assert [(e.code, e.line) for e in errors] == [("cfonb.outside", n) for n in (1, 2, 3)]


def test_lists_without_line_ends_in_ebcdic_and_padded_read_the_same(tmp_path):
    text = LIST.read_text()
    expected = [
        (e.amount_minor, e.label, e.payer_name)
        for e in read("cfonb240", LIST).statements[0].entries
    ]
    for content in (text.replace("\n", "").encode(), text.replace("\n", "").encode("cp1140"),
                    "\r\n".join(line.rstrip() for line in text.splitlines()).encode()):  # fmt: skip
        found = written("cfonb240", tmp_path, content)
        entries = found.statements[0].entries
        assert [(e.amount_minor, e.label, e.payer_name) for e in entries] == expected


@pytest.mark.parametrize(
    ("code", "sign", "returned"),
    [("33", "}", True), ("26", "}", True), ("C4", "}", True), ("12", "{", True), ("A3", "{", True),
     ("12", "}", False), ("33", "{", False), ("18", "{", False)],
)  # fmt: skip
def test_codes_of_returns_count_on_their_side_only(tmp_path, code, sign, returned):
    text = (SAMPLES / "cfonb120" / "releve.txt").read_text()
    assert "026B3301026" in text
    changed = text.replace("026B3301026", f"026{code}301026").replace("4800}", f"4800{sign}")
    entry = written("cfonb120", tmp_path, changed).statements[0].entries[1]
    assert (entry.is_return, entry.return_reason) == (returned, code if returned else "")


@pytest.mark.parametrize(
    ("code", "label", "returned"),
    [("99", "PRLV SEPA IMPAYE", True), ("18", "REJET PRLV DUPONT", True), ("ZZ", "IMPAYE CHQ 1", True),
     ("  ", "RETOUR PRLV", True), ("99", "FRAIS REJET PRLV", False), ("62", "PRLV IMPAYE", False),
     ("ZZ", "REJET PRLV", True), ("ZZ", "REJ. SDD DUPONT", True), ("ZZ", "CHQ RETOURNE 1", True),
     ("ZZ", "CHEQUE REJETE 12", True), ("ZZ", "LCR IMPAYEE", True), ("ZZ", "EFFET NON PAYE", True),
     ("ZZ", "IMP CHQ 0012", True), ("ZZ", "PRLV SEPA REFUSE", True), ("ZZ", "CHARGEBACK", True),
     ("ZZ", "CB CONTESTEE", True), ("ZZ", "IMPAYE CARTE", True), ("ZZ", "CHARGES SOCIALES", False),
     ("ZZ", "PRLV IMPOTS", False), ("ZZ", "PRLV SEPA URSSAF", False),
     ("ZZ", "FRAIS CHARGE BACK", False), ("ZZ", "IMP CHQ COMMISSION", False),
     ("06", "RETOUR ACOMPTE", False), ("B1", "PRLV SEPA IMPAYE", False), ("99", "DIVERS", False)],
)  # fmt: skip
def test_words_tell_a_return_under_a_code_that_says_nothing(tmp_path, code, label, returned):
    text = (SAMPLES / "cfonb120" / "releve.txt").read_text()
    assert "PRLV SEPA IMPAYE     " in text
    changed = text.replace("026B3301026", f"026{code}301026").replace(
        "PRLV SEPA IMPAYE     ", label.ljust(21)
    )
    entry = written("cfonb120", tmp_path, changed).statements[0].entries[1]
    assert (entry.is_return, entry.return_reason) == (returned, "")


def test_balances_without_a_currency_are_in_euros(tmp_path):
    text = (SAMPLES / "cfonb120" / "releve.txt").read_text()
    lines = [
        line[:16] + "    " + line[20:] if line[:2] in {"01", "07"} else line
        for line in text.splitlines()
    ]
    (tmp_path / "f.txt").write_text("\n".join(lines))
    found = read_file(tmp_path / "f.txt")
    assert found.format == "cfonb120"
    assert found.statements == read("cfonb120", SAMPLES / "cfonb120" / "releve.txt").statements


def test_signs_of_the_french_page_are_zeros(tmp_path):
    text = (SAMPLES / "cfonb120" / "releve.txt").read_text()
    content = text.replace("{", "é").replace("}", "è").encode("iso-8859-1")
    found = written("cfonb120", tmp_path, content)
    assert found.statements == read("cfonb120", SAMPLES / "cfonb120" / "releve.txt").statements
