"""OFX 1.x, 2.x and QFX: the facts of real files, accounts, damaged files, hostile ones."""

from __future__ import annotations

from decimal import Decimal

import pytest

from amiable.plugins.sniffing import read_file
from tests.plugins.statement_facts import SAMPLES, manifest, number, read, written

RELEVE = SAMPLES / "ofx" / "releve.ofx"


@pytest.mark.parametrize(("name", "facts", "notes"), manifest("statements/ofx"))
def test_ofx_facts_of_real_files(corpus, name, facts, notes):
    found = read_file(corpus / name)
    assert found.format == "ofx"
    if "INVALID" in notes or not facts["statements"]:
        assert found.errors
        assert not found.statements
        return
    assert not found.errors
    assert len(found.summary["statements"]) == len(facts["statements"])
    for ours, theirs in zip(found.summary["statements"], facts["statements"], strict=True):
        assert ours["account"] == theirs["account"]
        assert ours["bank"] == (theirs["bank"] or "")
        assert theirs["ccy"] in {"", ours["currency"]}
        assert ours["entries"] == theirs["entries"]
        assert number(ours["credits"]) - number(ours["debits"]) == Decimal(theirs["sum"])
        assert ours["opening"] is None
        assert ours["balances_hold"] is None
        assert number(ours["closing"]) == number(theirs["ledger_balance"])


def test_sgml_with_open_tags_gives_accounts_amounts_and_returns():
    found = read("ofx", RELEVE)
    bank, card = found.statements
    assert bank.account == "2004101005" + "0500013M026"
    assert (bank.closing_minor, bank.opening_minor) == (1_096_273, None)
    assert [entry.amount_minor for entry in bank.entries] == [
        125_223,
        -48_000,
        -950,
        10_000,
        10_000,
    ]
    paid, unpaid, fee, cheque, twin = bank.entries
    assert paid.label == "VIR SEPA DUPONT & FILS FACTURE FA20260042 réglée"
    assert (unpaid.is_return, unpaid.return_reason, unpaid.label) == (
        True, "AM04", "PRLV SEPA IMPAYE GARAGE MARTIN AM04",
    )  # fmt: skip
    assert not fee.is_return
    assert cheque.label == "REMISE DE CHEQUE 1234"
    assert str(cheque.value_on) == "2026-11-02"
    assert (cheque.bank_reference, twin.bank_reference) == ("F-4", "F-4")
    assert card.account == "4970XXXXXXXX1234"
    assert (card.entries[0].amount_minor, card.entries[0].original) == (-4_210, "USD")


def test_xml_gives_payee_iban_and_character_data():
    (entry,) = read("ofx", SAMPLES / "ofx" / "releve-xml.ofx").statements[0].entries
    assert entry.payer_name == "ÉTABLISSEMENTS NOËL"
    assert entry.payer_iban == "FR7630006000011234567890189"
    assert entry.label.endswith("FA2026 0043 <solde>")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("+1252,23", "1.2.5", "statement.bad_amount"),
        ("+1252,23", "", "statement.bad_amount"),
        ("+1252,23", "$120", "statement.bad_amount"),
        ("+1252,23", "12,345", "statement.decimals"),
        ("<DTPOSTED>20261030<TRNAMT>+", "<TRNAMT>+", "statement.no_date"),
        ("<DTPOSTED>20261030<TRNAMT>+", "<DTPOSTED>20261130X<TRNAMT>+", "statement.bad_date"),
        ("10962.73", "", "ofx.empty_balance"),
        ("<ACCTID>0500013M026", "<ACCTID>", "statement.no_account"),
        ("<CURDEF>EUR", "<CURDEF>EURO", "statement.bad_currency"),
        ("<SEVERITY>INFO</STATUS>\n<STMTRS>", "<SEVERITY>ERROR</STATUS>\n<STMTRS>",
         "ofx.bank_error"),
    ],
)  # fmt: skip
def test_damaged_ofx_is_refused(tmp_path, old, new, code):
    text = RELEVE.read_text()
    assert old in text
    found = written("ofx", tmp_path, text.replace(old, new, 1))
    assert found.errors[0].code == code
    assert found.errors[0].line > 0
    assert not found.statements


def test_grouped_thousands_are_read_and_cp1252_is_known(tmp_path):
    text = RELEVE.read_text().replace("+1252,23", "1,252.23").replace("DUPONT", "DUPRÉ")
    entry = written("ofx", tmp_path, text.encode("cp1252")).statements[0].entries[0]
    assert (entry.amount_minor, "DUPRÉ" in entry.label) == (125_223, True)


def test_entities_are_refused_before_reading(tmp_path):
    text = (SAMPLES / "ofx" / "releve-xml.ofx").read_text()
    bomb = text.replace("<OFX>", '<!DOCTYPE OFX [<!ENTITY a "ha">]><OFX>', 1)
    (tmp_path / "bomb.ofx").write_text(bomb)
    assert [error.code for error in read_file(tmp_path / "bomb.ofx").errors] == ["file.xml_hostile"]


def test_what_a_comment_holds_is_not_read(tmp_path):
    text = (SAMPLES / "ofx" / "releve-xml.ofx").read_text()
    begins, ends = text.index("<STMTTRN>"), text.index("</STMTTRN>") + len("</STMTTRN>")
    hidden = text[:begins] + "<!--\n" + text[begins:ends] + "\n-->" + text[ends:]
    assert len(written("ofx", tmp_path, hidden).statements[0].entries) == 0
    lost = text.replace("<ACCTID>", "<!-- <ACCTID>").replace("</ACCTID>", "</ACCTID> -->")
    assert [e.code for e in written("ofx", tmp_path, lost).errors] == ["statement.no_account"]


def test_a_balance_after_a_list_left_open_and_of_no_day(tmp_path):
    text = RELEVE.read_text()
    assert "</BANKTRANLIST>" in text
    found = written("ofx", tmp_path, text.replace("</BANKTRANLIST>", ""))
    assert [s.closing_minor for s in found.statements] == [
        s.closing_minor for s in read("ofx", RELEVE).statements
    ]
    start = text.index("<DTASOF>") + len("<DTASOF>")
    zeros = text[:start] + "00000000" + text[start:].lstrip("0123456789")
    bank = written("ofx", tmp_path, zeros).statements[0]
    assert (bank.closing_minor, bank.closing_on) == (1_096_273, None)


def test_an_investment_account_is_refused_by_name(tmp_path):
    text = "OFXHEADER:100\n\n<OFX><INVSTMTMSGSRSV1><INVSTMTRS><CURDEF>EUR</INVSTMTRS></OFX>"
    found = written("ofx", tmp_path, text)
    assert [(error.code, error.line) for error in found.errors] == [("ofx.investment", 3)]
