"""What is refused says what to do; what looks like something else is still read."""

from __future__ import annotations

import io
import json
import re
import subprocess
import zipfile
from pathlib import Path

import pytest

from amiable.core.sentences import CATALOG
from amiable.plugins.base import ReadResult
from amiable.plugins.registry import plugins
from amiable.plugins.sniffing import read_file
from tests.installation import AMIABLE
from tests.plugins.statement_facts import SAMPLES, read, written

REMEDY = re.compile(
    r"download|ask |split|write|choose|unpack|store|export|correct|hand in|take |save", re.I
)
# What is only told: nothing is refused.
TOLD = {
    "statement.row_void", "statement.row_note", "statement.other_currency", "camt.batch_unequal",
    "zip.passed_over",
}  # fmt: skip
OF_STATEMENTS = ("statement.", "camt.", "cfonb.", "cfonb240.", "mt940.", "ofx.", "zip.", "xml.")
OFX = """OFXHEADER:100
DATA:OFXSGML
VERSION:102
ENCODING:USASCII
CHARSET:850

<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR<BANKACCTFROM><BANKID>30006<ACCTID>123
</BANKACCTFROM><BANKTRANLIST><STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20261001<TRNAMT>12.00<FITID>F1
<NAME>ÉTABLISSEMENTS RÉGLÉ</STMTTRN></BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""
SG = """date_comptabilisation;libellé_complet_operation;montant_operation;devise;
01/10/2026;VIR RECU DE: DUPONT MOTIF: FA2026-0001;1234,56;EUR;
"""


def test_every_refusal_of_a_statement_says_what_to_do() -> None:
    plugins("statements")
    said = {code: text for code, text in CATALOG.items() if code.startswith(OF_STATEMENTS)}

    assert len(said) > 25
    assert {code for code, text in said.items() if not REMEDY.search(text)} == TOLD


def test_an_empty_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """In a process of its own: which plug-ins were loaded before must not matter."""
    (tmp_path / "empty.xml").touch()
    told = subprocess.run(
        [*AMIABLE, "read", str(tmp_path / "empty.xml")],
        capture_output=True,
        check=False,
    )

    assert told.returncode == 1
    assert [error["code"] for error in json.loads(told.stdout)["errors"]] == ["file.empty"]


@pytest.mark.parametrize("code", ["camt053", "mt940", "ofx", "cfonb120", "statement_csv"])
def test_a_statement_stored_in_a_zip_as_it_is_is_read(code: str, tmp_path: Path) -> None:
    sample = next(p for p in sorted((SAMPLES / code).iterdir()) if read(code, p).statements)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        archive.write(sample, f"releves/{sample.name}")
    (tmp_path / "releves.zip").write_bytes(packed.getvalue())

    found = read_file(tmp_path / "releves.zip")

    assert (found.format, len(found.errors)) == ("zip", 0)
    assert found.statements == read(code, sample).statements


def test_only_the_damaged_movement_is_reported_not_its_details(tmp_path: Path) -> None:
    sample = next(
        p.read_text("latin-1")
        for p in sorted((SAMPLES / "cfonb120").iterdir())
        if "\n05" in p.read_text("latin-1")
    )
    lines = sample.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("05")) - 1
    assert lines[at].startswith("04")
    lines[at] = lines[at][:34] + "321326" + lines[at][40:]

    found = written("cfonb120", tmp_path, "\n".join(lines).encode("latin-1"))

    assert [(e.line, e.column, e.code) for e in found.errors] == [
        (at + 1, "35-40", "statement.bad_date")
    ]


def test_the_code_page_that_an_ofx_file_states_is_used(tmp_path: Path) -> None:
    (entry,) = written("ofx", tmp_path, OFX.encode("cp850")).statements[0].entries

    assert entry.label == "ÉTABLISSEMENTS RÉGLÉ"


@pytest.mark.parametrize("charset", ["NONE", "undefined", "zlib", "9999"])
def test_a_charset_nobody_knows_stops_no_ofx_file(charset: str, tmp_path: Path) -> None:
    text = OFX.replace("CHARSET:850", f"CHARSET:{charset}")
    (entry,) = written("ofx", tmp_path, text.encode("cp1252")).statements[0].entries

    assert entry.label == "ÉTABLISSEMENTS RÉGLÉ"


def test_an_amount_without_currency_is_said_to_have_none(tmp_path: Path) -> None:
    found = written("ofx", tmp_path, OFX.replace("<CURDEF>EUR", ""))

    assert [error.code for error in found.errors] == ["statement.no_currency"]


def test_the_underscored_columns_of_a_bank_are_known(tmp_path: Path) -> None:
    account = '="0012345678901";01/10/2026;02/10/2026;\n'
    (tmp_path / "sg.csv").write_bytes((account + SG).encode("cp1252"))
    (statement,) = read_file(tmp_path / "sg.csv").statements

    assert [(e.amount_minor, e.label) for e in statement.entries] == [
        (123456, "VIR RECU DE: DUPONT MOTIF: FA2026-0001")
    ]


def test_a_list_that_lacks_an_operation_is_told_to_the_cent(tmp_path: Path) -> None:
    """CFONB240 states a total (39) and no balance: what is missing shows there alone."""
    (sample,) = (SAMPLES / "cfonb240").glob("*.txt")
    lines = sample.read_text("latin-1").splitlines()
    whole = written("cfonb240", tmp_path, "\n".join(lines).encode("latin-1"))
    kept = [line for at, line in enumerate(lines) if at != 1]
    assert lines[1].startswith("34")

    found = written("cfonb240", tmp_path, "\n".join(kept).encode("latin-1"))

    missing = whole.statements[0].entries[0].amount_minor
    assert not whole.warnings
    (told,) = found.warnings
    assert (told.code, told.params["by"].amount_minor) == ("cfonb240.unequal", -abs(missing))


def changed(code: str, name: str, folder: Path, before: str, after: str) -> ReadResult:
    """What is read of a sample in which the first `before` says something else."""
    text = (SAMPLES / code / name).read_text()
    assert before in text
    return written(code, folder, text.replace(before, after, 1), name)


@pytest.mark.parametrize("size", ["90000000000000", "9" * 17, "1" + "0" * 30])
def test_an_absurd_amount_is_said_to_be_too_large_not_damaged(size: str, tmp_path: Path) -> None:
    ofx = written("ofx", tmp_path, OFX.replace("<TRNAMT>12.00", f"<TRNAMT>-{size}.00"))
    mt940 = changed("mt940", "releve.sta", tmp_path, "EUR", f"EUR{size}")
    table = written("statement_csv", tmp_path, SG.replace("1234,56", f"{size},00"), "sg.csv")
    text = (SAMPLES / "camt053" / "details.xml").read_text()
    begins = text.index('<Amt Ccy="EUR">') + len('<Amt Ccy="EUR">')
    camt = written("camt053", tmp_path, text[:begins] + size + text[begins:])

    for found, where in ((ofx, "TRNAMT"), (camt, "Amt"), (mt940, "61"), (table, "montant_oper")):
        error = found.errors[0]
        assert error.code in {"statement.amount_too_large", "amount.too_large"}, found.errors
        assert (error.line > 0, error.column[:12]) == (True, where)
        assert "too large" in str(error.sentence)


@pytest.mark.parametrize("year", ["0001", "1979", "2100", "9999"])
def test_a_day_that_no_bank_books_on_is_refused_by_its_field(year: str, tmp_path: Path) -> None:
    text = (SAMPLES / "camt053" / "details.xml").read_text()
    camt = written("camt053", tmp_path, re.sub(r"(<BookgDt>\s*<Dt>)\d{4}", rf"\g<1>{year}", text))
    ofx = written("ofx", tmp_path, OFX.replace("<DTPOSTED>2026", f"<DTPOSTED>{year}"))

    for found, field in ((camt, "BookgDt"), (ofx, "DTPOSTED")):
        error = found.errors[0]
        assert (error.code, error.column, error.line > 0) == ("statement.far_date", field, True)
        assert year in str(error.sentence)
        assert not found.statements


def test_a_movement_in_another_currency_says_that_balances_are_not_checked(tmp_path: Path) -> None:
    sample = SAMPLES / "camt053" / "details.xml"
    assert not read("camt053", sample).warnings
    text = sample.read_text()
    at = text.index("<Ntry>")
    usd = text[:at] + text[at:].replace('<Amt Ccy="EUR">', '<Amt Ccy="USD">', 1)

    found = written("camt053", tmp_path, usd)

    (told,) = [each for each in found.warnings if each.code == "statement.other_currency"]
    assert told.line == text[:at].count("\n") + 1
    assert told.params == {"found": "USD", "currency": "EUR"}
    assert found.statements[0].opening_minor is None
    assert found.summary["statements"][0]["balances_hold"] is None
